package webcache

import (
	"encoding/hex"
	"strings"

	"github.com/Velocidex/ordereddict"
)

// A row is one of a table. A column that it has no value for is zero.
type row struct{ values *ordereddict.Dict }

func (r row) number(column string) uint64 {
	v, _ := r.values.Get(column)
	switch n := v.(type) {
	case uint64:
		return n
	case uint32:
		return uint64(n)
	case uint16:
		return uint64(n)
	}
	return 0
}

func (r row) text(column string) string {
	v, _ := r.values.Get(column)
	s, _ := v.(string)
	return s
}

// bytes: the library has them in hexadecimal.
func (r row) bytes(column string) []byte {
	b, err := hex.DecodeString(r.text(column))
	if err != nil {
		return nil
	}
	return b
}

// ticks takes times that no clock had for none.
func (r row) ticks(column string) int64 {
	if n := int64(r.number(column)); n > 0 && n != 1<<63-1 {
		return n
	}
	return 0
}

// An Entry is a row of a container. Times are FILETIME ticks, 0 for none. In the
// containers of days and weeks Modified is on the clock of the machine.
type Entry struct {
	URL               string // with its prefix, as in index.dat
	File              string
	Size, Count       uint64
	Type              uint64 // wininet.h: *_CACHE_ENTRY
	Accessed, Created int64
	Modified, Expires int64
	Synched, Checked  int64
	Request, Response []byte // headers of HTTP, or what the container keeps for each
	Redirect          string
	folder            uint64
}

// Entries visits the rows of a container until visit says stop.
func (db *DB) Entries(c Container, visit func(Entry) bool) error {
	return db.rows(c.table(), []string{"Url", "AccessedTime", "AccessCount"}, func(r row) bool {
		return visit(Entry{
			URL: r.text("Url"), File: r.text("Filename"), Size: r.number("FileSize"), Count: r.number("AccessCount"), Type: r.number("Type"),
			Accessed: r.ticks("AccessedTime"), Created: r.ticks("CreationTime"), Modified: r.ticks("ModifiedTime"), Expires: r.ticks("ExpiryTime"),
			Synched: r.ticks("SyncTime"), Checked: r.ticks("PostCheckTime"),
			Request: r.bytes("RequestHeaders"), Response: r.bytes("ResponseHeaders"), Redirect: r.text("RedirectUrl"), folder: r.number("SecureDirectory"),
		})
	})
}

// A Cookie is one that Windows 10 since version 1709 keeps in the database
// itself. Flags are INTERNET_COOKIE_* of wininet.h.
type Cookie struct {
	Host, Path, Name, Value string
	Flags                   uint64
	Expires, Modified       int64
}

// Cookies visits all of them until visit says stop.
func (db *DB) Cookies(visit func(Cookie) bool) error {
	for _, table := range db.catalog.Tables.Keys() {
		if !strings.HasPrefix(table, "CookieEntryEx_") {
			continue
		}
		more := true
		err := db.rows(table, []string{"RDomain", "Name"}, func(r row) bool {
			more = visit(Cookie{
				Host: reversed(r.text("RDomain")), Path: r.text("Path"), Flags: r.number("Flags"),
				Name: trimmed(r.bytes("Name")), Value: trimmed(r.bytes("Value")),
				Expires: r.ticks("Expires"), Modified: r.ticks("LastModified"),
			})
			return more
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// reversed has the parts of a name in the other order: com.example.www is
// www.example.com.
func reversed(domain string) string {
	parts := strings.Split(domain, ".")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, ".")
}

func trimmed(b []byte) string { return strings.TrimRight(string(b), "\x00") }
