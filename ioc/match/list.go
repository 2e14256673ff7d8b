package match

import (
	"bytes"
	"cmp"
	"container/heap"
	"math/bits"
	"slices"
	"strings"
)

// A matchList holds the matches of one IOC file with the smallest labels, at
// most `most` of them (0: all).
type matchList struct {
	most int
	told int       // how many were told as they came
	heap matchHeap // largest label first
	// byKey is made once scopes find objects that others found before.
	byKey map[string][]*Match
}

type listed struct {
	key   string // the labels of the objects
	match *Match
}

type matchHeap []listed

func (h matchHeap) Len() int           { return len(h) }
func (h matchHeap) Less(i, j int) bool { return h[i].compare(h[j]) > 0 }
func (h matchHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *matchHeap) Push(x any)        { *h = append(*h, x.(listed)) }
func (h *matchHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// wants reports whether a match of that label could be listed.
func (l *matchList) wants(key []byte) bool {
	return l.most == 0 || len(l.heap) < l.most || string(key) <= l.heap[0].key
}

// add lists a match if it is among the smallest. A scope that was decided late
// may choose objects that another found before; the two become one match, and
// again is true.
func (l *matchList) add(m *Match) (again bool) {
	new := listed{matchKey(m), m}
	if m.finder != 0 {
		if twin := l.twin(new); twin != nil {
			twin.absorb(m)
			return true
		}
	}
	if l.most != 0 && len(l.heap) == l.most {
		if new.compare(l.heap[0]) >= 0 {
			return false
		}
		heap.Pop(&l.heap)
	}
	heap.Push(&l.heap, new)
	if l.byKey != nil {
		l.byKey[new.key] = append(l.byKey[new.key], m)
	}
	return false
}

// twin is the listed match of the same objects that another scope found.
func (l *matchList) twin(m listed) *Match {
	if l.byKey == nil {
		l.byKey = map[string][]*Match{}
		for _, have := range l.heap {
			l.byKey[have.key] = append(l.byKey[have.key], have.match)
		}
	}
	for _, have := range l.byKey[m.key] {
		if have.finder != m.match.finder && sameObjects(have, m.match) {
			return have
		}
	}
	return nil
}

// compare orders matches by their labels, and those of the same labels by all
// else that tells them apart, so that a list does not depend on who came first.
func (a listed) compare(b listed) int {
	if c := strings.Compare(a.key, b.key); c != 0 {
		return c
	}
	return slices.CompareFunc(a.match.Objects, b.match.Objects, func(x, y Object) int { return compareObjects(&x, &y) })
}

func compareObjects(a, b *Object) int {
	if c := cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Document, b.Document)); c != 0 {
		return c
	}
	c := slices.CompareFunc(a.Fields, b.Fields, func(x, y FieldValues) int {
		return cmp.Or(strings.Compare(x.Term, y.Term), slices.Compare(x.Values, y.Values))
	})
	return cmp.Or(c, bytes.Compare(a.Event, b.Event))
}

// sorted returns the matches in order of their labels.
func (l *matchList) sorted() []Match {
	slices.SortStableFunc(l.heap, listed.compare)
	out := make([]Match, len(l.heap))
	for i, m := range l.heap {
		out[i] = *m.match
	}
	return out
}

// matchKey is the labels of a match's objects in order: what matches are
// sorted by, whatever slots their objects filled.
func matchKey(m *Match) string {
	labels := make([]string, len(m.Objects))
	for i := range m.Objects {
		labels[i] = m.Objects[i].Label
	}
	return labelKey(labels)
}

func labelKey(labels []string) string {
	slices.Sort(labels)
	return strings.Join(slices.Compact(labels), "\x00")
}

// sameObjects reports whether two matches chose the same objects.
func sameObjects(a, b *Match) bool {
	if len(a.Objects) != len(b.Objects) {
		return false
	}
	for i := range a.Objects {
		if o := b.object(&a.Objects[i]); o == nil || compareObjects(o, &a.Objects[i]) != 0 {
			return false
		}
	}
	return true
}

// object finds the match's object that is the same as o.
func (m *Match) object(o *Object) *Object {
	for i := range m.Objects {
		if m.Objects[i].Document == o.Document && m.Objects[i].Label == o.Label {
			return &m.Objects[i]
		}
	}
	return nil
}

func sortScopes(s []*scope) {
	slices.SortFunc(s, func(a, b *scope) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.number, b.number)) })
}

func addSaturating(a, b uint64) uint64 {
	s, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return ^uint64(0)
	}
	return s
}

func mulSaturating(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 {
		return ^uint64(0)
	}
	return lo
}
