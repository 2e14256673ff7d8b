package source

import (
	"fmt"
	"io"
	"sync"

	"iocscan/scan/internal/ntfs"
)

// A rawVolume reads files past the system that has the volume in use, and that
// keeps some of them for itself: hives, logs and databases that are open. What
// the system has not yet written to the disk is not in them.
type rawVolume struct {
	// open opens the device of the volume. It takes rights that most have not;
	// that they are missing is found out once.
	open func() (rawDevice, error)

	once   sync.Once
	device rawDevice
	tree   *imageTree
	err    error
}

// A rawDevice is a volume as the disk has it.
type rawDevice interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Noter is offered by files that were not read in the usual way.
type Noter interface {
	// Note says in words how; empty: in the usual way.
	Note() string
}

const rawNote = "read from the disk itself, since the system has the file in use; what it has not yet written is not in it"

type rawFile struct{ File }

func (rawFile) Note() string { return rawNote }

// Open opens a file by its path on the volume, as the file system spells it.
func (r *rawVolume) Open(name string) (File, error) {
	r.once.Do(r.begin)
	if r.err != nil {
		return nil, r.err
	}
	f, err := r.tree.Open(name)
	if err != nil {
		return nil, err
	}
	return rawFile{f}, nil
}

func (r *rawVolume) begin() {
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("fault of the scanner: panic: %v", p)
		}
	}()
	if r.device, r.err = r.open(); r.err != nil {
		r.device = nil
		return
	}
	volume, err := ntfs.Open(r.device, r.device.Size())
	if err != nil {
		r.err = fmt.Errorf("read the volume: %w", err)
		return
	}
	r.tree = newImageTree(volume)
}

func (r *rawVolume) Close() error {
	r.once.Do(func() { r.err = io.ErrClosedPipe })
	if r.device == nil {
		return nil
	}
	return r.device.Close()
}

// opened opens a file in the usual way, or where the system refuses that for
// one of the reasons that a volume by itself does not know, past it. An error
// tells why neither was possible.
func (r *rawVolume) opened(name string, usual error, held func(error) bool) (File, error) {
	if r == nil || !held(usual) {
		return nil, usual
	}
	f, err := r.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w; nor from the disk itself: %w", usual, err)
	}
	return f, nil
}

// An alignedReader reads a device that is read only in whole sectors.
type alignedReader struct {
	io.ReaderAt
	sector int64 // a power of two
	size   int64
}

const mostAligned = 1 << 20 // bytes of one reading

func (a *alignedReader) ReadAt(p []byte, off int64) (done int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("offset %d", off)
	}
	var buf []byte
	for done < len(p) {
		at := off + int64(done)
		if at >= a.size {
			return done, io.EOF
		}
		want := min(int64(len(p)-done), a.size-at, mostAligned)
		from := at &^ (a.sector - 1)
		n := (at + want - from + a.sector - 1) &^ (a.sector - 1)
		if int64(cap(buf)) < n {
			buf = make([]byte, n)
		}
		got, err := a.ReaderAt.ReadAt(buf[:n], from)
		have := max(int64(got)-(at-from), 0)
		done += copy(p[done:], buf[at-from:][:min(have, want)])
		if have < want {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return done, err
		}
	}
	return done, nil
}

func (a *alignedReader) Size() int64 { return a.size }
