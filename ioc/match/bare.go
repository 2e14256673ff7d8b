package match

import "iocscan/ioc"

// Most conditions of large collections stand alone under an OR: a list of
// hashes is a hundred thousand scopes of one positive condition each. Such a
// scope is kept in a few bytes and written out only when an item touches it.

// A bare is a positive condition that is a scope by itself.
type bare struct {
	src    *ioc.Condition
	file   int32
	number int32 // as that of a scope
	doc    int32
	pred   predID
}

// bareSlot is the number by which a document knows the only slot of the i-th
// bare; slots of written-out scopes count from 0 up.
func bareSlot(i int) slotID { return ^slotID(i) }

// addBare takes a scope of one condition, if it is one that items alone can
// make true or false.
func (c *compiler) addBare(cond *condition) bool {
	if cond.src.Negate || cond.pred == noPred {
		return false
	}
	d := c.prog.docs[cond.doc]
	f := &d.schema.Fields[d.preds[cond.pred].field]
	if f.StandIn != "" {
		return false
	}
	c.prog.bare = append(c.prog.bare, bare{cond.src, int32(c.file), c.number, cond.doc, cond.pred})
	c.number++
	d.bares++
	return true
}

// scope writes the i-th bare out.
func (p *Program) bareScope(i int) *scope {
	b := &p.bare[i]
	return &scope{
		file: b.file, number: b.number, simple: true, tree: &oneLeaf,
		conds: []condition{{src: b.src, doc: b.doc, pred: b.pred}},
		slots: []slotRef{{doc: b.doc, id: bareSlot(i)}},
	}
}

// slot is a slot of a document by its number.
func (p *Program) slot(d *docProgram, id slotID) *slot {
	if id < 0 {
		return &slot{scope: p.bareScope(int(^id))}
	}
	return &d.slots[id]
}

// slotOf is a slot of a scope by its place.
func (p *Program) slotOf(s *scope, place int32) *slot {
	r := s.slots[place]
	if r.id < 0 {
		return &slot{scope: s}
	}
	return &p.docs[r.doc].slots[r.id]
}

// scopesOf calls f for the scopes of a file in their order. Those for which
// skip says that nothing is to be told of them are not written out.
func (p *Program) scopesOf(file int, skip func(i int) bool, f func(*scope)) {
	fp := &p.files[file]
	b := fp.bareFrom
	upTo := func(number int32) {
		for ; b < fp.bareTo && p.bare[b].number < number; b++ {
			if !skip(b) {
				f(p.bareScope(b))
			}
		}
	}
	for _, s := range p.scopes[fp.from:fp.to] {
		upTo(s.number)
		f(s)
	}
	upTo(1<<31 - 1)
}

// settledFalse reports whether nothing was seen that could make a bare
// anything but false: no item passed it, none is unknown, and none is missing.
func (h *Host) settledFalse(i int) bool {
	b := &h.prog.bare[i]
	d := &h.docs[b.doc]
	if !d.complete || h.scopes[b.number] != nil {
		return false
	}
	field := h.prog.docs[b.doc].preds[b.pred].field
	for set, state := range d.states {
		if state != nil && state[field] >= unreadable && d.sets[setID(set)] > 0 {
			return false
		}
	}
	return true
}
