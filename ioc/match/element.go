package match

import "iocscan/ioc"

// sameElement is whether one element of a repeated term of the item meets the
// whole AND (semantics.md, section 4, rule 6). Conditions on fields that
// belong to no element speak of the item as elsewhere.
func (e *Evaluator) sameElement(n *node) ioc.Truth {
	elements := map[int32]bool{}
	known := true
	n.leaves(func(i int32) {
		c := &e.slot.scope.conds[i]
		if !e.ofElement(c) {
			return
		}
		f := int(e.doc.preds[c.pred].field)
		if e.state[f] != answered {
			known = false
			return
		}
		e.each(f, func(v ioc.Value) bool {
			elements[v.Elem] = true
			return true
		})
	})
	if !known || e.unlisted != nil {
		return n.all(e.leaf)
	}
	best := ioc.False
	for el := range elements {
		best = max(best, n.all(func(i int32) ioc.Truth { return e.onElement(&e.slot.scope.conds[i], el) }))
	}
	return best
}

func (e *Evaluator) ofElement(c *condition) bool {
	return c.same == nil && c.pred != noPred && c.slot == e.slot.place &&
		e.doc.schema.Fields[e.doc.preds[c.pred].field].Element != ""
}

func (e *Evaluator) onElement(c *condition, element int32) ioc.Truth {
	if !e.ofElement(c) {
		return e.condition(c)
	}
	p := &e.doc.preds[c.pred]
	t := ioc.False
	e.each(int(p.field), func(v ioc.Value) bool {
		if v.Elem == element {
			t = max(t, p.pattern.Match(v))
		}
		return t != ioc.True
	})
	if c.src.Negate {
		return t.Not()
	}
	return t
}

// each lists the values of a field that has been answered before; an error
// now is one that answering it would have met.
func (e *Evaluator) each(f int, yield func(ioc.Value) bool) {
	if err := e.item.Each(f, yield); err != nil {
		e.fail(f, err)
	}
}
