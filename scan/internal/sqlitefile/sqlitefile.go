// Package sqlitefile reads SQLite databases that are evidence: through an
// io.ReaderAt, page by page, without a file of the scanner's own, without locks
// and with nothing written. A DB is what one database is asked through.
//
// The database is not trusted. Only tables that are tables are asked, by names
// that are compared with the schema first; views, virtual tables, triggers and
// generated columns, whose definitions are programs of whoever wrote the
// database, are never run. Rows are found by their place in the table, never
// by an index, which may say something else than the table. A damaged database
// answers with the rows that can be read, and an error.
//
// What a program has written but not yet moved into the database lies in the
// write-ahead log beside it. Its committed pages are laid over those of the
// database; see Log.
package sqlitefile

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
	"modernc.org/sqlite/vfs"
)

// Magic is what a database begins with.
const Magic = "SQLite format 3\x00"

// A DB is an open database. It serves one goroutine at a time.
type DB struct {
	schema   map[string]*table // by name in lower case
	notes    []string
	size     int64
	evidence *overlay

	fs      *vfs.FS
	pool    *sql.DB
	conn    *sql.Conn
	ask     driver.QueryerContext
	stop    context.CancelFunc
	ctx     context.Context
	faulted bool // the library panicked: nothing of it is touched again
}

const (
	// mostLength is more bytes than any row of a browser's database has. A row
	// that claims to be longer ends the reading of its table.
	mostLength = 64 << 20
	// longest is how long all reading of one database may take, and perMegabyte
	// what is added for its size. Sound databases take a hundredth of it.
	longest     = 2 * time.Minute
	perMegabyte = time.Second
)

// options: the database lies still, nobody's definitions are trusted, and what
// the library needs besides lies in memory. Pages are kept to 24 MiB, since rows
// point to others all over the database and images are slow to read twice.
const options = "mode=ro&immutable=1&_pragma=trusted_schema(0)&_pragma=query_only(1)&_pragma=temp_store(2)&_pragma=mmap_size(0)&_pragma=cell_size_check(1)&_pragma=cache_size(-24576)"

// Open opens a database of so many bytes; log is the write-ahead log beside it,
// nil where there is none. The error says why nothing can be read.
func Open(ctx context.Context, db io.ReaderAt, size int64, log *Log) (*DB, error) {
	o, err := newOverlay(db, size, log)
	if err != nil {
		return nil, err
	}
	d := &DB{size: o.size, notes: o.notes, evidence: o}
	d.ctx, d.stop = context.WithTimeout(ctx, longest+time.Duration(o.size>>20)*perMegabyte)
	err = d.guard(func() error { return d.open(o) })
	if err == nil {
		err = d.readSchema()
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *DB) open(o *overlay) (err error) {
	var name string
	if name, d.fs, err = vfs.New(fileSystem{o}); err != nil {
		return err
	}
	if d.pool, err = sql.Open("sqlite", "file:"+fileName+"?vfs="+name+"&"+options); err != nil {
		return err
	}
	if d.conn, err = d.pool.Conn(d.ctx); err != nil {
		return plain(err)
	}
	for limit, value := range map[int]int{sqlite3.SQLITE_LIMIT_LENGTH: mostLength, sqlite3.SQLITE_LIMIT_ATTACHED: 0} {
		if _, err := sqlite.Limit(d.conn, limit, value); err != nil {
			return err
		}
	}
	return d.conn.Raw(func(c any) error {
		d.ask = c.(driver.QueryerContext)
		return nil
	})
}

// Notes say what was done to read the database: that a log was laid over it.
func (d *DB) Notes() []string { return d.notes }

// Close lets go of the database.
func (d *DB) Close() {
	d.stop()
	if d.faulted {
		return // its locks may be held for good
	}
	_ = d.guard(func() error {
		// Nothing was written that an error could have lost.
		if d.conn != nil {
			d.conn.Close()
		}
		if d.pool != nil {
			d.pool.Close()
		}
		if d.fs != nil {
			d.fs.Close()
		}
		return nil
	})
}

var errFaulted = errors.New("the reader of SQLite databases failed before")

// guard keeps faults of the library, which is C that was translated, from
// ending the program.
func (d *DB) guard(f func() error) (err error) {
	if d.faulted {
		return errFaulted
	}
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if p := recover(); p != nil {
			d.faulted = true
			err = fmt.Errorf("the reader of SQLite databases failed: %v", p)
		}
	}()
	return f()
}

// plain is an error in our words.
func plain(err error) error {
	var coded *sqlite.Error
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("reading took too long")
	case !errors.As(err, &coded):
		return err
	}
	switch coded.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT:
		return errors.New("the database is damaged")
	case sqlite3.SQLITE_NOTADB:
		return errors.New("no SQLite database, or an encrypted one")
	case sqlite3.SQLITE_IOERR:
		return errors.New("the database cannot be read")
	case sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("a row of more than %d bytes", mostLength)
	case sqlite3.SQLITE_INTERRUPT:
		return errors.New("reading took too long")
	}
	return fmt.Errorf("SQLite: %s", strings.TrimSpace(coded.Error()))
}
