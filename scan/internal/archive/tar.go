package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

// openTar lists a tar file from its beginning to its end. What follows a
// damaged header is not known.
func openTar(format string, r io.ReaderAt) (*Archive, error) {
	a := &Archive{Format: format}
	in := &place{r: r}
	list := tar.NewReader(in)
	names, base, skip := 0, int64(0), 0
	for {
		h, err := list.Next()
		if err == io.EOF {
			if in.ended {
				a.Damage = errNoMark
			}
			break
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			if len(a.Entries) == 0 {
				return nil, fmt.Errorf("%s file: %w", format, tarError(err))
			}
			a.Damage = fmt.Errorf("%s file after entry %d: %w", format, len(a.Entries), tarError(err))
			break
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		names += len(h.Name) + len(h.Linkname)
		if a.Damage = a.tooMany(names); a.Damage != nil {
			break
		}
		e := tarEntry(h)
		if plain := e.Kind == fsys.Regular && e.Of == ""; plain && !isSparse(h) {
			at, size := in.at, e.Size
			e.open = func() (fsys.Content, error) { return newContent(r, at, size), nil }
			base, skip = at+(size+511)/512*512, 0
		} else {
			if plain {
				e.open = sparse{r, base, skip, e.Size}.open
			}
			skip++
		}
		a.Entries = append(a.Entries, e)
	}
	return a, nil
}

func tarError(err error) error {
	switch {
	case errors.Is(err, tar.ErrHeader):
		return errors.New("a damaged header")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the file ends too early")
	}
	return err
}

// maxSparse bounds files with holes, which may cost nothing to store and have to
// be read all the same.
const maxSparse = 1 << 40

// place reads on from where it is, and passes over content without reading it.
type place struct {
	r     io.ReaderAt
	at    int64
	ended bool // there was nothing more to read
}

// errNoMark: a tar file ends with blocks of zeros, and one without may have been
// cut between two entries.
var errNoMark = errors.New("the file ends without the mark of its end, so that entries may be missing")

func (p *place) Read(b []byte) (int, error) {
	n, err := p.r.ReadAt(b, p.at)
	p.at += int64(n)
	p.ended = p.ended || n == 0 && err == io.EOF
	return n, err
}

// Seek implements io.Seeker as far as package tar asks for it.
func (p *place) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset < 0 || offset > math.MaxInt64-p.at {
		return p.at, errors.New("seek elsewhere than ahead")
	}
	p.at += offset
	return p.at, nil
}

func tarEntry(h *tar.Header) Entry {
	e := Entry{Name: h.Name, Info: fsys.Info{
		Size: h.Size, Modified: tarTime(h.ModTime), Accessed: tarTime(h.AccessTime), Changed: tarTime(h.ChangeTime),
		Mode: uint32(h.Mode) & 0o7777, UID: int64(h.Uid), GID: int64(h.Gid),
	}}
	switch h.Typeflag {
	case tar.TypeReg, '\x00', tar.TypeCont, tar.TypeGNUSparse:
	case tar.TypeLink:
		e.Of = h.Linkname
	case tar.TypeSymlink:
		e.Kind, e.Target = fsys.Link, h.Linkname
	case tar.TypeDir:
		e.Kind = fsys.Dir
	case tar.TypeFifo:
		e.Kind = fsys.FIFO
	case tar.TypeChar, tar.TypeBlock:
		e.Kind = fsys.Device
	default:
		e.Kind = fsys.Other
	}
	if e.Kind == fsys.Regular && strings.HasSuffix(e.Name, "/") {
		e.Kind = fsys.Dir // as before there was a type for folders
	}
	if e.Kind != fsys.Regular {
		e.Size = 0
	}
	// libarchive, which is the tar of macOS and Windows, has the time of birth
	// in a record of its own.
	if born, ok := h.PAXRecords["LIBARCHIVE.creationtime"]; ok {
		var seconds int64
		if _, err := fmt.Sscanf(born, "%d", &seconds); err == nil && seconds > 0 && seconds < 1<<36 {
			e.Created = unixTicks(seconds)
		}
	}
	return e
}

// tarTime: the library has the zero time, or the first second of 1970, where
// there is none.
func tarTime(t time.Time) int64 {
	if t.IsZero() || t.Unix() == 0 && t.Nanosecond() == 0 {
		return 0
	}
	return ioc.Ticks(t)
}

// isSparse tells the forms in which GNU tar stores files with holes.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// sparse is a file with holes. The library alone knows where they are, and it
// reads from the beginning only: it is given the archive from a place on where
// an entry begins that so many entries precede.
type sparse struct {
	r    io.ReaderAt
	base int64
	skip int
	size int64
}

func (s sparse) open() (fsys.Content, error) {
	if s.size > maxSparse {
		return nil, fmt.Errorf("a file with holes of %d bytes", s.size)
	}
	return content{io.NewSectionReader(&sparseReader{sparse: s}, 0, s.size)}, nil
}
