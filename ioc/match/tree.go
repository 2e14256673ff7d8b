package match

import (
	"strings"

	"iocscan/ioc"
)

// A node is one place of a scope's tree.
type node struct {
	op nodeOp
	// same: the kids speak of one element of a repeated term (an AND with a
	// node-context). Whether one does is a condition of its own, cond.
	same bool
	cond int32 // index into scope.conds, of a leaf or of a same node
	kids []node
}

type nodeOp uint8

const (
	leaf nodeOp = iota
	and
	or
	cannot // an Indicator whose operator is neither AND nor OR
)

// eval is the Kleene value of the tree. An Indicator without children is false.
func (n *node) eval(truth func(cond int32) ioc.Truth) ioc.Truth {
	switch {
	case n.op == leaf || n.same:
		return truth(n.cond)
	case n.op == cannot:
		return ioc.Unknown
	case n.op == and:
		return n.all(truth)
	}
	v := ioc.False
	for i := range n.kids {
		if v = max(v, n.kids[i].eval(truth)); v == ioc.True {
			break
		}
	}
	return v
}

// all is the AND of the kids, each by itself.
func (n *node) all(truth func(cond int32) ioc.Truth) ioc.Truth {
	if len(n.kids) == 0 {
		return ioc.False
	}
	v := ioc.True
	for i := range n.kids {
		if v = min(v, n.kids[i].eval(truth)); v == ioc.False {
			break
		}
	}
	return v
}

// open calls f for every condition that keeps an unknown tree unknown. Of an
// Indicator that cannot be read those are all conditions below.
func (n *node) open(truth func(int32) ioc.Truth, f func(cond int32)) {
	switch {
	case n.op == leaf:
		if truth(n.cond) == ioc.Unknown {
			f(n.cond)
		}
	case n.op == cannot:
		n.leaves(f)
	default:
		for i := range n.kids {
			if n.same || n.kids[i].eval(truth) == ioc.Unknown {
				n.kids[i].open(truth, f)
			}
		}
	}
}

// leaves calls f for every condition below.
func (n *node) leaves(f func(cond int32)) {
	if n.op == leaf {
		f(n.cond)
	}
	for i := range n.kids {
		n.kids[i].leaves(f)
	}
}

// text says the tree in words, only the branches that hold.
func (n *node) text(truth func(int32) ioc.Truth, say func(cond int32) string) string {
	if n.op == leaf {
		return say(n.cond)
	}
	var parts []string
	for i := range n.kids {
		if n.same || n.kids[i].eval(truth) == ioc.True {
			parts = append(parts, n.kids[i].text(truth, say))
		}
	}
	word := " OR "
	if n.op == and {
		word = " AND "
	}
	return join(parts, word)
}

// join drops repeated parts and brackets what is left if it is more than one.
func join(parts []string, word string) string {
	var kept []string
	seen := map[string]bool{}
	for _, p := range parts {
		if !seen[p] {
			seen[p] = true
			kept = append(kept, p)
		}
	}
	if len(kept) == 1 {
		return kept[0]
	}
	return "(" + strings.Join(kept, word) + ")"
}

// Words is a condition as a person reads it: FileItem/FileName is "svc.exe". The
// content stands as it is written; a report escapes what must not be shown.
func Words(c *ioc.Condition) string {
	s := c.Term + " " + c.Test.String() + ` "` + c.Content + `"`
	if c.Negate {
		s = "NOT " + s
	}
	return s
}
