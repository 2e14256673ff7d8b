package ioc

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Bounds on a zip file. The sizes that its directory claims are checked before
// anything is unpacked and hold while unpacking.
const (
	maxArchive      = 64 << 20  // bytes of the zip file
	maxDirectory    = 16 << 20  // bytes of its directory
	maxArchiveTotal = 256 << 20 // bytes of all members read
	maxMembers      = 100_000
	maxRatio        = 200     // unpacked to packed size …
	ratioFrom       = 1 << 16 // … of members larger than this
	maxMemberName   = 1024
)

// An archive is a zip file of IOCs.
type archive struct {
	path string
	open func() (io.ReaderAt, int64, io.Closer, error)
}

func openArchive(path string) (io.ReaderAt, int64, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		f.Close()
		return nil, 0, nil, err
	}
	return f, info.Size(), f, nil
}

// load reads the members with the extensions .ioc and .xml. Other members are
// passed over as other files in a folder are.
func (a archive) load(opt Options) []parsed {
	r, size, closer, err := a.open()
	if err != nil {
		return a.refused(unreadable(err))
	}
	defer closer.Close()
	if size > maxArchive {
		return a.refused(rejected(Pos{}, "archive-limit", "unpack it", "the zip file has %d bytes or more, the limit is %d", size, maxArchive))
	}
	// The reader lists the whole directory, however long, before one can ask.
	bounded := &boundedReaderAt{r: r, left: maxDirectory}
	z, err := zip.NewReader(bounded, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are only shown
		if bounded.left < 0 {
			return a.refused(rejected(Pos{}, "archive-limit", "unpack it", "the directory of the zip file is longer than %d bytes", maxDirectory))
		}
		return a.refused(rejected(Pos{}, "archive-unreadable", "", "the zip file cannot be read: %s", clip(err.Error(), 200)))
	}
	bounded.left = -1
	bounded.free = true

	var sources []source
	total := uint64(0)
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "__MACOSX/") || !wanted(f.Name) { // Finder's own notes on each file
			continue
		}
		if len(sources) == maxMembers {
			sources = append(sources, source{path: a.path, refused: rejected(Pos{}, "archive-limit", "unpack it", "more than %d members; the rest was not read", maxMembers)})
			break
		}
		s := a.member(f, opt.MaxSize)
		if s.refused == nil {
			if total += f.UncompressedSize64; total > maxArchiveTotal {
				sources = append(sources, source{path: a.path, refused: rejected(Pos{}, "archive-limit", "unpack it", "the members have more than %d bytes together; from %s on they were not read", maxArchiveTotal, quote(f.Name))})
				break
			}
		}
		sources = append(sources, s)
	}
	if len(sources) == 0 {
		return a.refused(rejected(Pos{}, "archive-unreadable", "", "no .ioc or .xml file in this zip file"))
	}
	return parseAll(sources)
}

func (a archive) refused(r *rejection) []parsed {
	return parseAll([]source{{path: a.path, refused: r}})
}

// member decides on a member by what the directory says of it.
func (a archive) member(f *zip.File, limit int64) source {
	s := source{path: a.path + "/" + clip(f.Name, maxMemberName)}
	switch {
	case len(f.Name) > maxMemberName:
		s.refused = rejected(Pos{}, "archive-limit", "", "a name of %d bytes", len(f.Name))
	case hasExtension(f.Name, ".zip"):
		s.refused = rejected(Pos{}, "archive-unreadable", "unpack it", "a zip file inside a zip file is not opened")
	case !f.Mode().IsRegular():
		s.refused = rejected(Pos{}, "archive-unreadable", "", "not a regular file")
	case f.Flags&1 != 0:
		s.refused = rejected(Pos{}, "archive-encrypted", "unpack the zip file with its password", "the member is encrypted")
	case f.UncompressedSize64 > uint64(limit):
		s.refused = rejected(Pos{}, "limit", "raise the size limit if the file is meant", "%d bytes, the limit is %d", f.UncompressedSize64, limit)
	case f.UncompressedSize64 > ratioFrom && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		s.refused = rejected(Pos{}, "archive-limit", "unpack it", "packed more than %d times", maxRatio)
	default:
		s.read = func(space []byte) ([]byte, *rejection) { return readMember(f, limit, space) }
	}
	return s
}

func readMember(f *zip.File, limit int64, space []byte) ([]byte, *rejection) {
	r, err := f.Open()
	if err != nil {
		return nil, rejected(Pos{}, "archive-unreadable", "", "the member cannot be unpacked: %s", clip(err.Error(), 200))
	}
	defer r.Close()
	// One byte more than announced is enough to see that the directory lies.
	size := int64(f.UncompressedSize64)
	data, rej := readAll(io.LimitReader(r, size+1), size, limit, space)
	if rej == nil && int64(len(data)) != size {
		rej = rejected(Pos{}, "archive-unreadable", "", "the member has not the %d bytes that the directory says", size)
	}
	if rej != nil && rej.Rule == "unreadable" {
		rej.Rule = "archive-unreadable"
	}
	return data, rej
}

// isZip knows a zip file, also an empty one, by its first bytes.
func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// A boundedReaderAt fails after so many bytes, until it is set free.
type boundedReaderAt struct {
	r    io.ReaderAt
	left int64
	free bool
}

func (b *boundedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if !b.free {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, fmt.Errorf("more than %d bytes of directory", maxDirectory)
		}
	}
	return b.r.ReadAt(p, off)
}
