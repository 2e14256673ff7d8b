package match

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"iocscan/ioc"
)

// A contentItem is a testItem with content. Its strings are the printable runs
// of at least four characters, in single bytes and in UTF-16LE.
type contentItem struct {
	testItem
	strings string // the term of the strings
	data    []byte
	cuts    []int // where the blocks are cut
	err     error // answers Read
	readAt  error // answers ReadAt
	reads   int
}

func (c *contentItem) Read(_ []int, blocks func([]byte)) error {
	c.reads++
	if c.err != nil || blocks == nil {
		return c.err
	}
	from := 0
	for _, to := range append(append([]int(nil), c.cuts...), len(c.data)) {
		piece := bytes.Clone(c.data[from:to])
		blocks(piece)
		clear(piece) // valid during the call only
		from = to
	}
	return nil
}

func (c *contentItem) ReadAt(p []byte, off int64) (int, error) {
	if c.readAt != nil {
		return 0, c.readAt
	}
	return bytes.NewReader(c.data).ReadAt(p, off)
}

func (c *contentItem) Size() int64 { return int64(len(c.data)) }

func (c *contentItem) Each(f int, yield func(ioc.Value) bool) error {
	if c.fields[f].Term != c.strings {
		return c.testItem.Each(f, yield)
	}
	if c.err != nil && !errors.Is(c.err, ErrNoContent) {
		return c.err
	}
	for _, s := range runs(c.data) {
		if !yield(ioc.TextValue(s)) {
			break
		}
	}
	return nil
}

// runs lists the printable runs of a content.
func runs(data []byte) (out []string) {
	printable := func(c byte) bool { return 0x20 <= c && c <= 0x7e || c == '\t' }
	narrow := strings.FieldsFunc(latin(data), func(r rune) bool { return r > 0x7e || !printable(byte(r)) })
	out = append(out, narrow...)
	for from := range 2 {
		var b []byte
		for i := from; i+1 < len(data); i += 2 {
			if data[i+1] == 0 && printable(data[i]) {
				b = append(b, data[i])
			} else {
				b = append(b, 0)
			}
		}
		out = append(out, strings.Split(string(b), "\x00")...)
	}
	kept := out[:0]
	for _, s := range out {
		if len(s) >= 4 {
			kept = append(kept, s)
		}
	}
	return kept
}

// latin gives each byte the code point of its number.
func latin(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func fromWide(s string) string {
	var units []uint16
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])|uint16(s[i+1])<<8)
	}
	return string(utf16.Decode(units))
}

// direct answers a pattern on a content without any index.
func direct(p *ioc.Pattern, data []byte) ioc.Truth {
	switch {
	case p.Test == ioc.Contains:
		fold := func(s string) string {
			if p.Case {
				return s
			}
			return ioc.Fold(s)
		}
		text := fold(p.Text())
		views := []string{string(data)}
		for from := range 2 {
			views = append(views, fromWide(string(data[min(from, len(data)):])))
		}
		for _, v := range views {
			if strings.Contains(fold(v), text) {
				return ioc.True
			}
		}
		return ioc.False
	case p.Test == ioc.Matches && p.Regex().NamesBytes():
		return p.Regex().MatchLatin1(data)
	}
	t := ioc.False
	for _, s := range runs(data) {
		t = max(t, p.Match(ioc.TextValue(s)))
	}
	return t
}

// searchContent answers patterns with the engine's index.
func searchContent(t testing.TB, patterns []*ioc.Pattern, it *contentItem) []ioc.Truth {
	t.Helper()
	d := &docProgram{schema: &Document{Fields: it.fields}}
	var ids []predID
	for i, p := range patterns {
		d.preds = append(d.preds, predicate{pattern: p})
		ids = append(ids, predID(i))
	}
	s := newContentSearch(newContentIndex(d, ids))
	got := make([]ioc.Truth, len(patterns))
	s.reset()
	if err := it.Read(nil, s.block); err != nil {
		t.Fatal(err)
	}
	if err := s.finish(it, func(id predID, truth ioc.Truth) { got[id] = max(got[id], truth) }); err != nil {
		t.Fatal(err)
	}
	return got
}

func newContent(data string, cuts ...int) *contentItem {
	return &contentItem{strings: "F/string", data: []byte(data), cuts: cuts,
		testItem: testItem{doc: "F", label: "f", fields: []Field{{Term: "F/string", Strings: true}}}}
}

func checkContent(t testing.TB, patterns []*ioc.Pattern, data string, cuts ...int) (hits int) {
	t.Helper()
	for i, got := range searchContent(t, patterns, newContent(data, cuts...)) {
		p := patterns[i]
		want := direct(p, []byte(data))
		if got != want {
			t.Fatalf("%s texts=%q regex=%v case=%v in %q cut at %v: %s, want %s", p.Test, p.Texts(), p.Regex(), p.Case, data, cuts, got, want)
		}
		if want == ioc.True {
			hits++
		}
	}
	return hits
}

func mustPattern(t testing.TB, test ioc.Test, content string, preserveCase bool) *ioc.Pattern {
	t.Helper()
	p, err := ioc.NewPattern(ioc.Text, test, content, preserveCase)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestContent says what is found in which content; every case is run with the
// blocks cut at every place.
func TestContent(t *testing.T) {
	const with = true
	for _, c := range []struct {
		test    ioc.Test
		content string
		keep    bool
		yes, no []string
	}{
		{ioc.Contains, "evil.com", false, []string{"\x00EVIL.com\x00", "x" + wide("evil.COM"), wide("evil.com")}, []string{"evilcom", "e\x00v\x00il.com"}},
		{ioc.Contains, "Ab", false, []string{"\xffaB\xff", "\x00" + wide("ab")}, []string{"a\x00\x00b"}},
		{ioc.Contains, "a", false, []string{"A"}, []string{"b", ""}},
		{ioc.Contains, "Evil", with, []string{"..Evil", wide("Evil")}, []string{"evil", wide("EVIL")}},
		{ioc.Contains, "Grüße", false, []string{"GRÜßE!", wide("..GRÜẞE"), "x" + wide("grüße")}, []string{"grusse", "gr\xfc\xdfe"}},
		{ioc.Contains, "Grüße", with, []string{"Grüße", wide("Grüße")}, []string{"grüße"}},
		{ioc.Contains, "привет", false, []string{"ПРИВЕТ", wide("Привет")}, []string{"приве"}},
		{ioc.Contains, "a\U0001F600b", false, []string{"A\U0001F600B", wide("a\U0001F600b")}, []string{"ab"}},
		{ioc.Contains, "ab\ncd", false, []string{"AB\nCD"}, []string{"abcd"}},
		{ioc.Is, "evil", false, []string{"\x01EVIL\x00", wide("evil") + "\x01", "evil"}, []string{"evils", "xevil", wide("evils")}},
		{ioc.Is, " evil ", false, []string{"\x01 evil \x01", "\x01evil\x01"}, []string{"\x01 evil\x01"}},
		{ioc.Is, "evi", false, nil, []string{"evi", "\x00evi\x00"}}, // too short to be a string
		{ioc.Is, "Evil", with, []string{"\x00Evil"}, []string{"\x00evil"}},
		{ioc.StartsWith, "http", false, []string{"\x00HTTP://x\x00", wide("http://")}, []string{" http://"}},
		{ioc.EndsWith, ".dll", false, []string{"\x00a.DLL\x00", wide("a.dll")}, []string{".dllx", "dll"}},
		{ioc.Matches, "ev[iy]l", false, []string{"..EVYL..", wide("evil")}, []string{"evl!", "ev\x01il"}},
		{ioc.Matches, "^evil$", false, []string{"\x00evil\x00"}, []string{"evils", "xevil"}},
		{ioc.Matches, "[0-9]{5}", false, []string{"a12345", wide("12345")}, []string{"1234"}},
		{ioc.Matches, "(?!x)evil", false, []string{"EVIL"}, []string{"evi"}},
		{ioc.Matches, ".", false, []string{"abcd"}, []string{"abc", ""}},
		{ioc.Matches, `MZ\x90\x00`, false, []string{"..mz\x90\x00", "MZ\x90\x00\x03"}, []string{"MZ\xc2\x90\x00", "MZ\x90"}},
		{ioc.Matches, `\xde\xad.{0,2}\xbe\xef`, false, []string{"\xde\xad\n\xbe\xef"}, []string{"\xde\xad...\xbe\xef"}},
		{ioc.Matches, `(?=\xde)\xde\xad`, false, []string{"\xde\xad"}, []string{"\xad\xde"}},
		{ioc.GreaterThan, "1000", false, []string{"\x002000\x00"}, nil},
	} {
		p := mustPattern(t, c.test, c.content, c.keep)
		for i, data := range append(append([]string(nil), c.yes...), c.no...) {
			want := ioc.TruthOf(i < len(c.yes))
			if got := direct(p, []byte(data)); got != want {
				t.Errorf("%s %q in %q: %s, want %s", c.test, c.content, data, got, want)
			}
			for cut := range len(data) + 1 {
				checkContent(t, []*ioc.Pattern{p}, data, cut)
				checkContent(t, []*ioc.Pattern{p}, data, cut, min(cut+1, len(data)))
			}
		}
	}
}

// TestContentRandom searches random contents for random literals and patterns
// together.
func TestContentRandom(t *testing.T) {
	words := []string{"evil", "Evil", ".com", "ab", "abc", "x", "temp", "http://", "ü", "Ü", "1234", " ", "wwww", "\xde\xad"}
	regexes := []string{`\xde.{0,3}\xad`, `\xdc\x62?ab`, `(?-i)\x45vil`, `[\xde\xdf]\xad`, `\xfc+ab`, `\xde\xad(ab|\x78)`, `\x31\x32\x33`, `(\xad|\xc3\x9c)e`, "ev.l", "[0-9]+", "^evil$", "(evil|temp)abc", `\xde\xad`, `\x65vil`, "(?!e)evil", "a.*com$", "(?-i)Evil"}
	hits := 0
	for seed := range uint64(6000) {
		r := rand.New(rand.NewPCG(7, seed))
		text := func(n int) string {
			var b strings.Builder
			for range r.IntN(n) + 1 {
				b.WriteString(words[r.IntN(len(words))])
			}
			return b.String()
		}
		var patterns []*ioc.Pattern
		for range 1 + r.IntN(20) {
			test := []ioc.Test{ioc.Contains, ioc.Contains, ioc.Is, ioc.StartsWith, ioc.EndsWith, ioc.Matches}[r.IntN(6)]
			content := text(3)
			if test == ioc.Matches {
				content = regexes[r.IntN(len(regexes))]
			} else if strings.Contains(content, "\xde") || strings.TrimSpace(content) == "" {
				continue
			}
			patterns = append(patterns, mustPattern(t, test, content, r.IntN(3) == 0))
		}
		if len(patterns) == 0 {
			continue
		}
		var data strings.Builder
		for range 1 + r.IntN(8) {
			switch r.IntN(4) {
			case 0:
				data.WriteString(wide(strings.ToValidUTF8(text(3), "?")))
			case 1:
				data.WriteByte(byte(r.IntN(4)))
			default:
				data.WriteString(text(4))
			}
		}
		n := data.Len()
		from := r.IntN(n + 1)
		hits += checkContent(t, patterns, data.String(), from, from+r.IntN(n-from+1))
	}
	if hits < 5000 {
		t.Errorf("only %d hits: the test says little", hits)
	}
}

// TestContentWindows puts a text that only raw reading finds across the border
// between two windows.
func TestContentWindows(t *testing.T) {
	for _, p := range []*ioc.Pattern{mustPattern(t, ioc.Contains, "Grüße", false), mustPattern(t, ioc.Contains, "Evil", true)} {
		for _, needle := range []string{p.Text(), wide(p.Text())} {
			for shift := -len(needle); shift <= 1; shift += 3 {
				data := bytes.Repeat([]byte{'.'}, rawWindow+100)
				copy(data[rawWindow+shift:], needle)
				if got := searchContent(t, []*ioc.Pattern{p}, newContent(string(data))); got[0] != ioc.True {
					t.Fatalf("%q at %d: %s", needle, shift, got[0])
				}
			}
		}
	}
}

// TestContentErrors: what cannot be read is unknown, what has no content
// passes nothing, and a pattern that backtracks for ever ends.
func TestContentErrors(t *testing.T) {
	t.Parallel()
	schema := Schema{{Name: "F", Fields: []Field{
		{Term: "F/name", Identity: true},
		{Term: "F/string", Cost: Content, Multi: true, Strings: true},
		{Term: "F/md5", Cost: Content},
	}}}
	broken := errors.New("disk error")
	slow := "^(?=a)(a+)+$"
	for _, c := range []struct {
		name    string
		item    contentItem
		test    ioc.Test
		content string
		want    Verdict
		not     Verdict // of the negated condition beside a name that holds
	}{
		{"found", contentItem{data: []byte("an evil text")}, ioc.Contains, "evil", Matched, Clear},
		{"not found", contentItem{data: []byte("a good text")}, ioc.Contains, "evil", Clear, Matched},
		{"unreadable", contentItem{err: broken}, ioc.Contains, "evil", Undetermined, Undetermined},
		{"no content", contentItem{err: ErrNoContent}, ioc.Contains, "evil", Clear, Matched},
		{"no content, wrapped", contentItem{err: errors.Join(ErrNoContent)}, ioc.Matches, ".", Clear, Matched},
		{"unreadable when read again", contentItem{data: []byte("ein Ärger"), readAt: broken}, ioc.Contains, "Ärger", Undetermined, Undetermined},
		{"not read again without need", contentItem{data: []byte("nothing"), readAt: broken}, ioc.Contains, "Ärger", Clear, Matched},
		{"slow", contentItem{data: []byte(strings.Repeat(strings.Repeat("a", 40)+"!\x00", 3000))}, ioc.Matches, slow, Undetermined, Undetermined},
		{"short content", contentItem{data: nil}, ioc.Contains, "Ärger", Clear, Matched},
	} {
		for _, negate := range []bool{false, true} {
			if negate && c.name == "slow" { // it takes seconds
				continue
			}
			and := &ioc.Indicator{Operator: ioc.And, Children: []ioc.Node{
				&ioc.Condition{ID: "n", Term: "F/name", Test: ioc.Is, Content: "x"},
				&ioc.Condition{ID: "s", Term: "F/string", Test: c.test, Content: c.content, Negate: negate},
			}}
			prog, gaps := Compile(&ioc.Collection{Files: []*ioc.File{{Criteria: []ioc.Node{and}}}}, schema)
			if len(gaps) > 0 {
				t.Fatal(gaps)
			}
			it := c.item
			it.strings = "F/string"
			it.testItem = testItem{doc: "F", label: "x", fields: schema[0].Fields, values: map[string][]ioc.Value{"F/name": {ioc.TextValue("x")}}}
			h := NewHost(prog, Options{})
			e := h.NewEvaluator("F")
			e.Eval(&it)
			e.Close()
			h.Complete("F", true, "")
			got, want := h.Results()[0], c.want
			if negate {
				want = c.not
			}
			if got.Verdict != want {
				t.Errorf("%s, negate %v: %s, want %s", c.name, negate, got.Verdict, want)
			}
			if want == Undetermined && (len(got.Unchecked) != 1 || got.Unchecked[0].ConditionID != "s" || got.Unchecked[0].Reason == "") {
				t.Errorf("%s, negate %v: unchecked %v", c.name, negate, got.Unchecked)
			}
		}
	}
}

// TestContentOnlyWhereItMatters: the content of an item is read once, and only
// if its name leaves the result open.
func TestContentOnlyWhereItMatters(t *testing.T) {
	schema := Schema{{Name: "F", Fields: []Field{
		{Term: "F/name", Identity: true},
		{Term: "F/string", Cost: Content, Multi: true, Strings: true},
		{Term: "F/md5", Cost: Content},
	}}}
	and := &ioc.Indicator{Operator: ioc.And, Children: []ioc.Node{
		&ioc.Condition{ID: "n", Term: "F/name", Test: ioc.Is, Content: "x"},
		&ioc.Condition{ID: "s", Term: "F/string", Test: ioc.Contains, Content: "evil"},
		&ioc.Condition{ID: "h", Term: "F/md5", Test: ioc.Is, Content: "m"},
	}}
	prog, _ := Compile(&ioc.Collection{Files: []*ioc.File{{Criteria: []ioc.Node{and}}}}, schema)
	h := NewHost(prog, Options{})
	e := h.NewEvaluator("F")
	for name, reads := range map[string]int{"y": 0, "x": 1} {
		it := newContent("evil")
		it.fields = schema[0].Fields
		it.values = map[string][]ioc.Value{"F/name": {ioc.TextValue(name)}, "F/md5": {ioc.TextValue("m")}}
		e.Eval(it)
		if it.reads != reads {
			t.Errorf("%s: read %d times, want %d", name, it.reads, reads)
		}
	}
}
