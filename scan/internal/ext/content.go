package ext

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"iocscan/scan/internal/fsys"
)

var errCleared = errors.New("deleting the file has cleared where its content is")

// Open opens a regular file. Its error is fsys.ErrEncrypted where fscrypt has
// encrypted the content.
func (f *FS) Open(id fsys.ID) (fsys.Content, error) {
	n, err := f.inode(id)
	if err != nil {
		return nil, err
	}
	if n.kind() != fsys.Regular {
		return nil, fmt.Errorf("inode %d: %w", id, fsys.ErrNotRegular)
	}
	if n.size == 0 && n.deleted() {
		return nil, fmt.Errorf("inode %d: %w", id, errCleared)
	}
	return f.content(n)
}

func (f *FS) content(n *inode) (fsys.Content, error) {
	switch {
	case f.encrypted(n):
		return nil, fmt.Errorf("inode %d: %w", n.id, fsys.ErrEncrypted)
	case n.flags&flagCompressed != 0 && f.super.incompat&incompatCompression != 0:
		return nil, fmt.Errorf("inode %d: compressed content: %w", n.id, fsys.ErrUnsupported)
	case n.flags&flagInline != 0:
		parts, err := n.inline()
		if err != nil {
			return nil, err
		}
		return inlined{parts, n.size}, nil
	}
	return &content{fs: f, inode: n}, nil
}

// A content reads blocks. It keeps the span that it read last, as reading mostly
// goes on where it was.
type content struct {
	fs    *FS
	inode *inode
	last  atomic.Pointer[span]
}

func (c *content) Size() int64 { return c.inode.size }

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := within(p, off, c.inode.size)
	if err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
		got, err := c.piece(p[n:], uint64(off)+uint64(n))
		n += got
		if err != nil {
			return n, fmt.Errorf("inode %d: content at %d: %w", c.inode.id, off+int64(n), err)
		}
	}
	return n, end
}

// within cuts a buffer to the end of a content; end is io.EOF where that is
// shorter.
func within(p []byte, off, size int64) (cut []byte, end, err error) {
	switch {
	case off < 0:
		return nil, nil, fmt.Errorf("offset %d", off)
	case len(p) == 0:
		return p, nil, nil
	case off >= size:
		return nil, nil, io.EOF
	case int64(len(p)) > size-off:
		return p[:size-off], io.EOF, nil
	}
	return p, nil, nil
}

// piece reads the rest of the run at an offset, or of the hole, as far as p goes.
func (c *content) piece(p []byte, off uint64) (int, error) {
	bits := c.fs.super.blockBits
	block := off >> bits
	s := c.last.Load()
	if s == nil || block < s.from || block >= s.to {
		var err error
		if s, err = c.fs.span(c.inode, block); err != nil {
			return 0, err
		}
		c.last.Store(s)
	}
	r, ok := s.find(block)
	if !ok {
		r.first = s.to
	}
	if block < r.first {
		p = p[:min(uint64(len(p)), r.first<<bits-off)]
		clear(p)
		return len(p), nil
	}
	if r.err != nil {
		return 0, r.err
	}
	p = p[:min(uint64(len(p)), (r.first+r.count)<<bits-off)]
	return c.fs.read(p, (r.at-r.first)<<bits+off)
}
