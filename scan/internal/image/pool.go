package image

import (
	"container/list"
	"fmt"
	"io/fs"
	"sync"
)

// A pool keeps few of many files open: an image may have thousands of
// segments. A file in use is never closed, so that more than max may be open
// for a moment.
type pool struct {
	mu     sync.Mutex
	max    int
	open   func(name string) (File, error)
	used   list.List // of *segment that are open, the last used first
	closed bool
}

// A segment is one file of a pool.
type segment struct {
	pool  *pool
	name  string
	size  int64
	file  File // nil: not open
	users int
	place *list.Element
}

// add opens a file for the first time and takes note of its size.
func (p *pool) add(name string) (*segment, error) {
	s := &segment{pool: p, name: name, size: -1}
	if _, err := s.acquire(); err != nil {
		return nil, err
	}
	s.release()
	return s, nil
}

func (s *segment) Size() int64 { return s.size }

func (s *segment) ReadAt(b []byte, off int64) (int, error) {
	f, err := s.acquire()
	if err != nil {
		return 0, err
	}
	defer s.release()
	return f.ReadAt(b, off)
}

func (s *segment) acquire() (File, error) {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("%s: %w", s.name, fs.ErrClosed)
	}
	if s.file == nil {
		f, err := p.open(s.name)
		if err != nil {
			return nil, err
		}
		if now := f.Size(); s.size >= 0 && now != s.size {
			f.Close()
			return nil, fmt.Errorf("%s: its size changed from %d to %d bytes while it was read", s.name, s.size, now)
		}
		s.file, s.size, s.place = f, f.Size(), p.used.PushFront(s)
	}
	p.used.MoveToFront(s.place)
	s.users++
	return s.file, nil
}

func (s *segment) release() {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	s.users--
	for e := p.used.Back(); e != nil && p.used.Len() > p.max; {
		before := e.Prev()
		if s := e.Value.(*segment); s.users == 0 {
			s.close()
		}
		e = before
	}
}

// close wants the pool's lock.
func (s *segment) close() error {
	err := s.file.Close()
	s.pool.used.Remove(s.place)
	s.file, s.place = nil, nil
	return err
}

// Close closes all files; nothing may be reading any more.
func (p *pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var first error
	for e := p.used.Front(); e != nil; e = p.used.Front() {
		if err := e.Value.(*segment).close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
