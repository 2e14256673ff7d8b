package match

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"iocscan/ioc"
)

// The reference evaluator keeps every item and follows section 4 of the
// semantics word by word. It is slow, and shares nothing with the engine but
// the patterns and the way in which contradictions are written down.

// A testItem gives each field a list of values, or an error.
type testItem struct {
	doc    string
	label  string
	values map[string][]ioc.Value
	errs   map[string]error
	fields []Field
}

func (t *testItem) Label() string { return t.label }

func (t *testItem) Each(f int, yield func(ioc.Value) bool) error {
	name := t.fields[f].Term
	if err := t.errs[name]; err != nil {
		return err
	}
	for _, v := range t.values[name] {
		if !yield(v) {
			break
		}
	}
	return nil
}

var errTest = errors.New("cannot be read")

type refDoc struct {
	schema   *Document
	items    []*testItem
	complete bool
	full     bool
}

type reference struct {
	docs map[string]*refDoc

	// resolved, by id, are conditions that are taken to be this where they are
	// unknown: what if they had been checked?
	resolved map[string]ioc.Truth
}

// resolve answers an unknown condition if it is among those resolved.
func (r *reference) resolve(c *ioc.Condition, t ioc.Truth) ioc.Truth {
	if v, ok := r.resolved[c.ID]; ok && t == ioc.Unknown {
		return v
	}
	return t
}

// refLeaf is a condition with the slot it belongs to.
type refLeaf struct {
	c    *ioc.Condition
	slot string // empty: absence
}

// refNode is a tree of refLeafs.
type refNode struct {
	leaf *refLeaf
	and  bool
	bad  bool
	same bool
	kids []*refNode
}

func (r *reference) field(c *ioc.Condition) (*refDoc, *Field) {
	d := r.docs[c.Document()]
	if d == nil || d.schema == nil {
		return d, nil
	}
	for i := range d.schema.Fields {
		if d.schema.Fields[i].Term == c.Term {
			return d, &d.schema.Fields[i]
		}
	}
	return d, nil
}

func (r *reference) pattern(c *ioc.Condition) *ioc.Pattern {
	_, f := r.field(c)
	if f == nil || c.Fault != "" {
		return nil
	}
	p, err := ioc.NewPattern(f.Kind, c.Test, c.Content, c.PreserveCase)
	if err != nil {
		return nil
	}
	return p
}

// on is rule 1: a condition on an item.
func (r *reference) on(c *ioc.Condition, it *testItem) ioc.Truth {
	p := r.pattern(c)
	if p == nil {
		return ioc.Unknown
	}
	if it.errs[c.Term] != nil {
		return ioc.Unknown
	}
	t := ioc.False
	for _, v := range it.values[c.Term] {
		t = max(t, p.Match(v))
	}
	if _, f := r.field(c); f.StandIn != "" && t == ioc.False {
		t = ioc.Unknown
	}
	if c.Negate {
		return t.Not()
	}
	return t
}

// absent is rule 5: a negated condition as a truth about the host.
func (r *reference) absent(c *ioc.Condition) ioc.Truth {
	d := r.docs[c.Document()]
	if d == nil {
		return ioc.Unknown
	}
	if r.pattern(c) == nil {
		_, f := r.field(c)
		if f == nil && c.Fault == "" && d.complete && d.full && len(d.items) == 0 {
			return ioc.True // no source answers the term, but there is nothing to have it
		}
		return ioc.Unknown
	}
	positive := *c
	positive.Negate = false
	any := ioc.False
	for _, it := range d.items {
		any = max(any, r.on(&positive, it))
	}
	if any == ioc.False && !(d.complete && d.full) {
		return ioc.Unknown
	}
	return any.Not()
}

// tree turns an IOC's nodes into trees of leaves without slots; nil is an
// Indicator without children.
func (r *reference) tree(n ioc.Node) *refNode {
	if c, ok := n.(*ioc.Condition); ok {
		return &refNode{leaf: &refLeaf{c: c}}
	}
	in := n.(*ioc.Indicator)
	bad := in.Fault != ""
	out := &refNode{and: in.Operator == ioc.And, bad: bad, same: in.Context != "" && in.Operator == ioc.And && !bad}
	for _, k := range in.Children {
		kid := r.tree(k)
		if kid == nil {
			if out.and && !out.bad {
				return nil
			}
			continue
		}
		out.kids = append(out.kids, kid)
	}
	if len(out.kids) == 0 {
		return nil
	}
	if out.bad { // nothing in an Indicator that cannot be read is known
		for _, l := range leaves(out) {
			c := *l.leaf.c
			c.Fault = in.Fault
			l.leaf.c = &c
		}
	}
	return out
}

// equal conditions are the same test.
func (r *reference) equal(a, b *ioc.Condition) bool {
	return a.Term == b.Term && r.pattern(a).Equal(r.pattern(b))
}

func (r *reference) exclude(a, b *ioc.Condition) bool {
	pa, pb := r.pattern(a), r.pattern(b)
	_, f := r.field(a)
	if a.Term != b.Term || a.Negate || b.Negate || a.Test != ioc.Is || b.Test != ioc.Is || pa == nil || pb == nil || f.Multi {
		return false
	}
	if f.Same != nil && f.Same(a.Content, b.Content) {
		return false
	}
	// no value of a small world passes both, nor one that a pattern names
	values := world(f.Kind)
	for _, p := range []*ioc.Pattern{pa, pb} {
		values = append(values, ioc.Value{Kind: f.Kind, Key: p.Lo})
		for _, t := range p.Texts() {
			values = append(values, ioc.Value{Kind: f.Kind, Str: t})
		}
	}
	for _, v := range values {
		if pa.Match(v) == ioc.True && pb.Match(v) == ioc.True {
			return false
		}
	}
	return true
}

// groups are the contradicting siblings of an AND.
func (r *reference) group(n *refNode) []*refNode {
	var out []*refNode
	if !n.and || n.bad {
		return nil
	}
	for i, k := range n.kids {
		for j, o := range n.kids {
			if i != j && k.leaf != nil && o.leaf != nil && r.exclude(k.leaf.c, o.leaf.c) {
				out = append(out, k)
				break
			}
		}
	}
	return out
}

func (r *reference) hasGroup(n *refNode) bool {
	if len(r.group(n)) > 0 {
		return true
	}
	return slices.ContainsFunc(n.kids, r.hasGroup)
}

// spread moves ORs whose branches contradict themselves to the top.
func (r *reference) spread(n *refNode) []*refNode {
	if n.leaf != nil || n.bad || !r.hasGroup(n) {
		return []*refNode{n}
	}
	if !n.and {
		var out []*refNode
		rest := &refNode{}
		for _, k := range n.kids {
			if r.hasGroup(k) {
				out = append(out, r.spread(k)...)
			} else {
				rest.kids = append(rest.kids, k)
			}
		}
		if len(rest.kids) > 0 {
			out = append(out, rest)
		}
		return out
	}
	lists := [][]*refNode{nil}
	for _, k := range n.kids {
		var next [][]*refNode
		for _, l := range lists {
			for _, s := range r.spread(k) {
				next = append(next, append(slices.Clone(l), s))
			}
		}
		lists = next
	}
	var out []*refNode
	for _, l := range lists {
		out = append(out, &refNode{and: true, same: n.same, kids: l})
	}
	return out
}

func leaves(n *refNode) []*refNode {
	if n.leaf != nil {
		return []*refNode{n}
	}
	var out []*refNode
	for _, k := range n.kids {
		out = append(out, leaves(k)...)
	}
	return out
}

// slots is rules 2 and 7: it returns the tree with a slot at every leaf.
func (r *reference) slots(n *refNode) *refNode {
	positive := map[string]bool{}
	for _, l := range leaves(n) {
		if !l.leaf.c.Negate {
			positive[l.leaf.c.Document()] = true
		}
	}
	members := map[string][]*refNode{}
	grouped := map[*refNode]bool{}
	var walk func(n *refNode)
	walk = func(n *refNode) {
		if !n.and || n.bad {
			return
		}
		for _, g := range r.group(n) {
			d := g.leaf.c.Document()
			if !slices.ContainsFunc(members[d], func(m *refNode) bool { return r.equal(m.leaf.c, g.leaf.c) }) {
				members[d] = append(members[d], g)
			}
			grouped[g] = true
		}
		for _, k := range n.kids {
			walk(k)
		}
	}
	walk(n)
	var docs []string
	for d := range members {
		docs = append(docs, d)
	}
	sort.Strings(docs)
	picks := []map[string]*refNode{{}}
	for _, d := range docs {
		var next []map[string]*refNode
		for _, p := range picks {
			for _, m := range members[d] {
				q := map[string]*refNode{d: m}
				for k, v := range p {
					q[k] = v
				}
				next = append(next, q)
			}
		}
		picks = next
	}
	var clone func(n *refNode, p map[string]*refNode) *refNode
	clone = func(n *refNode, p map[string]*refNode) *refNode {
		if n.leaf != nil {
			d := n.leaf.c.Document()
			slot := ""
			if m := p[d]; m != nil {
				slot = fmt.Sprintf("%s#%p", d, m)
			} else if positive[d] {
				slot = d
			}
			return &refNode{leaf: &refLeaf{c: n.leaf.c, slot: slot}}
		}
		out := &refNode{and: n.and, bad: n.bad, same: n.same}
		for _, k := range n.kids {
			if k.leaf != nil {
				d := k.leaf.c.Document()
				if m := p[d]; m != nil && grouped[k] && !r.equal(m.leaf.c, k.leaf.c) {
					continue
				}
			}
			out.kids = append(out.kids, clone(k, p))
		}
		return out
	}
	if len(docs) == 0 {
		return r.bind(clone(n, nil))
	}
	all := &refNode{and: true}
	for _, p := range picks {
		all.kids = append(all.kids, r.bind(clone(n, p)))
	}
	return all
}

// bind leaves in an AND with a node-context only what speaks of the item that
// has the element.
func (r *reference) bind(n *refNode) *refNode {
	for i, k := range n.kids {
		n.kids[i] = r.bind(k)
	}
	if !n.same {
		return n
	}
	slot := ""
	for _, l := range leaves(n) {
		if _, f := r.field(l.leaf.c); slot == "" && f != nil && f.Element != "" && r.pattern(l.leaf.c) != nil {
			slot = l.leaf.slot
		}
	}
	in, out := &refNode{and: true, same: true}, &refNode{and: true}
	for _, k := range n.kids {
		other := slices.ContainsFunc(leaves(k), func(l *refNode) bool { return l.leaf.slot != slot })
		if other || slot == "" {
			out.kids = append(out.kids, k)
		} else {
			in.kids = append(in.kids, k)
		}
	}
	if len(in.kids) == 0 {
		return out
	}
	out.kids = append(out.kids, in)
	return out
}

// scopes is rule 2.
func (r *reference) scopes(f *ioc.File) []*refNode {
	var out []*refNode
	var top func(n *refNode)
	top = func(n *refNode) {
		if n == nil {
			return
		}
		if n.leaf == nil && !n.and && !n.bad {
			for _, k := range n.kids {
				top(k)
			}
			return
		}
		for _, alt := range r.spread(n) {
			out = append(out, r.slots(alt))
		}
	}
	for _, n := range f.Criteria {
		top(r.tree(n))
	}
	return out
}

// A refChoice fills slots with items; nil is an empty slot, unknownItem
// stands for what an incomplete document may hold besides.
type refChoice map[string]*testItem

var unknownItem = &testItem{label: "?"}

func (r *reference) eval(n *refNode, ch refChoice) ioc.Truth {
	switch {
	case n.leaf != nil:
		it := ch[n.leaf.slot]
		switch {
		case n.leaf.slot != "" && it == unknownItem:
			return r.resolve(n.leaf.c, ioc.Unknown)
		case n.leaf.slot != "" && it != nil:
			return r.resolve(n.leaf.c, r.on(n.leaf.c, it))
		case n.leaf.c.Negate:
			return r.resolve(n.leaf.c, r.absent(n.leaf.c))
		}
		return ioc.False
	case n.bad:
		for _, l := range leaves(n) {
			if _, ok := r.resolved[l.leaf.c.ID]; !ok {
				return ioc.Unknown
			}
		}
		return r.resolve(leaves(n)[0].leaf.c, ioc.Unknown)
	case n.same:
		if t, ok := r.sameElement(n, ch); ok {
			return t
		}
	}
	if n.and {
		t := ioc.True
		for _, k := range n.kids {
			t = min(t, r.eval(k, ch))
		}
		return t
	}
	t := ioc.False
	for _, k := range n.kids {
		t = max(t, r.eval(k, ch))
	}
	return t
}

// sameElement is the second half of rule 6.
func (r *reference) sameElement(n *refNode, ch refChoice) (ioc.Truth, bool) {
	var slot string
	of := map[*ioc.Condition]bool{}
	elems := map[int32]bool{}
	for _, l := range leaves(n) {
		if _, f := r.field(l.leaf.c); f != nil && f.Element != "" && l.leaf.slot != "" && r.pattern(l.leaf.c) != nil {
			slot = l.leaf.slot
			of[l.leaf.c] = true
		}
	}
	it := ch[slot]
	if slot == "" || it == nil || it == unknownItem {
		return 0, false
	}
	for c := range of {
		if it.errs[c.Term] != nil {
			return 0, false
		}
		for _, v := range it.values[c.Term] {
			elems[v.Elem] = true
		}
	}
	best := ioc.False
	for e := range elems {
		part := *it
		part.values = map[string][]ioc.Value{}
		for k, vs := range it.values {
			for _, v := range vs {
				elemField := false
				for c := range of {
					elemField = elemField || c.Term == k
				}
				if !elemField || v.Elem == e {
					part.values[k] = append(part.values[k], v)
				}
			}
		}
		ch2 := refChoice{}
		for k, v := range ch {
			ch2[k] = v
		}
		ch2[slot] = &part
		plain := *n
		plain.same = false
		best = max(best, r.eval(&plain, ch2))
	}
	return best, true
}

type refResult struct {
	verdict Verdict
	matches []string // sorted: the labels of the items, each choice once
}

// file is rules 3 and 4, and what counts as a match.
func (r *reference) file(f *ioc.File) refResult {
	best := ioc.False
	matches := map[string]bool{}
	for _, tree := range r.scopes(f) {
		positives := map[string][]*ioc.Condition{}
		for _, l := range leaves(tree) {
			if l.leaf.slot != "" && !l.leaf.c.Negate {
				positives[l.leaf.slot] = append(positives[l.leaf.slot], l.leaf.c)
			}
		}
		slotNames := map[string]string{}
		for _, l := range leaves(tree) {
			if l.leaf.slot != "" {
				slotNames[l.leaf.slot] = l.leaf.c.Document()
			}
		}
		var names []string
		for s := range slotNames {
			names = append(names, s)
		}
		var choose func(i int, ch refChoice, fill ioc.Truth)
		choose = func(i int, ch refChoice, fill ioc.Truth) {
			if fill == ioc.False {
				return
			}
			if i < len(names) {
				s := names[i]
				d := r.docs[slotNames[s]]
				ch[s] = nil
				choose(i+1, ch, fill)
				if d != nil {
					for _, it := range d.items {
						can := ioc.False
						for _, c := range positives[s] {
							can = max(can, r.resolve(c, r.on(c, it)))
						}
						ch[s] = it
						choose(i+1, ch, min(fill, can))
					}
				}
				if d == nil || !d.complete {
					can := ioc.False
					for _, c := range positives[s] {
						can = max(can, r.resolve(c, ioc.Unknown))
					}
					ch[s] = unknownItem
					choose(i+1, ch, min(fill, can))
				}
				ch[s] = nil
				return
			}
			t := min(fill, r.eval(tree, ch))
			best = max(best, t)
			if t == ioc.True {
				labels := map[string]bool{}
				for _, it := range ch {
					if it != nil {
						labels[it.label] = true
					}
				}
				var ls []string
				for l := range labels {
					ls = append(ls, l)
				}
				sort.Strings(ls)
				matches[strings.Join(ls, "+")] = true
			}
		}
		choose(0, refChoice{}, ioc.True)
	}
	res := refResult{verdict: map[ioc.Truth]Verdict{ioc.True: Matched, ioc.Unknown: Undetermined, ioc.False: Clear}[best]}
	for m := range matches {
		res.matches = append(res.matches, m)
	}
	sort.Strings(res.matches)
	return res
}
