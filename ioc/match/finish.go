package match

import (
	"errors"
	"slices"

	"iocscan/ioc"
)

// A FileResult is the outcome for one IOC file.
type FileResult struct {
	Verdict   Verdict
	Count     uint64 // of all matches
	Matches   []Match
	Unchecked []Unchecked
}

// A DocumentResult counts the items of one document.
type DocumentResult struct {
	Items   uint64
	Matched uint64
}

// Results decides everything that is still open. Call it once, when every
// evaluator is closed. They are by index in the collection; files that are not
// usable have a zero result.
func (h *Host) Results() []FileResult {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]FileResult, len(h.files))
	for i, f := range h.prog.coll.Files {
		if f.Status == ioc.Usable {
			out[i] = h.file(i)
		}
	}
	return out
}

// Document counts what was seen of a document.
func (h *Host) Document(name string) DocumentResult {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.document(name)
	if d == nil {
		return DocumentResult{}
	}
	return DocumentResult{Items: d.items, Matched: d.matched}
}

func (h *Host) file(i int) FileResult {
	best := ioc.False
	r := FileResult{Unchecked: []Unchecked{}}
	seen := map[*ioc.Condition]bool{}
	h.prog.scopesOf(i, h.settledFalse, func(s *scope) {
		v := ioc.False
		if s.simple {
			v = h.simple(s)
		} else {
			v = h.decide(s)
		}
		best = max(best, v)
		r.Unchecked = h.unchecked(r.Unchecked, s, seen)
	})
	f := &h.files[i]
	r.Matches, r.Count = f.list.sorted(), f.count
	h.inFileOrder(i, &r)
	switch best {
	case ioc.True:
		r.Verdict = Matched
	case ioc.Unknown:
		r.Verdict = Undetermined
	default:
		r.Verdict = Clear
	}
	return r
}

// simple is the truth of a scope that single items decide.
func (h *Host) simple(s *scope) ioc.Truth {
	sl := h.prog.slotOf(s, 0)
	doc := int(s.slots[0].doc)
	d := h.prog.docs[doc]
	for _, state := range h.untold(doc, s.slots[0].id) {
		if sl.barest(d, state) != ioc.False {
			h.markOpen(sl, sl.unhitTruths(d, state))
		}
	}
	if !h.docs[doc].complete {
		h.markOpen(sl, sl.allUnknown())
	}
	st := h.scopes[s.number]
	switch {
	case st == nil:
		return ioc.False
	case st.matched:
		return ioc.True
	case len(st.open) > 0:
		return ioc.Unknown
	}
	return ioc.False
}

func (h *Host) markOpen(sl *slot, truth []ioc.Truth) {
	st := h.state(sl.scope)
	h.openConds(sl, func(i int32) ioc.Truth {
		return truth[i]
	}, func(i int32) { st.mark(i) })
}

// inFileOrder sorts the conditions of a result as the file has them.
func (h *Host) inFileOrder(file int, r *FileResult) {
	if len(r.Matches) == 0 && len(r.Unchecked) < 2 {
		return
	}
	place := map[string]int{}
	var walk func(nodes []ioc.Node)
	walk = func(nodes []ioc.Node) {
		for _, n := range nodes {
			switch n := n.(type) {
			case *ioc.Condition:
				place[n.ID] = len(place)
			case *ioc.Indicator:
				walk(n.Children)
			}
		}
	}
	walk(h.prog.coll.Files[file].Criteria)
	slices.SortStableFunc(r.Unchecked, func(a, b Unchecked) int { return place[a.ConditionID] - place[b.ConditionID] })
	for i := range r.Matches {
		m := &r.Matches[i]
		slices.SortStableFunc(m.Conditions, func(a, b string) int { return place[a] - place[b] })
		for k := range m.Objects {
			slices.SortStableFunc(m.Objects[k].Conditions, func(a, b Held) int { return place[a.ID] - place[b.ID] })
		}
	}
}

// unchecked lists the conditions that left a scope unknown.
func (h *Host) unchecked(out []Unchecked, s *scope, seen map[*ioc.Condition]bool) []Unchecked {
	st := h.scopes[s.number]
	if st == nil {
		return out
	}
	for i := range s.conds {
		c := &s.conds[i]
		if !st.open[int32(i)] || c.same != nil || seen[c.src] {
			continue
		}
		seen[c.src] = true
		out = append(out, Unchecked{ConditionID: c.src.ID, Term: c.src.Term, Content: c.src.Content, Reason: h.why(c, st)})
	}
	return out
}

func (h *Host) why(c *condition, st *scopeState) string {
	d := &h.docs[c.doc]
	if reason, ok := h.prog.reasons[c.src]; ok {
		return reason.text
	}
	if st.over {
		return "too many different items to try all their combinations"
	}
	field := int(h.prog.docs[c.doc].preds[c.pred].field)
	// That a stand-in does not say it is no news where the rest is missing too.
	if r, ok := d.reasons[field]; ok && (d.complete || !errors.As(r.err, new(StandIn))) {
		return r.String()
	}
	if !d.complete || c.src.Negate && !d.full && d.reason != "" {
		return d.reason
	}
	if note := h.prog.docs[c.doc].schema.Fields[field].StandIn; note != "" {
		return "only a stand-in was looked at: " + note
	}
	return "the pattern could not be decided on some value (time limit, or text that is no number)"
}
