// Package inflate reads compressed data (DEFLATE, RFC 1951, and gzip, RFC 1952)
// at any place, as files inside archives have to be read that are not unpacked.
//
// Package compress/flate reads from the beginning only and cannot tell where it
// stands, and no library that can is to be had; so the decoder is our own. The
// Stream is what others use: it remembers points from which decoding can go on,
// keeps decoders that may be asked for what follows, and shares a Cache of
// decoded blocks with other streams. What it needs in memory does not depend on
// the size of the content.
package inflate

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

const (
	blockSize = 256 << 10 // of content that is decoded and cached at once
	decoders  = 4         // kept of one stream
	spacing   = 1 << 20   // bytes of content between two points, at first
	unknown   = 1<<63 - 1
)

// errTooLong: content beyond the size it was said to have.
var errTooLong = errors.New("the content is longer than it was said to be")

// A Stream is the content of compressed data. ReadAt may be called concurrently.
type Stream struct {
	src   io.ReaderAt
	cache *Cache
	gzip  bool
	size  int64  // of the content; unknown for gzip
	crc   uint32 // of the content; gzip has its own
	limit int    // points

	mu      sync.Mutex
	points  []point // ascending
	spacing int64
	idle    []*decoder // the one used last is the last
}

// New is the content of DEFLATE data in src. It has to have this size and this
// CRC-32, or reading its end fails.
func New(src io.ReaderAt, size int64, crc uint32, cache *Cache) *Stream {
	return &Stream{src: src, cache: cache, size: size, crc: crc, limit: 128, spacing: spacing, points: []point{{state: state{mode: atBlock}}}}
}

// NewGzip is the content of a gzip file, all members of it.
func NewGzip(src io.ReaderAt, cache *Cache) *Stream {
	return &Stream{src: src, cache: cache, gzip: true, size: unknown, limit: 1024, spacing: spacing, points: []point{{state: state{mode: atMember}}}}
}

// ReadAt implements io.ReaderAt. An error other than io.EOF concerns the
// content from there on, or, at the end, all of it: its checksum does not fit.
func (s *Stream) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at %d", off)
	}
	n := 0
	for n < len(p) {
		if off+int64(n) >= s.size {
			return n, io.EOF
		}
		number := (off + int64(n)) / blockSize
		b := s.cache.block(s, number)
		from := off + int64(n) - number*blockSize
		if from < int64(len(b.data)) {
			n += copy(p[n:], b.data[from:])
		}
		if b.err != nil && (n < len(p) || off+int64(n) == number*blockSize+int64(len(b.data))) {
			if b.err == io.EOF && n == len(p) {
				return n, nil
			}
			return n, b.err
		}
	}
	return n, nil
}

// decode decodes a block. It is shorter than blockSize only with an error,
// which is io.EOF at the end, or at the end of content of a known size.
func (s *Stream) decode(number int64) ([]byte, error) {
	start := number * blockSize
	d, err := s.take(start)
	if err != nil {
		return nil, err
	}
	size := min(blockSize, s.size-start)
	data, err := s.read(d, start, int(size))
	if err == nil && start+size == s.size {
		if err = s.end(d); err == nil {
			err = io.EOF
		}
	}
	if err == io.EOF && s.size != unknown && start+int64(len(data)) < s.size {
		err = io.ErrUnexpectedEOF
	}
	if d.err == nil {
		s.give(d)
	}
	return data, err
}

// read hands out content of the decoder, which stands before it.
func (s *Stream) read(d *decoder, start int64, size int) ([]byte, error) {
	var data []byte
	for at := d.out - int64(d.w-d.r); len(data) < size; {
		if d.r == d.w {
			s.mark(d)
			if err := d.fill(); err != nil {
				return data, err
			}
		}
		fresh := d.buf[d.r:d.w]
		if at < start {
			n := min(start-at, int64(len(fresh)))
			d.r += int(n)
			at += n
			continue
		}
		if data == nil {
			data = make([]byte, 0, size)
		}
		n := min(size-len(data), len(fresh))
		data = append(data, fresh[:n]...)
		d.r += n
		at += int64(n)
	}
	return data, nil
}

// end sees that a decoder that has handed out all content has come to the end.
func (s *Stream) end(d *decoder) error {
	if d.r < d.w {
		return errTooLong
	}
	switch err := d.fill(); {
	case err == nil:
		return errTooLong
	case err != io.EOF:
		return err
	case !s.gzip && d.crc != s.crc:
		return errChecksum
	}
	return nil
}

// take is a decoder that stands before some content: the nearest of those kept
// and of the points.
func (s *Stream) take(start int64) (*decoder, error) {
	s.mu.Lock()
	best := -1
	var at int64
	for i, d := range s.idle {
		if here := d.out - int64(d.w-d.r); here <= start && (best < 0 || here > at) {
			best, at = i, here
		}
	}
	i, found := slices.BinarySearchFunc(s.points, start, func(p point, to int64) int {
		switch {
		case p.out < to:
			return -1
		case p.out > to:
			return 1
		}
		return 0
	})
	if !found {
		i--
	}
	if best >= 0 && at >= s.points[i].out {
		d := s.idle[best]
		s.idle = slices.Delete(s.idle, best, best+1)
		s.mu.Unlock()
		return d, nil
	}
	p := s.points[i]
	s.mu.Unlock()
	return newDecoder(s.src, &p, s.gzip)
}

// give keeps a decoder for what follows.
func (s *Stream) give(d *decoder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == decoders {
		s.idle = slices.Delete(s.idle, 0, 1)
	}
	s.idle = append(s.idle, d)
}

// mark remembers the point where a decoder stands that has gone far beyond the
// last one. Where there are too many, every other is forgotten.
func (s *Stream) mark(d *decoder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.out < s.points[len(s.points)-1].out+s.spacing {
		return
	}
	if len(s.points) == s.limit {
		kept := s.points[:0]
		for i := 0; i < len(s.points); i += 2 {
			kept = append(kept, s.points[i])
		}
		clear(s.points[len(kept):])
		s.points = kept
		s.spacing *= 2
	}
	s.points = append(s.points, d.point())
}
