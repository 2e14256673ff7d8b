package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc/match"
	"iocscan/scan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const goldens = "../testdata/report"

// golden compares with a golden file, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(goldens, name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got, -update rewrites it\n%s", name, diff)
	}
}

func ptr[T any](v T) *T { return &v }

// canonical is one run with everything in it that a report has to stand.
func canonical() *scan.Result {
	evilRTL := "C:\\Users\\m\u00fcller\\invoice\u202efdp.exe"
	events := json.RawMessage(`{"System":{"Provider":{"Name":"Service Control Manager"},"EventID":7045,"EventRecordID":18446744073709551615},` +
		`"EventData":{"ServiceName":"<script>alert(1)</script>","ImagePath":"\u0000cmd /c \"echo\"","Weird":[1.50,true,null,{}]}}`)
	held := func(id, term, test, content, value string) match.Held {
		return match.Held{ID: id, Term: term, Condition: test, Content: content, Value: value}
	}
	return &scan.Result{
		Header: scan.Header{
			Schema: scan.SchemaName,
			Tool:   scan.Tool{Name: "iocscan", Version: "0.1.0", SHA256: strings.Repeat("0f", 32), Go: "go1.26", Platform: "linux/amd64"},
			Scan: scan.Info{
				Started: "2026-01-02T03:04:05Z", Finished: ptr("2026-01-02T03:05:18.5Z"),
				Host: "ws-042", User: "root", Elevated: true,
				Command:          []string{"iocscan", "scan", "--root", "/mnt/caf\xe9", "--max-objects", "2", "iocs"},
				CollectionSHA256: strings.Repeat("ab", 32),
				Collection:       scan.Counts{Files: 8, Usable: 6, Rejected: 1, Excluded: 1},
				Source:           scan.Source{Kind: "root", Path: "/mnt/caf\xe9", Platform: "windows", Notes: []string{"the letter C: is assumed"}},
				Options:          scan.Options{Drives: "all", MaxIOCSize: 3 << 20, MaxObjects: 2, Timeout: "1h0m0s", Jobs: 2, ExcludeIOC: []string{"old/*"}},
				Scope: scan.Scope{
					Areas: []string{`C:\`}, Named: []string{`D:\stage`}, Exclude: []string{`**\WinSxS\**`},
					LeftOut: []scan.LeftOut{{Path: `C:\Users\All Users`, Reason: "link that leads out of the root"}},
				},
				Interval: &scan.Interval{From: "2026-01-01T00:00:00Z", To: "2026-01-02T23:59:59Z"},
				Status:   "complete",
			},
		},
		IOCs: []scan.IOC{
			{
				File: "iocs/absence.ioc", SHA256: strings.Repeat("11", 32), ID: "absence", Version: "1.1", Name: "No antivirus service", Verdict: "matched", MatchCount: 1,
				Matches: []match.Match{{Text: `ServiceItem/name is not "WinDefend"`, Conditions: []string{"c1"}, Notes: []string{"an absence: ServiceItem was listed in full"}}},
			},
			{
				File: "iocs/backdoor.ioc", SHA256: strings.Repeat("22", 32), ID: "6d2a1b03-b216-4cd8-9a9e-8827af6ebf93", Version: "1.0",
				Name: "BACKDOOR (\u202ecod.scr\u202c)", Description: "first line\nsecond line", Author: "=HYPERLINK(\"http://x\")", Authored: "2013-05-01T00:00:00",
				Keywords: []string{"rat", "\U0001F480"}, Links: []scan.Link{{Rel: "category", Href: "https://example.org/?a=1&b=2", Text: "APT"}},
				Verdict: "matched", MatchCount: 12345,
				Matches: []match.Match{
					{
						Text:       `(FileItem/FileName contains ".exe" AND NOT FileItem/FilePath contains "Windows" AND ServiceItem/path contains "invoice")`,
						Conditions: []string{"f1", "f2", "s1"}, Notes: []string{},
						Objects: []match.Object{
							{
								Document: "FileItem", Label: evilRTL,
								Fields: []match.FieldValues{
									{Term: "FileItem/FullPath", Values: []string{evilRTL}},
									{Term: "FileItem/Md5sum", Values: []string{"d41d8cd98f00b204e9800998ecf8427e"}},
									{Term: "FileItem/StringList/string", Values: []string{"plain", "caf\xe9", "\x1b]0;owned\x07", "\u009b2J"}},
									{Term: "FileItem/PEInfo/Type"},
								},
								Conditions: []match.Held{
									held("f1", "FileItem/FileName", "contains", ".exe", "invoice\u202efdp.exe"),
									{ID: "f2", Term: "FileItem/FilePath", Condition: "contains", Content: "Windows", Negate: true},
								},
							},
							{
								Document: "ServiceItem", Label: "=cmd|' /c calc'!A0",
								Fields:     []match.FieldValues{{Term: "ServiceItem/name", Values: []string{"=cmd|' /c calc'!A0"}}},
								Conditions: []match.Held{held("s1", "ServiceItem/path", "contains", "invoice", "\tC:\\x\\invoice.exe -k, \"a\"\r\nsecond")},
							},
						},
					},
					{
						Text: `EventLogItem/EID is "7045"`, Conditions: []string{"/0/3"}, Notes: []string{"message text could not be built"},
						Objects: []match.Object{{
							Document: "EventLogItem", Label: "System.evtx: System 12", Event: events,
							Fields:     []match.FieldValues{{Term: "EventLogItem/EID", Values: []string{"7045"}}},
							Conditions: []match.Held{held("/0/3", "EventLogItem/EID", "is", "7045", "7045")},
						}},
					},
				},
				Unchecked: []match.Unchecked{{ConditionID: "p1", Term: "ProcessItem/name", Content: "svc\x7f.exe", Reason: "the evidence is not a running machine"}},
				Problems:  []scan.Problem{{Severity: "warning", Line: 7, Column: 3, Rule: "repeated-id", Text: `id "x" is there twice`, Hint: ""}},
			},
			{File: "iocs/broken.xml", SHA256: strings.Repeat("33", 32), Verdict: "rejected",
				Problems: []scan.Problem{{Severity: "notice", Rule: "bom", Text: "starts with a byte order mark"}, {Severity: "error", Line: 2, Column: 9, Rule: "not-openioc", Text: `the root element is <html>`, Hint: "only OpenIOC 1.0 and 1.1 are read"}}},
			{File: "iocs/caf\xe9 \"quoted\".ioc", SHA256: strings.Repeat("55", 32), ID: "undetermined", Version: "1.0", Name: "Process injector\x1b[31m", Verdict: "undetermined",
				Unchecked: []match.Unchecked{
					{ConditionID: "p1", Term: "ProcessItem/name", Content: "a.exe", Reason: "the evidence is not a running machine"},
					{ConditionID: "p2", Term: "ProcessItem/path", Content: `C:\Temp`, Reason: "the evidence is not a running machine"},
					{ConditionID: "s1", Term: "Snort/Snort", Content: "alert tcp", Reason: "no source answers this term"},
				}},
			{File: "iocs/clear.ioc", SHA256: strings.Repeat("44", 32), ID: "clear", Version: "1.1", Name: "Old worm", Verdict: "clear"},
			{File: "iocs/later.ioc", SHA256: strings.Repeat("66", 32), ID: "later", Version: "1.1", Name: "  ", Verdict: "undetermined",
				Unchecked: []match.Unchecked{{ConditionID: "e1", Term: "Email/Subject", Content: "invoice", Reason: "no source answers this term"}}},
			{File: "iocs/trailing.ioc", SHA256: strings.Repeat("77", 32), ID: "trailing", Version: "1.1", Name: "Trailing blank", Verdict: "matched", MatchCount: 1,
				Matches: []match.Match{{Text: `FileItem/Md5sum is "d41d8cd98f00b204e9800998ecf8427e"`, Conditions: []string{"m"},
					Objects: []match.Object{{Document: "FileItem", Label: "C:\\Temp\\bad\xff\xfename\\\u200bsvchost.exe ",
						Fields:     []match.FieldValues{{Term: "FileItem/FullPath", Values: []string{"C:\\Temp\\bad\xff\xfename\\\u200bsvchost.exe "}}},
						Conditions: []match.Held{held("m", "FileItem/Md5sum", "is", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e")}}}}}},
			{File: "old/retired.ioc", SHA256: strings.Repeat("88", 32), ID: "retired", Version: "1.0", Name: "Retired", Verdict: "excluded",
				Problems: []scan.Problem{{Severity: "notice", Rule: "excluded", Text: "excluded by old/*"}}},
		},
		Documents: []scan.Document{
			{Name: "EventLogItem", Status: "complete", Scanned: 4711, Matched: 1},
			{Name: "FileItem", Status: "partial", Scanned: 123456, Matched: 2, Reason: "1 folder could not be listed"},
			{Name: "ProcessItem", Status: "unavailable", Reason: "the evidence is not a running machine"},
			{Name: "ServiceItem", Status: "complete", Scanned: 211, Matched: 1},
		},
		Troubles: []scan.Trouble{
			{Document: "", Object: "/mnt/caf\xe9", Error: "the clock of the evidence is not known"},
			{Document: "FileItem", Object: "C:\\System Volume Information", Error: "permission denied"},
			{Document: "FileItem", Object: "C:\\x\n[2026-01-02] forged line", Error: "input/output error"},
		},
		Summary: scan.Summary{IOCs: 8, Matched: 3, Clear: 1, Undetermined: 2, Rejected: 1, Excluded: 1, Objects: 128378, BytesRead: 9876543210, Seconds: 73.5, ExitStatus: 1},
	}
}

// replayTold tells a run to a sink in an order of discovery that is not the
// order of the result.
func replayTold(t *testing.T, r *scan.Result, sink scan.Sink) {
	t.Helper()
	head := beginning(r.Header)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(sink.Begin(&head))
	troubles := r.Troubles
	for i := len(r.IOCs) - 1; i >= 0; i-- {
		ioc := &r.IOCs[i]
		for j := len(ioc.Matches) - 1; j >= 0; j-- {
			check(sink.Match(&scan.Match{IOC: scan.IOCRef{File: ioc.File, ID: ioc.ID, Name: ioc.Name}, Match: ioc.Matches[j]}))
			if n := len(troubles); n > 0 {
				check(sink.Trouble(&troubles[n-1]))
				troubles = troubles[:n-1]
			}
		}
	}
	for i := range troubles {
		check(sink.Trouble(&troubles[i]))
	}
	check(sink.End(r))
}

// told is what a sink writes of a run.
func told(t *testing.T, r *scan.Result, make func(io.Writer) scan.Sink) []byte {
	t.Helper()
	var b bytes.Buffer
	replayTold(t, r, make(&b))
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	human := func(o HumanOptions) func(io.Writer) scan.Sink {
		return func(w io.Writer) scan.Sink { return Human(w, o) }
	}
	for _, c := range []struct {
		name string
		make func(io.Writer) scan.Sink
	}{
		{"run.json", JSON},
		{"run.jsonl", JSONL},
		{"run.csv", CSV},
		{"run.txt", human(HumanOptions{Width: 100})},
		{"run_verbose.txt", human(HumanOptions{Verbose: true})},
		{"run_quiet.txt", human(HumanOptions{Quiet: true})},
		{"run_color.txt", human(HumanOptions{Color: true, Width: 100})},
	} {
		t.Run(c.name, func(t *testing.T) { golden(t, c.name, told(t, canonical(), c.make)) })
	}
}

// Whatever the evidence says, only what the report itself means reaches a
// terminal.
func TestNothingRawIsShown(t *testing.T) {
	var b bytes.Buffer
	for _, opt := range []HumanOptions{{}, {Verbose: true}, {Quiet: true}, {Width: 40}} {
		replayTold(t, canonical(), Human(&b, opt))
	}
	replayTold(t, canonical(), CSV(&b))
	replayTold(t, canonical(), JSON(&b))
	replayTold(t, canonical(), JSONL(&b))
	for _, line := range strings.SplitAfter(b.String(), "\n") {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		for _, r := range line {
			if hidden(r) {
				t.Fatalf("%U in %q", r, line)
			}
		}
		if strings.ToValidUTF8(line, "") != line {
			t.Fatalf("not UTF-8: %q", line)
		}
	}
}

func TestNumbersJSONHasNoWordFor(t *testing.T) {
	r := canonical()
	r.Summary.Seconds = math.NaN()
	if b := told(t, r, JSON); !json.Valid(b) {
		t.Error("NaN makes the report invalid")
	}
}
