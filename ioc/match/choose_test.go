package match

import (
	"fmt"
	"testing"

	"iocscan/ioc"
)

// TestTooManyChoices: a join of more different items than can be tried is
// unknown and says why, and ends soon.
func TestTooManyChoices(t *testing.T) {
	and := &ioc.Indicator{Operator: ioc.And}
	for _, doc := range []string{"A", "B"} {
		or := &ioc.Indicator{}
		for i := range 12 {
			or.Children = append(or.Children, &ioc.Condition{ID: fmt.Sprint(doc, i), Term: doc + "/name", Test: ioc.Contains, Content: string(rune('a' + i))})
		}
		and.Children = append(and.Children, or)
	}
	and.Children = append(and.Children, &ioc.Condition{ID: "never", Term: "C/name", Test: ioc.Is, Content: "?", Negate: true})
	prog, _ := Compile(&ioc.Collection{Files: []*ioc.File{{Criteria: []ioc.Node{and}}}}, testSchema)
	h := NewHost(prog, Options{})
	for d, doc := range []string{"A", "B"} {
		e := h.NewEvaluator(doc)
		for set := 1; set < 1<<12; set++ { // every set of letters is another signature
			name := ""
			for i := range 12 {
				if set>>i&1 != 0 {
					name += string(rune('a' + i))
				}
			}
			e.Eval(&testItem{label: name, fields: testSchema[d].Fields, values: map[string][]ioc.Value{doc + "/name": {ioc.TextValue(name)}}})
		}
		e.Close()
		h.Complete(doc, true, "")
	}
	h.Incomplete("C", "not looked at") // so that no choice is certain
	r := h.Results()[0]
	if r.Verdict != Undetermined || len(r.Unchecked) != 25 {
		t.Fatalf("%s, %d unchecked", r.Verdict, len(r.Unchecked))
	}
	for _, u := range r.Unchecked {
		if u.Reason != "too many different items to try all their combinations" {
			t.Errorf("%s: %s", u.ConditionID, u.Reason)
		}
	}
}

// TestToldOnce: what a join finds again is not told again.
func TestToldOnce(t *testing.T) {
	or := &ioc.Indicator{Children: []ioc.Node{
		&ioc.Condition{ID: "n", Term: "B/name", Test: ioc.Is, Content: "a"},
		&ioc.Indicator{Operator: ioc.And, Children: []ioc.Node{
			&ioc.Condition{ID: "s", Term: "B/size", Test: ioc.Is, Content: "1"},
			&ioc.Condition{ID: "x", Term: "C/name", Test: ioc.Is, Content: "none", Negate: true},
		}},
	}}
	prog, _ := Compile(&ioc.Collection{Files: []*ioc.File{{Criteria: []ioc.Node{or}}}}, testSchema)
	var told []string
	h := NewHost(prog, Options{OnMatch: func(_ int, m *Match) { told = append(told, m.Objects[0].Label) }})
	e := h.NewEvaluator("B")
	for label, name := range map[string]string{"both": "a", "second": "b"} {
		e.Eval(&testItem{label: label, fields: testSchema[1].Fields,
			values: map[string][]ioc.Value{"B/name": {ioc.TextValue(name)}, "B/size": {ioc.IntValue(1)}}})
	}
	e.Close()
	h.Complete("B", true, "")
	h.Complete("C", true, "")
	r := h.Results()[0]
	if fmt.Sprint(told) != "[both second]" || r.Count != 2 || len(r.Matches) != 2 {
		t.Errorf("told %v, %d of %d listed", told, len(r.Matches), r.Count)
	}
}
