package match

import (
	"fmt"
	"slices"

	"iocscan/ioc"
)

// counts is what one evaluator learns from items that no slot must look at one
// by one. Items on which nothing is hit differ only in which fields could not
// be read, so it is enough to count them by that.
type counts struct {
	items   uint64
	last    []fieldState // of the item before that had something unknown
	lastID  setID
	matched uint64           // items that are part of a match
	sets    map[setID]uint64 // items by what was unknown of them
	// excepts are the items of a set that a slot has looked at itself.
	excepts map[except]uint64
	reasons []fieldReason // by field; of no items where there is none
}

type except struct {
	slot slotID
	set  setID
}

func newCounts() counts {
	return counts{sets: map[setID]uint64{}, excepts: map[except]uint64{}}
}

func (c *counts) except(s slotID, set setID) { c.excepts[except{s, set}]++ }

// A setID numbers the combinations of field states met in a document. 0 is
// "nothing is unknown".
type setID int32

// unknownSet is the number of the item's combination of unknown fields. The
// first time a field fails, or when the failing object's label is smaller than
// the one known, the reason is kept for the report.
func (e *Evaluator) unknownSet() setID {
	if !e.anyUnknown() {
		return 0
	}
	for f, s := range e.state {
		if s >= unreadable && e.doc.asked[f] {
			e.counts.reason(f, e.itemLabel(), e.why[f])
		}
	}
	if c := &e.counts; c.lastID == 0 || !slices.Equal(c.last, e.state) {
		c.last, c.lastID = append(c.last[:0], e.state...), e.host.setID(e.at, e.state)
	}
	return e.counts.lastID
}

// Close hands the counts over. The evaluator must not be used afterwards.
func (e *Evaluator) Close() {
	if e.at < 0 {
		return
	}
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	d := &e.host.docs[e.at]
	d.items += e.counts.items
	d.matched += e.counts.matched
	for s, n := range e.counts.sets {
		d.sets[s] += n
	}
	for x, n := range e.counts.excepts {
		d.excepts[x] += n
	}
	for f, r := range e.counts.reasons {
		if r.count > 0 {
			sum := d.reasons[f]
			sum.add([]byte(r.label), r.err, r.count)
			d.reasons[f] = sum
		}
	}
}

// setID interns a combination of field states.
func (h *Host) setID(doc int, state []fieldState) setID {
	key := make([]byte, len(state))
	for i, s := range state {
		if s >= unreadable {
			key[i] = byte(s)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d := &h.docs[doc]
	id, ok := d.setIDs[string(key)]
	if !ok {
		id = setID(len(d.states))
		d.setIDs[string(key)] = id
		states := make([]fieldState, len(key))
		for i, s := range key {
			states[i] = max(fieldState(s), answered)
		}
		d.states = append(d.states, states)
	}
	return id
}

// fieldReason is why a field could not be answered, for how many items, with
// the one of the smallest label as the example.
type fieldReason struct {
	count uint64
	label string
	err   error
}

// reason notes why a field of an item could not be answered.
func (c *counts) reason(field int, label []byte, err error) { c.reasons[field].add(label, err, 1) }

// add counts items whose smallest label is the given one.
func (r *fieldReason) add(label []byte, err error, items uint64) {
	if r.count == 0 || string(label) < r.label || string(label) == r.label && fmt.Sprint(err) < fmt.Sprint(r.err) {
		r.label, r.err = string(label), err
	}
	r.count += items
}

func (r fieldReason) String() string {
	if r.count == 1 {
		return fmt.Sprintf("%s: %v", r.label, r.err)
	}
	return fmt.Sprintf("%d objects, first %s: %v", r.count, r.label, r.err)
}

// absence is what is known of whether some item passes a predicate.
func (h *Host) absence(c *condition) ioc.Truth {
	d := &h.docs[c.doc]
	if c.pred == noPred {
		if none := d.full && d.items == 0 && len(d.sets) == 0; none && h.prog.reasons[c.src].unsupported {
			return ioc.True
		}
		return ioc.Unknown
	}
	best := d.present[c.pred]
	if best == ioc.True {
		return ioc.False
	}
	if best == ioc.Unknown || !d.full {
		return ioc.Unknown
	}
	field := h.prog.docs[c.doc].preds[c.pred].field
	if h.prog.docs[c.doc].schema.Fields[field].StandIn != "" && d.items > 0 {
		return ioc.Unknown
	}
	probe := condition{src: &ioc.Condition{}, pred: c.pred}
	for set := range d.sets {
		if h.prog.docs[c.doc].unhit(&probe, d.states[set]) != ioc.False {
			return ioc.Unknown
		}
	}
	return ioc.True
}
