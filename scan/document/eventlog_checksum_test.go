package document

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
	"iocscan/scan/source"
)

// What a running system leaves in a log is told and makes nothing unknown; a
// wrong checksum of records does, be the log closed or not.
func TestEventChecksums(t *testing.T) {
	le := binary.LittleEndian
	change := func(b []byte) { // the value of the second record
		at := bytes.LastIndex(b, []byte("v\x00a\x00l\x00u\x00e\x00"))
		b[at]++
	}
	sumOf := func(records int) func(*evtxtest.Chunk) func([]byte) {
		return func(c *evtxtest.Chunk) func([]byte) {
			return func(b []byte) { le.PutUint32(b[52:], crc32.ChecksumIEEE(b[512:c.Offsets[records]])) }
		}
	}
	const live = "1 event log was not closed"
	for _, c := range []struct {
		name    string
		damage  func(*evtxtest.Chunk) func([]byte) // of the second chunk
		dirty   bool
		cut     int // bytes that the file lacks
		records int
		trouble string
		note    string
	}{
		{name: "sound", records: 6},
		{name: "not closed", dirty: true, records: 6, note: live},
		{name: "changed", damage: func(*evtxtest.Chunk) func([]byte) { return change }, records: 6, trouble: "the records of chunk 1 have a wrong checksum"},
		{name: "changed and not closed", damage: func(*evtxtest.Chunk) func([]byte) { return change }, dirty: true, records: 6,
			trouble: "the records of chunk 1 have a wrong checksum", note: live},
		{name: "changed checksum", damage: func(*evtxtest.Chunk) func([]byte) { return func(b []byte) { b[52]++ } }, records: 6, trouble: "chunk 1 have a wrong checksum"},
		{name: "old header", damage: func(*evtxtest.Chunk) func([]byte) { return func(b []byte) { b[124]++ } }, records: 6, note: live},
		{name: "checksum of two records", damage: sumOf(2), records: 6, note: live},
		{name: "checksum of no record", damage: sumOf(0), records: 6, note: live},
		{name: "neither checksum written", damage: func(c *evtxtest.Chunk) func([]byte) { c.NoChecksums = true; return func([]byte) {} }, records: 6, note: live},
		{name: "changed behind what the checksum is of", damage: func(c *evtxtest.Chunk) func([]byte) {
			return func(b []byte) { sumOf(1)(c)(b); change(b) }
		}, records: 6, note: live},
		{name: "changed before", damage: func(c *evtxtest.Chunk) func([]byte) {
			return func(b []byte) { sumOf(2)(c)(b); b[c.Offsets[1]-8]++ }
		}, records: 6, trouble: "chunk 1 have a wrong checksum"},
		{name: "end of the chunk is not there", cut: 1000, records: 6},
		{name: "end of the records is not there", cut: evtxtest.ChunkSize - 700, records: 4, trouble: "the file ends inside chunk 1"},
	} {
		l := evtxtest.Log{Dirty: c.dirty}
		for k := range 2 {
			chunk := l.Chunk(uint64(3*k + 1))
			for i := range 3 {
				chunk.Record(logTicks(i), evtxtest.Event(evtxtest.System{Provider: "P", EventID: 1, Ticks: logTicks(i), RecordID: uint64(3*k + i + 1), Channel: "System", Computer: "WS"},
					evtxtest.EventData(1, []string{"A"}, evtxtest.Str("value"))))
			}
			if k == 1 && c.damage != nil {
				chunk.Damage(c.damage(chunk))
			}
		}
		content := string(l.Bytes())
		got := runEvents(t, source.NewMem(source.Windows).Add(logFolder+"A.evtx", content[:len(content)-c.cut]), Events{})
		trouble, notes := got.troubles[logFolder+"A.evtx"], strings.Join(got.Notes, "\n")
		if !strings.Contains(trouble, c.trouble) || (trouble == "") != (c.trouble == "") {
			t.Errorf("%s: trouble %q, want %q", c.name, trouble, c.trouble)
		}
		if !strings.Contains(notes, c.note) || (notes == "") != (c.note == "") {
			t.Errorf("%s: notes %q, want %q", c.name, notes, c.note)
		}
		if whole := c.trouble == ""; got.Full != whole || (len(got.lost) == 0) != whole || !got.Complete {
			t.Errorf("%s: %+v, lost %q", c.name, got.Listing, got.lost)
		}
		if got.Objects != uint64(c.records) {
			t.Errorf("%s: %d records, want %d", c.name, got.Objects, c.records)
		}
	}
}

func TestChunkNumbers(t *testing.T) {
	for _, c := range []struct {
		chunks []int
		want   string
	}{
		{[]int{3}, "chunk 3"}, {[]int{4, 0}, "chunks 0, 4"}, {[]int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, "chunks 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"},
	} {
		if got := chunkNumbers(slices.Clone(c.chunks)); got != c.want {
			t.Errorf("%v: %q, want %q", c.chunks, got, c.want)
		}
	}
}
