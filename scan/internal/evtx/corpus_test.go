package evtx

import (
	"bytes"
	"encoding/json"
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
	Walked        int            `json:"record_headers_walked"`
	First         string         `json:"first_time"`
	Last          string         `json:"last_time"`
	MinID         *uint64        `json:"min_record_id"`
	MaxID         *uint64        `json:"max_record_id"`
	EventIDs      map[string]int `json:"event_ids"`
	EventIDsAgree bool           `json:"event_ids_agree"`
	Channels      map[string]int `json:"channels"`
	Providers     map[string]int `json:"providers"`
	Computers     map[string]int `json:"computers"`
	Problems      []string       `json:"problems"`
}

// surplus explains each log in which we find more records than truth counts:
// the tools behind it give up earlier. partial is how many records are damaged
// inside, missing how many the chunk headers count beyond those found, gap how
// many bytes hold no record that could be read.
var surplus = map[string]struct {
	records, partial, missing, gap int
	why                            string
}{
	"evtx/omerbenamram-evtx/sample-with-zero-data-size-event.evtx":                                                {115, 1, 0, 0, "one damaged record early in a chunk; it and the 114 good ones behind it, numbers inside the chunk header's 1 to 117"},
	"evtx/omerbenamram-evtx/sample_with_a_bad_chunk_magic.evtx":                                                   {114, 4, 166, 146452, "31 records behind overwritten ones, numbers inside the chunk header's range, and 83 left in two chunks whose beginning is overwritten"},
	"evtx/omerbenamram-evtx/2-vss_0-Microsoft-Windows-TerminalServices-RemoteConnectionManager%4Operational.evtx": {21, 1, 0, 240, "records behind a damaged one, numbers inside the chunk header's range"},
	"evtx/omerbenamram-evtx/Microsoft-Windows-WorkFolders%4WHC.evtx":                                              {2, 0, 0, 0, "the chunk header was never updated: records 1 and 2 lie behind its end"},
	"evtx/log2timeline-plaso/evtx/System2.evtx":                                                                   {1, 1, 0, 0, "the last chunk is cut short inside its last record"},
	"evtx/omerbenamram-evtx/Microsoft-Windows-LanguagePackSetup%4Operational.evtx":                                {0, 1, 3, 1152, "the rest of the chunk behind record 17 is overwritten"},
}

func readLog(t *testing.T, f *File, do func(int, *Record)) Totals {
	t.Helper()
	total, err := f.Each(t.Context(), 1, nil, func(*Reader) func(int, *Record) { return do })
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
		var numbers []uint64
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
			numbers = append(numbers, rec.Number)
			rec.Fields()
		})
		if n != total.Records {
			t.Errorf("%s: %d records, statistics say %d", name, n, total.Records)
		}
		count := want.Walked // where decoders gave up, record heads were counted
		if want.Records != nil {
			count = *want.Records
		}
		s := surplus[name]
		if n != count+s.records {
			t.Errorf("%s: %d records, want %d+%d; %+v", name, n, count, s.records, total)
		}
		if total.Partial != s.partial || total.Missing != s.missing || total.Undecodable != 0 || total.GapBytes != s.gap || total.OverBudget {
			t.Errorf("%s: %+v", name, total)
		}
		counts := []struct {
			what      string
			got, want map[string]int
		}{
			{"event id", got.EventIDs, want.EventIDs}, {"channel", got.Channels, want.Channels},
			{"provider", got.Providers, want.Providers}, {"computer", got.Computers, want.Computers},
		}
		exact := s.why == "" && want.Records != nil && !strings.Contains(strings.Join(want.Problems, " "), "cannot render")
		for _, c := range counts {
			for k, n := range c.want {
				if k != "" && c.got[k] < n || exact && c.got[k] != n {
					t.Errorf("%s: %s %q: %d records, want %d", name, c.what, k, c.got[k], n)
				}
			}
			// Truth lists the twelve most frequent values only.
			if exact && len(c.want) < 12 && len(c.got) != len(c.want) {
				t.Errorf("%s: %s: %v, want %v", name, c.what, c.got, c.want)
			}
		}
		if !exact || n == 0 {
			continue
		}
		slices.Sort(numbers)
		if numbers[0] != *want.MinID || numbers[n-1] != *want.MaxID {
			t.Errorf("%s: records %d to %d, want %d to %d", name, numbers[0], numbers[n-1], *want.MinID, *want.MaxID)
		}
		slices.Sort(times)
		if !near(t, times[0], want.First) || !near(t, times[len(times)-1], want.Last) {
			t.Errorf("%s: from %v to %v, want %s to %s", name, ioc.TicksTime(times[0]), ioc.TicksTime(times[len(times)-1]), want.First, want.Last)
		}
	}
}

// near allows for truth having gone through floating point.
func near(t *testing.T, ticks int64, want string) bool {
	at, err := time.Parse("2006-01-02T15:04:05.999999999", strings.TrimSuffix(strings.Replace(want, " ", "T", 1), "Z"))
	if err != nil {
		t.Errorf("truth: %v", err)
	}
	d := ioc.TicksTime(ticks).Sub(at)
	return -4*time.Microsecond < d && d < 4*time.Microsecond
}
