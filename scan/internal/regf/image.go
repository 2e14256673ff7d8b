package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	pageBits = 16
	pageSize = 1 << pageBits
	pageMask = pageSize - 1
	maxPages = 512 // resident at a time: 32 MiB
)

// A patch is a run of bytes that a transaction log puts over the hive.
type patch struct {
	off int64 // in the page
	len int64
	src io.ReaderAt
	pos int64 // in src
}

// A page is 64 KiB of bins with the patches applied. It is never changed or
// reused, so slices of it stay valid when it is dropped from memory.
type page struct {
	data []byte
	bad  uint16 // blocks that could not be read, by bit
	err  error  // why
	used bool
}

// image is the bins of a hive as one range of bytes, offset 0 being the first
// bin.
type image struct {
	src     io.ReaderAt
	file    int64 // bytes of bins the file has
	size    int64 // the same, or more where logs add bins
	patches map[int64][]patch

	pages    []*page
	resident []int64 // page numbers in memory, a clock
	hand     int
	zero     *page // stands for pages neither file nor logs hold
}

// setSize sets how many bytes there are.
func (m *image) setSize(n int64) {
	m.size = n
	m.pages = make([]*page, (n+pageSize-1)>>pageBits)
}

// patch lays n bytes of src over the bins at off.
func (m *image) patch(off, n int64, src io.ReaderAt, pos int64) {
	if m.patches == nil {
		m.patches = make(map[int64][]patch)
	}
	for n > 0 {
		in := off & pageMask
		k := min(n, pageSize-in)
		m.patches[off>>pageBits] = append(m.patches[off>>pageBits], patch{in, k, src, pos})
		off, pos, n = off+k, pos+k, n-k
	}
}

func (m *image) page(i int64) *page {
	if p := m.pages[i]; p != nil {
		p.used = true
		return p
	}
	return m.load(i)
}

func (m *image) load(i int64) *page {
	start := i << pageBits
	patches := m.patches[i]
	have := min(max(m.file-start, 0), pageSize)
	if have == 0 && patches == nil {
		if m.zero == nil {
			m.zero = &page{data: make([]byte, pageSize)}
		}
		m.pages[i] = m.zero
		return m.zero
	}
	p := &page{data: make([]byte, min(m.size-start, pageSize)), used: true}
	if have = min(have, int64(len(p.data))); have > 0 {
		if n, err := m.src.ReadAt(p.data[:have], baseSize+start); int64(n) < have {
			m.reread(p, start, have, err)
		}
	}
	for _, x := range patches {
		if n, err := x.src.ReadAt(p.data[x.off:x.off+x.len], x.pos); int64(n) < x.len {
			p.spoil(x.off+int64(n), x.len-int64(n), fmt.Errorf("read of the transaction log: %w", cause(err)))
		}
	}
	m.pages[i] = p
	m.keep(i)
	return p
}

// reread reads block by block what could not be read at once, so that a bad
// sector costs 4 KiB, not 64.
func (m *image) reread(p *page, start, have int64, err error) {
	for off := int64(0); off < have; off += blockSize {
		part := p.data[off:min(off+blockSize, have)]
		n, e := m.src.ReadAt(part, baseSize+start+off)
		if n < len(part) {
			clear(part[n:])
			if e == nil {
				e = err
			}
			p.spoil(off, int64(len(part)), fmt.Errorf("read: %w", cause(e)))
		}
	}
}

func cause(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (p *page) spoil(off, n int64, err error) {
	p.err = err
	for b := off / blockSize; b <= (off+n-1)/blockSize; b++ {
		p.bad |= 1 << b
	}
}

// keep counts page i as resident and drops one that was not used lately.
func (m *image) keep(i int64) {
	if len(m.resident) < maxPages {
		m.resident = append(m.resident, i)
		return
	}
	for {
		old := m.resident[m.hand]
		if p := m.pages[old]; p.used {
			p.used = false
			m.hand = (m.hand + 1) % maxPages
			continue
		}
		m.pages[old] = nil
		m.resident[m.hand] = i
		m.hand = (m.hand + 1) % maxPages
		return
	}
}

// unreadable is the error of the blocks [off, off+n) of the page, if any.
func (p *page) unreadable(off, n int64) error {
	for b := off / blockSize; n > 0 && b <= (off+n-1)/blockSize; b++ {
		if p.bad>>b&1 != 0 {
			return p.err
		}
	}
	return nil
}

// bytes is the range [off, off+n), which must lie inside the image. It is a
// part of a page where one holds it all, else a copy.
func (m *image) bytes(off, n int64) ([]byte, error) {
	p, in := m.page(off>>pageBits), off&pageMask
	if in+n <= int64(len(p.data)) {
		if p.bad != 0 {
			if err := p.unreadable(in, n); err != nil {
				return nil, err
			}
		}
		return p.data[in : in+n : in+n], nil
	}
	out := make([]byte, 0, n)
	for n > 0 {
		p, in := m.page(off>>pageBits), off&pageMask
		k := min(n, int64(len(p.data))-in)
		if err := p.unreadable(in, k); err != nil {
			return nil, err
		}
		out = append(out, p.data[in:in+k]...)
		off, n = off+k, n-k
	}
	return out, nil
}

func (m *image) uint32(off int64) (uint32, error) {
	b, err := m.bytes(off, 4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}
