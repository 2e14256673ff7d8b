package match

import (
	"slices"
	"strings"

	"iocscan/ioc"
)

// A fieldIndex finds the predicates of one field that a value passes, at a
// cost that hardly grows with their number: a map for Is, one multi-pattern
// matcher for Contains, StartsWith and EndsWith, sorted intervals for what has
// an order, and regular expressions only where a literal they need occurs.
type fieldIndex struct {
	doc *docProgram

	is    lookup // folded text
	raw   lookup // raw bytes of digests and addresses
	order intervals
	grams *grams // literals of the tests below
	lits  []gramTest
	// always are asked of every value: patterns without a required literal and
	// numerals.
	always []predID

	// anchored are Is and StartsWith on paths, which a Folder may rule out.
	anchored []predID

	folded *Wanted // of a FoldedItem; nil where the values have to be seen

	content *contentIndex // for a field whose values are the strings of content
}

// A gramTest says what it means that a literal occurs.
type gramTest struct {
	pred   predID
	test   ioc.Test // Contains, StartsWith, EndsWith; Matches: ask the pattern
	length int32    // of the literal
}

func newFieldIndex(d *docProgram, ids []predID, ofContent bool) *fieldIndex {
	x := &fieldIndex{doc: d}
	if ofContent {
		x.content = newContentIndex(d, ids)
	}
	var texts []string
	var tests []int32
	literal := func(text string, id predID, test ioc.Test) {
		texts = append(texts, text)
		tests = append(tests, int32(len(x.lits)))
		x.lits = append(x.lits, gramTest{id, test, int32(len(text))})
	}
	for _, id := range ids {
		p := d.preds[id].pattern
		if p.Kind == ioc.Path && (p.Test == ioc.Is || p.Test == ioc.StartsWith) {
			x.anchored = append(x.anchored, id)
		}
		switch {
		case p.Ordered():
			x.order.add(p.Lo, p.Hi, id)
		case p.Raw():
			x.raw.add(p.Text(), id)
		case p.Numeral():
			x.always = append(x.always, id)
		case p.Test == ioc.Is:
			for _, t := range p.Texts() {
				x.is.add(foldedText(p, t), id)
			}
		case p.Test != ioc.Matches:
			literal(foldedText(p, p.Text()), id, p.Test)
		}
		if p.Regex() != nil {
			set := requiredLiterals(p.Regex().Source)
			if set == nil {
				x.always = append(x.always, id)
			}
			for _, t := range set {
				if p.Kind == ioc.Path { // texts come with their separators unified
					t = strings.ReplaceAll(t, "/", `\`)
				}
				literal(t, id, ioc.Matches)
			}
		}
	}
	x.order.seal()
	if len(texts) > 0 {
		x.grams = newGrams(texts, tests)
	}
	x.folded = x.wanted(ids, texts)
	return x
}

// foldedText is a pattern's text as values are folded for look-up; one that
// keeps its case is confirmed by the pattern itself afterwards.
func foldedText(p *ioc.Pattern, t string) string {
	if !p.Case {
		return t
	}
	if p.Kind == ioc.Path {
		return string(ioc.AppendFoldPath(nil, t))
	}
	return ioc.Fold(t)
}

// find reports every predicate that the value passes (True), or that could not
// be decided on it (Unknown). One may be reported more than once.
func (x *fieldIndex) find(v ioc.Value, pr *probe, hit func(predID, ioc.Truth)) {
	if v.Forms != nil && !isASCII(v.Str) { // folding may move the places where forms begin
		v.Each(func(form ioc.Value) bool {
			x.find(form, pr, hit)
			return true
		})
		return
	}
	pr.asked.reset()
	if len(x.order.list) > 0 {
		x.order.find(v.Key, func(id int32) { hit(id, ioc.True) })
	}
	if len(x.raw.first) > 0 {
		if key, ok := v.RawKey(); ok {
			if id, ok := x.raw.first[key]; ok {
				hit(id, ioc.True)
				for _, id := range x.raw.more[key] {
					hit(id, ioc.True)
				}
			}
		}
	}
	if len(x.is.first) > 0 || x.grams != nil {
		pr.text = v.AppendNormal(pr.text[:0])
		x.findEqual(pr.text, v, pr, hit)
		if v.Forms != nil && len(x.is.first) > 0 {
			for _, s := range v.Forms.Starts {
				for _, e := range v.Forms.Ends {
					if s <= e && (s > 0 || e < len(pr.text)) {
						x.findEqual(pr.text[s:e], v, pr, hit)
					}
				}
			}
		}
		if x.grams != nil {
			x.findLiterals(v, pr, hit)
		}
	}
	for _, id := range x.always {
		x.ask(id, v, pr, hit)
	}
}

// findEqual reports the tests for the whole of a folded text.
func (x *fieldIndex) findEqual(text []byte, v ioc.Value, pr *probe, hit func(predID, ioc.Truth)) {
	if id, ok := x.is.first[string(text)]; ok {
		x.confirm(id, v, pr, hit)
		for _, id := range x.is.more[string(text)] {
			x.confirm(id, v, pr, hit)
		}
	}
}

func (x *fieldIndex) findLiterals(v ioc.Value, pr *probe, hit func(predID, ioc.Truth)) {
	x.grams.find(pr.text, func(lit int32, start int) {
		t := x.lits[lit]
		switch t.test {
		case ioc.StartsWith:
			if start != 0 && (v.Forms == nil || !slices.Contains(v.Forms.Starts, start)) {
				return
			}
		case ioc.EndsWith:
			end := start + int(t.length)
			if end != len(pr.text) && (v.Forms == nil || !slices.Contains(v.Forms.Ends, end)) {
				return
			}
		case ioc.Matches:
			x.ask(t.pred, v, pr, hit)
			return
		}
		x.confirm(t.pred, v, pr, hit)
	})
}

// confirm asks a pattern that keeps its case, which the folded look-up cannot.
func (x *fieldIndex) confirm(id predID, v ioc.Value, pr *probe, hit func(predID, ioc.Truth)) {
	if x.doc.preds[id].pattern.Case {
		x.ask(id, v, pr, hit)
	} else {
		hit(id, ioc.True)
	}
}

// ask runs the pattern itself, once for each value: a literal can occur a
// million times in one text.
func (x *fieldIndex) ask(id predID, v ioc.Value, pr *probe, hit func(predID, ioc.Truth)) {
	if !pr.asked.put(id, 0) {
		return
	}
	if t := x.doc.preds[id].pattern.Match(v); t != ioc.False {
		hit(id, t)
	}
}

// A lookup has the predicates of a text. Mostly that is one, so that a list
// for each would cost more than the texts.
type lookup struct {
	first map[string]predID
	more  map[string][]predID
}

func (l *lookup) add(text string, id predID) {
	if l.first == nil {
		l.first, l.more = map[string]predID{}, map[string][]predID{}
	}
	if _, ok := l.first[text]; ok {
		l.more[text] = append(l.more[text], id)
	} else {
		l.first[text] = id
	}
}

// A probe is what one evaluator needs to look values up in the indexes of its
// document.
type probe struct {
	text  []byte // the value folded
	asked marks  // the predicates whose pattern has been run on the value
}
