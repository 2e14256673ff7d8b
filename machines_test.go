package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/report"
	"iocscan/scan"
)

// TestMachines holds the scan of the two small machines to verdicts.txt, which
// was checked by hand against their files: each IOC file, its verdict, and the
// objects of each match.
func TestMachines(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "roots", "verdicts.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, machine := range []string{"windows", "linux"} {
		r := scanned(t, 1, "testdata/ioc/example", "testdata/ioc/machine", "--root", filepath.Join("testdata", "roots", machine))
		fmt.Fprintf(&got, "-- %s --\n", machine)
		for _, i := range r.IOCs {
			fmt.Fprintf(&got, "%s %s\n", filepath.Base(i.File), i.Verdict)
			for _, m := range i.Matches {
				var labels []string
				for _, o := range m.Objects {
					labels = append(labels, o.Label)
				}
				if labels == nil {
					labels = []string{"(an absence)"}
				}
				fmt.Fprintf(&got, "\t%s\n", strings.Join(labels, " + "))
			}
			if i.MatchCount != uint64(len(i.Matches)) {
				t.Errorf("%s: %d matches counted, %d listed", i.File, i.MatchCount, len(i.Matches))
			}
		}
		if len(r.Troubles) > 0 {
			t.Errorf("%s: troubles: %v", machine, r.Troubles)
		}
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got.String()); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// scanned is the JSON report of a scan in this process, which has to end with a
// status.
func scanned(t *testing.T, status int, args ...string) *scan.Result {
	t.Helper()
	got, stdout, stderr := inProcess(t, append([]string{"scan", "--format", "json"}, args...)...)
	if got != status {
		t.Fatalf("scan %q: exit status %d, not %d\n%s", args, got, status, stderr)
	}
	return decoded(t, []byte(stdout))
}

// decoded reads a JSON report, which has to be whole.
func decoded(t *testing.T, body []byte) *scan.Result {
	t.Helper()
	var r resultSink
	if err := report.Replay(bytes.NewReader(body), &r); err != nil || !json.Valid(body) {
		t.Fatalf("no JSON report: %v\n%.500s", err, body)
	}
	return r.result
}

// A resultSink keeps the result.
type resultSink struct{ result *scan.Result }

func (*resultSink) Begin(*scan.Header) error    { return nil }
func (*resultSink) Match(*scan.Match) error     { return nil }
func (*resultSink) Trouble(*scan.Trouble) error { return nil }
func (s *resultSink) End(r *scan.Result) error  { s.result = r; return nil }
