package iso

import (
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

// A record is a directory record, ECMA-119 9.1: length at 0, extent 1 to 17,
// time 18, flags 25, interleaving 26, length of the name 32, name 33; system use
// behind the name.
type record struct {
	at     int64
	fields []byte
}

const (
	leastRecord = 34
	flagDir     = 0x02
	flagMore    = 0x80 // the content goes on in the next record
)

// parse cuts a record out of what is left of a sector.
func parse(at int64, b []byte) (record, error) {
	n := int(b[0])
	if n < leastRecord || n > len(b) || leastRecord-1+int(b[32]) > n || b[32] == 0 {
		return record{}, damaged("the directory record at %d has %d bytes of %d", at, n, len(b))
	}
	return record{at, b[:n]}, nil
}

func (r record) name() []byte { return r.fields[33 : 33+int(r.fields[32])] }
func (r record) more() bool   { return r.fields[25]&flagMore != 0 }

// own reports whether the record is that of the folder itself or of the one
// above.
func (r record) own() bool {
	name := r.name()
	return len(name) == 1 && name[0] <= 1
}

// use are the system use fields; the name is filled up to an even place.
func (r record) use(skip int) []byte {
	at := 33 + int(r.fields[32])
	at += at % 2
	return r.fields[min(at+skip, len(r.fields)):]
}

// plainName is the name without its version and without the dot that ends a
// name that has no extension.
func (t *tree) plainName(b []byte) string {
	name := string(b)
	if t.joliet {
		name = ucs2(b)
	}
	if i := strings.LastIndexByte(name, ';'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	if cut := strings.TrimSuffix(name, "."); cut != "" && !t.joliet {
		name = cut
	}
	return name
}

// shortTime reads ECMA-119 9.1.5: years since 1900, month, day, hour, minute,
// second, quarters of an hour ahead of UTC.
func shortTime(b []byte) int64 {
	return stamp(1900+int(b[0]), int(b[1]), int(b[2]), int(b[3]), int(b[4]), int(b[5]), 0, b[6])
}

// longTime reads ECMA-119 8.4.26.1: the same in digits, with hundredths.
func longTime(b []byte) int64 {
	number := func(from, to int) int {
		n := 0
		for _, c := range b[from:to] {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	return stamp(number(0, 4), number(4, 6), number(6, 8), number(8, 10), number(10, 12), number(12, 14), number(14, 16), b[16])
}

// stamp is a time in ticks, 0 for one that does not exist.
func stamp(year, month, day, hour, minute, second, hundredths int, zone byte) int64 {
	if year < 1601 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
		minute < 0 || minute > 59 || second < 0 || second > 59 || hundredths < 0 {
		return 0
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, hundredths*1e7, time.UTC)
	if t.Day() != day {
		return 0
	}
	return ioc.Ticks(t.Add(-time.Duration(int8(zone)) * 15 * time.Minute))
}

// An object is what its records and their system use fields say.
type object struct {
	fsys.Entry
	info    fsys.Info
	parts   []extent
	target  string
	moved   int64 // Rock Ridge: where the folder is instead, 0: here
	refusal error // why the content cannot be read
}

// object reads the first record of an object; more of its content is added
// afterwards.
func (v *volume) object(t *tree, r record) (object, error) {
	o := object{
		Entry: fsys.Entry{Name: t.plainName(r.name()), ID: fsys.ID(r.at)},
		parts: []extent{t.extent(r.fields)},
	}
	// The time of the recording is what systems show as both.
	recorded := shortTime(r.fields[18:])
	o.info = fsys.Info{Created: recorded, Modified: recorded, UID: -1, GID: -1}
	if r.fields[26] != 0 || r.fields[27] != 0 {
		o.refusal = unsupported("interleaved content")
	}
	var err error
	if t.ridge {
		err = v.readRidge(t, r, &o)
	}
	if r.fields[25]&flagDir != 0 || o.moved != 0 {
		o.Kind = fsys.Dir
	} else if o.Kind == fsys.Dir {
		o.Kind = fsys.Other // by its mode only: nothing to list
	}
	o.info.Kind = o.Kind
	if o.Kind == fsys.Regular {
		o.info.Size = o.parts[0].size
	}
	return o, err
}
