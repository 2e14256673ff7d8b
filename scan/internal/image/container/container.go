// Package container is what the readers of disk image containers have in
// common: a disk stored in blocks of one size, a cache, and what their errors
// are told apart by.
//
// No reader allocates by what a header claims: tables stay in the file and are
// read through a cache of fixed size.
package container

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// A Disk is a body of bytes of known size. ReadAt may be called concurrently.
type Disk interface {
	io.ReaderAt
	Size() int64
}

// A File is an open file that a container is read from.
type File interface {
	Disk
	io.Closer
}

var (
	// ErrUnsupported is wrapped with the name of what the reader has not got.
	ErrUnsupported = errors.New("not supported")
	// ErrDamaged is wrapped where the container contradicts itself.
	ErrDamaged = errors.New("damaged")
)

// Unsupported names a format or a part of one that no reader here has.
func Unsupported(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrUnsupported)
}

// Damaged says what is wrong with a container.
func Damaged(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrDamaged)
}

// ReadFull reads all of p; an end of the file before that is ErrUnexpectedEOF.
func ReadFull(r io.ReaderAt, p []byte, off int64) error {
	if off < 0 || off > math.MaxInt64-int64(len(p)) {
		return Damaged("offset %#x", uint64(off))
	}
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at %#x: %w", len(p), off, err)
}

// Blocks is a disk stored in blocks of one size. Read fills all of p from
// within one block, beginning at byte off of it; the last block may be asked
// for less than it has.
type Blocks struct {
	Bytes int64 // of the disk
	Block int64 // size of a block
	Read  func(p []byte, block, off int64) error
}

func (b *Blocks) Size() int64 { return b.Bytes }

func (b *Blocks) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := Clip(p, off, b.Bytes)
	if err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		within := at % b.Block
		part := p[n:]
		if rest := b.Block - within; int64(len(part)) > rest {
			part = part[:rest]
		}
		if err := b.Read(part, at/b.Block, within); err != nil {
			return n, fmt.Errorf("at %#x of the disk: %w", at, err)
		}
		n += len(part)
	}
	return n, end
}

// Clip cuts p to what a disk of that size has from off on; end is io.EOF where
// it had to.
func Clip(p []byte, off, size int64) (clipped []byte, end, err error) {
	if off < 0 {
		return nil, nil, fmt.Errorf("negative offset %d", off)
	}
	if off >= size {
		if len(p) == 0 {
			return p, nil, nil
		}
		return nil, nil, io.EOF
	}
	if rest := size - off; int64(len(p)) > rest {
		return p[:rest], io.EOF, nil
	}
	return p, nil, nil
}
