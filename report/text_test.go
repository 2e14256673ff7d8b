package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"github.com/google/go-cmp/cmp"

	"iocscan/ioc/match"
	"iocscan/scan"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		`C:\Windows\x.exe`:                     `C:\Windows\x.exe`,
		"M\u00fcller \u4e2d \U0001F480":        "M\u00fcller \u4e2d \U0001F480",
		"\x1b[31mred":                          `\u{1b}[31mred`,
		"a\x00\t\r\nb\x7f":                     `a\u{0}\u{9}\u{d}\u{a}b\u{7f}`,
		"\u0085\u009b2J":                       `\u{85}\u{9b}2J`,
		"fdp\u202eexe\u2066":                   `fdp\u{202e}exe\u{2066}`,
		"\u200b\u200e\u2060\ufeff\u00ad\u061c": `\u{200b}\u{200e}\u{2060}\u{feff}\u{ad}\u{61c}`,
		"\u2028\u2029":                         `\u{2028}\u{2029}`,
		"\U000E0041\U000E007F":                 `\u{e0041}\u{e007f}`,
		"\u3164\uffa0\u115f":                   `\u{3164}\u{ffa0}\u{115f}`,
		"caf\xe9":                              `caf\x{e9}`,
		"\xed\xa0\x80":                         `\x{ed}\x{a0}\x{80}`,
		"\xf0\x9f":                             `\x{f0}\x{9f}`,
		"\ufffd":                               "\ufffd",
		`\u{1b} \x{e9} \u0 \x`:                 `\u{5c}u{1b} \u{5c}x{e9} \u0 \x`,
		"\\\u200b":                             `\\u{200b}`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// Two different texts never look the same, and nothing hidden is left.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a\x1bb", `\u{1b}`, "\\\u200b", "\xff\\x{", "C:\\u{", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := Escape(s)
		if !utf8.ValidString(e) || strings.ContainsFunc(e, hidden) {
			t.Errorf("%q: %q", s, e)
		}
		if back := unescape(t, e); back != s {
			t.Errorf("%q: %s reads as %q", s, e, back)
		}
	})
}

// unescape is Escape backwards.
func unescape(t *testing.T, s string) string {
	var b strings.Builder
	for s != "" {
		var n rune
		end := strings.IndexByte(s, '}')
		switch {
		case strings.HasPrefix(s, `\u{`) && end > 0:
			fmt.Sscanf(s[3:end], "%x", &n)
			b.WriteRune(n)
			s = s[end+1:]
		case strings.HasPrefix(s, `\x{`) && end > 0:
			fmt.Sscanf(s[3:end], "%x", &n)
			b.WriteByte(byte(n))
			s = s[end+1:]
		default:
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	return b.String()
}

func TestShown(t *testing.T) {
	long := strings.Repeat("\u00fc", maxShown)
	for in, want := range map[string]string{
		"svchost .exe":  "svchost .exe",
		"svchost.exe  ": `svchost.exe\u{20}\u{20}`,
		" x":            `\u{20}x`,
		"   ":           `\u{20}\u{20}\u{20}`,
		long:            strings.Repeat("\u00fc", maxShown/2) + " … (1000 more bytes, see the JSON report)",
	} {
		if got := shown(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
	// A cut inside a run of bytes that start nothing must end somewhere.
	if got := shown(strings.Repeat("\x80", 3*maxShown)); !utf8.ValidString(got) || len(got) > 10*maxShown {
		t.Errorf("%d bytes", len(got))
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"one two three", 0, "one two three"},
		{"one two three", 7, "one two|three"},
		{"averylongword two", 5, "averylongword|two"},
		{"\u4e2d\u4e2d \u4e2d\u4e2d", 8, "\u4e2d\u4e2d|\u4e2d\u4e2d"},
	} {
		if got := strings.Join(wrap(c.in, c.width), "|"); got != c.want {
			t.Errorf("%q at %d: %s", c.in, c.width, got)
		}
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"":          "",
		"plain":     "plain",
		"a=b":       "a=b",
		"=1+1":      "'=1+1",
		"+1":        "'+1",
		"-1":        "'-1",
		"@SUM(A1)":  "'@SUM(A1)",
		"\t=1":      `'\u{9}=1`,
		"\r=1":      `'\u{d}=1`,
		" =1":       "' =1",
		"\u00a0=1":  "'\u00a0=1",
		"\uff1d1+1": "'\uff1d1+1",
		"\uff20x":   "'\uff20x",
		"\u200b=1":  `\u{200b}=1`,
		"\xff=1":    `\x{ff}=1`,
		"'quoted":   "'quoted",
		"x\r\n=1":   `x\u{d}\u{a}=1`,
	} {
		if got := cell(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// The table is read back by a reader of RFC 4180 with one row a condition.
func TestCSVRows(t *testing.T) {
	r := &scan.Result{IOCs: []scan.IOC{{File: "f", ID: "i", Name: "n", Matches: []match.Match{
		{Text: "both", Conditions: []string{"a", "b", "none"}, Objects: []match.Object{
			{Document: "FileItem", Label: "x,\"y\"\n", Conditions: []match.Held{{ID: "a", Term: "T", Condition: "is", Content: "c", Value: "v"}, {ID: "b", Term: "T", Condition: "contains", Content: "d", Negate: true}}},
			{Document: "UserItem", Label: "bare"},
		}},
		{Text: "absent", Conditions: []string{"p", "q"}},
		{Text: "only text"},
	}}}}
	text := told(t, r, CSV)
	if n := bytes.Count(text, []byte("\n")); n != bytes.Count(text, []byte("\r\n")) {
		t.Error("a line feed that ends no row")
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, strings.Join(row, "|"))
	}
	want := []string{
		`f|i|n|1|FileItem|x,"y"\u{a}|a|T|is|false|c|v`,
		`f|i|n|1|FileItem|x,"y"\u{a}|b|T|contains|true|d|`,
		`f|i|n|1|UserItem|bare||||||`,
		`f|i|n|1|||none|||true|both|`,
		`f|i|n|2|||p|||true|absent|`,
		`f|i|n|2|||q|||true|absent|`,
		`f|i|n|3|||||||only text|`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func humanText(t *testing.T, r *scan.Result, opt HumanOptions) string {
	t.Helper()
	var b bytes.Buffer
	replayTold(t, r, Human(&b, opt))
	return b.String()
}

func TestHumanLastLine(t *testing.T) {
	for _, c := range []struct {
		name string
		scan.Summary
		status string
		want   string
	}{
		{"clear", scan.Summary{IOCs: 1, Clear: 1}, "complete", "Result: nothing matched, and everything asked for was checked. Exit status 0: clear."},
		{"matched", scan.Summary{IOCs: 1, Matched: 1, ExitStatus: 1}, "complete", "Result: 1 of 1 IOC file matched. Exit status 1: at least one IOC matched."},
		{"undetermined", scan.Summary{IOCs: 2, Clear: 1, Undetermined: 1, ExitStatus: 3}, "complete", "Result: nothing matched, but not everything was checked. Exit status 3: incomplete."},
		{"rejected", scan.Summary{IOCs: 1, Rejected: 1, ExitStatus: 3}, "complete", "Result: nothing matched, but not everything was checked. Exit status 3: incomplete."},
		{"accepted", scan.Summary{IOCs: 1, Undetermined: 1}, "complete", "Result: nothing matched, but not everything was checked. Exit status 0: incomplete, which was accepted."},
		{"timeout", scan.Summary{IOCs: 1, Clear: 1, ExitStatus: 3}, "timeout", "Result: nothing matched, but not everything was checked; the time limit ended the scan. Exit status 3: incomplete."},
		{"interrupted", scan.Summary{IOCs: 3, Matched: 1, Undetermined: 2, ExitStatus: 1}, "interrupted", "Result: 1 of 3 IOC files matched, 2 undetermined; the scan was interrupted. Exit status 1: at least one IOC matched."},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &scan.Result{Summary: c.Summary}
			r.Scan.Status = c.status
			for _, opt := range []HumanOptions{{}, {Quiet: true}} {
				lines := strings.Split(strings.TrimSpace(humanText(t, r, opt)), "\n")
				if got := lines[len(lines)-1]; got != c.want {
					t.Errorf("%+v: %s", opt, got)
				}
				if opt.Quiet && len(lines) != 1 {
					t.Errorf("quiet says %q", lines)
				}
			}
		})
	}
}

// Long lists are cut and say so; --verbose cuts none. Every object is named in
// either.
func TestHumanIsBounded(t *testing.T) {
	r := &scan.Result{}
	r.Scan.Status = "complete"
	hit := scan.IOC{File: "hit.ioc", Name: "Hit", Verdict: "matched", MatchCount: 50}
	for i := range 50 {
		hit.Matches = append(hit.Matches, match.Match{Text: "t", Objects: []match.Object{{Document: "FileItem", Label: fmt.Sprintf("/o/%d", i)}}})
		r.IOCs = append(r.IOCs, scan.IOC{File: fmt.Sprintf("%d.ioc", i), Verdict: "undetermined",
			Unchecked: []match.Unchecked{{Term: fmt.Sprintf("A/%d", i), Reason: "one reason"}, {Term: "B", Reason: fmt.Sprintf("reason %d", i)}}})
		r.Troubles = append(r.Troubles, scan.Trouble{Object: fmt.Sprint(i), Error: "e"})
	}
	r.IOCs = append(r.IOCs, hit)
	r.Summary = scan.Summary{IOCs: 51, Matched: 1, Undetermined: 50, ExitStatus: 1}
	text, verbose := humanText(t, r, HumanOptions{}), humanText(t, r, HumanOptions{Verbose: true})
	for _, want := range []string{
		"MATCH  Hit  FileItem /o/10\n", "and 30 more; see the JSON report", "and 36 more; see the JSON report",
		"Not checked: 100 conditions in 50 IOC files", "    50  one reason\n", "and 44 more terms, in 50 IOC files", "Troubles: 50 things",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in\n%s", want, text)
		}
	}
	if strings.Contains(verbose, " more") {
		t.Error("verbose leaves something out")
	}
	for i := range 50 {
		if label := fmt.Sprintf("/o/%d\n", i); !strings.Contains(text, label) || !strings.Contains(verbose, label) {
			t.Errorf("%q is not named", label)
		}
	}
}

// A report that lacks its end must not read like a whole one.
func TestHumanInterrupted(t *testing.T) {
	lines := bytes.SplitAfter(told(t, canonical(), JSONL), []byte("\n"))
	var b bytes.Buffer
	if err := Replay(bytes.NewReader(bytes.Join(lines[:2], nil)), Human(&b, HumanOptions{})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"7  IOC files of the collection have no verdict", "the scan was interrupted", "Exit status 1"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not said in\n%s", want, b.String())
		}
	}
}

// Colour adds nothing but colour, and without it there is no escape sequence
// whatever the environment says.
func TestHumanColor(t *testing.T) {
	t.Setenv("CLICOLOR_FORCE", "1")
	bare := humanText(t, canonical(), HumanOptions{Width: 80})
	if strings.Contains(bare, "\x1b") {
		t.Error("colour without being asked")
	}
	t.Setenv("NO_COLOR", "1")
	colored := humanText(t, canonical(), HumanOptions{Width: 80, Color: true})
	if !strings.Contains(colored, "\x1b[") {
		t.Error("no colour")
	}
	if lipgloss.Width(colored) != lipgloss.Width(bare) || stripColor(colored) != bare {
		t.Error(cmp.Diff(bare, stripColor(colored)))
	}
}

func stripColor(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		s = after[strings.IndexByte(after, 'm')+1:]
	}
}
