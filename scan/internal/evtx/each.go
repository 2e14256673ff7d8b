package evtx

import (
	"context"
	"sync"
)

// Totals says how a log was read.
type Totals struct {
	Chunks   int // read
	Damaged  int // of them, those whose checksums fail or that are cut short
	Foreign  int // places overwritten by something that is no chunk
	Unread   int // places where reading failed
	LostSize int // bytes of Foreign and Unread places
	Claimed  int // records that the headers of the chunks claim
	Stats        // sums over the chunks
}

// Each reads all chunks of a log with the given number of workers. For each
// worker it calls worker once, which returns what is to be done with a record;
// that function is called from one goroutine only, the Reader has the chunk.
// Chunks come in no particular order, records of a chunk in order. The index
// is that of the chunk.
//
// The error is the first one of reading the file, or the context's; what can
// be read is read all the same.
func (f *File) Each(ctx context.Context, workers int, names []string, worker func() func(chunk int, rec *Record)) (Totals, error) {
	var (
		mu    sync.Mutex
		next  int
		total Totals
		first error
		wg    sync.WaitGroup
	)
	lender := NewLender(f)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if next >= f.Chunks() || ctx.Err() != nil {
			return -1
		}
		next++
		return next - 1
	}
	for range max(1, workers) {
		do := worker()
		wg.Go(func() {
			r := NewReader(names...)
			r.Lender = lender
			buf := make([]byte, ChunkSize)
			var sum Totals
			var failed error
			for i := take(); i >= 0; i = take() {
				if err := sum.read(f, i, r, buf, do); err != nil && failed == nil {
					failed = err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(&sum)
			if first == nil {
				first = failed
			}
		})
	}
	wg.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return total, first
}

// read takes one chunk.
func (t *Totals) read(f *File, i int, r *Reader, buf []byte, do func(int, *Record)) error {
	b, state, err := f.Read(i, buf)
	switch state {
	case Empty:
		return nil
	case Foreign:
		t.Foreign++
		t.LostSize += len(b)
		return nil
	case Unread:
		t.Unread++
		t.LostSize += int(min(ChunkSize, f.size-f.Offset(i)))
		return err
	}
	c := r.Start(b)
	t.Chunks++
	if !c.Sound() {
		t.Damaged++
	}
	t.Claimed += c.Claims()
	for rec := r.Next(); rec != nil; rec = r.Next() {
		do(i, rec)
	}
	t.Stats.Add(r.Stats())
	return nil
}

func (t *Totals) add(s *Totals) {
	t.Chunks += s.Chunks
	t.Damaged += s.Damaged
	t.Foreign += s.Foreign
	t.Unread += s.Unread
	t.LostSize += s.LostSize
	t.Claimed += s.Claimed
	t.Stats.Add(s.Stats)
}
