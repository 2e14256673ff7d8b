package match

import (
	"errors"
	"strings"
	"testing"

	"iocscan/ioc"
)

// A doubtful item has one value for sure and one perhaps.
type doubtful struct{ sure, perhaps string }

func (d doubtful) Label() string { return d.sure }
func (d doubtful) Each(_ int, yield func(ioc.Value) bool) error {
	yield(ioc.TextValue(d.sure))
	return nil
}
func (d doubtful) Doubt(_ int, yield func(ioc.Value) bool) error {
	yield(ioc.TextValue(d.perhaps))
	return errors.New("nobody knows")
}

func TestDoubt(t *testing.T) {
	for _, c := range []struct {
		content string
		negate  bool
		want    Verdict
	}{
		{"sure", false, Matched},
		{"perhaps", false, Undetermined},
		{"neither", false, Clear},
	} {
		cond := &ioc.Condition{ID: "c", Term: "RegistryItem/Path", Test: ioc.Is, Content: c.content, Negate: c.negate}
		file := &ioc.File{Path: "f", Status: ioc.Usable, Criteria: []ioc.Node{cond}}
		prog, gaps := Compile(&ioc.Collection{Files: []*ioc.File{file}}, Schema{{Name: "RegistryItem", Fields: []Field{{Term: "RegistryItem/Path"}}}})
		if len(gaps) > 0 {
			t.Fatal(gaps)
		}
		h := NewHost(prog, Options{})
		e := h.NewEvaluator("RegistryItem")
		e.Eval(doubtful{"sure", "perhaps"})
		e.Close()
		h.Complete("RegistryItem", true, "")
		r := h.Results()[0]
		if r.Verdict != c.want {
			t.Errorf("%q: %s, want %s", c.content, r.Verdict, c.want)
		}
		if c.want == Undetermined && (len(r.Unchecked) != 1 || !strings.Contains(r.Unchecked[0].Reason, "nobody knows")) {
			t.Errorf("%q: unchecked %+v", c.content, r.Unchecked)
		}
	}
}
