// Package indexdat reads the index.dat files in which Internet Explorer 5 to 9
// kept its history, its cache and the list of its cookies. An [Index] is one
// file.
//
// The format was never described by its maker; this follows the layout in Wine
// (dlls/wininet/urlcache.c) and the notes of libmsiecf ("MSIE cache file
// format"). All numbers are little-endian. A head with a bitmap of the blocks in
// use is followed, from 0x4000, by blocks of 128 bytes. A record begins with
// four letters and the number of its blocks.
package indexdat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"
)

const (
	signature  = "Client UrlCache MMF Ver "
	sizeAt     = 28
	foldersAt  = 72 // their number, then 12 bytes each: files, name
	mostFolder = 32
	bitmapAt   = 0x250
	blocksAt   = 0x4000
	blockSize  = 128
)

var (
	errNoIndex = errors.New("no index.dat, or a damaged one")
	errRecord  = errors.New("damaged record")
	le         = binary.LittleEndian
)

// Kind is what a record is.
type Kind uint8

const (
	URL      Kind = iota // an address with its times
	Leak                 // the same; its file could not be deleted
	Redirect             // an address that led to another; it has nothing else
)

// An Entry is a record. Times are FILETIME ticks; 0: none. What they mean
// differs: in the cache Modified is when the server last changed the file; in
// the history of all time both are the last visit; in that of days and weeks
// Modified is the last visit on the clock of the machine, and Accessed the same
// in UTC (days) or when the file was made (weeks).
type Entry struct {
	Kind               Kind
	URL                string // with the prefix that says what it is of, see [Split]
	Folder, File       string // of the cached file; empty: none
	Modified, Accessed int64
	Expires, Synched   int64 // to two seconds
	Size               uint64
	Hits               uint32
	Flags              uint32 // wininet.h: *_CACHE_ENTRY
	Data               []byte // headers of the answer, or properties of the page
	Deleted            bool   // its blocks are free for others
}

// An Index is a file in memory.
type Index struct {
	b       []byte
	old     bool // 4.7
	folders []string
}

// Parse takes the content of a file.
func Parse(b []byte) (*Index, error) {
	if len(b) < blocksAt || !bytes.HasPrefix(b, []byte(signature)) {
		return nil, errNoIndex
	}
	x := &Index{b: b}
	switch version := string(b[len(signature) : len(signature)+4]); version {
	case "5.2\x00":
	case "4.7\x00":
		x.old = true
	default:
		return nil, fmt.Errorf("version %q of index.dat is not read by this version", strings.TrimRight(version, "\x00"))
	}
	for n := range min(le.Uint32(b[foldersAt:]), mostFolder) {
		name := b[foldersAt+4+12*n+4:][:8]
		x.folders = append(x.folders, string(bytes.TrimRight(name, "\x00")))
	}
	return x, nil
}

// Entries are the records in the order of the file, those whose blocks were
// given up included while they are whole. An error stands for a record that is
// damaged, or for the missing end of the file.
func (x *Index) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for at := blocksAt; at+8 <= len(x.b); {
			e, blocks, err := x.record(at)
			deleted := !x.used((at - blocksAt) / blockSize)
			switch {
			case errors.Is(err, errNoRecord):
			case err != nil && deleted: // others wrote over it
			case err != nil:
				if !yield(Entry{}, fmt.Errorf("at %#x: %w", at, err)) {
					return
				}
			case blocks > 0 && e.URL != "":
				e.Deleted = deleted
				if !yield(e, nil) {
					return
				}
			}
			at += max(blocks, 1) * blockSize
		}
		if size := int64(le.Uint32(x.b[sizeAt:])); size > int64(len(x.b)) {
			yield(Entry{}, fmt.Errorf("the file is cut short: %d of %d bytes", len(x.b), size))
		}
	}
}

func (x *Index) used(block int) bool {
	at := bitmapAt + block/8
	return at < blocksAt && x.b[at]&(1<<(block%8)) != 0
}

var errNoRecord = errors.New("no record")

// record reads the record at an offset. The blocks of one that cannot be
// believed are 0.
func (x *Index) record(at int) (e Entry, blocks int, err error) {
	kind := string(x.b[at : at+4])
	switch kind {
	case "URL ":
	case "LEAK":
		e.Kind = Leak
	case "REDR":
		e.Kind = Redirect
	case "HASH":
	default:
		return e, 0, errNoRecord
	}
	n := int64(le.Uint32(x.b[at+4:]))
	if n == 0 || n > int64(len(x.b)-at)/blockSize {
		return e, 0, errRecord
	}
	blocks = int(n)
	b := x.b[at : at+blocks*blockSize]
	switch kind {
	case "HASH":
		return e, blocks, nil
	case "REDR":
		e.URL, err = text(b, 16)
		return e, blocks, err
	}
	if err = x.address(&e, b); err != nil {
		blocks = 0 // whatever lies in it may be a record
	}
	return e, blocks, err
}

// address reads what a URL or LEAK record has.
func (x *Index) address(e *Entry, b []byte) (err error) {
	url, folder := 52, 56
	if x.old {
		url, folder = 56, 61
	}
	e.Modified, e.Accessed = filetime(b[8:]), filetime(b[16:])
	if x.old {
		e.Expires, e.Size = filetime(b[24:]), uint64(le.Uint32(b[32:]))
	} else {
		e.Expires, e.Size = dosTime(b[24:]), le.Uint64(b[32:])
	}
	if e.URL, err = text(b, le.Uint32(b[url:])); err != nil {
		return err
	}
	if at := le.Uint32(b[url+8:]); at != 0 {
		if e.File, err = text(b, at); err != nil {
			return err
		}
	}
	if n := int(b[folder]); n < len(x.folders) {
		e.Folder = x.folders[n]
	}
	e.Flags = le.Uint32(b[url+12:])
	if at, size := uint64(le.Uint32(b[url+16:])), uint64(le.Uint32(b[url+20:])); at != 0 && size != 0 {
		if at+size > uint64(len(b)) {
			return errRecord
		}
		e.Data = b[at : at+size]
	}
	e.Synched, e.Hits = dosTime(b[url+28:]), le.Uint32(b[url+32:])
	return nil
}

// text is what stands at an offset of the record, to a zero.
func text(b []byte, at uint32) (string, error) {
	if uint64(at) >= uint64(len(b)) || at < 8 {
		return "", errRecord
	}
	end := bytes.IndexByte(b[at:], 0)
	if end < 0 {
		return "", errRecord
	}
	return string(b[at : int(at)+end]), nil
}
