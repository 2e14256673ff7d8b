package iso

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// An image is a volume that a test makes: heads in sectors 16 to 18, folders and
// contents behind.
type image struct{ b []byte }

func newImage() *image { return &image{make([]byte, 20*sector)} }

// add stores content in new sectors and gives the number of the first.
func (m *image) add(content []byte) int {
	at := len(m.b) / sector
	m.b = append(m.b, content...)
	m.b = append(m.b, make([]byte, -len(content)&(sector-1))...)
	return at
}

// head writes a volume descriptor into sector n.
func (m *image) head(n int, kind byte, label []byte, root []byte) {
	b := m.b[n*sector : (n+1)*sector]
	b[0] = kind
	copy(b[1:], "CD001\x01")
	copy(b[40:72], label)
	if kind == 2 {
		copy(b[88:], "%/E")
	}
	le.PutUint32(b[80:], uint32(len(m.b)/sector))
	le.PutUint16(b[128:], sector)
	copy(b[156:190], root)
}

// entry makes a directory record.
func entry(name string, flags byte, block, size int, use ...byte) []byte {
	at := 33 + len(name)
	b := make([]byte, at+at%2, 256)
	le.PutUint32(b[2:], uint32(block))
	le.PutUint32(b[10:], uint32(size))
	copy(b[18:], "\x78\x02\x1d\x0a\x14\x1e\x0c") // 2020-02-29 10:20:30 +03:00
	b[25], b[32] = flags, byte(len(name))
	copy(b[33:], name)
	b = append(b, use...)
	b[0] = byte(len(b))
	return b
}

func joliet(name string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(name)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

// both is a number in both byte orders.
func both(n int) []byte {
	return binary.BigEndian.AppendUint32(le.AppendUint32(nil, uint32(n)), uint32(n))
}

// field makes a system use field.
func field(sign string, data ...[]byte) []byte {
	b := append([]byte(sign), 0, 1)
	b = append(b, bytes.Join(data, nil)...)
	b[2] = byte(len(b))
	return b
}

func mode(mode int) []byte { return field("PX", both(mode), both(1), both(500), both(600)) }

func alias(name string) []byte { return field("NM", []byte{0}, []byte(name)) }

// folder stores records and gives the sector; the first two are left to it.
func (m *image) folder(first []byte, records ...[]byte) int {
	block := len(m.b) / sector
	var b []byte
	for _, r := range append([][]byte{entry("\x00", flagDir, block, sector, first...), entry("\x01", flagDir, block, sector)}, records...) {
		if len(b)%sector+len(r) > sector {
			b = append(b, make([]byte, -len(b)&(sector-1))...)
		}
		b = append(b, r...)
	}
	return m.add(b)
}
