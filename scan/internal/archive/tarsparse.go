package archive

import (
	"archive/tar"
	"errors"
	"io"
	"sync"
)

// A sparseReader reads a file with holes at any place: what lies behind the
// last reading by reading on, anything else from the beginning again.
type sparseReader struct {
	sparse
	mu   sync.Mutex
	from *tar.Reader // nil: nothing was read yet
	at   int64
	buf  []byte
}

func (s *sparseReader) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.from == nil || off < s.at {
		if err := s.start(); err != nil {
			return 0, err
		}
	}
	for s.at < off {
		if s.buf == nil {
			s.buf = make([]byte, 64<<10)
		}
		n, err := s.from.Read(s.buf[:min(int64(len(s.buf)), off-s.at)])
		s.at += int64(n)
		if err != nil && (err != io.EOF || s.at < off) {
			s.from = nil
			return 0, err
		}
	}
	n, err := io.ReadFull(s.from, p)
	s.at += int64(n)
	if err == io.ErrUnexpectedEOF && s.at == s.size {
		err = io.EOF
	}
	if err != nil && err != io.EOF {
		s.from = nil
	}
	return n, err
}

func (s *sparseReader) start() error {
	r := tar.NewReader(&place{r: s.r, at: s.base})
	for left := s.skip; left >= 0; left-- {
		h, err := r.Next()
		for err == nil && h.Typeflag == tar.TypeXGlobalHeader {
			h, err = r.Next()
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			s.from = nil
			return err
		}
	}
	s.from, s.at = r, 0
	return nil
}
