package imagetest

import (
	"bytes"
)

const (
	mib    = 1 << 20
	logAt  = mib
	metaAt = 2 * mib
	batAt  = 3 * mib
	dataAt = 4 * mib
	page   = 4 << 10
)

var (
	regionBAT  = []byte{0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0x00, 0x42, 0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08}
	regionMeta = []byte{0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b, 0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e}

	fileParameters = []byte{0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d, 0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b}
	diskSize       = []byte{0x24, 0x42, 0xa5, 0x2f, 0x1b, 0xcd, 0x76, 0x48, 0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8}
	sectorSize     = []byte{0x1d, 0xbf, 0x41, 0x81, 0x6f, 0xa9, 0x09, 0x47, 0xba, 0x47, 0xf2, 0x33, 0xa8, 0xfa, 0xab, 0x5f}
)

// VHDX makes a dynamic VHDX with blocks of 1 MiB, closed.
func VHDX(disk []byte) []byte {
	out := make([]byte, dataAt)
	copy(out, "vhdxfile")
	for i := range 2 {
		vhdxHeader(out[(i+1)*64<<10:], uint64(i+1), nil)
		r := out[(i+3)*64<<10:][:64<<10]
		copy(r, "regi")
		le.PutUint32(r[8:], 2)
		vhdxRegion(r[16:], regionBAT, batAt)
		vhdxRegion(r[48:], regionMeta, metaAt)
		castagnoli(r, 4)
	}
	m := out[metaAt:]
	copy(m, "metadata")
	le.PutUint16(m[10:], 3)
	for i, item := range []struct {
		id    []byte
		value uint64
		size  uint32
	}{{fileParameters, mib, 8}, {diskSize, uint64(len(disk)), 8}, {sectorSize, 512, 4}} {
		e := m[32+32*i:]
		copy(e, item.id)
		at := 64<<10 + 8*i
		le.PutUint32(e[16:], uint32(at))
		le.PutUint32(e[20:], item.size)
		le.PutUint64(m[at:], item.value)
	}
	for i, b := range blocks(disk, mib) {
		if zeros(b) {
			continue
		}
		le.PutUint64(out[batAt+8*i:], uint64(len(out))|6)
		out = append(out, b...)
	}
	return out
}

func vhdxRegion(e, id []byte, at uint64) {
	copy(e, id)
	le.PutUint64(e[16:], at)
	le.PutUint32(e[24:], mib)
	le.PutUint32(e[28:], 1)
}

func vhdxHeader(b []byte, sequence uint64, log []byte) {
	b = b[:page]
	copy(b, "head")
	le.PutUint64(b[8:], sequence)
	copy(b[48:], log)
	le.PutUint16(b[66:], 1)
	le.PutUint32(b[68:], mib)
	le.PutUint64(b[72:], logAt)
	castagnoli(b, 4)
}

// A VHDXWrite is what one entry of the log does: it writes a page at an offset
// of the file, or clears a range where Page is nil.
type VHDXWrite struct {
	At, Clear uint64
	Page      []byte
}

// VHDXLog makes a VHDX that was not closed: entries of one write each stand in
// its log, from that page of the log on, and may go round its end.
func VHDXLog(vhdx []byte, first int, writes ...VHDXWrite) []byte {
	out := bytes.Clone(vhdx)
	id := bytes.Repeat([]byte{0x5a}, 16)
	vhdxHeader(out[64<<10:], 9, id)
	pages := mib / page
	at := first
	for i, w := range writes {
		sequence := uint64(100 + i)
		e := make([]byte, page)
		copy(e, "loge")
		le.PutUint32(e[12:], uint32(first*page))
		le.PutUint64(e[16:], sequence)
		le.PutUint32(e[24:], 1)
		copy(e[32:], id)
		le.PutUint64(e[48:], uint64(len(vhdx)))
		le.PutUint64(e[56:], uint64(len(vhdx)))
		d := e[64:]
		le.PutUint64(d[16:], w.At)
		le.PutUint64(d[24:], sequence)
		if w.Page == nil {
			copy(d, "zero")
			le.PutUint64(d[8:], w.Clear)
		} else {
			copy(d, "desc")
			copy(d[4:], w.Page[page-4:])
			copy(d[8:], w.Page[:8])
			data := bytes.Clone(w.Page)
			copy(data, "data")
			le.PutUint32(data[4:], uint32(sequence>>32))
			le.PutUint32(data[page-4:], uint32(sequence))
			e = append(e, data...)
		}
		le.PutUint32(e[8:], uint32(len(e)))
		castagnoli(e, 4)
		for ; len(e) > 0; e = e[page:] {
			copy(out[logAt+at%pages*page:], e[:page])
			at++
		}
	}
	return out
}
