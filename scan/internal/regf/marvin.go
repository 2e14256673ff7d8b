package regf

import (
	"encoding/binary"
	"math/bits"
)

// marvin is the Marvin32 checksum with the seed that log entries use
// (US patent 8,555,073; the seed is in the format specification).
type marvin struct {
	lo, hi uint32
	tail   [4]byte
	n      int
}

func newMarvin() marvin { return marvin{lo: 0x7a4e55c5, hi: 0x82ef4d88} }

func (m *marvin) mix() {
	m.hi ^= m.lo
	m.lo = bits.RotateLeft32(m.lo, 20)
	m.lo += m.hi
	m.hi = bits.RotateLeft32(m.hi, 9)
	m.hi ^= m.lo
	m.lo = bits.RotateLeft32(m.lo, 27)
	m.lo += m.hi
	m.hi = bits.RotateLeft32(m.hi, 19)
}

// write adds bytes; pieces may have any length.
func (m *marvin) write(b []byte) {
	for m.n > 0 && len(b) > 0 {
		m.tail[m.n] = b[0]
		b = b[1:]
		if m.n++; m.n == 4 {
			m.lo += binary.LittleEndian.Uint32(m.tail[:])
			m.mix()
			m.n = 0
		}
	}
	for ; len(b) >= 4; b = b[4:] {
		m.lo += binary.LittleEndian.Uint32(b)
		m.mix()
	}
	for _, c := range b {
		m.tail[m.n] = c
		m.n++
	}
}

func (m marvin) sum() uint64 {
	last := uint32(0x80)
	for i := m.n - 1; i >= 0; i-- {
		last = last<<8 | uint32(m.tail[i])
	}
	m.lo += last
	m.mix()
	m.mix()
	return uint64(m.hi)<<32 | uint64(m.lo)
}

func marvin32(b []byte) uint64 {
	m := newMarvin()
	m.write(b)
	return m.sum()
}
