package archive

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"iocscan/ioc"
	"iocscan/scan/internal/archive/inflate"
	"iocscan/scan/internal/fsys"
)

// maxDirectory bounds the bytes of a zip file's list of files. The library
// makes several times as much of it in memory.
const maxDirectory = 128 << 20

// openZip lists a zip file by the list at its end (APPNOTE.TXT 4.3.12, which
// zip64 and the fields behind names extend).
func openZip(r io.ReaderAt, size int64, cache *inflate.Cache) (*Archive, error) {
	z, err := zip.NewReader(&metered{r: r, left: maxDirectory}, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the list of files at the end of the zip file is damaged or missing")
		}
		return nil, err
	}
	a := &Archive{Format: "zip"}
	files := &zipFiles{r: r, cache: cache, list: z.File}
	names, local := 0, 0
	for i, f := range z.File {
		names += len(f.Name)
		if a.Damage = a.tooMany(names); a.Damage != nil {
			break
		}
		e, zone := zipEntry(f)
		if !zone {
			local++
		}
		if e.open = func() (fsys.Content, error) { return files.open(i) }; e.Kind == fsys.Link {
			e.Target = files.target(i)
		}
		a.Entries = append(a.Entries, e)
	}
	if local > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("the times of %d files have no zone and are taken for UTC", local))
	}
	return a, nil
}

// metered fails after so many bytes.
type metered struct {
	r    io.ReaderAt
	left int64
}

func (m *metered) ReadAt(p []byte, off int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, fmt.Errorf("the list of files of the zip file has more than %d bytes", maxDirectory)
	}
	return m.r.ReadAt(p, off)
}

// Systems that make zip files (APPNOTE.TXT 4.4.2), as far as their attributes
// or separators differ.
const (
	madeByFAT  = 0
	madeByUnix = 3
	madeByNTFS = 10
	madeByVFAT = 14
	madeByOSX  = 19
)

// zipEntry is what the list says of a file. zone is false where its time may be
// of any zone.
func zipEntry(f *zip.File) (e Entry, zone bool) {
	system := f.CreatorVersion >> 8
	e.Name = zipName(f, system)
	e.Info = fsys.Info{Size: int64(min(f.UncompressedSize64, 1<<63-1)), UID: -1, GID: -1}
	switch system {
	case madeByUnix, madeByOSX:
		mode := f.ExternalAttrs >> 16
		e.Mode = mode & 0o7777
		e.Kind = unixKind(mode)
		if mode == 0 && strings.HasSuffix(e.Name, "/") {
			e.Kind = fsys.Dir
		}
	case madeByFAT, madeByNTFS, madeByVFAT:
		e.Name = strings.ReplaceAll(e.Name, `\`, "/") // .NET wrote those for a time
		e.Attributes = f.ExternalAttrs & 0x37         // read-only, hidden, system, directory, archive
		if f.ExternalAttrs&0x10 != 0 || strings.HasSuffix(e.Name, "/") {
			e.Kind = fsys.Dir
		}
	default:
		if strings.HasSuffix(e.Name, "/") {
			e.Kind = fsys.Dir
		}
	}
	if e.Kind != fsys.Regular {
		e.Size = 0
	}
	t := extraTimes(f.Extra)
	e.Modified, e.Accessed, e.Created = t.modified, t.accessed, t.created
	e.UID, e.GID = extraOwner(f.Extra)
	// The first day of 1980 is what writers put that have no time.
	dated := f.ModifiedDate > 1<<5|1 || f.ModifiedDate == 1<<5|1 && f.ModifiedTime != 0
	if e.Modified == 0 && dated {
		e.Modified = ioc.Ticks(f.Modified)
		return e, false
	}
	return e, true
}

// unixKind is that of the bits S_IFMT.
func unixKind(mode uint32) fsys.Kind {
	switch mode & 0o170000 {
	case 0, 0o100000:
		return fsys.Regular
	case 0o040000:
		return fsys.Dir
	case 0o120000:
		return fsys.Link
	case 0o010000:
		return fsys.FIFO
	case 0o140000:
		return fsys.Socket
	case 0o060000, 0o020000:
		return fsys.Device
	}
	return fsys.Other
}

// zipFiles is where the content of a zip file's files lies. That is found out
// when the first is opened.
type zipFiles struct {
	r     io.ReaderAt
	cache *inflate.Cache
	list  []*zip.File

	once sync.Once
	data []zipData

	mu     sync.Mutex
	recent []zipStream // the one used last is the last
}

// maxStreams bounds the streams that are kept for files that are opened again.
const maxStreams = 8

type zipStream struct {
	file   int
	stream *inflate.Stream
}

// stream is the decoded content of a file.
func (z *zipFiles) stream(i int) *inflate.Stream {
	z.mu.Lock()
	defer z.mu.Unlock()
	if n := slices.IndexFunc(z.recent, func(s zipStream) bool { return s.file == i }); n >= 0 {
		s := z.recent[n]
		z.recent = append(slices.Delete(z.recent, n, n+1), s)
		return s.stream
	}
	f := z.list[i]
	packed := io.NewSectionReader(z.r, z.data[i].at, int64(f.CompressedSize64))
	s := inflate.New(packed, int64(f.UncompressedSize64), f.CRC32, z.cache)
	if len(z.recent) == maxStreams {
		z.recent = slices.Delete(z.recent, 0, 1)
	}
	z.recent = append(z.recent, zipStream{i, s})
	return s
}

type zipData struct {
	at  int64
	err error
}

var errOverlap = errors.New("its data overlaps that of another entry, as in a file made to exhaust whoever unpacks it")

// find finds the data of all files and those whose data overlaps: with that a
// small file could have content without end.
func (z *zipFiles) find() {
	z.data = make([]zipData, len(z.list))
	order := make([]int, 0, len(z.list))
	for i, f := range z.list {
		d := &z.data[i]
		if d.at, d.err = f.DataOffset(); d.err != nil {
			d.err = fmt.Errorf("the entry's own header is damaged: %w", d.err)
		} else if f.CompressedSize64 > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(z.data[a].at, z.data[b].at) })
	var end uint64
	for n, i := range order {
		at := uint64(z.data[i].at)
		if n > 0 && at < end {
			z.data[i].err = errOverlap
		}
		end = max(end, at+min(z.list[i].CompressedSize64, 1<<62))
	}
}

const encrypted = 1 // a flag of a file (APPNOTE.TXT 4.4.4)

func (z *zipFiles) open(i int) (fsys.Content, error) {
	z.once.Do(z.find)
	f, d := z.list[i], &z.data[i]
	packed, size := int64(f.CompressedSize64), int64(f.UncompressedSize64)
	switch {
	case f.Flags&encrypted != 0:
		return nil, fmt.Errorf("%w: a password is needed", fsys.ErrEncrypted)
	case d.err != nil:
		return nil, d.err
	case packed < 0 || size < 0:
		return nil, fmt.Errorf("a size of %d bytes", max(f.CompressedSize64, f.UncompressedSize64))
	case f.Method == zip.Store && packed != size:
		return nil, fmt.Errorf("stored as %d bytes and said to have %d", packed, size)
	case f.Method == zip.Store:
		return newContent(z.r, d.at, size), nil
	case f.Method != zip.Deflate:
		return nil, fmt.Errorf("%w: compressed by %s", fsys.ErrUnsupported, methodName(f.Method))
	case size/maxRatio > packed:
		return nil, fmt.Errorf("said to have %d bytes, more than its %d compressed ones can hold", size, packed)
	}
	return newContent(z.stream(i), 0, size), nil
}

// maxRatio is a little more than what DEFLATE can do: 258 bytes for 2 bits.
const maxRatio = 1040

// target is that of a symbolic link, which is its content; empty where that
// cannot be read, which leads nowhere.
func (z *zipFiles) target(i int) string {
	if z.list[i].UncompressedSize64 > maxTarget {
		return ""
	}
	c, err := z.open(i)
	if err != nil {
		return ""
	}
	b := make([]byte, c.Size())
	if _, err := c.ReadAt(b, 0); err != nil && err != io.EOF {
		return ""
	}
	return string(b)
}

func methodName(method uint16) string {
	switch method {
	case 1:
		return "shrinking"
	case 6:
		return "imploding"
	case 9:
		return "Deflate64"
	case 12:
		return "bzip2"
	case 14:
		return "LZMA"
	case 93, 20:
		return "Zstandard"
	case 95:
		return "xz"
	case 98:
		return "PPMd"
	case 99:
		return "AES encryption"
	}
	return fmt.Sprintf("method %d", method)
}
