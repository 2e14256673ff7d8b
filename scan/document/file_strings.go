package document

import (
	"context"
	"errors"
	"io"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

const (
	shortestString = 4
	longestString  = 64 << 10 // a longer run is given in pieces
)

// StringList/string: the runs of at least four printable characters (0x20 to
// 0x7e, and tab), single-byte and UTF-16LE at either alignment.
func stringList(f *file, yield func(ioc.Value) bool) error {
	i := f.item
	err := i.read(0, nil, true)
	if errors.Is(err, match.ErrNoContent) {
		return nil
	}
	if err != nil {
		return err
	}
	if err = eachString(i.content.ctx, i.file, i.size, yield); err != nil && i.content.ctx.Err() == nil {
		i.tell(err)
	}
	return err
}

// eachString yields the strings of a content.
func eachString(ctx context.Context, r io.ReaderAt, size int64, yield func(ioc.Value) bool) error {
	s := newStringScan(func(run []byte) bool { return yield(ioc.TextValue(text(run))) })
	block := make([]byte, blockSize)
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.ReadAt(block[:min(int64(len(block)), size-off)], off)
		if !s.block(block[:n]) {
			return nil
		}
		off += int64(n)
		if err == io.EOF && off < size || err == nil && n == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
	s.end()
	return nil
}

// A stringScan cuts a content that comes in blocks into its strings.
type stringScan struct {
	yield  func([]byte) bool
	narrow run
	wide   [2]run // by the alignment of the first byte
	last   byte
	at     int // alignment of the next byte
	any    bool
}

type run struct {
	b     []byte
	again bool // the piece before this one was given
}

func newStringScan(yield func([]byte) bool) *stringScan { return &stringScan{yield: yield} }

func printable(c byte) bool { return 0x20 <= c && c <= 0x7e || c == '\t' }

// block takes the next piece; false says that no more is wanted.
func (s *stringScan) block(b []byte) bool {
	for _, c := range b {
		if printable(c) {
			if !s.add(&s.narrow, c) {
				return false
			}
		} else if !s.flush(&s.narrow) {
			return false
		}
		if s.any { // last and c make a character of the alignment that last has
			w := &s.wide[s.at^1]
			if c == 0 && printable(s.last) {
				if !s.add(w, s.last) {
					return false
				}
			} else if !s.flush(w) {
				return false
			}
		}
		s.last, s.any = c, true
		s.at ^= 1
	}
	return true
}

func (s *stringScan) add(r *run, c byte) bool {
	if len(r.b) == longestString {
		if !s.yield(r.b) {
			return false
		}
		r.b, r.again = r.b[:0], true
	}
	r.b = append(r.b, c)
	return true
}

func (s *stringScan) flush(r *run) bool {
	ok := true
	if len(r.b) >= shortestString || r.again && len(r.b) > 0 {
		ok = s.yield(r.b)
	}
	r.b, r.again = r.b[:0], false
	return ok
}

func (s *stringScan) end() bool {
	return s.flush(&s.narrow) && s.flush(&s.wide[0]) && s.flush(&s.wide[1])
}
