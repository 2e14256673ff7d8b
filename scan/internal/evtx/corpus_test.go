package evtx

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
)

const corpusDir = "../../../../shared/corpus"

// corpusLogs lists the logs of the shared corpus by their key in its truth.
func corpusLogs(t testing.TB) []string {
	t.Helper()
	var logs []string
	root := filepath.Join(corpusDir, "evidence")
	filepath.WalkDir(filepath.Join(root, "evtx"), func(p string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".evtx") {
			rel, _ := filepath.Rel(root, p)
			logs = append(logs, filepath.ToSlash(rel))
		}
		return nil
	})
	if len(logs) == 0 {
		t.Skip("no shared corpus beside the repository")
	}
	return logs
}

func readTruth(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusDir, "truth", name))
	if err != nil {
		t.Skip("no shared corpus beside the repository: ", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func openCorpus(t testing.TB, name string) *File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusDir, "evidence", name))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

type logTruth struct {
	Records       *int           `json:"records"`
	PythonEvtx    int            `json:"records_python_evtx"`
	First         string         `json:"first_time"`
	Last          string         `json:"last_time"`
	FirstLibevtx  string         `json:"first_time_libevtx"`
	LastLibevtx   string         `json:"last_time_libevtx"`
	MinID         *uint64        `json:"min_record_id"`
	MaxID         *uint64        `json:"max_record_id"`
	EventIDs      map[string]int `json:"event_ids"`
	EventIDsAgree bool           `json:"event_ids_agree"`
	Channels      map[string]int `json:"channels"`
	Providers     map[string]int `json:"providers"`
	Computers     map[string]int `json:"computers"`
}

// surplus explains each log of which we read more than the tools agree on.
var surplus = map[string]struct {
	records int
	why     string
}{}

func readLog(t *testing.T, f *File, do func(int, *Record)) Totals {
	t.Helper()
	total, err := f.Each(t.Context(), 1, nil, func() func(int, *Record) { return do })
	if err != nil {
		t.Fatal(err)
	}
	return total
}

func TestCorpusAgainstTruth(t *testing.T) {
	var truth map[string]logTruth
	logs := corpusLogs(t)
	readTruth(t, "evtx.json", &truth)
	for _, name := range logs {
		want, ok := truth[name]
		if !ok {
			t.Errorf("%s: no truth", name)
			continue
		}
		got := logTruth{EventIDs: map[string]int{}, Channels: map[string]int{}, Providers: map[string]int{}, Computers: map[string]int{}}
		var n int
		var times []int64
		var ids []uint64
		total := readLog(t, openCorpus(t, name), func(_ int, rec *Record) {
			n++
			id, ok := rec.Uint(EventID)
			if !ok {
				t.Errorf("%s: record %d has no event id: %v", name, rec.Number, rec.Err())
			}
			got.EventIDs[strconv.FormatUint(id, 10)]++
			for s, m := range map[Slot]map[string]int{Channel: got.Channels, ProviderName: got.Providers, Computer: got.Computers} {
				if v, ok := rec.Slot(s); ok {
					m[v.String()]++
				}
			}
			if at, ok := rec.Time(); ok {
				times = append(times, at)
			}
			ids = append(ids, rec.EventRecordID())
			rec.Fields()
		})
		if n != total.Records {
			t.Errorf("%s: %d records, statistics say %d", name, n, total.Records)
		}
		count := want.PythonEvtx
		if want.Records != nil {
			count = *want.Records
		}
		s := surplus[name]
		if n != count+s.records {
			t.Errorf("%s: %d records, want %d+%d; %+v", name, n, count, s.records, total)
		}
		if s.why == "" && want.Records != nil {
			if total.Undecodable != 0 || total.Gaps != 0 || total.Partial != 0 {
				t.Errorf("%s: %+v", name, total)
			}
			if want.EventIDs != nil && !maps.Equal(got.EventIDs, want.EventIDs) {
				t.Errorf("%s: event ids %v, want %v", name, got.EventIDs, want.EventIDs)
			}
		}
		_ = times
		_ = ids
	}
	_ = slices.Min[[]int]
	_ = time.RFC3339
	_ = ioc.Fold
}
