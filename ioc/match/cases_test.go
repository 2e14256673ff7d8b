package match

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"iocscan/ioc"
)

var update = flag.Bool("update", false, "rewrite the expectations of testdata/match from what is found")

// caseSchema is what the cases of testdata/match can ask.
var caseSchema = Schema{
	{Name: "FileItem", Fields: []Field{
		{Term: "FileItem/FullPath", Kind: ioc.Path, Identity: true, Same: sameButDrive},
		{Term: "FileItem/FilePath", Kind: ioc.Path},
		{Term: "FileItem/FileName"},
		{Term: "FileItem/SizeInBytes", Kind: ioc.Int, Cost: Stat},
		{Term: "FileItem/Modified", Kind: ioc.Time, Cost: Stat},
		{Term: "FileItem/Username", Cost: Open},
		{Term: "FileItem/Md5sum", Kind: ioc.Digest, Cost: Content},
		{Term: "FileItem/Sha1sum", Kind: ioc.Digest, Cost: Content},
		{Term: "FileItem/StringList/string", Cost: Content, Multi: true, Strings: true},
		{Term: "FileItem/PeakEntropy", Kind: ioc.Float, Cost: Parse},
		{Term: "FileItem/PEInfo/DigitalSignature/SignatureExists", Kind: ioc.Bool, Cost: Parse},
		{Term: "FileItem/PEInfo/Sections/Section/Name", Cost: Parse, Multi: true, Element: "FileItem/PEInfo/Sections/Section"},
		{Term: "FileItem/PEInfo/Sections/Section/Entropy/AverageValue", Kind: ioc.Float, Cost: Parse, Multi: true, Element: "FileItem/PEInfo/Sections/Section"},
	}},
	{Name: "RegistryItem", Fields: []Field{
		{Term: "RegistryItem/Path", Kind: ioc.Path, Identity: true},
		{Term: "RegistryItem/ValueName"},
		{Term: "RegistryItem/Text"},
		{Term: "RegistryItem/Modified", Kind: ioc.Time},
	}},
	{Name: "EventLogItem", Fields: []Field{
		{Term: "EventLogItem/EID", Kind: ioc.Int, Same: sameEvent},
		{Term: "EventLogItem/log"},
		{Term: "EventLogItem/message"},
		{Term: "EventLogItem/genTime", Kind: ioc.Time},
	}},
	{Name: "ProcessItem", Fields: []Field{
		{Term: "ProcessItem/name"},
		{Term: "ProcessItem/pid", Kind: ioc.Int},
		{Term: "ProcessItem/kernelTime", Kind: ioc.Duration},
		{Term: "ProcessItem/HandleList/Handle/Name", Multi: true, Element: "ProcessItem/HandleList/Handle", Cost: Open},
		{Term: "ProcessItem/HandleList/Handle/Type", Multi: true, Element: "ProcessItem/HandleList/Handle", Cost: Open},
	}},
	{Name: "PortItem", Fields: []Field{
		{Term: "PortItem/localPort", Kind: ioc.Int},
		{Term: "PortItem/remoteIP", Kind: ioc.Address},
	}},
	{Name: "Network", Fields: []Field{{Term: "Network/DNS", StandIn: "taken from the name cache"}}},
}

// sameButDrive: a path with its drive and the path without are forms of one.
func sameButDrive(a, b string) bool {
	bare := func(s string) string {
		s = string(ioc.AppendFoldPath(nil, strings.TrimSpace(s)))
		if len(s) > 1 && s[1] == ':' {
			s = s[2:]
		}
		return s
	}
	return bare(a) == bare(b)
}

// sameEvent: the low half of an event's id is its short form.
func sameEvent(a, b string) bool {
	x, err1 := strconv.ParseUint(a, 0, 32)
	y, err2 := strconv.ParseUint(b, 0, 32)
	return err1 == nil && err2 == nil && x&0xffff == y&0xffff
}

// A dataCase is one case of testdata/match, see the README there.
type dataCase struct {
	name, rule, items, want string

	file *ioc.File
	max  int
	docs []*caseDoc
	// noReference: why the reference evaluator has no say.
	noReference string
}

type caseDoc struct {
	name   string
	items  []Item
	state  string // full, partial, incomplete
	reason string
}

// TestCases runs every case: the result is the expected one, it is the same
// for any order of the items and any number of evaluators, and the reference
// evaluator agrees.
func TestCases(t *testing.T) {
	names, err := filepath.Glob("../../testdata/match/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	total := 0
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			head, cases, err := readCases(string(text))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, c := range cases {
				total++
				t.Run(c.name, c.run)
			}
			if *update {
				if err := os.WriteFile(name, []byte(writeCases(head, cases)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	t.Logf("%d cases", total)
}

func readCases(text string) (head string, cases []*dataCase, err error) {
	parts := strings.Split("\n"+text, "\n=== ")
	for _, p := range parts[1:] {
		name, body, _ := strings.Cut(p, "\n")
		sections := strings.Split(body, "---\n")
		if len(sections) != 3 {
			return "", nil, fmt.Errorf("%s: %d sections", name, len(sections))
		}
		c := &dataCase{name: name, rule: sections[0], items: sections[1], want: strings.TrimSpace(sections[2]) + "\n"}
		c.file = ioc.Parse("case.ioc", []byte(wrapRule(c.rule)))
		if c.file.Status != ioc.Usable {
			return "", nil, fmt.Errorf("%s: %s", name, c.file.Reason)
		}
		if err := c.readItems(); err != nil {
			return "", nil, fmt.Errorf("%s: %w", name, err)
		}
		cases = append(cases, c)
	}
	return strings.TrimPrefix(parts[0], "\n"), cases, nil
}

func writeCases(head string, cases []*dataCase) string {
	var b strings.Builder
	b.WriteString(head)
	for _, c := range cases {
		fmt.Fprintf(&b, "\n=== %s\n%s---\n%s---\n%s", c.name, c.rule, c.items, c.want)
	}
	return b.String()
}

// wrapRule makes a document of what a case gives: a definition is 1.0, a
// document is taken as it is, all else are criteria of 1.1.
func wrapRule(s string) string {
	switch {
	case strings.HasPrefix(s, "<?xml"), strings.HasPrefix(s, "<ioc"), strings.HasPrefix(s, "<OpenIOC"):
		return s
	case strings.HasPrefix(s, "<definition"):
		return `<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="case">` + s + `</ioc>`
	}
	return `<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="case"><criteria>` + s + `</criteria></OpenIOC>`
}

func (c *dataCase) readItems() error {
	for _, line := range strings.Split(c.items, "\n") {
		words, err := fields(line)
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		if len(words) == 0 {
			continue
		}
		first := words[0]
		switch {
		case strings.HasPrefix(first, "#"):
		case first == "@max":
			if c.max, err = strconv.Atoi(words[1]); err != nil {
				return err
			}
			c.noReference = "it lists all"
		case first == "@noreference":
			c.noReference = words[1]
		case strings.HasPrefix(first, "@"):
			d := c.doc(first[1:])
			d.state = words[1]
			if len(words) > 2 {
				d.reason = words[2]
			}
		default:
			it, err := c.item(first, words[1], words[2:])
			if err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			d := c.doc(first)
			d.items = append(d.items, it)
		}
	}
	return nil
}

func (c *dataCase) doc(name string) *caseDoc {
	for _, d := range c.docs {
		if d.name == name {
			return d
		}
	}
	c.docs = append(c.docs, &caseDoc{name: name, state: "full"})
	return c.docs[len(c.docs)-1]
}

// fields splits a line at blanks outside of quotes.
func fields(line string) (out []string, err error) {
	line = strings.TrimSpace(line)
	for line != "" {
		var word strings.Builder
		for line != "" && line[0] != ' ' {
			if line[0] != '"' {
				word.WriteByte(line[0])
				line = line[1:]
				continue
			}
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			s, err := strconv.Unquote(q)
			if err != nil {
				return nil, err
			}
			word.WriteString(s)
			line = line[len(q):]
		}
		out = append(out, word.String())
		line = strings.TrimLeft(line, " ")
	}
	return out, nil
}

func (c *dataCase) item(document, label string, words []string) (Item, error) {
	var doc *Document
	for i := range caseSchema {
		if caseSchema[i].Name == document {
			doc = &caseSchema[i]
		}
	}
	if doc == nil {
		return nil, fmt.Errorf("no document %s", document)
	}
	it := &contentItem{strings: "FileItem/StringList/string", testItem: testItem{doc: document, label: label, fields: doc.Fields,
		values: map[string][]ioc.Value{}, errs: map[string]error{}}}
	content := false
	for _, w := range words {
		name, list, _ := strings.Cut(w, "=")
		switch name {
		case "unlisted":
			c.noReference = "it knows of no folder that stands for items"
			return &testFolder{it.testItem, errors.New(list)}, nil
		case "data":
			content = true
			it.data, it.err = []byte(list), nil
			if list == "?" {
				it.err = errTest
			} else if list == "none" {
				it.err = ErrNoContent
			}
			if it.err == nil {
				for _, s := range runs(it.data) {
					it.values[it.strings] = append(it.values[it.strings], ioc.TextValue(s))
				}
			} else if list == "?" {
				for _, f := range doc.Fields {
					if f.Cost == Content {
						it.errs[f.Term] = errTest
					}
				}
			}
			continue
		}
		var field *Field
		for i := range doc.Fields {
			if strings.HasSuffix(doc.Fields[i].Term, "/"+name) {
				field = &doc.Fields[i]
			}
		}
		switch {
		case field == nil:
			return nil, fmt.Errorf("no term %s", name)
		case list == "?":
			it.errs[field.Term] = errTest
			continue
		}
		for _, s := range strings.Split(list, "|") {
			v, err := caseValue(field, s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w, err)
			}
			it.values[field.Term] = append(it.values[field.Term], v)
		}
	}
	if !content {
		return &it.testItem, nil
	}
	return it, nil
}

// caseValue reads value or, on a repeated element, value@number.
func caseValue(f *Field, s string) (ioc.Value, error) {
	elem := 0
	if i := strings.LastIndexByte(s, '@'); i >= 0 && f.Element != "" {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return ioc.Value{}, err
		}
		s, elem = s[:i], n
	}
	v, err := ioc.Value{Kind: f.Kind, Str: s}, error(nil)
	switch f.Kind {
	case ioc.Int, ioc.Duration:
		v = ioc.Value{Kind: f.Kind}
		v.Key, err = strconv.ParseUint(s, 0, 64)
	case ioc.Float:
		var x float64
		x, err = strconv.ParseFloat(s, 64)
		v = ioc.FloatValue(x)
	case ioc.Time:
		at, _, err := ioc.ParseTime(s)
		return ioc.TimeValue(at), err
	case ioc.Digest:
		var raw []byte
		raw, err = hex.DecodeString(s)
		v = ioc.DigestValue(string(raw))
	case ioc.Address:
		if a, err := netip.ParseAddr(s); err == nil {
			v = ioc.AddressValue(a)
		}
	case ioc.Bool:
		v = ioc.BoolValue(s == "true")
	}
	return v.At(elem), err
}

// A testFolder is a folder that could not be listed.
type testFolder struct {
	testItem
	why error
}

func (f *testFolder) Err() error                           { return f.why }
func (f *testFolder) Each(int, func(ioc.Value) bool) error { return f.why }

func (f *testFolder) Possible(_ int, p *ioc.Pattern) bool {
	below := string(ioc.AppendFoldPath(nil, f.label)) + `\`
	if p.Regex() != nil {
		return true
	}
	for _, t := range p.Texts() {
		t = string(ioc.AppendFoldPath(nil, t))
		if strings.HasPrefix(t, below) || p.Test == ioc.StartsWith && strings.HasPrefix(below, t) {
			return true
		}
	}
	return false
}

// evaluate gives the items to evaluators in the order that shuffle makes.
func (c *dataCase) evaluate(evaluators int, r *rand.Rand) (*Program, FileResult) {
	prog, _ := Compile(&ioc.Collection{Files: []*ioc.File{c.file}}, caseSchema)
	h := NewHost(prog, Options{MaxObjects: c.max})
	for _, d := range c.docs {
		evs := make([]*Evaluator, evaluators)
		for i := range evs {
			evs[i] = h.NewEvaluator(d.name)
		}
		for k, i := range r.Perm(len(d.items)) {
			if evaluators == 1 {
				i = k
			}
			evs[r.IntN(evaluators)].Eval(d.items[i])
		}
		for _, e := range evs {
			e.Close()
		}
	}
	names := make([]string, 0, len(caseSchema)) // documents without a line are empty and complete
	for i := range caseSchema {
		names = append(names, caseSchema[i].Name)
	}
	for _, d := range c.docs { // and a line may speak of one that no source answers
		if !slices.Contains(names, d.name) {
			names = append(names, d.name)
		}
	}
	for _, name := range names {
		d := c.doc(name)
		if d.state == "incomplete" {
			h.Incomplete(name, d.reason)
		} else {
			h.Complete(name, d.state == "full", d.reason)
		}
	}
	return prog, h.Results()[0]
}

func (c *dataCase) run(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	prog, got := c.evaluate(1, r)
	if text := describe(prog, got); text != c.want {
		if *update {
			c.want = text
		} else {
			t.Errorf("got:\n%s\nwant:\n%s", text, c.want)
		}
	}
	first, _ := json.Marshal(got)
	for range 6 {
		for _, n := range []int{1, 2, 5} {
			_, again := c.evaluate(n, r)
			if text, _ := json.Marshal(again); string(text) != string(first) {
				t.Fatalf("another order of items on %d evaluators:\n%s\ninstead of\n%s", n, text, first)
			}
		}
	}
	if c.noReference == "" {
		c.refer(t, got)
	}
}

// refer asks the reference evaluator.
func (c *dataCase) refer(t *testing.T, got FileResult) {
	ref := &reference{docs: map[string]*refDoc{}}
	for _, d := range c.docs {
		ref.docs[d.name] = &refDoc{complete: d.state != "incomplete", full: d.state == "full"}
	}
	for i := range caseSchema {
		d := c.doc(caseSchema[i].Name)
		rd := &refDoc{schema: &caseSchema[i], complete: d.state != "incomplete", full: d.state == "full"}
		for _, it := range d.items {
			switch it := it.(type) {
			case *testItem:
				rd.items = append(rd.items, it)
			case *contentItem:
				rd.items = append(rd.items, &it.testItem)
			}
		}
		ref.docs[d.name] = rd
	}
	want := ref.file(c.file)
	if got.Verdict != want.verdict || int(got.Count) != len(want.matches) || strings.Join(labelsOf(got), " ") != strings.Join(want.matches, " ") {
		t.Errorf("%s %d %q, but the reference says %s %d %q", got.Verdict, got.Count, labelsOf(got), want.verdict, len(want.matches), want.matches)
	}
}

// describe writes a result as the cases expect it.
func describe(p *Program, r FileResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d\n", r.Verdict, r.Count)
	for _, m := range r.Matches {
		labels := make([]string, len(m.Objects))
		for i := range m.Objects {
			labels[i] = m.Objects[i].Label
		}
		if len(labels) == 0 {
			labels = []string{"(nothing)"}
		}
		fmt.Fprintf(&b, "match %s\n", strings.Join(labels, " + "))
		fmt.Fprintf(&b, "  text %s\n", m.Text)
		fmt.Fprintf(&b, "  conditions %s\n", strings.Join(m.Conditions, " "))
		for _, o := range m.Objects {
			for _, h := range o.Conditions {
				not := ""
				if h.Negate {
					not = "not "
				}
				fmt.Fprintf(&b, "  %s: %s%s", o.Label, not, h.ID)
				if h.Value != "" || !h.Negate {
					fmt.Fprintf(&b, " by %s", plainOrQuoted(h.Value))
				}
				b.WriteByte('\n')
			}
		}
		for _, n := range m.Notes {
			fmt.Fprintf(&b, "  note: %s\n", n)
		}
	}
	for _, u := range r.Unchecked {
		fmt.Fprintf(&b, "unchecked %s: %s\n", u.ConditionID, u.Reason)
	}
	for _, p := range p.Problems(0) {
		fmt.Fprintf(&b, "problem %s: %s\n", p.Rule, p.Text)
	}
	return b.String()
}

func plainOrQuoted(s string) string {
	if s == "" || !utf8.ValidString(s) || strings.ContainsAny(s, "\n\t\"\\ ") {
		return strconv.Quote(s)
	}
	return s
}

func TestCaseSchemaIsVocabulary(t *testing.T) {
	for _, d := range caseSchema {
		for _, f := range d.Fields {
			if term, ok := ioc.Lookup(f.Term); !ok || term.Name != f.Term {
				t.Errorf("%s: %v", f.Term, term)
			}
		}
	}
}
