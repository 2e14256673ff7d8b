package scan

import (
	"cmp"
	"fmt"
	"slices"
)

// mostTroubles bounds the troubles that are kept and told one by one, so that
// memory stays flat on evidence where everything is unreadable. The rest are
// counted.
const mostTroubles = 10_000

type troubles struct {
	list  []Trouble
	count map[string]int // by document
	more  map[string]int // by document: not in list
}

// add reports whether there was room.
func (t *troubles) add(x Trouble) bool {
	if t.count == nil {
		t.count, t.more = map[string]int{}, map[string]int{}
	}
	t.count[x.Document]++
	if len(t.list) >= mostTroubles {
		t.more[x.Document]++
		return false
	}
	t.list = append(t.list, x)
	return true
}

func (t *troubles) of(document string) int { return t.count[document] }

// sorted is all of them, with a last one for each document that had more.
func (t *troubles) sorted() []Trouble {
	out := slices.Clone(t.list)
	for doc, n := range t.more {
		out = append(out, Trouble{Document: doc, Error: fmt.Sprintf("%d further troubles are counted but not listed", n)})
	}
	slices.SortFunc(out, func(a, b Trouble) int {
		return cmp.Or(cmp.Compare(a.Document, b.Document), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Error, b.Error))
	})
	if out == nil {
		out = []Trouble{}
	}
	return out
}
