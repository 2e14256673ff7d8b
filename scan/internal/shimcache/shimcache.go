// Package shimcache reads the application compatibility cache, which Windows
// keeps in the value AppCompatCache below Control\Session Manager: the programs
// that were looked at, most of them run, the latest first.
//
// The layouts are those of "Leveraging the Application Compatibility Cache in
// Forensic Investigations" (A. Davis, Mandiant, 2012) and of the notes on it in
// libyal's winreg-kb. Entries tell, the values are little-endian:
//
//	Windows XP      0xdeadbeef, count; 400 bytes of header; entries of 552
//	Server 2003     0xbadc0ffe, count; entries of 24 bytes, of 32 on 64 bits
//	Vista           likewise
//	7, 2008 R2      0xbadc0fee, count; 128 bytes of header; entries of 32 or 48
//	8               128 bytes of header; entries that begin with "00ts"
//	8.1             likewise, with "10ts"
//	10, 11          the length of the header; entries with "10ts"
//
// What it reads is hostile: it allocates no more than a few times the length of
// the data.
package shimcache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"iocscan/scan/internal/wtf8"
)

// An Entry is one program.
type Entry struct {
	// Path is as the cache has it: with \??\ before it on older systems,
	// SYSVOL for the volume of the system on Windows 8, and a line of numbers
	// and names for a packaged application.
	Path string
	// Modified is when the file was changed last, in FILETIME ticks; 0 where
	// the layout of the entry is not known that far.
	Modified int64
}

// ErrUnknown answers data of no layout that is known.
var ErrUnknown = errors.New("not a layout of the compatibility cache that is known")

var le = binary.LittleEndian

// Parse reads a cache. An error comes with the entries that could be read.
func Parse(data []byte) ([]Entry, error) {
	if len(data) < 8 {
		return nil, ErrUnknown
	}
	count := le.Uint32(data[4:])
	switch magic := le.Uint32(data); {
	case magic == 0xdeadbeef:
		return fixed(data, count)
	case magic == 0xbadc0ffe:
		return pointed(data, 8, count, layout{24, 32})
	case magic == 0xbadc0fee:
		return pointed(data, 128, count, layout{32, 48})
	case tagged(data, 128, "00ts"), tagged(data, 128, "10ts"):
		return chained(data, 128, false)
	case magic == 128 && len(data) == 128:
		return nil, nil
	case magic >= 0x30 && magic < 0x80 && (int(magic) == len(data) || tagged(data, int(magic), "10ts")):
		return chained(data, int(magic), true)
	}
	return nil, ErrUnknown
}

func tagged(data []byte, at int, tag string) bool {
	return len(data) >= at+len(tag) && bytes.Equal(data[at:at+len(tag)], []byte(tag))
}

// fixed reads entries that hold their path: 264 characters, and the times.
func fixed(data []byte, count uint32) (list []Entry, err error) {
	const header, size, path = 400, 552, 528
	for n := int64(0); n < int64(count); n++ {
		at := header + n*size
		if at+size > int64(len(data)) {
			return list, cut(n, count)
		}
		e := data[at : at+size]
		list = append(list, Entry{text(upToNUL(e[:path])), int64(le.Uint64(e[path:]))})
	}
	return list, nil
}

// A layout has the lengths of entries on 32 and on 64 bits.
type layout struct{ narrow, wide int64 }

// pointed reads entries that tell where their path lies.
func pointed(data []byte, header int64, count uint32, l layout) (list []Entry, err error) {
	if count == 0 {
		return nil, nil
	}
	if int64(len(data)) < header+l.narrow {
		return nil, cut(0, count)
	}
	// An address of 64 bits is aligned, so that nothing lies before it.
	wide := le.Uint32(data[header+4:]) == 0
	size := l.narrow
	if wide {
		size = l.wide
	}
	paths := int64(len(data)) // those of honest data do not share their bytes
	for n := int64(0); n < int64(count); n++ {
		at := header + n*size
		if at+size > int64(len(data)) {
			return list, cut(n, count)
		}
		e := data[at : at+size]
		length, off, modified := int64(le.Uint16(e)), uint64(le.Uint32(e[4:])), e[8:]
		if wide {
			off, modified = le.Uint64(e[8:]), e[16:]
		}
		if paths -= length; off > uint64(len(data)) || length > int64(len(data))-int64(off) || paths < 0 {
			return list, fmt.Errorf("entry %d of %d: the path lies outside of the data, or on others", n+1, count)
		}
		list = append(list, Entry{text(data[off : int64(off)+length]), int64(le.Uint64(modified))})
	}
	return list, nil
}

// chained reads entries one after the other: a tag, four bytes, the length of
// what follows, the length of the path, the path; since Windows 10 the time
// comes next.
func chained(data []byte, at int, timed bool) (list []Entry, err error) {
	tag := ""
	for n := 1; at < len(data); n++ {
		rest := data[at:]
		if len(rest) < 14 {
			return list, fmt.Errorf("entry %d: cut off", n)
		}
		if tag == "" {
			tag = string(rest[:4])
		}
		size := int64(le.Uint32(rest[8:]))
		length := int64(le.Uint16(rest[12:]))
		switch {
		case string(rest[:4]) != tag:
			return list, fmt.Errorf("entry %d: does not begin with %s", n, tag)
		case size > int64(len(rest))-12 || size < 2 || length > size-2:
			return list, fmt.Errorf("entry %d: %d bytes, a path of %d, and %d left", n, size, length, len(rest)-12)
		}
		e := Entry{Path: text(rest[14 : 14+length])}
		if after := rest[14+length : 12+size]; timed && len(after) >= 8 {
			e.Modified = int64(le.Uint64(after))
		}
		list = append(list, e)
		at += int(12 + size)
	}
	return list, nil
}

func cut(n int64, count uint32) error {
	return fmt.Errorf("entry %d of %d: the data ends before", n+1, count)
}

func upToNUL(b []byte) []byte {
	for n := 0; n+1 < len(b); n += 2 {
		if b[n] == 0 && b[n+1] == 0 {
			return b[:n]
		}
	}
	return b
}

func text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for n := range units {
		units[n] = le.Uint16(b[2*n:])
	}
	return wtf8.Encode(units)
}
