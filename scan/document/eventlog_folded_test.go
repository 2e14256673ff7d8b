package document

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// searched are literals, some of which could stand in or beside the text of a
// number.
var searched = []string{"w", "powershell", " - ", "s w", "  ", " /s ", "e 0", "0 w", "- -", "true %", "\\system32 ", " s-1-5-18 c"}

// foldChecker compares what the fields of a record yield with what they give
// folded.
type foldChecker struct {
	t       *testing.T
	doc     match.Document
	records *atomic.Int64
}

func (foldChecker) Close() error { return nil }

func (c foldChecker) Item(it match.Item) error {
	e, ok := it.(*event)
	if !ok {
		return nil
	}
	c.records.Add(1)
	all := &match.Wanted{Edges: true, Literals: []string{"0"}}
	for f, field := range c.doc.Fields {
		if field.Kind != ioc.Text || field.Repeats {
			continue
		}
		var want []string
		wantErr := e.Each(f, func(v ioc.Value) bool {
			want = append(want, ioc.Fold(v.Str))
			return true
		})
		split := func(w *match.Wanted) []string {
			b, err := e.Folded(f, nil, w)
			if err != wantErr {
				c.t.Errorf("%s: %v, folded %v", field.Term, wantErr, err)
			}
			if len(b) == 0 {
				return nil
			}
			return strings.Split(string(b[1:]), "\xff")
		}
		if got := split(all); !slices.Equal(got, want) {
			c.t.Errorf("%s %s: %q, want %q", e.Label(), field.Term, got, want)
		}
		// What is searched for is found in the folded texts just where it is in the
		// values, whatever of them was left out.
		for _, lit := range searched {
			for _, edges := range []bool{false, true} {
				has := func(s string) bool { return strings.Contains(s, lit) }
				got := split(&match.Wanted{Edges: edges, Literals: []string{lit}})
				if slices.ContainsFunc(got, has) != slices.ContainsFunc(want, has) {
					c.t.Errorf("%s %s: %q in %q, folded %q", e.Label(), field.Term, lit, want, got)
				}
			}
		}
	}
	return nil
}

func TestEventFoldedCorpus(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "corpus", "evidence", "evtx")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no shared corpus beside the repository")
	}
	logs, err := source.LooseFiles([]string{dir}, ".evtx", "ElfFile\x00")
	if err != nil {
		t.Fatal(err)
	}
	d := events.With([]string{"EventLogItem/EventData/LogonGuid", "EventLogItem/EventData/CommandLine", "EventLogItem/EventData/Data", "EventLogItem/EventData/ProcessId", "EventLogItem/EventData/Status"})
	var records atomic.Int64
	req := &Request{Source: source.OpenArtifacts("logs", source.Logs), Events: Events{Given: logs}}
	if _, err := d.Run(t.Context(), req, 2, func() Worker { return foldChecker{t, d.Schema(), &records} }); err != nil {
		t.Fatal(err)
	}
	if records.Load() < 15000 {
		t.Errorf("%d records", records.Load())
	}
}
