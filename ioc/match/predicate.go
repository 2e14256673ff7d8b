package match

import (
	"hash/maphash"

	"iocscan/ioc"
)

// A predicate is the positive test of a condition on one field of a document.
// Equal conditions of all IOC files share one, so that it is asked once an
// item.
type predicate struct {
	field   int32
	absent  bool // some scope wants to know whether any item of the host passes
	pattern *ioc.Pattern
}

// A predID numbers the predicates of one document.
type predID = int32

// program of one document: its predicates, their indexes and its slots.
type docProgram struct {
	name   string
	schema *Document // nil where no source can ever answer the document
	preds  []predicate
	intern *interned     // nil once all predicates are known
	index  []*fieldIndex // by field; nil where nothing asks it
	slots  []slot
	pos    askers   // the slots that ask a predicate positively
	neg    askers   // and under negation
	bares  int      // how many of Program.bare ask it
	bound  []slotID // slots with conditions on one element of a repeated term

	asked []bool       // by field: some predicate tests it
	base  [costs][]int // fields that every item must answer at each cost, see slot.baseline
	// beside are, by field, the others that slots asking it ask. Where a field
	// cannot be read they are needed even where base does without them.
	beside   [][]int
	absences int // conditions that ask whether no item passes

	// hopeless: some slot has a positive condition that no item can answer, so
	// every item leaves a trace there.
	hopeless bool
}

// add interns the predicate of a condition.
func (d *docProgram) add(field int, p *ioc.Pattern) predID {
	id, known := d.intern.find(d.preds, predicate{field: int32(field), pattern: p})
	if !known {
		d.preds = append(d.preds, predicate{field: int32(field), pattern: p})
		d.asked[field] = true
	}
	return id
}

// interned finds predicates by a hash of what makes them equal, which is
// smaller than the thing itself.
type interned struct {
	seed maphash.Seed
	ids  map[uint64]predID
}

func newInterned() *interned {
	return &interned{maphash.MakeSeed(), map[uint64]predID{}}
}

// find returns the number of an equal predicate, or enters the next one.
func (n *interned) find(preds []predicate, p predicate) (id predID, known bool) {
	var h maphash.Hash
	h.SetSeed(n.seed)
	h.WriteByte(byte(p.field))
	p.pattern.Hash(&h)
	for key := h.Sum64(); ; key++ {
		id, known := n.ids[key]
		if !known {
			id = predID(len(preds))
			n.ids[key] = id
			return id, false
		}
		if preds[id].field == p.field && preds[id].pattern.Equal(p.pattern) {
			return id, true
		}
	}
}

// askers lists the slots that ask each predicate, one list after the other.
type askers struct {
	from  []int32 // by predicate, and one more: where its list begins in slots
	slots []slotID
}

func (a *askers) of(id predID) []slotID { return a.slots[a.from[id]:a.from[id+1]] }

// newAskers takes pairs of predicates and slots, those of one predicate in the
// order in which they are to be listed, each once.
func newAskers(preds int, pairs func(yield func(predID, slotID))) askers {
	a := askers{from: make([]int32, preds+1)}
	last := make([]slotID, preds)
	forget := func() {
		for i := range last {
			last[i] = noSlot
		}
	}
	forget()
	pairs(func(p predID, s slotID) {
		if last[p] != s {
			last[p] = s
			a.from[p+1]++
		}
	})
	for p := range preds {
		a.from[p+1] += a.from[p]
	}
	a.slots = make([]slotID, a.from[preds])
	next := append([]int32(nil), a.from[:preds]...)
	forget()
	pairs(func(p predID, s slotID) {
		if last[p] != s {
			last[p] = s
			a.slots[next[p]] = s
			next[p]++
		}
	})
	return a
}

// seal builds the indexes once all predicates are known.
func (d *docProgram) seal() {
	d.index = make([]*fieldIndex, len(d.asked))
	byField := make([][]predID, len(d.asked))
	for id := range d.preds {
		f := d.preds[id].field
		byField[f] = append(byField[f], predID(id))
	}
	for f, ids := range byField {
		if len(ids) > 0 {
			d.index[f] = newFieldIndex(d, ids, d.schema.Fields[f].Strings)
		}
	}
	d.intern = nil
}
