package fat

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf16"

	"iocscan/scan/internal/fsys"
)

// An image is a volume that a test makes: sectors and clusters of 512 bytes.
type image struct {
	bits  int
	table int // where the first one is
	copy  int // distance to the second, 0: there is none
	heap  int
	root  int // FAT12 and FAT16: where the root folder is
	next  uint32
	b     []byte
}

const sector = 512

// newFAT makes an empty volume with two tables.
func newFAT(bits, clusters int) *image {
	width := bits
	if bits == 28 {
		width = 32
	}
	perTable := ((clusters+2)*width/8 + sector) / sector
	m := &image{bits: bits, table: sector, copy: perTable * sector, next: 2}
	m.heap = sector + 2*perTable*sector
	if bits != 28 {
		m.root = m.heap
		m.heap += 32 * slotSize
	}
	m.b = make([]byte, m.heap+clusters*sector)
	b := m.b
	copy(b, "\xeb\x3c\x90tests   ")
	le.PutUint16(b[11:], sector)
	b[13], b[14], b[16], b[21] = 1, 1, 2, 0xf8
	le.PutUint32(b[32:], uint32(len(b)/sector))
	ext := 36
	if bits == 28 {
		le.PutUint32(b[36:], uint32(perTable))
		le.PutUint32(b[44:], 2)
		ext = 64
		m.next = 3
		m.link(2)
	} else {
		le.PutUint16(b[17:], 32)
		le.PutUint16(b[22:], uint16(perTable))
	}
	b[ext+2] = 0x29
	le.PutUint32(b[ext+3:], 0xcafe0123)
	copy(b[ext+7:], "BOOT LABEL ")
	b[510], b[511] = 0x55, 0xaa
	return m
}

// link makes a chain of the clusters.
func (m *image) link(clusters ...uint32) {
	for i, c := range clusters {
		to := uint32(chainEnd)
		if i+1 < len(clusters) {
			to = clusters[i+1]
		}
		m.set(c, to)
	}
}

func (m *image) set(c, to uint32) {
	for _, at := range []int{m.table, m.table + m.copy} {
		switch b := m.b[at:]; m.bits {
		case 12:
			i := int(c) * 3 / 2
			old := le.Uint16(b[i:])
			if c&1 != 0 {
				le.PutUint16(b[i:], old&0x000f|uint16(to)<<4)
			} else {
				le.PutUint16(b[i:], old&0xf000|uint16(to)&0xfff)
			}
		case 16:
			le.PutUint16(b[2*c:], uint16(to))
		default:
			le.PutUint32(b[4*c:], to)
		}
		if m.copy == 0 {
			return
		}
	}
}

// at is the place of a cluster.
func (m *image) at(c uint32) int { return m.heap + int(c-2)*sector }

// take gives the next free clusters without linking them.
func (m *image) take(n int) []uint32 {
	list := make([]uint32, n)
	for i := range list {
		list[i] = m.next
		m.next++
	}
	return list
}

// put writes content into clusters.
func (m *image) put(content []byte, clusters ...uint32) {
	for i, c := range clusters {
		copy(m.b[m.at(c):m.at(c)+sector], content[min(i*sector, len(content)):])
	}
}

// add stores content in new clusters, one behind the other, and gives the first.
func (m *image) add(content []byte) uint32 {
	if len(content) == 0 {
		return 0
	}
	list := m.take((len(content) + sector - 1) / sector)
	m.link(list...)
	m.put(content, list...)
	return list[0]
}

// setRoot writes entries into the root folder.
func (m *image) setRoot(entries ...[]byte) {
	all := bytes.Join(entries, nil)
	if m.root != 0 {
		copy(m.b[m.root:m.heap], all)
		return
	}
	list := append([]uint32{2}, m.take(len(all)/sector)...)
	m.link(list...)
	m.put(all, list...)
}

// short makes an entry of FAT, named by eleven bytes.
func short(name string, attr byte, first uint32, size int) []byte {
	b := make([]byte, slotSize)
	copy(b, name)
	b[11] = attr
	b[13] = 150                     // 1.5 s
	le.PutUint16(b[14:], 10<<11|30) // 10:00:60/2
	le.PutUint16(b[14:], 10<<11|20<<5|15)
	le.PutUint16(b[16:], 40<<9|2<<5|29)  // 2020-02-29
	le.PutUint16(b[18:], 41<<9|12<<5|31) // 2021-12-31
	le.PutUint16(b[20:], uint16(first>>16))
	le.PutUint16(b[22:], 23<<11|59<<5|29)
	le.PutUint16(b[24:], 40<<9|3<<5|1)
	le.PutUint16(b[26:], uint16(first))
	le.PutUint32(b[28:], uint32(size))
	return b
}

// long makes the entries that give a short one a long name.
func long(name string, entry []byte) []byte {
	letters := utf16.Encode([]rune(name))
	if len(letters)%perPart != 0 {
		letters = append(letters, 0)
		for len(letters)%perPart != 0 {
			letters = append(letters, 0xffff)
		}
	}
	var parts [][]byte
	for i := 0; i < len(letters); i += perPart {
		b := make([]byte, slotSize)
		b[0], b[11], b[13] = byte(i/perPart+1), attrLong, checksum(entry[0], entry)
		for k, u := range letters[i : i+perPart] {
			at := 1 + 2*k
			if k >= 5 {
				at += 3
			}
			if k >= 11 {
				at += 2
			}
			le.PutUint16(b[at:], u)
		}
		parts = append(parts, b)
	}
	parts[len(parts)-1][0] |= 0x40
	slices.Reverse(parts)
	return append(bytes.Join(parts, nil), entry...)
}

// erase marks entries of FAT as deleted.
func erase(entries []byte) []byte {
	b := bytes.Clone(entries)
	for i := 0; i < len(b); i += slotSize {
		b[i] = erased
	}
	return b
}

// dots are the first entries of a folder.
func dots(self, parent uint32) []byte {
	return append(short(".          ", fsys.AttrDirectory, self, 0), short("..         ", fsys.AttrDirectory, parent, 0)...)
}

// newExFAT makes a volume whose root folder is cluster 2 and whose bitmap is
// cluster 3.
func newExFAT(clusters int) *image {
	m := &image{bits: 32, table: 24 * sector, next: 4}
	perTable := ((clusters+2)*4 + sector - 1) / sector
	m.heap = m.table + perTable*sector
	m.b = make([]byte, m.heap+clusters*sector)
	b := m.b
	copy(b, "\xeb\x76\x90EXFAT   ")
	le.PutUint64(b[72:], uint64(len(b)/sector))
	le.PutUint32(b[80:], 24)
	le.PutUint32(b[84:], uint32(perTable))
	le.PutUint32(b[88:], uint32(m.heap/sector))
	le.PutUint32(b[92:], uint32(clusters))
	le.PutUint32(b[96:], 2)
	le.PutUint32(b[100:], 0xcafe0123)
	b[108], b[110] = 9, 1
	b[510], b[511] = 0x55, 0xaa
	m.link(2)
	m.link(3)
	m.allocate(2, 3)
	return m
}

func (m *image) allocate(clusters ...uint32) {
	for _, c := range clusters {
		m.b[m.at(3)+int(c-2)/8] |= 1 << ((c - 2) % 8)
	}
}

// setExRoot writes bitmap, label and entries into the root folder.
func (m *image) setExRoot(entries ...[]byte) {
	head := make([]byte, 2*slotSize)
	head[0] = inUse | typeBitmap
	le.PutUint32(head[20:], 3)
	clusters := (len(m.b) - m.heap) / sector
	le.PutUint64(head[24:], uint64(clusters+7)/8)
	head[32], head[33] = inUse|typeLabel, 3
	copy(head[34:], "e\x00x\x00F\x00")
	all := append(head, bytes.Join(entries, nil)...)
	list := append([]uint32{2}, m.take(len(all)/sector)...)
	m.link(list...)
	m.allocate(list...)
	m.put(all, list...)
}

// A file is an entry set of exFAT.
type file struct {
	name    string
	attr    uint16
	first   uint32
	size    uint64
	valid   uint64
	flags   byte // 3: without the table
	letters []uint16
}

func (f file) set() []byte {
	if f.letters == nil {
		f.letters = utf16.Encode([]rune(f.name))
	}
	names := (len(f.letters) + perName - 1) / perName
	b := make([]byte, (2+names)*slotSize)
	b[0], b[1] = inUse|typeFile, byte(1+names)
	le.PutUint16(b[4:], f.attr)
	le.PutUint32(b[8:], (40<<9|2<<5|29)<<16|10<<11|20<<5|15)
	le.PutUint32(b[12:], (40<<9|3<<5|1)<<16|23<<11|59<<5|29)
	le.PutUint32(b[16:], (41<<9|12<<5|31)<<16)
	b[20], b[21] = 150, 1
	b[22], b[23], b[24] = 0x80|12, 0x80|0x7c, 0 // +03:00, -01:00, not known
	b[32], b[33], b[35] = inUse|typeStream, f.flags, byte(len(f.letters))
	le.PutUint64(b[40:], f.valid)
	le.PutUint32(b[52:], f.first)
	le.PutUint64(b[56:], f.size)
	for i, u := range f.letters {
		e := b[(2+i/perName)*slotSize:]
		e[0] = inUse | typeName
		le.PutUint16(e[2+2*(i%perName):], u)
	}
	le.PutUint16(b[2:], setSum(b))
	return b
}

// drop marks a set of exFAT as deleted.
func drop(set []byte) []byte {
	b := bytes.Clone(set)
	for i := 0; i < len(b); i += slotSize {
		b[i] &^= inUse
	}
	return b
}

// text is content that tells its clusters apart.
func text(name string, n int) []byte {
	return []byte(strings.Repeat(name+" ", n/(len(name)+1)+1))[:n]
}
