package regf

import (
	"encoding/binary"
	"math"
)

// A cell is a place that was checked to lie inside the hive and its bin.
type cell struct {
	at   int64 // of its content
	size int64 // of its content
	free bool
}

// locate checks the cell at off. Free cells (their size is positive) pass,
// since damage and tampering leave live keys in them. Windows puts cells at
// multiples of 8 and inside the size that the base block gives; other cells
// pass too and make one Trouble at the end of a walk.
func (h *Hive) locate(off uint32) (cell, *Trouble) {
	m, o := &h.image, int64(off)
	if o+4 > m.size || o&3 != 0 {
		return cell{}, h.outside(o)
	}
	raw, e := m.uint32(o)
	if e != nil {
		return cell{}, unreadable(o, e)
	}
	size := int64(int32(raw))
	free := size > 0
	if !free {
		size = -size
	}
	first, last := o/blockSize, (o+size-1)/blockSize
	switch {
	case size < 8 || o+size > m.size:
		return cell{}, damage(o, "cell of %d bytes", size)
	case o%blockSize < binHeader && h.bins.startsAt(first):
		return cell{}, damage(o, "cell inside a bin header")
	case first != last && h.bins.crossed(first+1, last):
		return cell{}, damage(o, "cell of %d bytes crosses the end of its bin", size)
	}
	h.odd = h.odd || o&7 != 0
	h.beyond = h.beyond || o >= int64(h.header.BinsSize)
	return cell{o + 4, size - 4, free}, nil
}

// read is the first n bytes of the cell's content, fewer if it is shorter. As
// this may copy them, n must not come from the size of a cell, which may lie.
func (h *Hive) read(c cell, n int64) ([]byte, *Trouble) {
	data, err := h.image.bytes(c.at, min(n, c.size))
	if err != nil {
		return nil, unreadable(c.at-4, err)
	}
	return data, nil
}

// readAt is both.
func (h *Hive) readAt(off uint32, n int64) ([]byte, cell, *Trouble) {
	c, err := h.locate(off)
	if err != nil {
		return nil, c, err
	}
	data, err := h.read(c, n)
	return data, c, err
}

func (h *Hive) outside(o int64) *Trouble {
	t := damage(o, "cell offset is not a multiple of 4")
	if o+4 > h.image.size {
		t = damage(o, "cell beyond the end of the file at 0x%x", h.image.size+baseSize)
	}
	return t
}

func unreadable(o int64, err error) *Trouble {
	t := damage(o, "cell cannot be read")
	t.Err = err
	return t
}

// A budget bounds what one walk, or one listing outside of a walk, may be told
// to read: the lists
// and data of a sound hive do not overlap and so come to less than its size;
// the rest is for what is listed more than once.
type budget struct{ left int64 }

func (h *Hive) newBudget() *budget { return &budget{4*h.image.size + pageSize} }

func (b *budget) spend(n int64) bool {
	if n > b.left {
		b.left = 0
		return false
	}
	b.left -= n
	return true
}

// count is a count of the format as a number that is not negative on any
// machine.
func count(n uint32) int { return int(min(n, math.MaxInt32)) }

func le16(b []byte, i int) int    { return int(binary.LittleEndian.Uint16(b[i:])) }
func le32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
