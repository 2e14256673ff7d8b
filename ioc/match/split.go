package match

import (
	"slices"

	"iocscan/ioc"
)

const splitNote = "conditions on one term exclude each other: each was looked for in an item of its own"

// Bounds of what contradictions make of one scope. Beyond them the conditions
// that contradict are unknown.
const (
	mostAlternatives = 64      // scopes, out of contradictions under an OR
	mostCopies       = 4096    // of the tree
	mostCopied       = 1 << 16 // conditions of all copies
)

const splitReason = "too many conditions exclude each other to look for each"

// alternatives rewrites a tree so that no AND with contradicting siblings
// stands under an OR: the OR's branches with such an AND become trees of their
// own. Without contradictions the tree is its own only alternative.
func (b *builder) alternatives(n node) []node {
	if !b.contradictory(n) {
		return []node{n}
	}
	out := b.spread(n)
	if len(out) > mostAlternatives {
		b.giveUp(&n)
		return []node{n}
	}
	return out
}

// giveUp makes all contradicting conditions unknown.
func (b *builder) giveUp(n *node) {
	for _, c := range b.exclusive(*n) {
		b.conds[c].pred = noPred
		b.prog.reasons[b.conds[c].src] = why{text: splitReason}
	}
	for i := range n.kids {
		b.giveUp(&n.kids[i])
	}
}

// contradictory reports whether some AND below n has contradicting siblings.
func (b *builder) contradictory(n node) bool {
	if n.op == and && len(b.exclusive(n)) > 0 {
		return true
	}
	for _, k := range n.kids {
		if b.contradictory(k) {
			return true
		}
	}
	return false
}

func (b *builder) spread(n node) []node {
	if !b.contradictory(n) || n.op == cannot {
		return []node{n}
	}
	if n.op == or {
		var out []node
		rest := node{op: or}
		for _, k := range n.kids {
			if b.contradictory(k) {
				out = append(out, b.spread(k)...)
			} else {
				rest.kids = append(rest.kids, k)
			}
		}
		if len(rest.kids) > 0 {
			out = append(out, rest)
		}
		return out
	}
	out := []node{{op: and, same: n.same}}
	for _, k := range n.kids {
		var next []node
		for _, head := range out {
			for _, alt := range b.spread(k) {
				h := head
				h.kids = append(slices.Clip(head.kids), alt)
				next = append(next, h)
			}
		}
		if out = next; len(out) > mostAlternatives {
			return out
		}
	}
	return out
}

// exclusive are the conditions among the children of an AND that exclude a
// sibling: positive Is conditions on one single-valued term that no value can
// satisfy together.
func (b *builder) exclusive(n node) []int32 {
	if n.op != and {
		return nil
	}
	type test struct {
		doc  int32
		pred predID
	}
	excluded := map[test]bool{}
	var distinct []int32 // one condition for each test
	for _, k := range n.kids {
		if k.op == leaf && b.single(&b.conds[k.cond]) {
			t := test{b.conds[k.cond].doc, b.conds[k.cond].pred}
			if _, known := excluded[t]; !known {
				excluded[t] = false
				distinct = append(distinct, k.cond)
			}
		}
	}
	for _, c := range distinct {
		x := &b.conds[c]
		excluded[test{x.doc, x.pred}] = slices.ContainsFunc(distinct, func(o int32) bool { return b.excludes(x, &b.conds[o]) })
	}
	var found []int32
	for _, k := range n.kids {
		if k.op == leaf && b.single(&b.conds[k.cond]) && excluded[test{b.conds[k.cond].doc, b.conds[k.cond].pred}] {
			found = append(found, k.cond)
		}
	}
	return found
}

// single reports whether a condition asks outright for one value of a
// single-valued term.
func (b *builder) single(c *condition) bool {
	if c.pred == noPred || c.src.Negate || c.src.Test != ioc.Is {
		return false
	}
	d := b.prog.docs[c.doc]
	return !d.schema.Fields[d.preds[c.pred].field].Multi
}

// excludes reports whether no value can satisfy both of two single conditions.
func (b *builder) excludes(x, y *condition) bool {
	if x.doc != y.doc || x.pred == y.pred {
		return false
	}
	d := b.prog.docs[x.doc]
	px, py := &d.preds[x.pred], &d.preds[y.pred]
	if px.field != py.field {
		return false
	}
	if same := d.schema.Fields[px.field].Same; same != nil && same(x.src.Content, y.src.Content) {
		return false
	}
	return !px.pattern.Overlaps(py.pattern)
}

// A splitter gives a scope its conditions and slots. Without contradictions
// every document with a positive condition gets one slot. A document with
// contradicting conditions gets one for each of them (equal ones are one), and
// the tree is repeated for each, less the other contradicting ones, so that
// each split slot carries all the other conditions.
type splitter struct {
	*builder
	scope    *scope
	members  map[int32][]int32  // split document → its contradicting conditions
	one      map[int32]int32    // contradicting condition → the member that is equal to it
	first    map[[2]int32]int32 // document and test → its member
	docs     []int32            // the keys of members, in order
	positive []int32            // documents with a positive condition
	keeps    []int32            // by slot: the contradicting condition it keeps, or -1
}

func (b *builder) split(s *scope, tree node) {
	sp := &splitter{builder: b, scope: s}
	tree.leaves(func(cond int32) {
		c := &b.conds[cond]
		if !c.src.Negate && !slices.Contains(sp.positive, c.doc) {
			sp.positive = append(sp.positive, c.doc)
		}
	})
	sp.collect(&tree)
	if sp.tooMany(&tree) {
		b.giveUp(&tree)
		sp.docs, sp.members = nil, nil
	}
	if len(sp.docs) == 0 {
		s.setTree(sp.copy(&tree, nil))
		return
	}
	s.split = true
	all := node{op: and}
	for _, p := range sp.product() {
		all.kids = append(all.kids, sp.copy(&tree, p))
	}
	s.setTree(all)
}

// oneLeaf is the tree of every scope that is a single condition.
var oneLeaf = node{op: leaf}

func (s *scope) setTree(n node) {
	if n.op == leaf {
		s.tree = &oneLeaf
	} else {
		s.tree = &n
	}
}

// collect gathers the contradicting conditions, none of which stands under an
// OR any more.
func (sp *splitter) collect(n *node) {
	if n.op != and {
		return
	}
	for _, c := range sp.exclusive(*n) {
		d := sp.conds[c].doc
		if sp.members == nil {
			sp.members, sp.one = map[int32][]int32{}, map[int32]int32{}
			sp.first = map[[2]int32]int32{}
		}
		if sp.members[d] == nil {
			sp.docs = append(sp.docs, d)
		}
		key := [2]int32{d, sp.conds[c].pred}
		first, ok := sp.first[key]
		if !ok {
			first = c
			sp.first[key] = c
			sp.members[d] = append(sp.members[d], c)
		}
		sp.one[c] = first
	}
	for i := range n.kids {
		sp.collect(&n.kids[i])
	}
}

func (sp *splitter) tooMany(tree *node) bool {
	if len(sp.docs) == 0 {
		return false
	}
	copies, conds := 1, 0
	for _, d := range sp.docs {
		if copies *= len(sp.members[d]); copies > mostCopies {
			return true
		}
	}
	tree.leaves(func(int32) { conds++ })
	return copies*(conds-len(sp.one)+len(sp.docs)) > mostCopied
}

// A pick names, for each split document in the order of splitter.docs, the one
// contradicting condition that a copy of the tree keeps.
type pick []int32

func (sp *splitter) product() []pick {
	out := []pick{nil}
	for _, d := range sp.docs {
		var next []pick
		for _, p := range out {
			for _, m := range sp.members[d] {
				next = append(next, append(slices.Clip(p), m))
			}
		}
		out = next
	}
	return out
}

// copy enters the tree's conditions into the scope and returns the tree over
// them.
func (sp *splitter) copy(n *node, p pick) node {
	if n.op == leaf {
		c := sp.conds[n.cond]
		c.slot = -1
		if i := slices.Index(sp.docs, c.doc); i >= 0 && p != nil {
			c.slot = sp.slot(c.doc, p[i])
		} else if slices.Contains(sp.positive, c.doc) {
			c.slot = sp.slot(c.doc, -1)
		}
		sp.scope.conds = append(sp.scope.conds, c)
		return node{op: leaf, cond: int32(len(sp.scope.conds) - 1)}
	}
	out := node{op: n.op}
	for i := range n.kids {
		if k := &n.kids[i]; k.op != leaf || !sp.dropped(k.cond, p) {
			out.kids = append(out.kids, sp.copy(k, p))
		}
	}
	if n.same && n.op == and {
		return sp.sameElement(out)
	}
	return out
}

// sameElement binds the kids of an AND with a node-context to one element of a
// repeated term. Kids that speak of another item stay beside it, and without
// such a term among them the context says nothing more than AND.
func (sp *splitter) sameElement(n node) node {
	c := condition{pred: noPred, slot: -1}
	n.leaves(func(i int32) {
		if k := &sp.scope.conds[i]; c.slot < 0 && k.slot >= 0 && sp.element(k) != "" {
			c.src, c.doc, c.slot = k.src, k.doc, k.slot
		}
	})
	if c.slot < 0 {
		return n
	}
	one, rest := &node{op: and}, node{op: and}
	for _, k := range n.kids {
		inside := true
		k.leaves(func(i int32) { inside = inside && sp.scope.conds[i].slot == c.slot })
		if inside {
			one.kids = append(one.kids, k)
		} else {
			rest.kids = append(rest.kids, k)
		}
	}
	binds := false
	one.leaves(func(i int32) { binds = binds || sp.element(&sp.scope.conds[i]) != "" })
	if !binds {
		return n
	}
	c.same = one
	sp.scope.conds = append(sp.scope.conds, c)
	same := node{op: and, same: true, cond: int32(len(sp.scope.conds) - 1), kids: one.kids}
	if len(rest.kids) == 0 {
		return same
	}
	rest.kids = append(rest.kids, same)
	return rest
}

// element is the repeated term that a condition's field belongs to.
func (b *builder) element(c *condition) string {
	if c.pred == noPred {
		return ""
	}
	d := b.prog.docs[c.doc]
	return d.schema.Fields[d.preds[c.pred].field].Element
}

// dropped reports whether a copy of the tree goes without a condition.
func (sp *splitter) dropped(cond int32, p pick) bool {
	one, contradicts := sp.one[cond]
	return contradicts && p != nil && one != p[slices.Index(sp.docs, sp.conds[cond].doc)]
}

func (sp *splitter) slot(doc, keep int32) int32 {
	for i, r := range sp.scope.slots {
		if r.doc == doc && sp.keeps[i] == keep {
			return int32(i)
		}
	}
	sp.scope.slots = append(sp.scope.slots, slotRef{doc: doc})
	sp.keeps = append(sp.keeps, keep)
	return int32(len(sp.scope.slots) - 1)
}
