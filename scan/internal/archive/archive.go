// Package archive reads zip and tar files, plain or compressed by gzip, as what
// they say about the files in them and as those files' content at any place.
// Nothing is unpacked: stored content is read where it lies, compressed content
// through package inflate, within a bounded memory.
//
// An Archive lists Entries in their order. Names are only names: what is called
// /etc/passwd or ../x is shown as such, and a Tree decides where it stands.
package archive

import (
	"errors"
	"fmt"
	"io"

	"iocscan/scan/internal/archive/inflate"
	"iocscan/scan/internal/fsys"
)

const (
	cacheSize  = 32 << 20  // bytes of decoded content that an archive keeps
	maxEntries = 2 << 20   // of one archive
	maxName    = 1 << 16   // bytes of a name
	maxNames   = 256 << 20 // bytes of all names and targets of links
	maxTarget  = 1 << 12   // bytes of the target of a link in a zip file
)

// An Archive is what is in a file of archived files.
type Archive struct {
	Format  string // zip, tar, tar.gz
	Entries []Entry
	Notes   []string // what whoever relies on the archive has to know
	// Damage is why there may be further entries that are not listed; nil: the
	// archive was listed to its end.
	Damage error
}

// An Entry is one file, folder or other object.
type Entry struct {
	Name string // bytes as stored, or as UTF-8 where the encoding is known; "/" between folders
	fsys.Info
	Target string // of a link
	// Of names the entry whose content and data this one shares: a hard link.
	Of string

	open func() (fsys.Content, error)
}

// Open is the content of a regular file. Opening costs little; what is wrong
// with compressed content is an error of reading it.
func (e *Entry) Open() (fsys.Content, error) {
	if e.Kind != fsys.Regular || e.open == nil {
		return nil, fsys.ErrNotRegular
	}
	return e.open()
}

// ErrFormat says that a file is no archive that this package reads.
var ErrFormat = errors.New("not a zip, tar or tar.gz file")

// Identify tells the format by the beginning of a file: zip, tar, tar.gz, or
// the name of one that is known and not read, with an error. What is no archive
// is ErrFormat. A gzip file is taken for a tar.gz.
func Identify(r io.ReaderAt) (string, error) {
	var head [512]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	b := string(head[:n])
	for _, known := range []struct {
		magic, format string
		at            int
	}{
		{"PK\x03\x04", "zip", 0}, {"PK\x05\x06", "zip", 0}, {"\x1f\x8b\x08", "tar.gz", 0}, {"ustar", "tar", 257},
	} {
		if has(b, known.magic, known.at) {
			return known.format, nil
		}
	}
	for _, other := range []struct{ magic, format string }{
		{"7z\xbc\xaf\x27\x1c", "7z"}, {"Rar!\x1a\x07", "rar"}, {"\xfd7zXZ\x00", "xz"}, {"BZh", "bzip2"}, {"\x28\xb5\x2f\xfd", "zstd"},
		{"PK\x07\x08", "split zip"},
	} {
		if has(b, other.magic, 0) {
			return other.format, fmt.Errorf("%s is not read by this version", other.format)
		}
	}
	return "", ErrFormat
}

func has(b, magic string, at int) bool {
	return len(b) >= at+len(magic) && b[at:at+len(magic)] == magic
}

// Open lists an archive of size bytes. A tar.gz is decoded to its end for that.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	format, err := Identify(r)
	if err != nil {
		return nil, err
	}
	cache := inflate.NewCache(cacheSize)
	section := io.NewSectionReader(r, 0, size)
	switch format {
	case "zip":
		return openZip(section, size, cache)
	case "tar":
		return openTar(format, section)
	}
	return openTar(format, inflate.NewGzip(section, cache))
}

// content is a part of a file, or of a stream of known size.
type content struct{ *io.SectionReader }

func newContent(r io.ReaderAt, at, size int64) fsys.Content {
	return content{io.NewSectionReader(r, at, size)}
}

// ReadAt never ends before the size: what is missing is an error.
func (c content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.SectionReader.ReadAt(p, off)
	if err == io.EOF && off+int64(n) < c.Size() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// tooMany says that a limit of the archive is met.
func (a *Archive) tooMany(names int) error {
	switch {
	case len(a.Entries) >= maxEntries:
		return fmt.Errorf("more than %d entries", maxEntries)
	case names > maxNames:
		return fmt.Errorf("more than %d bytes of names", maxNames)
	}
	return nil
}
