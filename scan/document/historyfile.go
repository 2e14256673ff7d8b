package document

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"iocscan/scan/internal/plist"
	"iocscan/scan/internal/sqlitefile"
	"iocscan/scan/source"
)

// A historyFile is a file of a browser while it is read.
type historyFile struct {
	ctx   context.Context
	req   *Request
	list  *Listing
	data  *browserData
	wants func(term string) bool // some IOC asks for it

	db    *sqlitefile.DB
	files []source.File
}

// mostSmall is more bytes than any of a browser's small files has.
const mostSmall = 8 << 20

// database opens the file as one, with its log; nil for an empty one.
func (h *historyFile) database() (*sqlitefile.DB, error) {
	if h.db != nil {
		return h.db, nil
	}
	main, size, err := h.open(h.data.file)
	if err != nil {
		return nil, err
	}
	var log *sqlitefile.Log
	wal := h.beside("-wal")
	switch file, length, err := h.open(wal); {
	case missing(err):
	case err == nil:
		if log, err = sqlitefile.ReadLog(file, length); err != nil {
			log = nil
		} else {
			err = log.Damage()
		}
		fallthrough
	default:
		if err != nil { // the database is still there to be read
			h.req.trouble(wal.shown(), err)
			h.list.stop(fmt.Sprintf("%s: %v", wal.shown(), err))
		}
	}
	if err := h.journal(); err != nil {
		journal := h.beside("-journal")
		h.req.trouble(journal.shown(), err)
	}
	if size == 0 && log == nil {
		return nil, nil
	}
	if h.db, err = sqlitefile.Open(h.ctx, progressReader{main, h.req.Progress}, size, log); err != nil {
		return nil, err
	}
	for _, n := range h.db.Notes() {
		h.note(n)
	}
	return h.db, nil
}

// mostNotes bounds what a listing tells of its files.
const mostNotes = 1000

func (h *historyFile) note(what string) {
	if len(h.list.Notes) < mostNotes {
		h.list.Notes = append(h.list.Notes, h.data.file.shown()+": "+what)
	}
}

// journal notes a transaction that was under way: a journal with a valid header
// has the pages from before it (https://www.sqlite.org/fileformat2.html, 3).
func (h *historyFile) journal() error {
	file, _, err := h.open(h.beside("-journal"))
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var head [8]byte
	if n, err := file.ReadAt(head[:], 0); n < len(head) {
		if err == io.EOF {
			err = nil
		}
		return err
	}
	if binary.BigEndian.Uint64(head[:]) == 0xd9d505f920a163d7 {
		h.note("the journal beside it was not rolled back: the last transaction may be there in part")
	}
	return nil
}

// beside is the file of the same name with an ending.
func (h *historyFile) beside(ending string) artefact {
	a := h.data.file
	a.path += ending
	if a.loose != nil {
		a.loose = &source.LooseFile{Path: a.loose.Path + ending}
		a.path = "/" + filepath.Base(a.loose.Path)
	}
	return a
}

func (h *historyFile) open(a artefact) (source.File, int64, error) {
	f, err := a.open()
	if err != nil {
		return nil, 0, err
	}
	h.files = append(h.files, f)
	info, err := f.Info()
	return f, info.Size, err
}

func (h *historyFile) close() {
	if h.db != nil {
		h.db.Close()
		h.db = nil
	}
	for _, f := range h.files {
		f.Close()
	}
	h.files = nil
}

// progressReader tells what is read.
type progressReader struct {
	io.ReaderAt
	progress *Progress
}

func (r progressReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, at)
	r.progress.addBytes(n)
	return n, err
}

// rows yields what a query answers until hand says stop.
func (h *historyFile) rows(q sqlitefile.Query, hand func(*sqlitefile.Row) bool) error {
	for row, err := range h.db.Rows(h.ctx, q) {
		if err != nil {
			return err
		}
		if !hand(row) {
			return nil
		}
	}
	return nil
}

// lack has the data lack the terms whose columns the table has not got.
func (h *historyFile) lack(table string, terms map[string]string) {
	if h.data.lacks == nil {
		h.data.lacks = map[string]bool{}
	}
	for term, column := range terms {
		if column == "" || !h.db.Has(table, column) {
			h.data.lacks[term] = true
		}
	}
}

// need is the error of a table that has not got what rows are nothing without.
func (h *historyFile) need(table string, columns ...string) error {
	for _, c := range columns {
		if !h.db.Has(table, c) {
			return fmt.Errorf("table %s has no column %s: not a schema that is known", table, c)
		}
	}
	return nil
}

// Times, as FILETIME ticks; 0 for none, and for what lies beyond what ticks can
// count.

const epochTicks = 116444736000000000 // 1970-01-01

// webkitTicks: microseconds since 1601. Early versions of Chromium kept times of
// downloads, and still keep those of forms, in seconds since 1970, of which no
// date in use is as large as a day of the others.
func webkitTicks(n int64) int64 {
	switch {
	case n <= 0 || n > math.MaxInt64/10:
		return 0
	case n < 86400_000_000:
		return n*1e7 + epochTicks
	}
	return n * 10
}

// unixTicks: since 1970 in microseconds, and in some schemas milliseconds or
// seconds, which their size tells apart for all dates from 1973 to 5138.
func unixTicks(n int64) int64 {
	switch {
	case n <= 0 || n > math.MaxInt64/10-epochTicks/10:
		return 0
	case n < 1e11:
		return n*1e7 + epochTicks
	case n < 1e14:
		return n*1e4 + epochTicks
	}
	return n*10 + epochTicks
}

// macTicks: seconds since 2001-01-01, with fractions.
func macTicks(s float64) int64 {
	const epoch2001 = 126227808000000000
	if s == 0 || math.IsNaN(s) || math.Abs(s) > 1e11 {
		return 0
	}
	micros := int64(math.Round(s * 1e6)) // more digits than a double keeps are not to be had
	return micros*10 + epoch2001
}

// versionOf is the version of the browser that used the profile last.
func versionOf(family browserFamily, v source.Volume, folder, profile string) fact {
	read := func(path string) (string, error) {
		a := artefact{vol: v, path: path}
		b, err := a.read(mostSmall)
		return string(b), err
	}
	text, err := "", error(nil)
	switch family {
	case chromium:
		text, err = read(source.Join(folder, "Last Version"))
		text = strings.TrimSpace(text)
	case gecko: // LastVersion=115.0.2_20230710165010/20230710165010
		var ini string
		ini, err = read(source.Join(profile, "compatibility.ini"))
		for line := range strings.Lines(ini) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "LastVersion="); ok {
				text, _, _ = strings.Cut(value, "_")
			}
		}
	case safari:
		var list string
		if list, err = read("/Applications/Safari.app/Contents/version.plist"); err == nil {
			var d plist.Dict
			if d, err = plist.ParseDict([]byte(list)); err == nil {
				text, _ = d.Text("CFBundleShortVersionString")
			}
		}
	}
	if text == "" || len(text) > 100 {
		if err == nil || missing(err) {
			err = errNotCarried
		}
		return fact{why: err}
	}
	return fact{values: []string{text}}
}
