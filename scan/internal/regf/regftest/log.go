package regftest

import (
	"bytes"
	"math/bits"
)

// A Page is bytes that a log puts over the bins.
type Page struct {
	Offset int // from the first bin
	Data   []byte
}

// Pages lists what differs between the bins of two hives, in pieces of size
// bytes (512 or 4096).
func Pages(before, after []byte, size int) []Page {
	var all []Page
	for off := Base; off+size <= len(after); off += size {
		now := after[off : off+size]
		if off+size > len(before) || !bytes.Equal(before[off:off+size], now) {
			all = append(all, Page{off - Base, now})
		}
	}
	return all
}

// OldLog is a log of the format up to Windows 8 that turns the hive before
// into the hive after.
func OldLog(before, after []byte) []byte {
	b := logBase(after, before, 1, le.Uint32(before[4:]))
	binsSize := len(after) - Base
	bitmap := make([]byte, binsSize/512/8)
	pages := Pages(before, after, 512)
	for _, p := range pages {
		bitmap[p.Offset/512/8] |= 1 << (p.Offset / 512 % 8)
	}
	b = append(append(b, "DIRT"...), bitmap...)
	b = pad(b)
	for _, p := range pages {
		b = append(b, p.Data...)
	}
	return b
}

// An Entry is one entry of a log of the format from Windows 8.1 on.
type Entry struct {
	Seq      uint32
	BinsSize int
	Pages    []Page
}

// NewLog is a log of the format from Windows 8.1 on, for a hive whose base
// block starts the given bytes.
func NewLog(hive []byte, entries ...Entry) []byte {
	b := logBase(hive, hive, 6, entries[0].Seq)
	for _, e := range entries {
		b = append(b, e.bytes()...)
	}
	return b
}

func (e Entry) bytes() []byte {
	body := []byte{}
	for _, p := range e.Pages {
		body = le.AppendUint32(body, uint32(p.Offset))
		body = le.AppendUint32(body, uint32(len(p.Data)))
	}
	for _, p := range e.Pages {
		body = append(body, p.Data...)
	}
	body = pad(append(make([]byte, 40), body...))[40:]
	head := []byte("HvLE")
	head = le.AppendUint32(head, uint32(40+len(body)))
	head = le.AppendUint32(head, 0)
	head = le.AppendUint32(head, e.Seq)
	head = le.AppendUint32(head, uint32(e.BinsSize))
	head = le.AppendUint32(head, uint32(len(e.Pages)))
	head = le.AppendUint64(head, Marvin32(body))
	head = le.AppendUint64(head, Marvin32(head))
	return append(head, body...)
}

// logBase is the base block of a log: that of the hive, with the time of the
// state it belongs to.
func logBase(hive, state []byte, kind, seq uint32) []byte {
	b := bytes.Clone(hive[:512])
	copy(b[12:20], state[12:20])
	le.PutUint32(b[28:], kind)
	SetSequence(b, seq, seq)
	return b
}

func pad(b []byte) []byte {
	return append(b, make([]byte, (512-len(b)%512)%512)...)
}

// Marvin32 is the checksum of log entries.
func Marvin32(b []byte) uint64 {
	const seed = 0x82ef4d887a4e55c5
	lo, hi := uint32(seed&0xffffffff), uint32(seed>>32)
	padded := append(bytes.Clone(b), 0x80)
	padded = append(padded, make([]byte, (4-len(padded)%4)%4)...)
	padded = append(padded, 0, 0, 0, 0)
	for ; len(padded) > 0; padded = padded[4:] {
		lo += le.Uint32(padded)
		hi ^= lo
		lo = bits.RotateLeft32(lo, 20) + hi
		hi = bits.RotateLeft32(hi, 9) ^ lo
		lo = bits.RotateLeft32(lo, 27) + hi
		hi = bits.RotateLeft32(hi, 19)
	}
	return uint64(hi)<<32 | uint64(lo)
}
