package match

import (
	"fmt"
	"strings"

	"iocscan/ioc"
)

// A Program is a collection compiled for evaluation. It does not change, and
// may be used by any number of evaluators.
type Program struct {
	docs   []*docProgram
	byName map[string]int // folded name → index in docs
	scopes []*scope
	bare   []bare        // the scopes of one positive condition
	files  []fileProgram // by index in the collection
	coll   *ioc.Collection

	// reasons are why conditions without a predicate have none.
	reasons map[*ioc.Condition]why
}

type fileProgram struct {
	from, to         int // its scopes in Program.scopes
	bareFrom, bareTo int // and in Program.bare
	problems         []ioc.Problem
	// fields asked of each document, for the report and for full evidence.
	fields map[int][]int
}

// A scope is an AND that stands in no other AND, or a condition that stands in
// none (semantics.md, section 4, rule 2).
type scope struct {
	file   int32
	number int32 // in the order of the program
	conds  []condition
	tree   *node
	slots  []slotRef

	// simple: one item decides it as soon as it is seen. Else its items'
	// signatures are kept until the documents are complete.
	simple bool
	split  bool // see splitter
}

// A slotID numbers the slots of one document.
type slotID = int32

const noSlot slotID = -1 << 31

type slotRef struct {
	doc int32
	id  slotID
}

// A slot is filled by one item of its document, or stays empty.
type slot struct {
	scope *scope
	place int32 // index in scope.slots, and the slot of its conditions
	// hopeless: an item that passes nothing still leaves the scope unknown,
	// because of a condition that no item can answer.
	hopeless bool
}

// A condition in its scope. One IndicatorItem can be several of them, after a
// split.
type condition struct {
	src  *ioc.Condition
	doc  int32
	pred predID // -1: nothing can answer it, Program.reasons says why
	slot int32  // index in scope.slots; -1: a truth about the host (absence)

	// same is set for the condition that one element of a repeated term meets
	// all of an AND; it stands for no IndicatorItem (src is that of one of its
	// kids).
	same *node
}

const noPred predID = -1

// why says why a condition has no predicate.
type why struct {
	text string
	// unsupported: the condition is sound, but no source answers its term. An
	// item that does not exist has no such term either way.
	unsupported bool
}

// A Gap is a condition that nothing can answer.
type Gap struct {
	File      *ioc.File
	Condition *ioc.Condition
	Reason    string
}

// Compile makes a program of the usable files of a collection. The gaps are
// its conditions that no source could ever answer under this schema.
func Compile(coll *ioc.Collection, schema Schema) (*Program, []Gap) {
	c := &compiler{
		prog: &Program{byName: map[string]int{}, coll: coll, files: make([]fileProgram, len(coll.Files)),
			reasons: map[*ioc.Condition]why{}},
		terms: map[string]termPlace{}, exact: map[string]termPlace{},
	}
	for d := range schema {
		c.addDocument(schema[d].Name, &schema[d])
		for f := range schema[d].Fields {
			c.exact[schema[d].Fields[f].Term] = termPlace{d, f}
			c.terms[ioc.Fold(schema[d].Fields[f].Term)] = termPlace{d, f}
		}
	}
	for i, f := range coll.Files {
		if f.Status != ioc.Usable {
			continue
		}
		c.file = i
		c.prog.files[i].from, c.prog.files[i].bareFrom = len(c.prog.scopes), len(c.prog.bare)
		for _, n := range f.Criteria {
			c.top(n)
		}
		c.prog.files[i].to, c.prog.files[i].bareTo = len(c.prog.scopes), len(c.prog.bare)
	}
	for _, d := range c.prog.docs {
		d.seal()
	}
	for _, s := range c.prog.scopes {
		c.prog.plan(s)
	}
	c.prog.findAskers()
	for _, d := range c.prog.docs {
		c.prog.setBase(d)
	}
	return c.prog, c.gaps
}

type termPlace struct{ doc, field int }

type compiler struct {
	prog   *Program
	terms  map[string]termPlace // folded
	exact  map[string]termPlace // as the vocabulary spells them, which is how most come
	file   int
	number int32 // of the next scope
	gaps   []Gap

	scratch []condition // of builders, one after the other
}

func (c *compiler) addDocument(name string, schema *Document) int {
	d := &docProgram{name: name, schema: schema, intern: newInterned()}
	if schema != nil {
		d.asked = make([]bool, len(schema.Fields))
	}
	i := len(c.prog.docs)
	c.prog.docs = append(c.prog.docs, d)
	c.prog.byName[ioc.Fold(name)] = i
	return i
}

// top walks the ORs above the scopes.
func (c *compiler) top(n ioc.Node) {
	if in, ok := n.(*ioc.Indicator); ok && in.Operator == ioc.Or && in.Fault == "" {
		for _, k := range in.Children {
			c.top(k)
		}
		return
	}
	b := &builder{compiler: c, conds: c.scratch[:0]}
	defer func() { c.scratch = b.conds }()
	tree, ok := b.build(n)
	if !ok {
		return
	}
	for _, alt := range b.alternatives(tree) {
		c.addScope(b, alt)
	}
}

// A builder makes the conditions of one scope.
type builder struct {
	*compiler
	conds []condition
}

// build returns the tree below n; ok is false for an Indicator without
// children, which is false.
func (b *builder) build(n ioc.Node) (node, bool) {
	switch n := n.(type) {
	case *ioc.Condition:
		b.conds = append(b.conds, b.condition(n))
		return node{op: leaf, cond: int32(len(b.conds) - 1)}, true
	case *ioc.Indicator:
		out := node{op: or}
		if n.Operator == ioc.And {
			out.op = and
			out.same = n.Context != ""
		}
		if n.Fault != "" {
			out.op = cannot
		}
		first := len(b.conds)
		for _, k := range n.Children {
			kid, ok := b.build(k)
			switch {
			case ok:
				out.kids = append(out.kids, kid)
			case out.op == and: // an empty Indicator makes the whole AND false
				b.conds = b.conds[:first]
				return node{}, false
			}
		}
		if n.Fault != "" {
			for i := first; i < len(b.conds); i++ {
				b.conds[i].pred = noPred
				b.prog.reasons[b.conds[i].src] = why{text: n.Fault}
			}
		}
		return out, len(out.kids) > 0
	}
	return node{}, false
}

// condition finds the document and the predicate of a condition, or the reason
// why nothing can answer it.
func (b *builder) condition(src *ioc.Condition) condition {
	place, known := b.place(src.Term)
	if !known {
		place = termPlace{b.document(src.Document()), -1}
	}
	c := condition{src: src, doc: int32(place.doc), pred: noPred}
	var reason string
	switch {
	case src.Fault != "":
		reason = src.Fault
	case !known:
		reason = b.unsupported(src, place.doc)
	default:
		pred, err := b.predicate(src, place)
		if err == nil {
			c.pred = pred
			return c
		}
		reason = err.Error()
		b.problem(ioc.Problem{Severity: ioc.Error, Pos: src.Pos, Rule: "content-type", Text: reason,
			Hint: "the condition stays unchecked; write a value of the term's type"})
	}
	b.prog.reasons[src] = why{reason, src.Fault == "" && !known}
	b.gaps = append(b.gaps, Gap{b.prog.coll.Files[b.file], src, reason})
	return c
}

// place finds a term that the schema has.
func (c *compiler) place(term string) (termPlace, bool) {
	if p, ok := c.exact[term]; ok {
		return p, true
	}
	p, ok := c.terms[ioc.Fold(term)]
	return p, ok
}

// predicate reads the content. The error says why it cannot be read.
func (b *builder) predicate(src *ioc.Condition, place termPlace) (predID, error) {
	d := b.prog.docs[place.doc]
	kind := d.schema.Fields[place.field].Kind
	p, err := ioc.NewPattern(kind, src.Test, src.Content, src.PreserveCase)
	if err == nil && kind == ioc.Digest && src.Test == ioc.Is {
		place.field, err = b.rightDigest(src, place)
	}
	if err != nil {
		return noPred, err
	}
	if p.Notice() != "" {
		b.problem(ioc.Problem{Severity: ioc.Warning, Pos: src.Pos, Rule: "content-notice", Text: p.Notice(), Hint: "write it as it is read"})
	}
	b.remember(place.doc, place.field)
	return d.add(place.field, p), nil
}

func (b *builder) document(name string) int {
	if i, ok := b.prog.byName[ioc.Fold(name)]; ok {
		return i
	}
	return b.addDocument(name, nil)
}

func (b *builder) unsupported(src *ioc.Condition, doc int) string {
	switch {
	case src.Def == nil && src.Term == "":
		return "the condition names no term"
	case src.Def == nil:
		return fmt.Sprintf("term %q is not known", src.Term)
	case src.Def.Status == "no-host-source":
		return "no source on a host answers " + src.Term
	case b.prog.docs[doc].schema == nil:
		return "document " + src.Document() + " is not supported by this version"
	}
	return "term " + src.Term + " is not supported by this version"
}

func (b *builder) problem(p ioc.Problem) {
	f := &b.prog.files[b.file]
	f.problems = append(f.problems, p)
}

func (b *builder) remember(doc, field int) {
	f := &b.prog.files[b.file]
	if f.fields == nil {
		f.fields = map[int][]int{}
	}
	for _, have := range f.fields[doc] {
		if have == field {
			return
		}
	}
	f.fields[doc] = append(f.fields[doc], field)
}

// addScope takes a tree whose contradictions no longer stand under an OR.
func (c *compiler) addScope(b *builder, tree node) {
	if tree.op == leaf && c.addBare(&b.conds[tree.cond]) {
		return
	}
	s := &scope{file: int32(c.file), number: c.number}
	c.number++
	b.split(s, tree)
	c.prog.scopes = append(c.prog.scopes, s)
}

// Problems are what compiling found wrong with the file of that index.
func (p *Program) Problems(file int) []ioc.Problem { return p.files[file].problems }

// Documents are the names of the documents that some condition asks.
func (p *Program) Documents() []string {
	var names []string
	for _, d := range p.docs {
		if d.used() && d.name != "" {
			names = append(names, d.name)
		}
	}
	return names
}

func (d *docProgram) used() bool { return len(d.slots) > 0 || d.bares > 0 || d.absences > 0 }

// Fields are the fields of a document that some condition asks.
func (p *Program) Fields(document string) []int {
	i, ok := p.byName[ioc.Fold(document)]
	if !ok {
		return nil
	}
	var fields []int
	for f, asked := range p.docs[i].asked {
		if asked {
			fields = append(fields, f)
		}
	}
	return fields
}

// A Named is a value that some positive condition names outright.
type Named struct {
	Content string // trimmed, as written
	Prefix  bool   // starts-with, else is
}

// Named are the contents that positive conditions name outright with Is or
// StartsWith on a term; empty where the term is not asked.
func (p *Program) Named(term string) []Named {
	var out []Named
	seen := map[Named]bool{}
	p.conditions(term, func(c *ioc.Condition) {
		n := Named{strings.TrimSpace(c.Content), c.Test == ioc.StartsWith}
		if !c.Negate && (n.Prefix || c.Test == ioc.Is) && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	})
	return out
}

// Contents are the contents of all conditions on a term, as written.
func (p *Program) Contents(term string) []string {
	var out []string
	p.conditions(term, func(c *ioc.Condition) { out = append(out, c.Content) })
	return out
}

// conditions calls f for the conditions on a term that some item can answer.
func (p *Program) conditions(term string, f func(*ioc.Condition)) {
	for i := range p.bare {
		if c := p.bare[i].src; ioc.EqualFold(c.Term, term) {
			f(c)
		}
	}
	for _, s := range p.scopes {
		for i := range s.conds {
			if c := &s.conds[i]; c.pred != noPred && ioc.EqualFold(c.src.Term, term) {
				f(c.src)
			}
		}
	}
}
