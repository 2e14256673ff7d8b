package pe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNotPE answers Open on anything else, programs for DOS, Windows 3 and
	// OS/2 included.
	ErrNotPE = errors.New("not a PE file")
	// ErrDamaged is the cause where the file contradicts itself or ends early.
	ErrDamaged = errors.New("damaged")
	// ErrTooMuch is the cause where more is listed than an honest file has.
	ErrTooMuch = errors.New("more than can be listed")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

var le = binary.LittleEndian

const (
	pageSize  = 4096
	mostPages = 256
)

// pages keeps a bounded part of the file in memory, since tables refer to many
// small things that lie close together.
type pages struct {
	r     io.ReaderAt
	size  int64
	cache map[int64][]byte
	free  [][]byte // used again
}

// readAt fills p from the file.
func (c *pages) readAt(p []byte, off int64) error {
	if off < 0 || off > c.size || int64(len(p)) > c.size-off {
		return damaged("the file ends at %d, before %d", c.size, off+int64(len(p)))
	}
	for len(p) > 0 {
		page, err := c.page(off / pageSize)
		if err != nil {
			return err
		}
		part := page[min(off%pageSize, int64(len(page))):]
		n := copy(p, part)
		if n == 0 {
			return damaged("the file ends at %d", off)
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func (c *pages) page(n int64) ([]byte, error) {
	if b, ok := c.cache[n]; ok {
		return b, nil
	}
	if len(c.cache) >= mostPages {
		for _, b := range c.cache {
			c.free = append(c.free, b[:cap(b)])
		}
		clear(c.cache)
	}
	var b []byte
	if last := len(c.free) - 1; last >= 0 {
		b, c.free = c.free[last], c.free[:last]
	} else {
		b = make([]byte, pageSize)
	}
	b = b[:min(pageSize, c.size-n*pageSize)]
	got, err := c.r.ReadAt(b, n*pageSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	c.cache[n] = b[:got]
	return b[:got], nil
}

// A span is a part of the mapped image: size bytes at address at, of which the
// first raw come from the file.
type span struct {
	at, size uint64
	off, raw int64
}

// readVA fills p from the image. Only the beginning must be mapped by one
// section; what is read may run into the next.
func (f *File) readVA(p []byte, va uint64) error {
	for len(p) > 0 {
		s, err := f.spanOf(va)
		if err != nil {
			return err
		}
		in := va - s.at
		n := min(uint64(len(p)), s.size-in)
		if in < uint64(s.raw) {
			n = min(n, uint64(s.raw)-in)
			if err := f.file.readAt(p[:n], s.off+int64(in)); err != nil {
				return err
			}
		} else {
			clear(p[:n])
		}
		p, va = p[n:], va+n
	}
	return nil
}

// mostSteps bounds the search in files of very many sections.
const mostSteps = 1 << 27

func (f *File) spanOf(va uint64) (*span, error) {
	for i := range f.spans {
		if s := &f.spans[i]; va >= s.at && va-s.at < s.size {
			f.steps += i
			return s, nil
		}
		if f.steps+i > mostSteps {
			return nil, fmt.Errorf("search in %d sections: %w", len(f.Sections), ErrTooMuch)
		}
	}
	f.steps += len(f.spans)
	return nil, damaged("nothing is at address 0x%x", va)
}

func (f *File) u16(va uint64) (uint16, error) {
	var b [2]byte
	err := f.readVA(b[:], va)
	return le.Uint16(b[:]), err
}

func (f *File) u32(va uint64) (uint32, error) {
	var b [4]byte
	err := f.readVA(b[:], va)
	return le.Uint32(b[:]), err
}

// A result is the answer of a method that is asked more than once.
type result[T any] struct {
	done  bool
	value T
	err   error
}

func (r *result[T]) get(read func() (T, error)) (T, error) {
	if !r.done {
		r.done = true
		func() {
			defer guard(&r.err)
			r.value, r.err = read()
		}()
	}
	return r.value, r.err
}

// A budget bounds what one listing may take.
type budget struct{ things, bytes int }

func newBudget() *budget { return &budget{mostThings, mostText} }

const (
	mostThings = 1 << 17  // entries of one listing; the largest known has some 20,000
	mostText   = 16 << 20 // bytes of names in one listing
	mostName   = 4096     // bytes of one name, which is what linkers allow
)

func (b *budget) thing() error {
	if b.things--; b.things < 0 {
		return ErrTooMuch
	}
	return nil
}

// text reads a name that ends in a zero byte.
func (f *File) text(va uint64, b *budget) (string, error) {
	var name []byte
	for len(name) <= mostName {
		s, err := f.spanOf(va)
		if err != nil {
			return "", err
		}
		var part [32]byte
		in := va - s.at
		n := min(uint64(len(part)), s.size-in)
		if left := f.file.size - s.off - int64(in); in < uint64(s.raw) && left > 0 {
			n = min(n, uint64(left)) // the name may end where the file does
		}
		if err := f.readVA(part[:n], va); err != nil {
			return "", err
		}
		for _, c := range part[:n] {
			if c == 0 {
				if b.bytes -= len(name) + 16; b.bytes < 0 {
					return "", ErrTooMuch
				}
				return string(name), nil
			}
			name = append(name, c)
		}
		va += n
	}
	return "", damaged("a name at address 0x%x has no end", va)
}
