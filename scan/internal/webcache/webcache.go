// Package webcache reads WebCacheV01.dat and its kin: the ESE databases in which
// Internet Explorer 10 and 11, the first Edge and all that use WinINet keep
// histories, caches, lists of downloads and cookies. A [DB] is one database.
//
// It is a wrapper of www.velocidex.com/golang/go-ese, which takes damage for
// emptiness or panics. So all of its reads go through [pages], which bound what
// a database can make it do and see whether each page is the one that was asked
// for. What the tables hold follows libesedb's notes ("ESE database file
// format") and those of libyal/dtformats on the WinINet WebCache.
package webcache

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/Velocidex/ordereddict"
	"www.velocidex.com/golang/go-ese/parser"
)

// A DB is one database. It is for one goroutine.
type DB struct {
	pages      *pages
	tables     map[string]*parser.Table
	catalog    *parser.Catalog
	containers []Container
	notes      []string
}

// A Container is a table of entries of one kind and of one place.
type Container struct {
	ID        uint64
	Name      string // History, MSHist012023022420230225, Content, Cookies, iedownload, DOMStore …
	Directory string // where its files lie
	Partition string // M, L (of low integrity), or the SID of a packaged program
	folders   string // names of the folders below Directory, eight letters each
}

// Folder is the place of a file of an entry.
func (c Container) Folder(of Entry) string {
	const letters = 8
	// 0 is the place itself where there are none; else the first is 1.
	if n := of.folder; n > 0 && uint64(n)*letters <= uint64(len(c.folders)) {
		return c.Directory + c.folders[(n-1)*letters:n*letters]
	}
	return strings.TrimRight(c.Directory, `\`)
}

// stateAt is where the head says how the database was left; 3 is in order.
const (
	stateAt    = 52
	cleanState = 3
	pageSizeAt = 236
)

// Open reads the catalog and the list of containers. The context ends reading.
func Open(ctx context.Context, r io.ReaderAt, size int64) (db *DB, err error) {
	head := make([]byte, 256)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read the head: %w", err)
	}
	switch page := le.Uint32(head[pageSizeAt:]); {
	case le.Uint32(head[4:]) != 0x89abcdef:
		return nil, errors.New("no ESE database")
	case page != pageSize:
		return nil, fmt.Errorf("pages of %d bytes: not a WebCache that is known", page)
	case size/pageSize > mostPages:
		return nil, fmt.Errorf("larger than %d bytes", int64(mostPages)*pageSize)
	}
	db = &DB{pages: newPages(ctx, r, size), tables: map[string]*parser.Table{}}
	if state := le.Uint32(head[stateAt:]); state != cleanState {
		db.notes = append(db.notes, "the database was in use when it was copied: what its transaction logs have is missing (they are not replayed)")
	}
	err = db.pages.guard(func() error {
		ese, err := parser.NewESEContext(db.pages, size)
		if err != nil {
			return err
		}
		db.catalog, err = parser.ReadCatalog(ese)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	for _, name := range db.catalog.Tables.Keys() {
		if t, ok := db.catalog.Tables.Get(name); ok {
			db.tables[name], _ = t.(*parser.Table)
		}
	}
	return db, db.readContainers()
}

// Notes say what whoever relies on the database has to know.
func (db *DB) Notes() []string { return db.notes }

// Containers are what the database has, by their numbers.
func (db *DB) Containers() []Container { return db.containers }

// IsWebCache reports whether the database has such a list; other programs have
// databases of the same format.
func (db *DB) IsWebCache() bool { return db.tables["Containers"] != nil }

func (db *DB) readContainers() error {
	if !db.IsWebCache() {
		return nil
	}
	err := db.rows("Containers", []string{"ContainerId", "Name"}, func(r row) bool {
		db.containers = append(db.containers, Container{
			ID: r.number("ContainerId"), Name: r.text("Name"), Directory: r.text("Directory"),
			Partition: r.text("PartitionId"), folders: r.text("SecureDirectories"),
		})
		return true
	})
	slices.SortFunc(db.containers, func(a, b Container) int { return cmp.Compare(a.ID, b.ID) })
	return err
}

// table is the name of a container's table.
func (c Container) table() string { return "Container_" + strconv.FormatUint(c.ID, 10) }

// rows visits the rows of a table until visit says stop. It needs the columns.
func (db *DB) rows(table string, need []string, visit func(row) bool) error {
	t := db.tables[table]
	if t == nil {
		return fmt.Errorf("table %s is missing", table)
	}
	if err := sound(t, need); err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	stop := errors.New("stop")
	err := db.pages.guard(func() error {
		return db.catalog.DumpTable(table, func(r *ordereddict.Dict) (err error) {
			db.pages.outside(func() {
				if !visit(row{r}) {
					err = stop
				}
			})
			return err
		})
	})
	if err != nil && !errors.Is(err, stop) {
		return fmt.Errorf("table %s: %w", table, err)
	}
	return nil
}

// Which types the library has a place for. Others it would print.
var (
	fixedTypes = []string{
		"Boolean", "Signed byte", "Signed short", "Unsigned short", "Signed long", "Unsigned long", "Long long", "Currency",
		"Single precision FP", "Double precision FP", "DateTime", "GUID", "Text", "Binary",
	}
	variableTypes = []string{"Text", "Binary"}
)

// sound checks the columns of a table. Fixed ones have the numbers to 127,
// variable ones those to 255.
func sound(t *parser.Table, need []string) error {
	for _, c := range t.Columns {
		known := true
		if c.Identifier <= 127 {
			known = slices.Contains(fixedTypes, c.Type)
		} else if c.Identifier <= 255 {
			known = slices.Contains(variableTypes, c.Type)
		}
		if !known || c.SpaceUsage < 0 || c.SpaceUsage > 1<<20 {
			return fmt.Errorf("column %q is of a type that is not known", c.Name)
		}
	}
	for _, name := range need {
		if !slices.ContainsFunc(t.Columns, func(c *parser.ColumnSpec) bool { return c.Name == name }) {
			return fmt.Errorf("no column %s: not a schema that is known", name)
		}
	}
	return nil
}

var le = binary.LittleEndian
