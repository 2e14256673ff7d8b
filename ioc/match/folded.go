package match

import (
	"bytes"
	"slices"
	"strings"

	"iocscan/ioc"
)

// Mark stands before each text of FoldedItem.Folded. It is a byte that UTF-8
// has not got, so no text and no content of a condition has it.
const Mark = 0xff

// A FoldedItem hands out all texts of a field at once, already folded, so that
// one pass over them serves all conditions.
type FoldedItem interface {
	Item

	// Folded appends what Each yields of a field of kind Text that has no
	// Forms, each text behind a Mark and folded as ioc.AppendFold does, and
	// returns the error that Each would. What cannot matter to w may be left
	// out.
	Folded(field int, dst []byte, w *Wanted) ([]byte, error)
}

// Wanted is what folded texts are searched for. It is the same each time that
// a field is asked.
type Wanted struct {
	// Literals are folded. A text without any of them does not matter.
	Literals []string

	// Edges: it matters where texts begin and end. Else one that another
	// contains does not.
	Edges bool
}

// wanted says what folded texts are searched for; nil if they cannot tell of
// some test that no value passes it. literals are those of grams.
func (x *fieldIndex) wanted(ids []predID, literals []string) *Wanted {
	notText := func(id predID) bool { return x.doc.preds[id].pattern.Kind != ioc.Text }
	if x.content != nil || len(x.always) > 0 || slices.ContainsFunc(ids, notText) {
		return nil
	}
	w := &Wanted{Literals: literals, Edges: len(x.is.first) > 0}
	for text := range x.is.first {
		w.Literals = append(w.Literals, text)
	}
	for _, l := range x.lits {
		w.Edges = w.Edges || l.test == ioc.StartsWith || l.test == ioc.EndsWith
	}
	if slices.ContainsFunc(w.Literals, func(s string) bool { return strings.IndexByte(s, Mark) >= 0 }) {
		return nil
	}
	return w
}

// findFolded is find for the texts of a FoldedItem. again: some value may pass
// a test that has to see it as it is.
func (x *fieldIndex) findFolded(texts []byte, hit func(predID, ioc.Truth)) (again bool) {
	pass := func(id predID) {
		if x.doc.preds[id].pattern.Case {
			again = true
		} else {
			hit(id, ioc.True)
		}
	}
	if len(x.is.first) > 0 {
		for rest := texts; len(rest) > 0; {
			rest = rest[1:]
			end := bytes.IndexByte(rest, Mark)
			if end < 0 {
				end = len(rest)
			}
			if id, ok := x.is.first[string(rest[:end])]; ok {
				pass(id)
				for _, id := range x.is.more[string(rest[:end])] {
					pass(id)
				}
			}
			rest = rest[end:]
		}
	}
	if x.grams == nil {
		return again
	}
	x.grams.find(texts, func(lit int32, start int) {
		switch t := &x.lits[lit]; t.test {
		case ioc.StartsWith:
			if texts[start-1] == Mark {
				pass(t.pred)
			}
		case ioc.EndsWith:
			if end := start + int(t.length); end == len(texts) || texts[end] == Mark {
				pass(t.pred)
			}
		case ioc.Matches:
			again = true
		default:
			pass(t.pred)
		}
	})
	return again
}

// askFolded answers a field from its folded texts. done is false where the
// values themselves have to be seen.
func (e *Evaluator) askFolded(it FoldedItem, f int, x *fieldIndex) (done bool, err error) {
	e.probe.text, err = it.Folded(f, e.probe.text[:0], x.folded)
	return !x.findFolded(e.probe.text, e.onHit), err
}
