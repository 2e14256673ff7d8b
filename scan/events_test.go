package scan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iocscan/scan"
)

const corpus = "../../shared/corpus"

func readTruth(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpus, "truth", name))
	if err != nil {
		t.Skip("no shared corpus beside the repository: ", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// oddLogs are those of which independent readers see less than there is.
var oddLogs = []string{
	"sample-with-zero-data-size-event", "sample_with_a_bad_chunk_magic", "2-vss_0-Microsoft-Windows-TerminalServices",
	"Microsoft-Windows-WorkFolders%4WHC", "System2", "LanguagePackSetup",
}

// Every record of a sound log is looked at, and each by its channel.
func TestEventCounts(t *testing.T) {
	var truth map[string]struct {
		Records  *int
		Channels map[string]uint64
		Problems []string
	}
	readTruth(t, "evtx.json", &truth)
	logs := 0
	for name, want := range truth {
		odd := slices.ContainsFunc(oddLogs, func(o string) bool { return strings.Contains(name, o) })
		if want.Records == nil || odd || len(want.Channels) > 12 {
			continue
		}
		logs++
		var branches [][][3]string
		var total uint64
		for channel, n := range want.Channels {
			branches = append(branches, [][3]string{{"log", "is", channel}})
			if channel != "" {
				total += n
			}
		}
		if branches == nil {
			branches = [][][3]string{{{"EID", "is", "0"}}}
		}
		r := scanLogs(t, eventIOC(t, branches...), filepath.Join(corpus, "evidence", name))
		if got := r.Documents[0].Scanned; got != uint64(*want.Records) {
			t.Errorf("%s: %d records, want %d", name, got, *want.Records)
		}
		if got := r.IOCs[0].MatchCount; total == uint64(*want.Records) && total != 0 && got != total {
			t.Errorf("%s: %d records of the channels %v", name, got, want.Channels)
		}
	}
	if logs < 350 {
		t.Errorf("%d logs", logs)
	}
}

// What others published of an event finds the event.
func TestPublishedEvents(t *testing.T) {
	var truth map[string]json.RawMessage
	readTruth(t, "evtx-events-sigma.json", &truth)
	events := 0
	for name, raw := range truth {
		text := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				t.Fatal(err)
			}
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var m map[string]map[string]map[string]any
		if err := d.Decode(&m); err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		conds := [][3]string{}
		for name, v := range m["Event"]["EventData"] {
			s, ok := v.(string)
			if !ok {
				if v == nil || name[0] == '#' {
					continue
				}
				s = fmt.Sprint(v)
			}
			if s = strings.TrimRight(s, " "); s != "" && !strings.Contains(s, "Explorer.exe") && name != "Data" && !strings.HasPrefix(s, "[") {
				test := "starts-with" // what is published lacks blanks at the end
				if name == "ProcessGuid" {
					test = "is"
				}
				conds = append(conds, [3]string{"EventData/" + name, test, s})
			}
		}
		if len(conds) == 0 {
			continue
		}
		sys := m["Event"]["System"]
		conds = append(conds, [3]string{"EID", "is", eventIDText(sys["EventID"])}, [3]string{"index", "is", fmt.Sprint(sys["EventRecordID"])},
			[3]string{"log", "is", fmt.Sprint(sys["Channel"])}, [3]string{"machine", "is", fmt.Sprint(sys["Computer"])})
		r := scanLogs(t, eventIOC(t, conds), filepath.Join(corpus, "evidence", name))
		events++
		i := r.IOCs[0]
		if i.MatchCount == 0 || len(i.Matches) == 0 || len(i.Matches[0].Conditions) != len(conds) {
			t.Errorf("%s: %d matches of %q", name, i.MatchCount, conds)
			continue
		}
		o := i.Matches[0].Objects[0]
		if !strings.HasPrefix(o.Label, filepath.Join(corpus, "evidence", name)+": ") || !json.Valid(o.Event) {
			t.Errorf("%s: label %q, event %.100q", name, o.Label, o.Event)
		}
	}
	if events < 130 {
		t.Errorf("%d events", events)
	}
}

func eventIDText(v any) string {
	if m, ok := v.(map[string]any); ok {
		v = m["#text"]
	}
	return fmt.Sprint(v)
}

// A damaged log is not called clear.
func TestDamagedLogIsNotClear(t *testing.T) {
	dir := filepath.Join(corpus, "evidence/evtx/omerbenamram-evtx")
	if !exists(dir) {
		t.Skip("no shared corpus beside the repository")
	}
	coll := eventIOC(t, [][3]string{{"EID", "is", "65000"}})
	for name, want := range map[string]string{
		"sample_with_a_bad_chunk_magic.evtx": "undetermined", "2-system-Microsoft-Windows-LiveId%4Operational.evtx": "clear",
	} {
		r := scanLogs(t, coll, filepath.Join(dir, name))
		if got := r.IOCs[0].Verdict; got != want {
			t.Errorf("%s: %s, want %s: %+v %+v", name, got, want, r.Documents, r.Troubles)
		}
	}
}

var _ scan.Sink = silent{}
