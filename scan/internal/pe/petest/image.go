// Package petest writes tiny PE files for tests.
package petest

import (
	"encoding/binary"
	"slices"
)

// An Image describes a file to write. Zero fields get a usual value.
type Image struct {
	Wide            bool // PE32+
	Machine         uint16
	Time            uint32
	Characteristics uint16 // 0x0102 if 0: an executable
	Subsystem       uint16 // 3 if 0: console
	Base            uint64 // 0x400000 if 0
	ImageSize       uint32 // the right one if 0

	Sections []Section // before those that the rest makes: .idata, .edata, .rsrc
	Imports  []Module
	Delayed  []Module
	Exports  *Exports

	Resources []Resource
	Versions  []Version // one version resource, with a table for each

	Overlay   []byte // behind the last section
	Checksum  uint32 // as stored; Right: computed
	Signature *Signature
}

// Right as a Checksum asks for the computed one.
const Right = 0xffffffff

// A Section is bytes under a name.
type Section struct {
	Name            string
	Data            []byte
	RawSize         uint32 // that of Data, rounded up, if 0
	VirtualSize     uint32 // that of Data if 0
	Characteristics uint32
}

// A Module is what is imported from one DLL. A function #5 is imported by its
// number.
type Module struct {
	Name      string
	Functions []string
}

// Exports are exported functions; Unnamed more have only a number.
type Exports struct {
	DLL     string
	Time    uint32
	Names   []string
	Unnamed int
}

const (
	// Start is where the signature of the format lies.
	Start     = 0x80
	headers   = 0x400
	fileStep  = 0x200
	imageStep = 0x1000
)

var le = binary.LittleEndian

// A blob is the content of a section while its addresses are laid out.
type blob struct {
	at uint32
	b  []byte
}

func (b *blob) here() uint32 { return b.at + uint32(len(b.b)) }

func (b *blob) add(p ...byte) uint32 {
	at := b.here()
	b.b = append(b.b, p...)
	return at
}

func (b *blob) u16(n uint16) { b.b = le.AppendUint16(b.b, n) }
func (b *blob) u32(n ...uint32) {
	for _, n := range n {
		b.b = le.AppendUint32(b.b, n)
	}
}
func (b *blob) align(n int) {
	for len(b.b)%n != 0 {
		b.b = append(b.b, 0)
	}
}
func (b *blob) text(s string) uint32 { return b.add(append([]byte(s), 0)...) }

func up(n, step uint32) uint32 { return (n + step - 1) / step * step }

// Bytes is the image as a file.
func (m Image) Bytes() []byte {
	if m.Characteristics == 0 {
		m.Characteristics = 0x0102
	}
	if m.Subsystem == 0 {
		m.Subsystem = 3
	}
	if m.Base == 0 {
		m.Base = 0x400000
	}
	if m.Machine == 0 {
		if m.Machine = 0x14c; m.Wide {
			m.Machine = 0x8664
		}
	}
	var dirs [16][2]uint32
	next := uint32(imageStep)
	sections := slices.Clone(m.Sections)
	for i := range sections {
		s := &sections[i]
		if s.VirtualSize == 0 {
			s.VirtualSize = uint32(len(s.Data))
		}
		next = up(next+max(s.VirtualSize, uint32(len(s.Data)), 1), imageStep)
	}
	add := func(name string, fill func(*blob)) {
		b := &blob{at: next}
		fill(b)
		sections = append(sections, Section{Name: name, Data: b.b, VirtualSize: uint32(len(b.b)), Characteristics: 0x40000040})
		next = up(b.here()+1, imageStep)
	}
	if len(m.Imports)+len(m.Delayed) > 0 {
		add(".idata", func(b *blob) { dirs[1], dirs[13] = m.imports(b) })
	}
	if m.Exports != nil {
		add(".edata", func(b *blob) { dirs[0] = m.Exports.write(b) })
	}
	if res := m.resources(); len(res) > 0 {
		add(".rsrc", func(b *blob) { dirs[2] = writeTree(b, res) })
	}
	return m.file(sections, dirs)
}

func (m Image) file(sections []Section, dirs [16][2]uint32) []byte {
	var table, body []byte
	va := uint32(imageStep)
	end := va
	for _, s := range sections {
		raw := up(uint32(len(s.Data)), fileStep)
		off := uint32(headers + len(body))
		if raw == 0 {
			off = 0
		}
		body = append(body, s.Data...)
		body = append(body, make([]byte, int(raw)-len(s.Data))...)
		if s.RawSize != 0 {
			raw = s.RawSize
		}
		name := make([]byte, 8)
		copy(name, s.Name)
		table = append(table, name...)
		for _, n := range []uint32{s.VirtualSize, va, raw, off, 0, 0, 0, s.Characteristics} {
			table = le.AppendUint32(table, n)
		}
		end = va + max(s.VirtualSize, 1)
		va = up(va+max(s.VirtualSize, uint32(len(s.Data)), 1), imageStep)
	}
	if m.ImageSize == 0 {
		m.ImageSize = up(end, imageStep)
	}
	out := make([]byte, headers)
	copy(out, "MZ")
	le.PutUint32(out[60:], Start)
	copy(out[Start:], "PE\x00\x00")
	coff := out[Start+4:]
	le.PutUint16(coff[0:], m.Machine)
	le.PutUint16(coff[2:], uint16(len(sections)))
	le.PutUint32(coff[4:], m.Time)
	opt := coff[20:]
	fixed := 96
	if le.PutUint16(opt, 0x10b); m.Wide {
		fixed = 112
		le.PutUint16(opt, 0x20b)
		le.PutUint64(opt[24:], m.Base)
	} else {
		le.PutUint32(opt[28:], uint32(m.Base))
	}
	le.PutUint16(coff[16:], uint16(fixed+16*8))
	le.PutUint16(coff[18:], m.Characteristics)
	le.PutUint32(opt[32:], imageStep)
	le.PutUint32(opt[36:], fileStep)
	le.PutUint32(opt[56:], m.ImageSize)
	le.PutUint32(opt[60:], headers)
	le.PutUint16(opt[68:], m.Subsystem)
	le.PutUint32(opt[fixed-4:], 16)
	copy(opt[fixed+16*8:], table)
	out = append(append(out, body...), m.Overlay...)
	if m.Signature != nil {
		for len(out)%8 != 0 {
			out = append(out, 0)
		}
	}
	opt = out[Start+24:]
	put := func() {
		for i, d := range dirs {
			le.PutUint32(opt[fixed+8*i:], d[0])
			le.PutUint32(opt[fixed+8*i+4:], d[1])
		}
	}
	if put(); m.Signature != nil {
		at := uint32(len(out))
		out = append(out, m.Signature.table(out, Start+24+64, Start+24+fixed+4*8)...)
		opt = out[Start+24:]
		dirs[4] = [2]uint32{at, uint32(len(out)) - at}
		put()
	}
	if le.PutUint32(opt[64:], m.Checksum); m.Checksum == Right {
		le.PutUint32(opt[64:], 0)
		le.PutUint32(opt[64:], checksum(out))
	}
	return out
}

func checksum(b []byte) uint32 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		n := uint32(b[i])
		if i+1 < len(b) {
			n |= uint32(b[i+1]) << 8
		}
		sum += n
		sum = sum>>16 + sum&0xffff
	}
	return sum + uint32(len(b))
}
