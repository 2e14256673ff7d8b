package ioc

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expectations from what is read")

const parseData = "../testdata/ioc/parse"

// TestParseData holds every file of the folder against expected.txt: what
// became of it, what was read and every problem with its place.
func TestParseData(t *testing.T) {
	files, err := filepath.Glob(parseData + "/*.ioc")
	if err != nil || len(files) < 90 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var b strings.Builder
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := Parse(filepath.Base(name), data)
		checkFile(t, f)
		describe(&b, f)
	}
	got, golden := b.String(), filepath.Join(parseData, "expected.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(got, "\n\n"), strings.Split(string(want), "\n\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("got:\n%s\nwant:\n%s", a, b)
		}
	}
}

func describe(b *strings.Builder, f *File) {
	fmt.Fprintf(b, "== %s: %s", f.Path, [...]string{"usable", "rejected", "excluded"}[f.Status])
	if f.Version != "" {
		fmt.Fprintf(b, " %s", f.Version)
	}
	if f.ID != "" {
		fmt.Fprintf(b, " id=%s", f.ID)
	}
	b.WriteByte('\n')
	if f.Name != "" || f.Author != "" || len(f.Keywords)+len(f.Links)+len(f.Parameters) > 0 {
		fmt.Fprintf(b, "   %q %q %q %q links=%q params=%q\n", f.Name, f.Author, f.Authored, f.Keywords, f.Links, f.Parameters)
	}
	var nodes func(ns []Node, indent string)
	nodes = func(ns []Node, indent string) {
		for _, n := range ns {
			switch n := n.(type) {
			case *Indicator:
				fmt.Fprintf(b, "%s%d:%d %s", indent, n.Pos.Line, n.Pos.Column, n.Operator)
				if n.Context != "" {
					fmt.Fprintf(b, " context=%s", n.Context)
				}
				if n.Fault != "" {
					fmt.Fprintf(b, " FAULT %s", n.Fault)
				}
				b.WriteByte('\n')
				nodes(n.Children, indent+"   ")
			case *Condition:
				not := ""
				if n.Negate {
					not = "not "
				}
				fmt.Fprintf(b, "%s%d:%d %s: %s %s%s %q type=%q", indent, n.Pos.Line, n.Pos.Column, n.ID, n.Term, not, n.Test, n.Content, n.ContentType)
				if n.PreserveCase {
					b.WriteString(" case")
				}
				if n.Def == nil {
					b.WriteString(" undefined")
				}
				if n.Fault != "" {
					fmt.Fprintf(b, " FAULT %s", n.Fault)
				}
				b.WriteByte('\n')
			}
		}
	}
	nodes(f.Criteria, "   ")
	for _, p := range f.Problems {
		fmt.Fprintf(b, " ! %d:%d %s %s: %s", p.Line, p.Column, p.Severity, p.Rule, p.Text)
		if p.Hint != "" {
			fmt.Fprintf(b, " (%s)", p.Hint)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// checkFile holds a file against what every File promises.
func checkFile(t *testing.T, f *File) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s", f.Path, fmt.Sprintf(format, args...))
	}
	if f.Status == Rejected {
		if f.Reason == "" || len(f.Problems) == 0 || f.Problems[len(f.Problems)-1].Severity != Error {
			fail("rejected without reason or error problem: %q %v", f.Reason, f.Problems)
		}
		if f.Criteria != nil {
			fail("rejected with criteria")
		}
	}
	if f.Status == Usable && f.Version != "1.0" && f.Version != "1.1" {
		fail("usable with version %q", f.Version)
	}
	if len(f.Problems) > maxProblems+2 {
		fail("%d problems", len(f.Problems))
	}
	for _, p := range f.Problems {
		i := slices.IndexFunc(Rules(), func(r Rule) bool { return r.Name == p.Rule })
		if i < 0 || Rules()[i].Severity != p.Severity {
			fail("problem not of a listed rule: %+v", p)
		}
		if p.Text == "" || len(p.Text) > 600 || p.Line < 0 || (p.Line == 0) != (p.Column == 0) {
			fail("odd problem %+v", p)
		}
	}
	ids := map[string]bool{}
	var walk func(ns []Node, depth int)
	walk = func(ns []Node, depth int) {
		for _, n := range ns {
			switch n := n.(type) {
			case *Indicator:
				if depth > maxIndicatorDepth || n.Pos.Line < 1 {
					fail("indicator at depth %d, %v", depth, n.Pos)
				}
				walk(n.Children, depth+1)
			case *Condition:
				if n.ID == "" || ids[n.ID] {
					fail("id %q is not unique", n.ID)
				}
				ids[n.ID] = true
				if n.Fault == "" && (n.Test == NoTest || n.Term == "" || strings.TrimSpace(n.Content) == "") {
					fail("sound condition says nothing: %+v", n)
				}
				if n.Pos.Line < 1 || n.Pos.Column < 1 {
					fail("condition without place")
				}
			default:
				fail("node %T", n)
			}
		}
	}
	walk(f.Criteria, 1)
}

// Every rule must be shown by some example, and every example's rule listed
// (checkFile sees to that).
func TestRulesHaveExamples(t *testing.T) {
	var all strings.Builder
	golden, err := os.ReadFile(filepath.Join(parseData, "expected.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all.Write(golden)
	for _, rule := range loadRulesTested {
		fmt.Fprintf(&all, " %s: ", rule)
	}
	rules := Rules()
	for _, r := range rules {
		if !strings.Contains(all.String(), " "+r.Name+": ") {
			t.Errorf("no example of %s", r.Name)
		}
	}
	if !slices.IsSortedFunc(rules, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("Rules are not in order of name")
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<ioc xmlns="` + ns10 + `" id="a"><definition><Indicator operator="OR">`)
	const n = maxProblems + 500
	for range n {
		b.WriteString(`<IndicatorItem condition="` + strings.Repeat("is", 300) + `"><Context search="FileItem/FileName"/><Content>a</Content></IndicatorItem>`)
	}
	good := b.String() + `</Indicator></definition></ioc>`
	f := Parse("many", []byte(good))
	checkFile(t, f)
	if f.Status != Usable || len(f.Problems) != maxProblems+1 || f.Problems[maxProblems].Rule != "many-problems" {
		t.Errorf("status %d, %d problems", f.Status, len(f.Problems))
	}
	for _, c := range f.Criteria[0].(*Indicator).Children {
		if c.(*Condition).Fault == "" {
			t.Fatal("a condition beyond the bound lost its fault")
		}
	}
	f = Parse("many and broken", []byte(b.String()))
	checkFile(t, f)
	if f.Status != Rejected {
		t.Error("cut file is used")
	}
}

func TestNodesAreBounded(t *testing.T) {
	doc := `<ioc xmlns="` + ns10 + `" id="a"><definition>` + strings.Repeat(`<Indicator operator="OR"/>`, maxNodes+1) + `</definition></ioc>`
	f := Parse("many", []byte(doc))
	checkFile(t, f)
	if f.Status != Rejected || f.Problems[len(f.Problems)-1].Rule != "limit" {
		t.Errorf("status %d, %q", f.Status, f.Reason)
	}
}

func TestQuote(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\"b\x1b", `"a\"b\x1b"`},
		{strings.Repeat("a", 81), `"` + strings.Repeat("a", 80) + `"…`},
		{strings.Repeat("a", 79) + "ü!", `"` + strings.Repeat("a", 79) + `"…`},
		{strings.Repeat("\x80", 90), `"` + strings.Repeat(`\x80`, 80) + `"…`},
	} {
		if got := quote(c.in); got != c.want {
			t.Errorf("quote(%q) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestValueInID(t *testing.T) {
	for _, c := range []struct {
		id, kind string
		want     bool
	}{
		{"c2.example.org", "string", true},
		{"hello world", "string", true},
		{`HKLM\Software\A1`, "string", true},
		{"", "string", false},
		{"item-1", "string", false},
		{"item_1_2", "string", false},
		{"IndicatorItem17", "string", false},
		{"17", "string", false},
		{"17", "int", false},
		{"{5e0b8d6a-3f0c-4a57-9a53-0c8b4f3f6a11}", "string", false},
		{"x:5e0b8d6a-3f0c-4a57-9a53-0c8b4f3f6a11", "string", false},
		{"5e0b8d6a3f0c4a579a530c8b4f3f6a11", "string", false},
		{"5e0b8d6a3f0c4a579a530c8b4f3f6a11", "md5", true},
		{"5e0b8d6a3f0c4a579a530c8b4f3f6a11", "sha1", false},
		{"abcdefabcdefabcdefabcdefabcdef12", "md5", true},
		{"192.0.2.1", "IP", true},
		{"2001:db8::1", "IP", true},
		{"host", "IP", false},
		{"0x1F.exe", "int", false},
		{"true", "bool", true},
		{"maybe", "bool", false},
	} {
		if got := valueInID(&Condition{ID: c.id, ContentType: c.kind}); got != c.want {
			t.Errorf("valueInID(%q, %s) = %v", c.id, c.kind, got)
		}
	}
}

// FuzzParse: whatever the bytes, a file is read or rejected with a reason, and
// reading it again gives the same.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob(parseData + "/*.ioc")
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil && len(data) < 4096 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first := Parse("fuzz", slices.Clone(data))
		checkFile(t, first)
		var a, b strings.Builder
		describe(&a, first)
		describe(&b, Parse("fuzz", data))
		if a.String() != b.String() {
			t.Errorf("read twice:\n%s\n%s", a.String(), b.String())
		}
	})
}
