package match

import (
	"slices"

	"iocscan/ioc"
)

// plan enters a finished scope into the programs of its documents: its slots,
// who asks which predicate, and how it is decided.
func (p *Program) plan(s *scope) {
	for i := range s.slots {
		d := p.docs[s.slots[i].doc]
		s.slots[i].id = slotID(len(d.slots))
		d.slots = append(d.slots, slot{scope: s, place: int32(i)})
	}
	empty := s.emptyCanHold()
	s.simple = len(s.slots) == 1 && !empty
	for i := range s.conds {
		c := &s.conds[i]
		d := p.docs[c.doc]
		switch {
		case c.same != nil:
			d.bound = append(d.bound, s.slots[c.slot].id)
			continue
		case c.slot < 0:
			s.simple = false
			d.absences++
			p.warnAbsence(s, c)
		}
		if c.pred != noPred && c.src.Negate && (c.slot < 0 || empty) {
			d.preds[c.pred].absent = true
		}
	}
	for i := range s.slots {
		sl := p.slotOf(s, int32(i))
		d := p.docs[s.slots[i].doc]
		if d.schema != nil && sl.hasOpen(d) && sl.barest(d, nil) != ioc.False {
			sl.hopeless, d.hopeless = true, true
		}
	}
}

// warnAbsence tells the author what a negated condition without a positive one
// beside it comes to, which is seldom what was meant.
func (p *Program) warnAbsence(s *scope, c *condition) {
	f := &p.files[s.file]
	problem := ioc.Problem{Severity: ioc.Warning, Pos: c.src.Pos, Rule: "absence",
		Text: Words(c.src) + " has no positive condition on " + p.docs[c.doc].name + " beside it: it asks whether the whole host has no such item",
		Hint: "put it under one AND with what the item should be"}
	if !slices.Contains(f.problems, problem) { // a split repeats its conditions
		f.problems = append(f.problems, problem)
	}
}

// findAskers lists the slots that ask each predicate.
func (p *Program) findAskers() {
	for i, d := range p.docs {
		asks := func(negate bool) func(func(predID, slotID)) {
			return func(yield func(predID, slotID)) {
				if !negate && d.bares > 0 {
					for k := range p.bare {
						if b := &p.bare[k]; b.doc == int32(i) {
							yield(b.pred, bareSlot(k))
						}
					}
				}
				for id := range d.slots {
					sl := &d.slots[id]
					for k := range sl.scope.conds {
						c := &sl.scope.conds[k]
						if c.slot == sl.place && c.pred != noPred && c.src.Negate == negate && c.doc == int32(i) {
							yield(c.pred, slotID(id))
						}
					}
				}
			}
		}
		d.pos, d.neg = newAskers(len(d.preds), asks(false)), newAskers(len(d.preds), asks(true))
	}
}

// emptyCanHold reports whether the tree could hold with a slot left empty, so
// that absence must be looked for even in documents that have slots. It asks
// the best case: every other slot filled, every absence true.
func (s *scope) emptyCanHold() bool {
	if s.tree.op == leaf {
		return false
	}
	for empty := range s.slots {
		var best func(i int32) ioc.Truth
		best = func(i int32) ioc.Truth {
			c := &s.conds[i]
			if c.same != nil {
				return c.same.all(best)
			}
			return ioc.TruthOf(c.slot != int32(empty) || c.src.Negate)
		}
		v := s.tree.eval(best)
		if v != ioc.False {
			return true
		}
	}
	return false
}

// A fieldState says what is known of a field of an item.
type fieldState uint8

const (
	notAsked   fieldState = iota
	answered              // its values have gone through the index
	unreadable            // unknown
	// unlisted: the item stands for what could not be listed; unknown, but for
	// anchored predicates that nothing below could meet.
	unlisted
)

// truth is a condition of this slot on an item on which its predicate has not
// been hit. state may be nil: every field answered.
func (d *docProgram) unhit(c *condition, state []fieldState) ioc.Truth {
	t := ioc.False
	switch {
	case c.pred == noPred:
		return ioc.Unknown
	case d.schema.Fields[d.preds[c.pred].field].StandIn != "":
		t = ioc.Unknown // a stand-in can only confirm
	case state == nil:
	default:
		switch state[d.preds[c.pred].field] {
		case unreadable:
			t = ioc.Unknown
		case unlisted:
			if !d.preds[c.pred].anchored() {
				t = ioc.Unknown
			}
		}
	}
	if c.src.Negate {
		return t.Not()
	}
	return t
}

func (p *predicate) anchored() bool {
	return p.pattern.Kind == ioc.Path && (p.pattern.Test == ioc.Is || p.pattern.Test == ioc.StartsWith)
}

// value is what an item with these truths of the slot's conditions makes of
// the scope: whether it can fill the slot (some positive condition holds) and
// the tree, the rest of the host taken at its best.
func (sl *slot) value(truth func(cond int32) ioc.Truth) ioc.Truth {
	fill := sl.fill(truth)
	if fill == ioc.False {
		return ioc.False
	}
	return min(fill, sl.scope.tree.eval(func(i int32) ioc.Truth {
		if sl.scope.conds[i].slot != sl.place {
			return ioc.True
		}
		return truth(i)
	}))
}

// fill is whether an item of these truths can fill the slot: whether some
// positive condition holds on it.
func (sl *slot) fill(truth func(cond int32) ioc.Truth) ioc.Truth {
	fill := ioc.False
	for i := range sl.scope.conds {
		if c := &sl.scope.conds[i]; c.slot == sl.place && !c.src.Negate && c.same == nil {
			fill = max(fill, truth(int32(i)))
		}
	}
	return fill
}

// hasOpen reports whether some positive condition of the slot is not false on
// an item that passes nothing.
func (sl *slot) hasOpen(d *docProgram) bool {
	for i := range sl.scope.conds {
		c := &sl.scope.conds[i]
		if c.slot == sl.place && c.same == nil && !c.src.Negate && d.unhit(c, nil) != ioc.False {
			return true
		}
	}
	return false
}

// unhitOn is the truth of the slot's conditions on an item on which none of
// their predicates is hit.
func (sl *slot) unhitOn(d *docProgram, state []fieldState) func(int32) ioc.Truth {
	var truth func(i int32) ioc.Truth
	truth = func(i int32) ioc.Truth {
		c := &sl.scope.conds[i]
		if c.same != nil {
			return c.same.all(truth)
		}
		return d.unhit(c, state)
	}
	return truth
}

// barest is the value of such an item.
func (sl *slot) barest(d *docProgram, state []fieldState) ioc.Truth {
	return sl.value(sl.unhitOn(d, state))
}

// setBase finds the fields that every item must answer at each cost: those of
// slots that are still open when nothing cheaper has been hit, and those that
// absences ask.
func (p *Program) setBase(d *docProgram) {
	if d.schema == nil {
		return
	}
	var base [costs]map[int]bool
	for c := range base {
		base[c] = map[int]bool{}
	}
	d.beside = make([][]int, len(d.asked))
	cost := func(c *condition) Cost {
		if c.pred == noPred {
			return costs
		}
		return d.schema.Fields[d.preds[c.pred].field].Cost
	}
	for i := range d.slots {
		sl := &d.slots[i]
		d.addBeside(sl)
		for level := Free; level < costs; level++ {
			var fields []int
			for k := range sl.scope.conds {
				c := &sl.scope.conds[k]
				if c.slot != sl.place || cost(c) != level {
					continue
				}
				if f := int(d.preds[c.pred].field); !base[level][f] {
					fields = append(fields, f)
				}
			}
			if len(fields) == 0 { // no such field, or all are asked already
				continue
			}
			open := sl.value(func(ci int32) ioc.Truth {
				c := &sl.scope.conds[ci]
				if cost(c) >= level { // a same condition included: it may still hold
					return ioc.Unknown
				}
				return d.unhit(c, nil)
			})
			if open != ioc.False {
				for _, f := range fields {
					base[level][f] = true
				}
			}
		}
	}
	for i := range p.bare {
		if b := &p.bare[i]; d.bares > 0 && p.docs[b.doc] == d {
			f := int(d.preds[b.pred].field)
			base[d.schema.Fields[f].Cost][f] = true
		}
	}
	for i := range d.preds {
		if d.preds[i].absent {
			f := int(d.preds[i].field)
			base[d.schema.Fields[f].Cost][f] = true
		}
	}
	for level, set := range base {
		for f := range set {
			d.base[level] = append(d.base[level], f)
		}
		slices.Sort(d.base[level])
	}
}

func (d *docProgram) addBeside(sl *slot) {
	var fields []int
	for i := range sl.scope.conds {
		c := &sl.scope.conds[i]
		if c.slot != sl.place || c.pred == noPred {
			continue
		}
		if f := int(d.preds[c.pred].field); !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	for _, f := range fields {
		for _, g := range fields {
			if f != g && !slices.Contains(d.beside[f], g) {
				d.beside[f] = append(d.beside[f], g)
			}
		}
	}
}
