package regf

import (
	"encoding/binary"
	"math/bits"
)

// binTable knows at which 4 KiB blocks a bin starts, one bit a block. Cells do
// not cross bins.
type binTable struct {
	starts []uint64
}

const binHeader = 32

func (t *binTable) set(block int64)           { t.starts[block>>6] |= 1 << (block & 63) }
func (t *binTable) startsAt(block int64) bool { return t.starts[block>>6]>>(block&63)&1 != 0 }

// crossed reports whether a bin starts in the blocks from..to, both included.
func (t *binTable) crossed(from, to int64) bool {
	for from <= to {
		w := t.starts[from>>6] >> (from & 63)
		if n := int64(bits.TrailingZeros64(w)); n < 64 {
			return from+n <= to
		}
		from = (from | 63) + 1
	}
	return false
}

// readBins follows the chain of bins and says where it is broken. After a
// broken header it goes on at the next block that looks like a bin; cells in
// between are still readable. The chain ends with the size the header gives,
// or later where more bins follow without a gap.
func (h *Hive) readBins() {
	m := &h.image
	blocks := (m.size + blockSize - 1) / blockSize
	h.bins.starts = make([]uint64, blocks/64+1)
	end := min(int64(h.header.BinsSize), m.size)
	for off := int64(0); off < m.size; {
		size, ok := h.binAt(off)
		if ok {
			h.bins.set(off / blockSize)
			off += size
			continue
		}
		if off >= end {
			return
		}
		next := off + blockSize
		for ; next < end; next += blockSize {
			if _, ok := h.binAt(next); ok {
				break
			}
		}
		h.note(damage(off, "no valid bin header").losing("perhaps what lies in the %d bytes up to the next bin", min(next, m.size)-off))
		off = next
	}
}

// binAt reads the bin header at off: magic, own offset, size.
func (h *Hive) binAt(off int64) (size int64, ok bool) {
	if off+binHeader > h.image.size {
		return 0, false
	}
	b, err := h.image.bytes(off, binHeader)
	if err != nil || string(b[:4]) != "hbin" {
		return 0, false
	}
	size = int64(binary.LittleEndian.Uint32(b[8:]))
	return size, int64(binary.LittleEndian.Uint32(b[4:])) == off && size != 0 && size%blockSize == 0 && size < maxBins
}
