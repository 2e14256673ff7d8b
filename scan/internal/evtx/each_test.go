package evtx

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
)

// However many workers there are, the records and the totals are the same.
func TestEachWorkers(t *testing.T) {
	l := new(evtxtest.Log)
	for i := range 12 {
		c := sample(l, uint64(1+10*i), 10)
		if i%4 == 3 { // has to borrow
			c.Damage(func(b []byte) { clear(b[c.Offsets[0]:][:100]) })
		}
	}
	f := openBytes(t, l.Bytes())
	all := func(workers int) ([]string, Totals) {
		var mu sync.Mutex
		var lines []string
		total, err := f.Each(t.Context(), workers, []string{"Kind"}, func(r *Reader) func(int, *Record) {
			kind := r.ID("kind")
			return func(_ int, rec *Record) {
				found := false
				rec.Named(kind, func(int) bool { found = true; return false })
				if !found {
					t.Errorf("record %d: no Kind", rec.Number)
				}
				mu.Lock()
				lines = append(lines, line(rec))
				mu.Unlock()
			}
		})
		if err != nil {
			t.Error(err)
		}
		slices.Sort(lines)
		return lines, total
	}
	want, total := all(1)
	if len(want) != 117 || total.Borrowed != 27 {
		t.Errorf("%d records, %+v", len(want), total)
	}
	for _, n := range []int{0, 2, 5, 40} {
		got, sum := all(n)
		equal(t, "totals", sum, total)
		equal(t, "records", got, want)
	}
}

func TestEachStops(t *testing.T) {
	l := new(evtxtest.Log)
	for i := range 5 {
		sample(l, uint64(1+3*i), 3)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	total, err := openBytes(t, l.Bytes()).Each(ctx, 1, nil, func(*Reader) func(int, *Record) {
		return func(int, *Record) { n++; cancel() }
	})
	if !errors.Is(err, context.Canceled) || n != 3 || total.Chunks != 1 {
		t.Errorf("%v after %d records, %+v", err, n, total)
	}
}
