package fat

import (
	"context"
	"io"
	"iter"
)

// A place says where the content of an object is.
type place struct {
	first      uint32
	size       int64 // unbounded: as far as the clusters go
	contiguous bool  // the clusters follow each other, without the table
	fixed      int64 // the root folder of FAT12 and FAT16 is here instead, with size bytes
}

const (
	unbounded  = -1
	slotSize   = 32
	blockBytes = 64 << 10
)

// A slot is 32 bytes of a folder.
type slot struct {
	at int64 // on the volume
	b  []byte
}

// seen are clusters of folders that were listed before.
type seen map[uint32]bool

// slots reads a folder. After an error that concerns a part only, more slots
// follow. Clusters in the set, unless it is nil, end it without an error.
func (v *volume) slots(ctx context.Context, p place, seen seen) iter.Seq2[slot, error] {
	return func(yield func(slot, error) bool) {
		var buf []byte
		// region yields what lies at off; not ok is the end.
		region := func(off, n int64) (ok bool) {
			for n > 0 {
				if err := ctx.Err(); err != nil {
					yield(slot{}, err)
					return false
				}
				size := min(n, blockBytes)
				if int64(len(buf)) < size {
					buf = make([]byte, size)
				}
				got, err := v.readAt(buf[:size], off)
				for i := 0; i+slotSize <= got; i += slotSize {
					if !yield(slot{off + int64(i), buf[i : i+slotSize]}, nil) {
						return false
					}
				}
				if err != nil && (!yield(slot{}, err) || off+size > v.size) {
					return false
				}
				off, n = off+size, n-size
			}
			return true
		}
		if p.fixed != 0 {
			region(p.fixed, p.size)
			return
		}
		flush := func(from uint32, n int64) bool {
			if seen != nil {
				for i := range v.count(n) {
					seen[from+i] = true
				}
			}
			return region(v.offset(from), n)
		}
		// What lies behind a deleted folder may be another one, so that only
		// those clusters are seen that the folder goes on to.
		alone := seen != nil && p.contiguous
		c := chain{t: v.table, at: p.first, contiguous: p.contiguous}
		left := p.size
		for from, n := uint32(0), int64(0); ; {
			// Clusters in a row are read together, up to a block.
			var next uint32
			var err error
			if left == 0 {
				err = io.EOF
			} else if next, err = c.next(); err == nil && seen[next] {
				err = io.EOF
			}
			size := v.cluster
			if left >= 0 {
				size = min(size, left)
			}
			if err == nil && n > 0 && v.offset(from)+n == v.offset(next) && n+size <= blockBytes && !alone {
				n += size
			} else {
				if n > 0 && !flush(from, n) {
					return
				}
				if err == io.EOF && left > 0 && seen == nil {
					err = damaged("the folder ends %d bytes early", left)
				}
				if err != nil {
					if err != io.EOF {
						yield(slot{}, err)
					}
					return
				}
				from, n = next, size
			}
			if left >= 0 {
				left -= size
			}
		}
	}
}
