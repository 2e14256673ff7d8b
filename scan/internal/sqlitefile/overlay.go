package sqlitefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// The format: https://www.sqlite.org/fileformat2.html, sections 1.3 and 4.

const headerSize = 100

var (
	errNoDatabase = errors.New("no SQLite database, or an encrypted one")
	errPageSize   = errors.New("the database's header has no valid page size")
)

// An overlay is a database with the pages of its log laid over it, and with a
// header that makes the library take it as it is: without a log of its own, and
// with as many pages as there are, of which the header of a database that is
// cut says more.
type overlay struct {
	db     io.ReaderAt
	dbSize int64
	log    *Log // nil: none
	page   int64
	size   int64
	notes  []string
	fault  error // what reading the evidence answered first
}

func newOverlay(db io.ReaderAt, size int64, log *Log) (*overlay, error) {
	o := &overlay{db: db, dbSize: size, size: size}
	page, err := o.pageSize()
	if log == nil || log.pages() == 0 {
		o.page = page
		return o, err
	}
	// Before its first checkpoint a database may be in the log alone.
	if size > 0 && err != nil {
		return nil, err
	}
	if size > 0 && page != log.page {
		return nil, fmt.Errorf("the database has pages of %d bytes, its write-ahead log of %d", page, log.page)
	}
	o.log, o.page, o.size = log, log.page, log.size
	o.notes = append(o.notes, log.String())
	_, err = o.pageSize()
	return o, err
}

// pageSize reads the header.
func (o *overlay) pageSize() (int64, error) {
	var head [headerSize]byte
	if n, err := o.ReadAt(head[:], 0); n < len(head) {
		if errors.Is(err, io.EOF) {
			return 0, errNoDatabase
		}
		return 0, err
	}
	if string(head[:len(Magic)]) != Magic {
		return 0, errNoDatabase
	}
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 1 << 16
	}
	if page < 512 || page&(page-1) != 0 {
		return 0, errPageSize
	}
	return page, nil
}

// ReadAt implements io.ReaderAt.
func (o *overlay) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	for n < len(p) && err == nil {
		at := off + int64(n)
		if at >= o.size {
			err = io.EOF
			break
		}
		part := p[n:min(int64(len(p)), int64(n)+o.size-at)]
		var read int
		if read, err = o.readPart(part, at); read == 0 && err == nil {
			err = io.ErrNoProgress
		}
		n += read
	}
	patch(p[:n], off)
	if n == len(p) {
		err = nil
	} else if err != nil && err != io.EOF && o.fault == nil {
		o.fault = err
	}
	return n, err
}

// readPart reads what lies in one piece: of the log a page, of the database as
// much as is wanted.
func (o *overlay) readPart(p []byte, at int64) (int, error) {
	if o.log != nil {
		number, in := at/o.page, at%o.page
		p = p[:min(int64(len(p)), o.page-in)]
		if from, ok := o.log.places[uint32(number+1)]; ok {
			return full(o.log.file, p, from+in)
		}
	}
	if at >= o.dbSize { // the log has made the database longer, and lacks the page
		clear(p)
		return len(p), nil
	}
	return full(o.db, p[:min(int64(len(p)), o.dbSize-at)], at)
}

// full reads all of p or says why not.
func full(r io.ReaderAt, p []byte, at int64) (int, error) {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		err = nil
	}
	return n, err
}

// patch changes what was read of the header. Write and read versions of 1 say
// that there is no write-ahead log; a size of 0 has the library count pages.
func patch(p []byte, off int64) {
	for at, value := range map[int64]byte{18: 1, 19: 1, 28: 0, 29: 0, 30: 0, 31: 0} {
		if i := at - off; i >= 0 && i < int64(len(p)) {
			p[i] = value
		}
	}
}

// fileName is the database in the library's eyes.
const fileName = "db"

// fileSystem is what the library sees of the world: one file.
type fileSystem struct{ overlay *overlay }

func (f fileSystem) Open(name string) (fs.File, error) {
	if name != fileName {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{o: f.overlay}, nil
}

// file is an fs.File and an io.Seeker, and its own fs.FileInfo.
type file struct {
	o  *overlay
	at int64
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.o.ReadAt(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *file) Seek(to int64, whence int) (int64, error) {
	if whence != io.SeekStart || to < 0 {
		return 0, fs.ErrInvalid
	}
	f.at = to
	return to, nil
}

func (f *file) Close() error               { return nil }
func (f *file) Stat() (fs.FileInfo, error) { return f, nil }
func (f *file) Name() string               { return fileName }
func (f *file) Size() int64                { return f.o.size }
func (f *file) Mode() fs.FileMode          { return 0o444 }
func (f *file) ModTime() time.Time         { return time.Time{} }
func (f *file) IsDir() bool                { return false }
func (f *file) Sys() any                   { return nil }
