package match

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"iocscan/ioc"
)

// indexOf is the index of one field over patterns.
func indexOf(kind ioc.Kind, patterns []*ioc.Pattern) (*fieldIndex, *docProgram) {
	d := &docProgram{schema: &Document{Fields: []Field{{Kind: kind}}}}
	var ids []predID
	for i, p := range patterns {
		d.preds = append(d.preds, predicate{pattern: p})
		ids = append(ids, predID(i))
	}
	return newFieldIndex(d, ids, false), d
}

// checkIndex compares what the index reports with every pattern asked by
// itself.
func checkIndex(t testing.TB, kind ioc.Kind, patterns []*ioc.Pattern, values []ioc.Value) (hits int) {
	t.Helper()
	x, _ := indexOf(kind, patterns)
	pr := &probe{}
	for _, v := range values {
		got := make([]ioc.Truth, len(patterns))
		x.find(v, pr, func(id predID, truth ioc.Truth) { got[id] = max(got[id], truth) })
		for i, p := range patterns {
			want := p.Match(v)
			if got[i] != want {
				t.Fatalf("kind %d %s case=%v texts=%q lo=%d hi=%d regex=%v on %q (%+v): index %s, pattern %s",
					p.Kind, p.Test, p.Case, p.Texts(), p.Lo, p.Hi, p.Regex(), v.String(), v, got[i], want)
			}
			if want != ioc.False {
				hits++
			}
		}
	}
	return hits
}

var kinds = []ioc.Kind{ioc.Text, ioc.Path, ioc.Int, ioc.Float, ioc.Time, ioc.Duration, ioc.Digest, ioc.Address, ioc.Bool}

var tests = []ioc.Test{ioc.Is, ioc.Contains, ioc.StartsWith, ioc.EndsWith, ioc.Matches, ioc.GreaterThan, ioc.LessThan}

// pieces of which texts and contents are put together.
var pieces = []string{"a", "b", "A", "temp", "Temp", `\`, "/", `C:\`, "windows", "%TEMP%", "%windir%", " ", "k", "\u212A", "ſ", "S", "ä", "Ä",
	"σ", "ς", "İ", "\xff", "\u00e9", "\uFFFD", "1", "12", "-", ".", "svchost.exe", "\n", "x"}

func randomString(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(7) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func randomRegex(r *rand.Rand) string {
	atoms := append([]string{".", `\d`, `\w+`, "[a-z]", "[Kk]", "(?i)", "(?-i)", "^", "$", `\b`, `\\`, "|", "(temp|win)", "(?:a|b|svchost)",
		"x*", "b+?", "a{2}", "(ab){1,2}", "[^a]", "(?i:Temp)", `\x41`, "(?=a)", "(?!b)", "()", `\/`, "kiss", "windows/temp"}, pieces...)
	var b strings.Builder
	for range 1 + r.IntN(5) {
		a := atoms[r.IntN(len(atoms))]
		if len(a) == 1 && !strings.ContainsAny(a, ".^$|") || strings.HasPrefix(a, "%") || a == `C:\` || a == "svchost.exe" {
			a = regexp.QuoteMeta(a)
		}
		b.WriteString(a)
	}
	return b.String()
}

func randomContent(r *rand.Rand, kind ioc.Kind, test ioc.Test) string {
	if test == ioc.Matches {
		return randomRegex(r)
	}
	if kind == ioc.Text || kind == ioc.Path || test != ioc.Is && r.IntN(3) == 0 {
		return randomString(r)
	}
	one := func() string { return randomValue(r, kind).String() }
	if test == ioc.Is && r.IntN(3) == 0 {
		return one() + " TO " + one()
	}
	return one()
}

func randomValue(r *rand.Rand, kind ioc.Kind) ioc.Value {
	n := r.Uint64N(30)
	switch kind {
	case ioc.Int:
		return ioc.IntValue(n)
	case ioc.Duration:
		return ioc.DurationValue(n)
	case ioc.Float:
		return ioc.FloatValue(float64(n)/4 - 2)
	case ioc.Time:
		return ioc.TicksValue(int64(n) * 36e9 * 8)
	case ioc.Digest:
		return ioc.DigestValue(strings.Repeat(string(rune('a'+n%3)), 16))
	case ioc.Address:
		if n == 0 {
			return ioc.Value{Kind: ioc.Address, Str: "localhost"}
		}
		if n%2 == 0 {
			return ioc.AddressValue(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}))
		}
		return ioc.AddressValue(netip.MustParseAddr(fmt.Sprintf("fe80::%x", n)))
	case ioc.Bool:
		return ioc.BoolValue(n%2 == 0)
	}
	return ioc.Value{Kind: kind, Str: randomString(r)}
}

func TestIndexFindsWhatPatternsMatch(t *testing.T) {
	hits := map[ioc.Kind]int{}
	for seed := range uint64(8000) {
		r := rand.New(rand.NewPCG(5, seed))
		kind := kinds[seed%uint64(len(kinds))]
		if seed%2 == 0 {
			kind = ioc.Kind(r.IntN(2)) // the texts have most to go wrong
		}
		var patterns []*ioc.Pattern
		for range 1 + r.IntN(25) {
			test := tests[r.IntN(len(tests))]
			p, err := ioc.NewPattern(kind, test, randomContent(r, kind, test), r.IntN(3) == 0)
			if err == nil {
				patterns = append(patterns, p)
			}
		}
		var values []ioc.Value
		for range 20 {
			values = append(values, randomValue(r, kind))
		}
		for _, p := range patterns { // and what is asked for
			for _, s := range p.Texts() {
				if kind == ioc.Text || kind == ioc.Path {
					values = append(values, ioc.Value{Kind: kind, Str: s}, ioc.Value{Kind: kind, Str: "x" + strings.ToUpper(s)})
				}
			}
		}
		hits[kind] += checkIndex(t, kind, patterns, values)
	}
	for _, k := range kinds {
		if hits[k] < 500 {
			t.Errorf("only %d hits of kind %d: the test says little", hits[k], k)
		}
	}
	t.Logf("hits by kind: %v", hits)
}

// TestRequiredLiterals: where the expression matches a text, one of the
// literals occurs in the folded text.
func TestRequiredLiterals(t *testing.T) {
	for _, c := range []struct {
		source string
		want   string // the literals, joined by |; empty: none
	}{
		{"abc", "abc"},
		{"(?i)ABC", "abc"},
		{"ab", ""}, // too short to narrow anything down
		{"a.c", ""},
		{"foo.*barbaz", "barbaz"},
		{"(foo|bar)x", "foo|bar"},
		{"(foo|b)x", ""},
		{"foo|ba.", ""},
		{"(abcd)+x?", "abcd"},
		{"(abcd)*", ""},
		{"(abcd){0,3}", ""},
		{"(abcd){2,3}", "abcd"},
		{"[Kk]iss", "iss"}, // (?i) would take in the Kelvin sign too
		{"(?i)kiss", "kiss"},
		{"\u212Aiss", "kiss"},
		{"ab(?i)CD", "abcd"},
		{"(?i)ab(?-i)CD(?i)ef", "abcdef"},
		{"^abc$", "abc"},
		{`\x41bcd`, "abcd"},
		{"abc\uFFFDde", ""}, // the replacement character matches invalid bytes
		{"\uFFFD\uFFFD", ""},
		{"(?=abc)abc", ""}, // not an RE2 expression
		{"", ""},
	} {
		if got := strings.Join(requiredLiterals(c.source), "|"); got != c.want {
			t.Errorf("%q: %q, want %q", c.source, got, c.want)
		}
	}
	checked := 0
	for seed := range uint64(60_000) {
		r := rand.New(rand.NewPCG(6, seed))
		source := []string{"(?s)", "(?is)"}[r.IntN(2)] + randomRegex(r)
		re, err := regexp.Compile(source)
		if err != nil {
			continue
		}
		set := requiredLiterals(source)
		if set == nil {
			continue
		}
		for range 20 {
			text := randomString(r)
			if r.IntN(2) == 0 { // one more likely to match
				text += strings.ToUpper(set[r.IntN(len(set))]) + randomString(r)
			}
			if !re.MatchString(text) {
				continue
			}
			checked++
			folded, any := ioc.Fold(text), false
			for _, l := range set {
				any = any || strings.Contains(folded, l)
			}
			if !any {
				t.Fatalf("%q matches %q without any of %q", source, text, set)
			}
		}
	}
	if checked < 20_000 {
		t.Errorf("only %d matches: the test says little", checked)
	}
}
