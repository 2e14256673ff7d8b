package evtx

import (
	"fmt"
	"strings"
	"testing"
)

// all is every value of a record.
func all(rec *Record) string {
	var b strings.Builder
	for i := range rec.Fields() {
		fmt.Fprintf(&b, "%s\x00", rec.Value(i))
	}
	return b.String()
}

func byNumber(r *Reader, chunk []byte) map[uint64]string {
	m := map[uint64]string{}
	r.Start(chunk)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		m[rec.Number] = all(rec)
	}
	return m
}

// TestCorpusRecovery damages every chunk of five records or more in one place
// and counts the records that still come out unchanged. What is asked for is a
// little less than what is reached; the library keeps 51, 61 and 0 of a hundred.
func TestCorpusRecovery(t *testing.T) {
	kinds := []struct {
		name   string
		least  int // per hundred
		damage func(b []byte, offsets []int)
	}{
		{"head of a record", 97, func(b []byte, o []int) { clear(b[o[len(o)/2]:][:64]) }},
		{"sector", 95, func(b []byte, o []int) { clear(b[o[len(o)/3]&^511:][:512]) }},
		{"head of the first record", 85, func(b []byte, o []int) { clear(b[o[0]:][:64]) }},
	}
	total, kept := 0, make([]int, len(kinds))
	buf := make([]byte, ChunkSize)
	b := make([]byte, ChunkSize)
	for _, name := range corpusLogs(t) {
		f := openCorpus(t, name)
		r := NewReader()
		r.Lender = NewLender(f)
		for i := range f.Chunks() {
			c, state, err := f.Read(i, buf)
			if err != nil || state != Present || len(c) != ChunkSize {
				continue
			}
			var offsets []int
			r.Start(c)
			for rec := r.Next(); rec != nil; rec = r.Next() {
				offsets = append(offsets, rec.Offset)
			}
			if len(offsets) < 5 {
				continue
			}
			want := byNumber(r, c)
			total += len(want)
			for k, kind := range kinds {
				copy(b, c)
				kind.damage(b, offsets)
				// The undamaged chunk must not lend to itself.
				f.carved = withoutChunk(f, i)
				r.Lender = NewLender(f)
				got := byNumber(r, b)
				f.carved = nil
				for n, s := range want {
					if got[n] == s {
						kept[k]++
					}
				}
			}
		}
	}
	for k, kind := range kinds {
		t.Logf("%s: %d of %d", kind.name, kept[k], total)
		if kept[k]*100 < total*kind.least {
			t.Errorf("%s: %d of %d records survive, want %d%%", kind.name, kept[k], total, kind.least)
		}
	}
}

func withoutChunk(f *File, leave int) []int64 {
	list := []int64{}
	for i := range f.Chunks() {
		if i != leave {
			list = append(list, f.Offset(i))
		}
	}
	return list
}
