package match

import (
	"slices"
	"testing"

	"iocscan/ioc"
)

// A message is known of some items; of the others something stands for it.
type message struct {
	text string
	like bool
}

func (m message) Label() string { return m.text }
func (m message) Each(_ int, yield func(ioc.Value) bool) error {
	yield(ioc.TextValue(m.text))
	if m.like {
		return StandIn("resembles it")
	}
	return nil
}

func TestStandInOfAnItem(t *testing.T) {
	for _, c := range []struct {
		item    message
		content string
		negate  bool
		want    Verdict
		notes   []string
	}{
		{message{"text", false}, "text", false, Matched, []string{}},
		{message{"text", false}, "other", false, Clear, nil},
		{message{"text", true}, "text", false, Matched, []string{"E/message: resembles it"}},
		{message{"text", true}, "other", false, Undetermined, nil},
		{message{"text", true}, "text", true, Clear, nil},
		{message{"text", true}, "other", true, Undetermined, nil},
	} {
		cond := &ioc.Condition{ID: "c", Term: "E/message", Test: ioc.Is, Content: c.content, Negate: c.negate}
		file := &ioc.File{Path: "f", Status: ioc.Usable, Criteria: []ioc.Node{cond}}
		prog, _ := Compile(&ioc.Collection{Files: []*ioc.File{file}}, Schema{{Name: "E", Fields: []Field{{Term: "E/message", Repeats: true}}}})
		h := NewHost(prog, Options{})
		e := h.NewEvaluator("E")
		e.Eval(c.item)
		e.Eval(c.item) // from memory
		e.Close()
		h.Complete("E", true, "")
		r := h.Results()[0]
		if r.Verdict != c.want {
			t.Errorf("%+v: %s, want %s", c, r.Verdict, c.want)
			continue
		}
		if c.want != Matched {
			continue
		}
		if m := r.Matches[0]; r.Count != 2 || !slices.Equal(m.Notes, c.notes) || m.Objects[0].Conditions[0].Value != c.item.text {
			t.Errorf("%+v: %+v", c, r)
		}
	}
}
