package document

import (
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
)

// foldedTexts is where an event puts the texts of a field while they are asked
// for folded: those of values without becoming text as it is written first.
type foldedTexts struct {
	on      bool
	edges   bool
	numbers bool // texts of values that are none matter
	texts   []byte
	yield   func(ioc.Value) bool // made once, so that it costs no allocation
	wanted  []wantedOf           // by field
}

type wantedOf struct {
	by      *match.Wanted
	numbers bool
}

// Folded implements match.FoldedItem.
func (e *event) Folded(field int, dst []byte, w *match.Wanted) ([]byte, error) {
	e.fold.on, e.fold.edges, e.fold.texts = true, w.Edges, dst
	e.fold.numbers = e.wantsNumbers(field, w)
	err := e.Each(field, e.fold.yield)
	e.fold.on = false
	return e.fold.texts, err
}

// wantsNumbers reports whether what is searched for could be in the text of a
// number, a time, an identifier or bytes.
func (e *event) wantsNumbers(field int, w *match.Wanted) bool {
	for field >= len(e.fold.wanted) {
		e.fold.wanted = append(e.fold.wanted, wantedOf{})
	}
	have := &e.fold.wanted[field]
	if have.by != w {
		*have = wantedOf{w, slices.ContainsFunc(w.Literals, overlapsNumber)}
	}
	return have.numbers
}

// unseen stands for a value that is no text where none is searched for. It is a
// byte that UTF-8 has not got.
const unseen = 0xfe

// overlapsNumber reports whether a literal could have in it something of the
// text of a value that is none. Where values are joined blanks stand around
// such a text, which has no blanks itself.
func overlapsNumber(literal string) bool {
	if strings.IndexByte(literal, unseen) >= 0 {
		return true
	}
	for token := range strings.SplitSeq(literal, " ") {
		if token != "" && evtx.OfNumber(token) {
			return true
		}
	}
	return false
}

// foldText takes what a field yields by itself.
func (e *event) foldText(v ioc.Value) bool {
	if strings.IndexByte(v.Str, match.Mark) >= 0 { // no text of a record: it would end here
		v.Str = strings.ToValidUTF8(v.Str, "\ufffd")
	}
	e.fold.texts = v.AppendNormal(append(e.fold.texts, match.Mark))
	return true
}

// append appends the text of a value in the form that is asked for.
func (e *event) append(dst []byte, v evtx.Value) []byte {
	switch {
	case !e.fold.on:
	case e.fold.numbers || v.IsText() || v.Type == evtx.Null || len(v.Bytes) == 0:
		return v.AppendFolded(dst)
	default:
		return append(dst, unseen)
	}
	return v.AppendText(dst)
}

// appended yields a text made by append.
func (e *event) appended(b []byte, yield func(ioc.Value) bool) bool {
	if e.fold.on {
		e.fold.texts = append(append(e.fold.texts, match.Mark), b...)
		return true
	}
	return yield(ioc.TextValue(text(b)))
}

// edges reports whether somebody asks where a text begins or ends.
func (e *event) edges() bool { return !e.fold.on || e.fold.edges }

var _ match.FoldedItem = (*event)(nil)
