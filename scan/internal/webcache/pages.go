package webcache

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	pageSize = 32 << 10
	// mostPages bounds how deep the library descends: it follows the chain of
	// pages by calling itself.
	mostPages = 1 << 17
	// A page is asked for in small pieces, by a table some times: 5 KiB and 330
	// reads a page are usual. A damaged database may have the same page read
	// without end.
	mostReads = 64 * pageSize
	kept      = 64 // pages
)

// pages is the file as the library reads it: bounded, with the last pages in
// memory. Faults end the library's work by a panic, as it does not look at errors
// of reading; guard catches it.
type pages struct {
	ctx   context.Context
	r     io.ReaderAt
	size  int64
	left  int64 // reads that are granted
	cache [kept]struct {
		number int64
		page   []byte
	}
	called bool // what is running is not the library
}

// fault is a panic of pages.
type fault struct{ error }

func newPages(ctx context.Context, r io.ReaderAt, size int64) *pages {
	p := &pages{ctx: ctx, r: r, size: size, left: mostReads + size/pageSize*mostReads/16}
	for i := range p.cache {
		p.cache[i].number = -1
	}
	return p
}

func (p *pages) ReadAt(b []byte, at int64) (int, error) {
	if p.left--; p.left < 0 {
		panic(fault{errors.New("its pages lead to one another without end")})
	}
	if at < 0 || at >= p.size {
		panic(fault{fmt.Errorf("something is said to be at %d, beyond the end", at)})
	}
	n := 0
	for n < len(b) && at < p.size {
		m := copy(b[n:], p.page(at / pageSize)[at%pageSize:])
		n, at = n+m, at+int64(m)
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// page is a page by its place in the file. The first two are heads; each other
// one says its own number, which is less by one.
func (p *pages) page(number int64) []byte {
	slot := &p.cache[number%kept]
	if slot.number == number {
		return slot.page
	}
	if err := p.ctx.Err(); err != nil {
		panic(fault{context.Cause(p.ctx)})
	}
	if slot.page == nil {
		slot.page = make([]byte, pageSize)
	}
	slot.number = -1
	if n, err := p.r.ReadAt(slot.page, number*pageSize); n < pageSize {
		if err == nil || err == io.EOF {
			err = errors.New("the file is cut short")
		}
		panic(fault{fmt.Errorf("page %d: %w", number-1, err)})
	}
	const numberAt = 64
	if number >= 2 && int64(le.Uint64(slot.page[numberAt:])) != number-1 {
		panic(fault{fmt.Errorf("page %d is damaged or was never written", number-1)})
	}
	slot.number = number
	return slot.page
}

// guard runs the library and makes errors of its panics.
func (p *pages) guard(run func() error) (err error) {
	defer func() {
		if p.called {
			return // a panic of our own program goes on
		}
		switch v := recover().(type) {
		case nil:
		case fault:
			err = v.error
		default:
			err = fmt.Errorf("damaged: %v", v)
		}
	}()
	return run()
}

// outside runs what is called by the library and is not of it.
func (p *pages) outside(run func()) {
	p.called = true
	run()
	p.called = false
}
