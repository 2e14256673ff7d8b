package evtx_test

import (
	"bytes"
	"testing"

	"iocscan/scan/internal/evtx"
	"iocscan/scan/internal/evtx/evtxtest"
)

// The chunk with the oldest records is found by these, whatever is beside it.
func TestOldest(t *testing.T) {
	for _, c := range []struct {
		first []uint64 // of the chunks; 0: a chunk without records
		want  int
	}{
		{nil, 0}, {[]uint64{1, 5, 9}, 0}, {[]uint64{21, 25, 9, 15}, 2}, {[]uint64{0, 7, 0, 3, 0}, 3},
	} {
		var l evtxtest.Log
		for _, n := range c.first {
			chunk := l.Chunk(max(n, 1))
			if n > 0 {
				chunk.Record(1, evtxtest.Event(evtxtest.System{Provider: "p", RecordID: n}))
			}
		}
		b := l.Bytes()
		f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Oldest(); got != c.want {
			t.Errorf("%v: %d, want %d", c.first, got, c.want)
		}
	}
}
