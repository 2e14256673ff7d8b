package evtx

import (
	"context"
	"sync"
)

// Totals says how a log was read.
type Totals struct {
	Chunks   int // read
	Damaged  int // of them, those whose checksums fail or that are cut short
	Foreign  int // places without the magic of a chunk; records left in them are read
	Unread   int // places where reading failed
	LostSize int // bytes of Unread places and of Foreign ones without any record
	Claimed  int // records that the headers of the chunks claim
	Stats        // sums over the chunks
}

// Each reads all chunks of a log with the given number of workers. For each of
// them it calls worker once, with the worker's Reader, which gives what is to
// be done with a record; that function is called from one goroutine only.
// Chunks come in no particular order, the records of a chunk in order; index
// is the chunk's, see File.Read. The names are those for NewReader.
//
// The error is that of the first chunk that could not be read, or the
// context's; what can be read is read all the same.
func (f *File) Each(ctx context.Context, workers int, names []string, worker func(*Reader) func(index int, rec *Record)) (Totals, error) {
	var (
		mu     sync.Mutex
		next   int
		total  Totals
		failed = -1
		cause  error
		wg     sync.WaitGroup
	)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if next >= f.Chunks() || ctx.Err() != nil {
			return -1
		}
		next++
		return next - 1
	}
	lender := NewLender(f)
	for range max(1, workers) {
		r := NewReader(names...)
		r.Lender = lender
		do := worker(r)
		wg.Go(func() {
			var sum Totals
			for i := take(); i >= 0; i = take() {
				if err := sum.read(f, i, r, do); err != nil {
					mu.Lock()
					if failed < 0 || i < failed {
						failed, cause = i, err
					}
					mu.Unlock()
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(&sum)
		})
	}
	wg.Wait()
	if cause == nil {
		cause = ctx.Err()
	}
	return total, cause
}

// read takes one chunk.
func (t *Totals) read(f *File, i int, r *Reader, do func(int, *Record)) error {
	b, state, err := f.Read(i, r.Buffer())
	switch state {
	case Empty:
		return nil
	case Unread:
		t.Unread++
		t.LostSize += int(min(ChunkSize, f.size-f.Offset(i)))
		return err
	}
	c := r.Start(b)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		do(i, rec)
	}
	if state == Foreign {
		t.Foreign++
		if r.Stats().Records == 0 {
			t.LostSize += len(b)
			return nil
		}
	} else {
		t.Chunks++
		if !c.Sound() {
			t.Damaged++
		}
	}
	t.Claimed += c.Claims()
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
