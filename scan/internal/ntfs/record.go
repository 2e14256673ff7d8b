package ntfs

import (
	"errors"
	"fmt"
	"iter"
)

// stride is what one entry of an update sequence array protects, whatever the
// size of a sector is.
const stride = 512

var errFixup = errors.New("the update sequence does not match: written in part")

// fixup undoes the update sequence of an MFT record or index block in place: 2
// bytes at 4 say where the array is, 2 at 6 how many entries it has; its first
// entry stands at the end of each stride, the others are what belongs there.
func fixup(b []byte) error {
	at, n := int(le.Uint16(b[4:])), int(le.Uint16(b[6:]))
	if n != len(b)/stride+1 || at+2*n > stride-2 || at < 8 {
		return fmt.Errorf("update sequence of %d entries at %d", n, at)
	}
	for i := 1; i < n; i++ {
		end := i*stride - 2
		if b[end] != b[at] || b[end+1] != b[at+1] {
			return errFixup
		}
		b[end], b[end+1] = b[at+2*i], b[at+2*i+1]
	}
	return nil
}

// Types of attributes.
const (
	typeStandard   = 0x10
	typeList       = 0x20
	typeName       = 0x30
	typeSecurity   = 0x50
	typeVolumeName = 0x60
	typeData       = 0x80
	typeIndexRoot  = 0x90
	typeIndex      = 0xa0
	typeReparse    = 0xc0
	typeEnd        = 0xffffffff
)

// Flags of attributes.
const (
	flagCompressed = 0x00ff // the method; 1 is LZNT1
	flagEncrypted  = 0x4000
)

// An attribute is one header in a record, and what follows it. Slices point
// into the block of the record and must not be changed.
type attribute struct {
	kind     uint32
	flags    uint16
	resident bool
	name     []byte // UTF-16
	raw      []byte // all of it, at least 24 bytes, 64 where it is not resident
	value    []byte // of a resident one
}

func (a *attribute) first() uint64       { return le.Uint64(a.raw[16:]) } // VCN
func (a *attribute) size() uint64        { return le.Uint64(a.raw[48:]) }
func (a *attribute) initialised() uint64 { return le.Uint64(a.raw[56:]) }
func (a *attribute) unit() uint8         { return a.raw[34] } // of compression, a power of two of clusters

// pairs are the mapping pairs, see decodeRuns.
func (a *attribute) pairs() []byte {
	at := int(le.Uint16(a.raw[32:]))
	if at > len(a.raw) {
		return nil
	}
	return a.raw[at:]
}

// A record is an MFT record after its fixup.
type record []byte

const (
	flagInUse  = 1
	flagFolder = 2
)

func (r record) sequence() uint16 { return le.Uint16(r[16:]) }
func (r record) flags() uint16    { return le.Uint16(r[22:]) }
func (r record) base() uint64     { return le.Uint64(r[32:]) }

// attributes lists those in the record: 2 bytes at 20 say where they begin, 4 at
// 24 where the record ends. An error ends the list.
func (r record) attributes() iter.Seq2[attribute, error] {
	return func(yield func(attribute, error) bool) {
		at, end := int(le.Uint16(r[20:])), int(min(int64(le.Uint32(r[24:])), int64(len(r))))
		for at+4 <= end && le.Uint32(r[at:]) != typeEnd {
			a, err := parseAttribute(r[at:end])
			if !yield(a, err) || err != nil {
				return
			}
			at += len(a.raw)
		}
		if at+4 > end {
			yield(attribute{}, fmt.Errorf("the attributes have no end in %d bytes", end))
		}
	}
}

// parseAttribute reads a header: type 4 bytes, length 4, non-resident 1, name 1
// (length) and 2 (offset), flags 2, id 2; then of a resident one length 4 and
// offset 2 of the value, of another one what the methods of attribute read.
func parseAttribute(b []byte) (attribute, error) {
	if len(b) < 24 {
		return attribute{}, fmt.Errorf("attribute header in %d bytes", len(b))
	}
	kind, n := le.Uint32(b), le.Uint32(b[4:])
	a := attribute{kind: kind, flags: le.Uint16(b[12:]), resident: b[8] == 0}
	if n < 24 || n%8 != 0 || int64(n) > int64(len(b)) || !a.resident && n < 64 {
		return a, fmt.Errorf("attribute %#x of %d bytes in %d", kind, n, len(b))
	}
	a.raw = b[:n:n]
	if chars := int(b[9]); chars > 0 {
		from := int(le.Uint16(b[10:]))
		if from+2*chars > int(n) {
			return a, fmt.Errorf("attribute %#x: name at %d beyond %d bytes", kind, from, n)
		}
		a.name = a.raw[from : from+2*chars]
	}
	if a.resident {
		from, size := int64(le.Uint16(b[20:])), int64(le.Uint32(b[16:]))
		if from+size > int64(n) {
			return a, fmt.Errorf("attribute %#x: %d bytes at %d beyond %d", kind, size, from, n)
		}
		a.value = a.raw[from : from+size]
	}
	return a, nil
}
