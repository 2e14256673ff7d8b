package match

import (
	"container/heap"

	"iocscan/ioc"
)

// Scopes of several slots, or with absences, are decided when the documents
// are complete. Until then each slot keeps the distinct signatures of its
// items: the truths of its conditions, how many items have them, and the items
// of the smallest labels for the report.

const (
	mostSignatures = 4096    // of one slot; more leave the scope unknown
	mostChoices    = 1 << 20 // tried of one scope, counted in signatures; likewise
)

type signatures struct {
	byTruth map[string]*signature
	over    bool
}

type signature struct {
	truth []ioc.Truth // by place in scope.conds; those of other slots are not set
	count uint64
	items keptHeap
	found bool // its items are matches of the file by themselves
}

func (s *signature) at(i int32) ioc.Truth { return s.truth[i] }

// A keptItem is an item of a signature, as far as the report needs it.
type keptItem struct {
	object Object
	values []Held // by place in scope.conds, for those that hold
	notes  []string
}

type keptHeap []keptItem

func (h keptHeap) Len() int           { return len(h) }
func (h keptHeap) Less(i, j int) bool { return compareObjects(&h[i].object, &h[j].object) > 0 }
func (h keptHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *keptHeap) Push(x any)        { *h = append(*h, x.(keptItem)) }
func (h *keptHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// keep enters the item in a slot of a scope that is decided later.
func (e *Evaluator) keep(sl *slot, found bool) {
	fields := e.host.prog.files[sl.scope.file].fields[e.at]
	e.complete(fields)
	if e.value(sl) == ioc.False {
		return
	}
	conds := sl.scope.conds
	truth := make([]ioc.Truth, len(conds))
	key := make([]byte, len(conds)+1)
	for i := range conds {
		if conds[i].slot == sl.place {
			truth[i] = e.leaf(int32(i))
			key[i] = byte(truth[i])
		}
	}
	if found {
		key[len(conds)] = 1
	}
	h := e.host
	id := sl.scope.slots[sl.place].id
	sig := h.signature(e.at, id, string(key), truth)
	if sig == nil {
		return
	}
	h.mu.Lock()
	sig.count++
	sig.found = found
	most := h.opt.MaxObjects
	room := most == 0 || len(sig.items) < most || string(e.itemLabel()) <= sig.items[0].object.Label
	h.mu.Unlock()
	if !room || sl.fill(func(i int32) ioc.Truth { return truth[i] }) != ioc.True {
		return
	}
	e.slot = sl
	it := keptItem{object: e.object(fields), values: make([]Held, len(conds)), notes: e.itemNotes(sl.scope)}
	for i := range conds {
		if c := &conds[i]; c.slot == sl.place && truth[i] == ioc.True && c.same == nil {
			it.values[i] = e.held(c)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if most != 0 && len(sig.items) >= most {
		if compareObjects(&it.object, &sig.items[0].object) >= 0 {
			return
		}
		heap.Pop(&sig.items)
	}
	heap.Push(&sig.items, it)
}

func (h *Host) signature(doc int, id slotID, key string, truth []ioc.Truth) *signature {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.docs[doc].kept[id]
	if all == nil {
		all = &signatures{byTruth: map[string]*signature{}}
		h.docs[doc].kept[id] = all
	}
	s := all.byTruth[key]
	if s == nil {
		if len(all.byTruth) == mostSignatures {
			all.over = true
			return nil
		}
		s = &signature{truth: truth}
		all.byTruth[key] = s
	}
	return s
}
