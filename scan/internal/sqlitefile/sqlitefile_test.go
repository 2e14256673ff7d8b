package sqlitefile

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// build makes a database and returns it with its log, as they lie there while
// the program that wrote them still runs.
func build(t testing.TB, statements ...string) (db, wal []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.db")
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range statements {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if db, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if wal, err = os.ReadFile(path + "-wal"); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return db, wal
}

const pages = `CREATE TABLE pages(id INTEGER PRIMARY KEY, url TEXT, seen DATETIME, more AS (url || 'x'))`

var links = []string{pages,
	`CREATE TABLE visits(id INTEGER PRIMARY KEY, page INTEGER, at INTEGER)`,
	`INSERT INTO pages VALUES(1, 'http://a/', '2024-01-01'), (2, 'http://b/', 5), (3, NULL, NULL)`,
	`INSERT INTO visits VALUES(10, 2, 100), (11, 1, 200), (12, 77, 300)`,
}

var visited = Query{From: "visits", Joins: []Join{{"p", "pages", "t.page"}}, Columns: []string{"t.rowid", "p.url", "t.at", "t.lacking", "p.seen", "p.more"}}

func open(t testing.TB, db, wal []byte) (*DB, error) {
	t.Helper()
	var log *Log
	if wal != nil {
		var err error
		if log, err = ReadLog(bytes.NewReader(wal), int64(len(wal))); err != nil {
			return nil, err
		}
	}
	return Open(t.Context(), bytes.NewReader(db), int64(len(db)), log)
}

// list is all that a query answers, a line each, and the error that ends it.
func list(d *DB, q Query) (lines []string, err error) {
	for row, err := range d.Rows(context.Background(), q) {
		if err != nil {
			return lines, err
		}
		lines = append(lines, strings.Trim(fmt.Sprint(row.values), "[]"))
	}
	return lines, nil
}

func TestRows(t *testing.T) {
	db, _ := build(t, links...)
	d, err := open(t, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	got, err := list(d, visited)
	// A text in a column of dates stays as it is; what a table makes of others
	// when asked is not asked.
	want := "10 http://b/ 100 <nil> 5 <nil>\n11 http://a/ 200 <nil> 2024-01-01 <nil>\n12 <nil> 300 <nil> <nil> <nil>"
	if s := strings.Join(got, "\n"); err != nil || s != want {
		t.Errorf("%v\n%s", err, s)
	}
	if !d.Has("Visits", "PAGE") || d.Has("visits", "lacking") || d.Has("pages", "more") || d.Has("nothing") {
		t.Error("Has is wrong")
	}
	if _, err := list(d, Query{From: "nothing"}); err == nil {
		t.Error("a table that is not there has rows")
	}
}

// The definitions in a database are programs of whoever wrote it.
func TestHostileSchema(t *testing.T) {
	forever := `WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) SELECT n AS id, n AS page, n AS at FROM r`
	db, _ := build(t, pages,
		`CREATE VIEW visits AS `+forever,
		`CREATE VIRTUAL TABLE found USING fts5(url)`,
		`CREATE TABLE loose(rowid TEXT, id INTEGER PRIMARY KEY)`,
		`CREATE TABLE "odd ""name'"("it's" TEXT, id INTEGER PRIMARY KEY)`, `INSERT INTO "odd ""name'" VALUES('x', 9)`,
		`CREATE TABLE keyless(url TEXT PRIMARY KEY) WITHOUT ROWID`,
	)
	d, err := open(t, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Has("visits") || d.Has("found") {
		t.Error("a view or a virtual table passes for a table")
	}
	for _, q := range []Query{
		visited,
		{From: "pages", Joins: []Join{{"l", "loose", "t.id"}}, Columns: []string{"l.id"}},
		{From: "pages", Joins: []Join{{"l", "keyless", "t.id"}}, Columns: []string{"l.url"}},
	} {
		if got, err := list(d, q); err == nil {
			t.Errorf("%+v: %q", q, got)
		}
	}
	if got, err := list(d, Query{From: `odd "name'`, Columns: []string{"t.it's", "t.rowid"}}); err != nil || len(got) != 1 || got[0] != "x 9" {
		t.Errorf("%q, %v", got, err)
	}
}

var errDisk = errors.New("bad sector")

// failing fails from an offset on.
type failing struct {
	io.ReaderAt
	from int64
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p, at)
}

// many is a database of many leaves.
func many(t testing.TB) []byte {
	db, _ := build(t, `PRAGMA page_size=1024`, `CREATE TABLE visits(id INTEGER PRIMARY KEY, page TEXT, at INTEGER)`,
		`WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r LIMIT 2000) INSERT INTO visits SELECT n, 'http://example.com/page/' || n, n FROM r`)
	return db
}

var all = Query{From: "visits", Columns: []string{"t.rowid", "t.page"}}

func TestDamaged(t *testing.T) {
	whole := many(t)
	for name, c := range map[string]struct {
		db   io.ReaderAt
		size int64
		rows bool // some can be read before the error
		says string
	}{
		"cut":         {bytes.NewReader(whole), int64(len(whole) / 2), true, "damaged"},
		"bad sector":  {failing{bytes.NewReader(whole), int64(len(whole) / 2)}, int64(len(whole)), true, "bad sector"},
		"unreadable":  {failing{bytes.NewReader(whole), 0}, int64(len(whole)), false, "bad sector"},
		"header only": {bytes.NewReader(whole), 100, false, ""},
		"empty":       {bytes.NewReader(nil), 0, false, "no SQLite database"},
		"encrypted":   {strings.NewReader(strings.Repeat("x", 4096)), 4096, false, "no SQLite database"},
		"page size":   {bytes.NewReader(append(append([]byte(Magic), 3, 3), whole[18:]...)), int64(len(whole)), false, "page size"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			d, err := Open(t.Context(), c.db, c.size, nil)
			if err == nil {
				defer d.Close()
				got, err = list(d, all)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || (len(got) > 0) != c.rows || len(got) == 2000 {
				t.Errorf("%d rows, %v", len(got), err)
			}
		})
	}
}

// A page that points to another more than once could make any number of rows.
func TestRowsEnd(t *testing.T) {
	db := many(t)
	root := 0
	for p := 0; p < len(db); p += 1024 { // the inner page of the table
		if off := p + 100*(1-min(1, p)); db[off] == 5 {
			root = p
		}
	}
	if root == 0 {
		t.Fatal("no inner page")
	}
	cells := int(binary.BigEndian.Uint16(db[root+3:]))
	for n := range cells { // every child is the root's first
		at := root + int(binary.BigEndian.Uint16(db[root+12+2*n:]))
		copy(db[at:at+4], db[root+int(binary.BigEndian.Uint16(db[root+12:])):][:4])
	}
	d, err := open(t, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	got, err := list(d, all)
	if len(got) > len(db)/6 {
		t.Errorf("%d rows from %d bytes, %v", len(got), len(db), err)
	}
}

func TestTextIsCut(t *testing.T) {
	db, _ := build(t, `CREATE TABLE a(s, b)`, fmt.Sprintf(`INSERT INTO a VALUES(printf('%%.*c', %d, 'x'), zeroblob(%d))`, MostText+1, MostText))
	d, err := open(t, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for row, err := range d.Rows(t.Context(), Query{From: "a", Columns: []string{"t.s", "t.b"}}) {
		if err != nil {
			t.Fatal(err)
		}
		s, cut := row.Text(0)
		b, whole := row.Text(1)
		if len(s) != MostText || !cut || len(b) != MostText || whole {
			t.Errorf("%d bytes, cut %v; %d bytes, cut %v", len(s), cut, len(b), whole)
		}
	}
}

func TestCancelled(t *testing.T) {
	d, err := open(t, many(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range d.Rows(ctx, all) {
		if cancel(); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			continue
		}
		n++
	}
	if n == 0 || n > 256 {
		t.Errorf("%d rows", n)
	}
}
