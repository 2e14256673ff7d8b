package document

import (
	"crypto/sha512"
	"errors"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// streamMost bounds what one object may make the scanner list.
const streamMost = 1 << 16

var errStreams = errors.New("has more data streams than can be listed")

// streamState is what is known of the alternate data streams of the row in
// work. Their contents are small or nobody's; so they are read when the first
// of their hashes is asked for, each once.
type streamState struct {
	asked   bool
	list    []source.Stream
	err     error
	hashed  bool
	sums    []streamSums
	hashErr error
	want    digestSet // that some IOC asks for
	content reading
}

type streamSums [digests][]byte

// alternate lists the object's streams. Only NTFS has any, folders too.
func (f *file) alternate() ([]source.Stream, error) {
	s := &f.item.streams
	switch {
	case f.why != nil:
		return nil, f.why
	case f.in.vol.streamer == nil && f.windows():
		return nil, errNotCarried
	case f.in.vol.streamer == nil, !f.hasContent() && !f.isFolder():
		return nil, nil
	}
	if !s.asked {
		s.asked, s.hashed = true, false
		s.list, s.err = f.in.vol.streamer.Streams(f.path())
		if s.err == nil && len(s.list) > streamMost {
			s.list, s.err = nil, errStreams
		}
		if s.err != nil {
			f.item.tell(s.err)
		}
	}
	return s.list, s.err
}

func streamField(value func(*source.Stream) ioc.Value) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		list, err := f.alternate()
		for n := range list {
			if !yield(value(&list[n]).At(n)) {
				break
			}
		}
		return err
	}
}

func streamDigest(d digest) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		list, err := f.alternate()
		if err != nil || len(list) == 0 {
			return err
		}
		s := &f.item.streams
		if !s.hashed {
			f.hashStreams(s.want | setOf(d))
		}
		for n, sum := range s.sums {
			if sum[d] != nil && !yield(ioc.DigestValue(string(sum[d])).At(n)) {
				break
			}
		}
		return s.hashErr
	}
}

func (f *file) hashStreams(want digestSet) {
	s := &f.item.streams
	s.hashed, s.hashErr = true, nil
	s.sums = make([]streamSums, len(s.list))
	for n := range s.list {
		if err := f.hashStream(s, n, want); err != nil {
			s.hashErr = err
			f.item.tell(err)
		}
	}
}

func (f *file) hashStream(s *streamState, n int, want digestSet) error {
	if s.content.max > 0 && s.list[n].Size > s.content.max {
		return errTooLarge
	}
	file, err := f.in.vol.streamer.OpenStream(f.path(), s.list[n].Name)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := s.content.read(file, want, nil); err != nil {
		return err
	}
	for d := range digests {
		if want.has(d) {
			s.sums[n][d] = append(make([]byte, 0, sha512.Size), s.content.raw(d)...)
		}
	}
	return nil
}
