package regf

import "encoding/binary"

// cell is the content of the cell at off, without its size field. Free cells
// (their size is positive) are read too, since damage and tampering leave live
// keys in them; free says so. Windows puts cells at multiples of 8 and inside
// the size that the base block gives; other cells are read and make one Trouble
// at the end of a walk.
func (h *Hive) cell(off uint32) (data []byte, free bool, err *Trouble) {
	m, o := &h.image, int64(off)
	if o+4 > m.size || o&3 != 0 {
		return nil, false, h.outside(o)
	}
	if o&7 != 0 {
		h.odd = true
	}
	raw, e := m.uint32(o)
	if e != nil {
		return nil, false, unreadable(o, e)
	}
	size := int64(int32(raw))
	if free = size > 0; !free {
		size = -size
	}
	first, last := o/blockSize, (o+size-1)/blockSize
	switch {
	case size < 8 || o+size > m.size:
		return nil, false, damage(o, "cell of %d bytes", size)
	case o%blockSize < binHeader && h.bins.startsAt(first):
		return nil, false, damage(o, "cell inside a bin header")
	case first != last && h.bins.crossed(first+1, last):
		return nil, false, damage(o, "cell of %d bytes crosses the end of its bin", size)
	}
	if o >= int64(h.header.BinsSize) {
		h.beyond = true
	}
	if data, e = m.bytes(o+4, size-4); e != nil {
		return nil, false, unreadable(o, e)
	}
	return data, free, nil
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
// and data of a sound hive do not overlap and so come to less than its size.
type budget struct{ left int64 }

func (h *Hive) newBudget() *budget { return &budget{2*h.image.size + pageSize} }

func (b *budget) spend(n int64) bool {
	if n > b.left {
		b.left = 0
		return false
	}
	b.left -= n
	return true
}

func le16(b []byte, i int) int    { return int(binary.LittleEndian.Uint16(b[i:])) }
func le32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
