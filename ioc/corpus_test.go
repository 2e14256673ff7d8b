package ioc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const corpus = "../../shared/corpus/iocs"

func corpusFolder(t *testing.T) string {
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the shared corpus is not here: ", err)
	}
	return corpus
}

// census counts what the files of one source hold.
type census struct {
	files, v10, v11                     int
	indicators, ands                    int
	conditions, negated, withCase       int
	parameters                          int
	emptyContent, valueInID, termAlias  int
	faults, unknownTerms, rejectedFiles int
}

func (c *census) add(f *File) {
	c.files++
	switch {
	case f.Status != Usable:
		c.rejectedFiles++
	case f.Version == "1.0":
		c.v10++
	case f.Version == "1.1":
		c.v11++
	}
	c.parameters += len(f.Parameters)
	for _, p := range f.Problems {
		switch p.Rule {
		case "empty-content":
			c.emptyContent++
		case "value-in-id":
			c.valueInID++
		case "term-alias":
			c.termAlias++
		}
	}
	c.walk(f.Criteria)
}

func (c *census) walk(nodes []Node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *Indicator:
			c.indicators++
			if n.Operator == And {
				c.ands++
			}
			c.walk(n.Children)
		case *Condition:
			c.conditions++
			if n.Negate {
				c.negated++
			}
			if n.PreserveCase {
				c.withCase++
			}
			if n.Fault != "" {
				c.faults++
			}
			if n.Def == nil {
				c.unknownTerms++
			}
		}
	}
}

// The numbers were counted with another XML reader, not with this package.
func TestCorpusCensus(t *testing.T) {
	root := corpusFolder(t)
	for source, want := range map[string]census{
		"citizenlab":                    {files: 19, v10: 19, indicators: 19, conditions: 1080, valueInID: 1074},
		"eset-windigo":                  {files: 1, v10: 1, indicators: 1, conditions: 205},
		"fireeye-iocs":                  {files: 24, v10: 24, indicators: 87, ands: 39, conditions: 799, negated: 1, parameters: 2}, // two Comments
		"iocgen":                        {files: 293, v11: 293, indicators: 3237, ands: 1803, conditions: 9506, emptyContent: 9, faults: 9, termAlias: 887},
		"mandiant-ioc_writer":           {files: 26, v11: 26, indicators: 57, ands: 23, conditions: 99, negated: 4, withCase: 45, parameters: 27},
		"openioc-to-stix":               {files: 8, v10: 8, indicators: 46, ands: 27, conditions: 169, negated: 7},
		"openioc_scan":                  {files: 21, v11: 21, indicators: 53, ands: 15, conditions: 162, negated: 6, parameters: 129, emptyContent: 2, faults: 2},
		"pyioc":                         {files: 7, v10: 7, indicators: 22, ands: 12, conditions: 49, negated: 3},
		"python-openioc":                {files: 3, v10: 2, v11: 1, indicators: 6, ands: 4, conditions: 8, negated: 3, withCase: 1, parameters: 2},
		"red_team_tool_countermeasures": {files: 88, v11: 88, indicators: 320, ands: 165, conditions: 1098, negated: 358, withCase: 13},
		"rubyioc":                       {files: 10, v10: 10, indicators: 31, ands: 12, conditions: 304, emptyContent: 30, faults: 30},
	} {
		c := load(t, Options{}, filepath.Join(root, source))
		var got census
		for _, f := range c.Files {
			checkFile(t, f)
			got.add(f)
		}
		if got != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", source, got, want)
		}
	}
}

func TestCorpusIsUsable(t *testing.T) {
	root := corpusFolder(t)
	c := load(t, Options{Exclude: []string{"**/synthetic/**"}}, root)
	usable := 0
	rules := map[string]int{}
	for _, f := range c.Files {
		switch f.Status {
		case Usable:
			usable++
			for _, p := range f.Problems {
				rules[p.Rule]++
			}
		case Rejected:
			t.Errorf("%s: %s", f.Path, f.Reason)
		}
	}
	if usable != 500 || len(c.Files) != 557 {
		t.Errorf("%d of %d files are usable", usable, len(c.Files))
	}
	want := map[string]int{
		"empty-content": 41, "value-in-id": 1074, // 1,115 empty ones together
		"term-alias": 887, "document-mismatch": 4, "empty-indicator": 1, "criteria-missing": 1,
		"namespace": 2, "metadata-layout": 2, "parameter": 36, "duplicate-id": 5, "duplicate-ioc-id": 7,
	}
	if fmt.Sprint(rules) != fmt.Sprint(want) {
		t.Errorf("problems\ngot  %v\nwant %v", rules, want)
	}
}

// What becomes of each made file: status, number of conditions, number of
// those with a fault, rules. The rule duplicate-ioc-id, which nearly all have,
// is left out, and duplicate-id stands once.
func TestCorpusSynthetic(t *testing.T) {
	root := filepath.Join(corpusFolder(t), "synthetic")
	want := strings.TrimSpace(`
enc-declared-ascii-holds-utf8 usable 1 0 encoding-conflict
enc-declared-utf16-is-utf8 usable 1 0 encoding-conflict
enc-no-declaration usable 1 0
enc-utf16be-bom usable 1 0
enc-utf16le-bom usable 1 0
enc-utf8-bom-crlf usable 1 0
enc-windows-1252 usable 1 0
item-10-conditions-in-11 usable 2 0 condition-version duplicate-id
item-11-conditions-in-10 usable 2 0 condition-version condition-version duplicate-id
item-bad-regex usable 3 0 duplicate-id
item-bools usable 8 0 duplicate-id
item-case-variants usable 3 0 duplicate-id
item-dates usable 9 0 duplicate-id
item-document-mismatch usable 1 0 document-mismatch
item-double-negation usable 2 0 condition-version double-negation duplicate-id
item-empty-content usable 2 2 duplicate-id empty-content empty-content
item-no-case-no-negate-cdata usable 1 0
item-numbers usable 6 0 duplicate-id
item-preserve-case usable 3 1 boolean-value boolean-value duplicate-id
item-ranges usable 6 0 duplicate-id
item-unknown-condition usable 2 2 duplicate-id unknown-condition unknown-condition
item-value-in-id usable 1 0 value-in-id
item-whitespace usable 2 0 duplicate-id
logic-cross-document-and usable 3 0 duplicate-id
logic-negation-only usable 2 0 duplicate-id
logic-negation-other-document usable 2 0 duplicate-id
logic-negation-under-or usable 2 0 duplicate-id
logic-unknown-term usable 4 0 duplicate-id term-unknown term-unknown
logic-unsatisfiable-and usable 2 0 duplicate-id
ns-none usable 1 0 namespace
ns-prefixed usable 1 0
ns-wrong usable 1 0 namespace
param-orphan usable 1 0 parameter parameter
struct-content-as-text-of-item usable 1 1 missing-content stray-text
struct-deep-2000 rejected 0 0 limit
struct-duplicate-item-ids usable 2 0 duplicate-id
struct-empty-definition usable 0 0 criteria-empty
struct-empty-indicator usable 0 0 empty-indicator
struct-item-after-indicator usable 3 0 duplicate-id
struct-lowercase-operator usable 1 0 operator-case
struct-missing-content usable 2 1 missing-content
struct-missing-context usable 2 1 missing-context
struct-missing-operator usable 1 0 operator
struct-no-definition usable 0 0 criteria-missing
struct-top-and usable 2 0 duplicate-id
struct-two-top-indicators usable 2 0 duplicate-id
struct-unknown-operator usable 1 0 operator
xml-bare-ampersand rejected 0 0 xml
xml-comment-before-declaration usable 1 0 xml-declaration
xml-control-character rejected 0 0 encoding-invalid
xml-doctype-entity rejected 0 0 doctype xml
xml-empty rejected 0 0 empty-file
xml-entity-expansion rejected 0 0 doctype xml
xml-external-entity rejected 0 0 doctype xml
xml-html-instead rejected 0 0 doctype not-openioc
xml-truncated rejected 0 0 xml
xml-two-roots rejected 0 0 trailing`)
	var lines []string
	contents := map[string]string{}
	for _, f := range load(t, Options{}, root).Files {
		checkFile(t, f)
		name := strings.TrimSuffix(filepath.Base(f.Path), ".ioc")
		var n census
		n.walk(f.Criteria)
		var rules []string
		for _, p := range f.Problems {
			if p.Rule != "duplicate-ioc-id" && !(p.Rule == "duplicate-id" && slices.Contains(rules, p.Rule)) {
				rules = append(rules, p.Rule)
			}
		}
		slices.Sort(rules)
		line := fmt.Sprintf("%s %s %d %d %s", name, [...]string{"usable", "rejected"}[f.Status], n.conditions, n.faults, strings.Join(rules, " "))
		lines = append(lines, strings.TrimSpace(line))
		if n.conditions == 1 {
			first := f.Criteria[0].(*Indicator).Children[0]
			if ind, ok := first.(*Indicator); ok {
				first = ind.Children[0]
			}
			contents[name] = first.(*Condition).Content
		}
	}
	for i, w := range strings.Split(want, "\n") {
		if i >= len(lines) || lines[i] != w {
			t.Errorf("line %d: want %q in\n%s", i, w, strings.Join(lines, "\n"))
			break
		}
	}
	if len(lines) != 57 {
		t.Errorf("%d files", len(lines))
	}
	for name, want := range map[string]string{
		"enc-utf16be-bom": "evil.exe", "enc-utf16le-bom": "evil.exe", "enc-windows-1252": "café.exe",
		"enc-declared-ascii-holds-utf8": "вирус.exe", "item-no-case-no-negate-cdata": "a<b&c.exe", "item-value-in-id": "evil.example.com",
	} {
		if contents[name] != want {
			t.Errorf("%s: content %q, want %q", name, contents[name], want)
		}
	}
}
