package regf

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/internal/regf/regftest"
)

// state is a hive that grows by a key with each version.
func state(version int, seq1, seq2 uint32) []byte {
	root := regftest.Key{Name: "ROOT"}
	for i := range version + 1 {
		root.Subkeys = append(root.Subkeys, regftest.Key{
			Name:   "version " + string(rune('0'+i)),
			Values: []regftest.Value{{Name: "data", Type: 3, Data: bytes.Repeat([]byte{byte(version)}, 3000)}},
		})
	}
	return regftest.Hive{Root: root, Seq1: seq1, Seq2: seq2, Written: 77}.Bytes()
}

// step is the log entry that turns one version into the next.
func step(seq uint32, from int) regftest.Entry {
	after := state(from+1, 1, 1)
	return regftest.Entry{Seq: seq, BinsSize: len(after) - 4096, Pages: regftest.Pages(state(from, 1, 1), after, 4096)}
}

func newLog(entries ...regftest.Entry) []byte { return regftest.NewLog(state(0, 1, 1), entries...) }

func TestReplay(t *testing.T) {
	spoil := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	// Where the second entry of a log starts.
	second := func(b []byte) int { return 512 + bytes.Index(b[512+4:], []byte("HvLE")) + 4 }
	two := newLog(step(5, 0), step(6, 1))
	old := regftest.OldLog(state(0, 5, 5), state(1, 5, 5))
	otherTime := bytes.Clone(old)
	otherTime[12]++
	regftest.Seal(otherTime)
	torn := bytes.Clone(old)
	regftest.SetSequence(torn, 5, 4)
	dirty := state(0, 5, 5)
	regftest.SetSequence(dirty, 6, 5)
	noBase := spoil(dirty, 40)
	noMagic := spoil(dirty, 0)
	for _, c := range []struct {
		name    string
		hive    []byte
		logs    [][]byte
		version int // that the hive must have
		entries int
		refused []string // one for each log: part of its error, or "" where it has none
		unused  []string
		trouble string // part of the last trouble
	}{
		{"new format", dirty, [][]byte{two}, 2, 2, []string{""}, []string{""}, ""},
		{"both logs", dirty, [][]byte{newLog(step(6, 1)), newLog(step(5, 0))}, 2, 2, []string{"", ""}, []string{"", ""}, ""},
		{"old entries first", dirty, [][]byte{newLog(regftest.Entry{Seq: 4, BinsSize: 4096, Pages: []regftest.Page{{Offset: 0, Data: make([]byte, 512)}}}, step(5, 0))}, 1, 1, []string{""}, []string{""}, ""},
		{"nothing new", dirty, [][]byte{newLog(step(3, 0), step(4, 1))}, 0, 0, []string{""}, []string{"in the hive already"}, "hive is dirty"},
		{"remnants after the last entry", dirty, [][]byte{newLog(step(5, 0), step(3, 1))}, 1, 1, []string{""}, []string{""}, ""},
		{"empty second log", dirty, [][]byte{two, nil}, 2, 2, []string{"", ""}, []string{"", "empty"}, ""},
		{"clean hive", state(0, 7, 7), [][]byte{two}, 0, 0, []string{""}, []string{"clean"}, ""},
		{"gap before", dirty, [][]byte{newLog(step(8, 0))}, 1, 1, []string{""}, []string{""}, "entries 5 to 7 are in no transaction log"},
		{"gap between", dirty, [][]byte{newLog(step(5, 0)), newLog(step(8, 1))}, 1, 1, []string{"", "entries 6 to 7 are missing"}, []string{"", ""}, "lost: the changes it holds"},
		{"base block of the log", dirty, [][]byte{spoil(two, 40)}, 0, 0, []string{"base block is damaged (checksum)"}, []string{""}, "hive is dirty"},
		{"magic of the log", dirty, [][]byte{spoil(two, 0)}, 0, 0, []string{"base block is damaged (magic"}, []string{""}, "hive is dirty"},
		{"first entry", dirty, [][]byte{spoil(two, 512+100)}, 0, 0, []string{"checksum of its pages"}, []string{""}, "hive is dirty"},
		{"header of the first entry", dirty, [][]byte{spoil(two, 512+20)}, 0, 0, []string{"no further entry"}, []string{""}, "hive is dirty"},
		{"second entry", dirty, [][]byte{spoil(two, second(two)+100)}, 1, 1, []string{"checksum of its pages"}, []string{""}, "lost: the changes it holds"},
		{"cut second entry", dirty, [][]byte{two[:second(two)+512]}, 1, 1, []string{"size"}, []string{""}, "lost: the changes it holds"},
		{"page outside the bins", dirty, [][]byte{newLog(regftest.Entry{Seq: 5, BinsSize: 4096, Pages: []regftest.Page{{Offset: 8192, Data: make([]byte, 512)}}})}, 0, 0, []string{"dirty page at 0x2000"}, []string{""}, "hive is dirty"},
		{"odd page", dirty, [][]byte{newLog(regftest.Entry{Seq: 5, BinsSize: 4096, Pages: []regftest.Page{{Offset: 8, Data: make([]byte, 512)}}})}, 0, 0, []string{"dirty page at 0x8"}, []string{""}, "hive is dirty"},

		{"old format", dirty, [][]byte{old}, 1, 1, []string{""}, []string{""}, ""},
		{"old format, another time", dirty, [][]byte{otherTime}, 0, 0, []string{"another state of the hive"}, []string{""}, "hive is dirty"},
		{"old format, not written to its end", dirty, [][]byte{torn}, 0, 0, []string{"not written to its end"}, []string{""}, "hive is dirty"},
		{"old format, cut", dirty, [][]byte{old[:len(old)-1]}, 0, 0, []string{"do not fit"}, []string{""}, "hive is dirty"},
		{"old format, no map", dirty, [][]byte{spoil(old, 512)}, 0, 0, []string{"no map of dirty sectors"}, []string{""}, "hive is dirty"},
		{"two of the old format", dirty, [][]byte{old, old}, 1, 1, []string{"", ""}, []string{"", "another log was applied"}, ""},

		{"hive without its base block, new format", noBase, [][]byte{two}, 2, 2, []string{""}, []string{""}, ""},
		{"hive without its magic, old format", noMagic, [][]byte{old}, 1, 1, []string{""}, []string{""}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var logs []Log
			for i, b := range c.logs {
				logs = append(logs, Log{[]string{"LOG1", "LOG2"}[i], bytes.NewReader(b), int64(len(b))})
			}
			before := bytes.Clone(c.hive)
			h := open(t, c.hive, logs...)
			r := h.Replay()
			if r.Entries != c.entries || r.Applied() != (c.entries > 0) {
				t.Errorf("applied %d entries, want %d: %+v", r.Entries, c.entries, r)
			}
			pages := 0
			for i, l := range r.Logs {
				pages += l.Pages
				if (l.Err == nil) != (c.refused[i] == "") || l.Err != nil && !strings.Contains(l.Err.Error(), c.refused[i]) {
					t.Errorf("%s: error %v, want %q", l.Name, l.Err, c.refused[i])
				}
				if (l.Unused == "") != (c.unused[i] == "") || !strings.Contains(l.Unused, c.unused[i]) {
					t.Errorf("%s: unused %q, want %q", l.Name, l.Unused, c.unused[i])
				}
			}
			if pages != r.Pages || (pages > 0) != r.Applied() {
				t.Errorf("%d pages in the logs, %d in all", pages, r.Pages)
			}
			want, _ := dump(open(t, state(c.version, 1, 1)))
			got, troubles := dump(h)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			switch {
			case c.trouble == "" && len(troubles) > 0:
				t.Errorf("troubles %q", troubles)
			case c.trouble != "" && !slices.ContainsFunc(troubles, func(s string) bool { return strings.Contains(s, c.trouble) }):
				t.Errorf("troubles %q, want %q", troubles, c.trouble)
			}
			if h.Header().Dirty() == r.Applied() && !strings.Contains(c.name, "clean") {
				t.Errorf("dirty %v after %d entries", h.Header().Dirty(), r.Entries)
			}
			if !bytes.Equal(before, c.hive) {
				t.Error("the hive itself was changed")
			}
		})
	}
}

func TestReplayInWords(t *testing.T) {
	r := Replay{Entries: 3, Pages: 5, Bytes: 20480, Logs: []LogReplay{{Name: "A", Entries: 1}, {Name: "B"}, {Name: "C", Entries: 2}}}
	if got := r.String(); got != "3 log entries (5 pages, 20480 bytes) of A, C" {
		t.Error(got)
	}
	r = Replay{Entries: 1, Pages: 1, Bytes: 512, BaseBlock: true, Logs: []LogReplay{{Name: "A", Entries: 1}}}
	if got := r.String(); got != "1 log entry (1 pages, 512 bytes) of A, with its base block" {
		t.Error(got)
	}
	if got := (Replay{Logs: r.Logs}).String(); got != "" {
		t.Error(got)
	}
}

// A log may claim bins far past the end of the file; that must not cost
// memory in proportion.
func TestReplayOfDistantBins(t *testing.T) {
	dirty := state(0, 5, 5)
	regftest.SetSequence(dirty, 6, 5)
	const far = 1<<31 - 8192
	log := newLog(regftest.Entry{Seq: 5, BinsSize: far + 4096, Pages: []regftest.Page{{Offset: far, Data: make([]byte, 512)}}})
	var h *Hive
	got := testing.AllocsPerRun(1, func() {
		h = open(t, dirty, Log{"LOG1", bytes.NewReader(log), int64(len(log))})
		for range h.Walk() {
		}
	})
	if len(h.image.resident) > 4 || got > 1000 {
		t.Errorf("%d pages in memory, %.0f allocations", len(h.image.resident), got)
	}
	if len(h.Troubles()) == 0 {
		t.Error("no trouble about bins that are not there")
	}
}
