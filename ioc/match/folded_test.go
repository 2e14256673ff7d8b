package match

import (
	"math/rand/v2"
	"strings"
	"testing"

	"iocscan/ioc"
)

// Folded texts pass the tests that the values pass, where they do not say that
// the values themselves have to be seen.
func TestFindFolded(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	told, again := 0, 0
	for range 20000 {
		var patterns []*ioc.Pattern
		for range 1 + r.IntN(5) {
			content := strings.ToValidUTF8(randomString(r), "?")
			p, err := ioc.NewPattern(ioc.Text, tests[r.IntN(5)], content, r.IntN(4) == 0)
			if err == nil {
				patterns = append(patterns, p)
			}
		}
		x, _ := indexOf(ioc.Text, patterns)
		if len(patterns) == 0 || x.folded == nil {
			continue
		}
		var texts []byte
		want := make([]bool, len(patterns))
		for range r.IntN(4) {
			v := ioc.TextValue(strings.ToValidUTF8(randomString(r), "?"))
			texts = v.AppendNormal(append(texts, Mark))
			for i, p := range patterns {
				want[i] = want[i] || p.Match(v) == ioc.True
			}
		}
		got := make([]bool, len(patterns))
		if x.findFolded(texts, func(id predID, truth ioc.Truth) { got[id] = truth == ioc.True }) {
			again++
			for i := range got { // what is found is true all the same
				if got[i] && !want[i] {
					t.Fatalf("%q in %q", patterns[i].Texts(), texts)
				}
			}
			continue
		}
		for i, p := range patterns {
			if got[i] != want[i] {
				t.Fatalf("%s case=%v %q in %q: %v, want %v", p.Test, p.Case, p.Texts(), texts, got[i], want[i])
			}
			if want[i] {
				told++
			}
		}
	}
	if told < 300 || again < 200 {
		t.Errorf("%d tests passed, %d asked again", told, again)
	}
}

// What a value cannot be, and what depends on more than its text, has to be
// seen.
func TestNotFolded(t *testing.T) {
	for _, c := range []struct {
		kind    ioc.Kind
		test    ioc.Test
		content string
		want    bool
	}{
		{ioc.Text, ioc.Contains, "x", true}, {ioc.Text, ioc.Is, "12", true}, {ioc.Text, ioc.Matches, "evil.*", true},
		{ioc.Text, ioc.Matches, ".*", false}, {ioc.Text, ioc.GreaterThan, "12", false}, {ioc.Path, ioc.Contains, "x", false}, {ioc.Int, ioc.Is, "3", false},
	} {
		p, err := ioc.NewPattern(c.kind, c.test, c.content, false)
		if err != nil {
			t.Fatal(err)
		}
		if x, _ := indexOf(c.kind, []*ioc.Pattern{p}); (x.folded != nil) != c.want {
			t.Errorf("kind %d %s %q: %v", c.kind, c.test, c.content, !c.want)
		}
	}
}
