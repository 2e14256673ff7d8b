package evtx

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// A differenceRule explains differences to the library, all but the last two
// faults or habits of it. The counts are those of the shared corpus, so that a
// change of the library or of ours shows.
type differenceRule struct {
	what string
	want int
	is   func(kind string, log string, rec *Record, d Difference) bool
}

func differenceRules() []differenceRule {
	lost := func(f func(string, *Record, Difference) bool) func(string, string, *Record, Difference) bool {
		return func(kind, log string, rec *Record, d Difference) bool { return kind == "lost" && f(log, rec, d) }
	}
	changed := func(t Type) func(string, string, *Record, Difference) bool {
		return func(kind, _ string, _ *Record, d Difference) bool { return kind == "changed" && d.Type == t }
	}
	return []differenceRule{
		{"size_t is shown as raw bytes", 626, changed(Size)},
		{"the milliseconds of a SYSTEMTIME are taken for nanoseconds, the format is Go's", 248, changed(SysTime)},
		{"ANSI strings that are not UTF-8 are shown as raw bytes", 4, changed(ANSI)},
		{"a further field of the same name overwrites the first", 92, lost(func(_ string, _ *Record, d Difference) bool {
			return d.Name == "LogonGuid"
		})},
		{"Binary is dropped when EventData is made flat", 16, lost(func(_ string, _ *Record, d Difference) bool {
			return d.Name == "Binary" && d.Type == Binary
		})},
		{"so is the Name of EventData", 39, lost(func(_ string, rec *Record, d Difference) bool {
			return d.Name == "Name" && d.Library == "" && d.Type == String && eventDataName(rec) == d.Own
		})},
		{"entity references and attributes of UserData break up the event", 183, lost(func(log string, _ *Record, d Difference) bool {
			return d.Type == String && (strings.Contains(log, "CAPI2") || strings.Contains(log, "Shell-Core"))
		})},
		{"pieces of such an event", 3, func(kind, log string, _ *Record, d Difference) bool {
			return kind == "extra" && (strings.Contains(log, "CAPI2") || strings.Contains(log, "Shell-Core"))
		}},
		{"the last record is cut off", 1, lost(func(log string, rec *Record, d Difference) bool {
			return log == "System2.evtx" && rec.Flags()&Partial != 0
		})},
	}
}

func eventDataName(rec *Record) string {
	for i, f := range rec.Fields() {
		if f.Attr == rec.r.nameName && rec.r.PathText(f.Path) == "/Event/EventData" {
			return rec.Value(i).String()
		}
	}
	return ""
}

func TestCorpusAgainstLibrary(t *testing.T) {
	rules := differenceRules()
	counts := make([]int, len(rules))
	var records, behindDamage, byLibrary int
	for _, name := range corpusLogs(t) {
		w := new(Whole)
		readLog(t, openCorpus(t, name), func(_ int, rec *Record) {
			records++
			e, err := w.compared(rec)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !json.Valid(e.JSON) {
				t.Errorf("%s: record %d: invalid JSON: %s", name, rec.Number, e.JSON)
			}
			switch {
			case e.Library:
				byLibrary++
			case e.Reason == errNoRecord.Error():
				behindDamage++
			case len(e.Lost)+len(e.Extra) == 0:
				t.Errorf("%s: record %d: %s", name, rec.Number, e.Reason)
			}
			explain := func(kind string, d Difference) {
				for i, r := range rules {
					if r.is(kind, filepath.Base(name), rec, d) {
						counts[i]++
						return
					}
				}
				t.Errorf("%s: record %d: %s without a reason: %+v", name, rec.Number, kind, d)
			}
			for _, d := range e.Changed {
				explain("changed", d)
			}
			for _, d := range e.Lost {
				explain("lost", d)
			}
			for _, d := range e.Extra {
				explain("extra", d)
			}
		})
	}
	for i, r := range rules {
		if counts[i] != r.want {
			t.Errorf("%s: %d values, want %d", r.what, counts[i], r.want)
		}
	}
	if records != 15168 || behindDamage != 250 || byLibrary < 14700 {
		t.Errorf("%d records, %d behind damage, %d by the library", records, behindDamage, byLibrary)
	}
}
