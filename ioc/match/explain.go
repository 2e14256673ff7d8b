package match

import (
	"slices"

	"iocscan/ioc"
)

// Bounds of what a report repeats of one object.
const (
	mostValues  = 100  // of one term
	longestText = 4096 // bytes of one value
)

// match describes the item as a match of scopes of one file that it decided.
func (e *Evaluator) match(scopes []*scope) *Match {
	file := &e.host.prog.files[scopes[0].file]
	e.complete(file.fields[e.at])
	m := &Match{Conditions: []string{}, Notes: []string{}}
	obj := e.object(file.fields[e.at])
	var texts []string
	var held []heldCond
	for _, s := range scopes {
		e.slot = e.host.prog.slotOf(s, 0)
		texts = append(texts, s.tree.text(e.leaf, s.words))
		s.tree.holding(e.leaf, func(i int32) { held = append(held, heldCond{&s.conds[i], e.held(&s.conds[i])}) })
		m.Notes = append(m.Notes, s.notes()...)
		m.Notes = append(m.Notes, e.itemNotes(s)...)
	}
	m.Text = join(texts, " OR ")
	m.Objects = []Object{obj}
	m.hold(&m.Objects[0], held)
	m.tidy()
	return m
}

// heldCond is a condition that held with what the report says of it.
type heldCond struct {
	cond *condition
	held Held
}

// hold enters conditions that held on an object, in the order of the file,
// each once.
func (m *Match) hold(o *Object, held []heldCond) {
	seen := map[*ioc.Condition]bool{}
	for _, h := range held {
		if seen[h.cond.src] {
			continue
		}
		seen[h.cond.src] = true
		o.Conditions = append(o.Conditions, h.held)
		m.Conditions = append(m.Conditions, h.cond.src.ID)
	}
}

// tidy drops repeated ids and notes.
func (m *Match) tidy() {
	m.Conditions = distinct(m.Conditions)
	m.Notes = distinct(m.Notes)
}

func distinct(list []string) []string {
	out := []string{}
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// absorb makes one match of two that chose the same objects.
func (m *Match) absorb(o *Match) {
	m.Text = join([]string{m.Text, o.Text}, " OR ")
	m.Conditions = append(m.Conditions, o.Conditions...)
	m.Notes = append(m.Notes, o.Notes...)
	m.finder = o.finder
	for i := range o.Objects {
		mine := m.object(&o.Objects[i])
		for _, h := range o.Objects[i].Conditions {
			if !slices.Contains(mine.Conditions, h) {
				mine.Conditions = append(mine.Conditions, h)
			}
		}
	}
	m.tidy()
}

// notes are said with every match of the scope.
func (s *scope) notes() []string {
	if s.split {
		return []string{splitNote}
	}
	return nil
}

func (s *scope) words(i int32) string { return Words(s.conds[i].src) }

// holding calls f for the conditions of the branches that hold.
func (n *node) holding(truth func(int32) ioc.Truth, f func(cond int32)) {
	if n.op == leaf {
		f(n.cond)
		return
	}
	for i := range n.kids {
		if n.same || n.kids[i].eval(truth) == ioc.True {
			n.kids[i].holding(truth, f)
		}
	}
}

// complete answers the fields that evaluation could do without, so that a
// finding is reported with full evidence.
func (e *Evaluator) complete(fields []int) {
	e.want = e.want[:0]
	for _, f := range fields {
		if e.state[f] == notAsked {
			e.wanted[f] = e.gen
			e.want = append(e.want, f)
		}
	}
	e.ask()
}

// object is the item with its identifying fields and those asked for.
func (e *Evaluator) object(asked []int) Object {
	o := Object{Document: e.doc.name, Label: string(e.itemLabel()), Fields: []FieldValues{}, Conditions: []Held{}}
	for f := range e.doc.schema.Fields {
		field := &e.doc.schema.Fields[f]
		if field.Strings || !field.Identity && !slices.Contains(asked, f) || e.state[f] >= unreadable && field.Cost >= Content {
			continue
		}
		values := []string{}
		err := e.item.Each(f, func(v ioc.Value) bool {
			s := bounded(v.String())
			if !slices.Contains(values, s) {
				values = append(values, s)
			}
			return len(values) < mostValues
		})
		if err == nil || len(values) > 0 {
			o.Fields = append(o.Fields, FieldValues{field.Term, values})
		}
	}
	if x, ok := e.item.(interface{ Event() []byte }); ok {
		o.Event = x.Event()
	}
	return o
}

func bounded(s string) string {
	return string([]byte(s[:min(len(s), longestText)]))
}

// held is a condition that holds on the item with the value that passes.
func (e *Evaluator) held(c *condition) Held {
	h := heldOf(c.src)
	if c.src.Negate || c.pred == noPred {
		return h
	}
	p := &e.doc.preds[c.pred]
	found := false
	_ = e.item.Each(int(p.field), func(v ioc.Value) bool { // an error leaves what was found before
		v.Each(func(form ioc.Value) bool {
			if p.pattern.Match(form) == ioc.True {
				h.Value, found = bounded(form.String()), true
			}
			return !found
		})
		return !found
	})
	if !found {
		// raw content passes without one of its strings doing so
		h.Value = bounded(c.src.Content)
	}
	return h
}

func heldOf(c *ioc.Condition) Held {
	return Held{ID: c.ID, Term: c.Term, Condition: c.Test.String(), Content: c.Content, Negate: c.Negate}
}

// itemNotes says which conditions held on stand-ins only, and for which
// repeated term one element met every condition that held, which is what
// authors mean when they write them side by side. What other slots need is
// taken to hold.
func (e *Evaluator) itemNotes(s *scope) []string {
	var notes []string
	byElement := map[string][]int32{}
	var order []string
	truth := func(i int32) ioc.Truth {
		if s.conds[i].slot != e.slot.place {
			return ioc.True
		}
		return e.leaf(i)
	}
	s.tree.holding(truth, func(i int32) {
		c := &s.conds[i]
		if c.slot != e.slot.place || c.src.Negate || c.pred == noPred {
			return
		}
		f := &e.doc.schema.Fields[e.doc.preds[c.pred].field]
		if note := e.standIn(int(e.doc.preds[c.pred].field)); note != "" {
			notes = append(notes, f.Term+": "+note)
		}
		if f.Element != "" {
			if byElement[f.Element] == nil {
				order = append(order, f.Element)
			}
			byElement[f.Element] = append(byElement[f.Element], i)
		}
	})
	for _, el := range order {
		conds := byElement[el]
		if len(conds) < 2 {
			continue
		}
		n := node{op: and}
		for _, i := range conds {
			n.kids = append(n.kids, node{op: leaf, cond: i})
		}
		if e.sameElement(&n) == ioc.True {
			notes = append(notes, "one "+el+" met all conditions on it")
		} else {
			notes = append(notes, "no one "+el+" met all conditions on it, several did together")
		}
	}
	return notes
}

// standIn is the note on the values of a field that only resemble it.
func (e *Evaluator) standIn(field int) string {
	if s, ok := e.why[field].(StandIn); ok && e.state[field] == unreadable {
		return string(s)
	}
	return e.doc.schema.Fields[field].StandIn
}
