package petest

import (
	"fmt"
	"strconv"
	"unicode/utf16"
)

// A Resource is one leaf. A type or name of digits is a number.
type Resource struct {
	Type, Name string
	Language   uint16
	Data       []byte
}

// A Version is one table of strings: names and values in turn.
type Version struct {
	Language uint16
	Strings  []string
}

func (m Image) resources() []Resource {
	res := m.Resources
	if len(m.Versions) > 0 {
		res = append(res[:len(res):len(res)], Resource{"16", "1", m.Versions[0].Language, versionInfo(m.Versions)})
	}
	return res
}

// writeTree gives every leaf a branch of its own, which readers must take.
func writeTree(b *blob, res []Resource) [2]uint32 {
	start := b.here()
	n := uint32(len(res))
	rel := func() uint32 { return b.here() - start }
	folder := func(entries uint32) { b.u32(0, 0, 0, entries<<16) }
	// Root, then for each leaf the folders of its names and its languages and
	// what describes the data, then texts and data.
	const branch = 24 + 24 + 16
	head := 16 + 8*n
	tail := head + branch*n
	var texts []byte
	label := func(s string) uint32 {
		if v, err := strconv.ParseUint(s, 10, 16); err == nil {
			return uint32(v)
		}
		at := tail + uint32(len(texts))
		u := utf16.Encode([]rune(s))
		texts = le.AppendUint16(texts, uint16(len(u)))
		for _, c := range u {
			texts = le.AppendUint16(texts, c)
		}
		return at | 1<<31
	}
	folder(n)
	for i, r := range res {
		b.u32(label(r.Type), 1<<31|(head+branch*uint32(i)))
	}
	names := make([]uint32, n)
	for i, r := range res {
		names[i] = label(r.Name)
	}
	data := start + up(tail+uint32(len(texts)), 8)
	for i, r := range res {
		folder(1)
		b.u32(names[i], 1<<31|(rel()+8))
		folder(1)
		b.u32(uint32(r.Language), rel()+8)
		b.u32(data, uint32(len(r.Data)), 0, 0)
		data = up(data+uint32(len(r.Data)), 8)
	}
	b.add(texts...)
	b.align(8)
	for _, r := range res {
		b.add(r.Data...)
		b.align(8)
	}
	return [2]uint32{start, b.here() - start}
}

func block(key string, valueLength int, text uint16, value []byte, children ...[]byte) []byte {
	b := &blob{}
	b.u16(0)
	b.u16(uint16(valueLength))
	b.u16(text)
	b.add(units(key + "\x00")...)
	b.align(4)
	b.add(value...)
	for _, c := range children {
		b.align(4)
		b.add(c...)
	}
	le.PutUint16(b.b, uint16(len(b.b)))
	return b.b
}

func units(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = le.AppendUint16(out, u)
	}
	return out
}

func versionInfo(versions []Version) []byte {
	var tables [][]byte
	for _, v := range versions {
		var lines [][]byte
		for i := 0; i+1 < len(v.Strings); i += 2 {
			value := units(v.Strings[i+1] + "\x00")
			lines = append(lines, block(v.Strings[i], len(value)/2, 1, value))
		}
		tables = append(tables, block(fmt.Sprintf("%04x04b0", v.Language), 0, 1, nil, lines...))
	}
	return block("VS_VERSION_INFO", 52, 0, make([]byte, 52), block("StringFileInfo", 0, 1, nil, tables...))
}
