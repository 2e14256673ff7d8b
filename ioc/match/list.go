package match

import (
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
}

type listed struct {
	key   string // the labels of the objects
	match *Match
}

type matchHeap []listed

func (h matchHeap) Len() int           { return len(h) }
func (h matchHeap) Less(i, j int) bool { return h[i].key > h[j].key }
func (h matchHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *matchHeap) Push(x any)        { *h = append(*h, x.(listed)) }
func (h *matchHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// wants reports whether a match of that label could be listed.
func (l *matchList) wants(key string) bool {
	return l.most == 0 || len(l.heap) < l.most || key < l.heap[0].key
}

func (l *matchList) add(m *Match) {
	key := matchKey(m)
	if !l.wants(key) {
		return
	}
	if l.most != 0 && len(l.heap) == l.most {
		heap.Pop(&l.heap)
	}
	heap.Push(&l.heap, listed{key, m})
}

// sorted returns the matches in order of their labels; equal choices of
// objects found by different scopes become one, and how many did is returned.
func (l *matchList) sorted() (out []Match, merged uint64) {
	all := slices.Clone(l.heap)
	slices.SortStableFunc(all, func(a, b listed) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.match.Text, b.match.Text))
	})
	out = []Match{}
	from := 0 // in out: the first of the same key
	for i, m := range all {
		if i > 0 && m.key != all[i-1].key {
			from = len(out)
		}
		// only a scope that was put off finds objects again
		same := -1
		for k := from; k < len(out) && same < 0; k++ {
			if (m.match.deferred || out[k].deferred) && sameObjects(&out[k], m.match) {
				same = k
			}
		}
		if same >= 0 {
			out[same].absorb(m.match)
			merged++
			continue
		}
		out = append(out, *m.match)
	}
	return out, merged
}

// matchKey is the labels of a match's objects in order: what matches are
// sorted by, whatever slots their objects filled.
func matchKey(m *Match) string {
	if len(m.Objects) == 1 {
		return m.Objects[0].Label
	}
	var labels []string
	for i := range m.Objects {
		labels = append(labels, m.Objects[i].Label)
	}
	slices.Sort(labels)
	return strings.Join(labels, "\x00")
}

// sameObjects reports whether two matches of one key chose the same objects.
func sameObjects(a, b *Match) bool {
	if len(a.Objects) != len(b.Objects) {
		return false
	}
	for i := range a.Objects {
		if b.object(&a.Objects[i]) == nil {
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
