package ntfs

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"unicode/utf16"

	"iocscan/scan/internal/fsys"
)

// A builder makes a small volume: the MFT at cluster 4, then what is allocated.
type builder struct {
	cluster int
	img     []byte
	next    int // free cluster
	recs    map[int]*made
	free    []run // clusters of what is deleted
}

const (
	recordBytes = 1024
	tableSize   = 64
	tableAt     = 4
	volumeBytes = 512 << 10
)

type made struct {
	seq, flags int
	base       uint64
	attrs      [][]byte
	entries    []indexEntry
	blocked    bool // index in blocks, not in the root
}

type indexEntry struct {
	ref uint64
	key []byte
}

func newBuilder(cluster int) *builder {
	b := &builder{cluster: cluster, img: make([]byte, volumeBytes), recs: map[int]*made{}}
	b.next = tableAt + tableSize*recordBytes/cluster
	boot := b.img[:512]
	copy(boot[3:], "NTFS    ")
	le.PutUint16(boot[11:], 512)
	boot[13] = byte(cluster / 512)
	le.PutUint64(boot[40:], volumeBytes/512-1)
	le.PutUint64(boot[48:], tableAt)
	boot[64] = 0xf6 // 2^10
	boot[68] = 0xf4 // 2^12
	le.PutUint64(boot[72:], 0x1122334455667788)
	copy(b.img[volumeBytes-512:], boot)
	b.add(5, 5, flagInUse|flagFolder, standard(0x06, 0), nameAttr(ref(5, 5), ".", 3))
	return b
}

func ref(number, seq int) uint64 { return uint64(number) | uint64(seq)<<48 }

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func pad8(b []byte) []byte { return append(b, make([]byte, -len(b)&7)...) }

func resident(kind uint32, name string, value []byte) []byte {
	n := utf16le(name)
	b := make([]byte, 24)
	b = pad8(append(b, n...))
	le.PutUint32(b, kind)
	b[9] = byte(len(n) / 2)
	le.PutUint16(b[10:], 24)
	le.PutUint32(b[16:], uint32(len(value)))
	le.PutUint16(b[20:], uint16(len(b)))
	b = pad8(append(b, value...))
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}

// elsewhere is an attribute that is not resident.
func elsewhere(kind uint32, name string, flags uint16, from int64, runs []run, size, initialised int64) []byte {
	n := utf16le(name)
	b := make([]byte, 64)
	b = pad8(append(b, n...))
	le.PutUint32(b, kind)
	b[8], b[9] = 1, byte(len(n)/2)
	le.PutUint16(b[10:], 64)
	le.PutUint16(b[12:], flags)
	le.PutUint64(b[16:], uint64(from))
	le.PutUint16(b[32:], uint16(len(b)))
	if flags&flagCompressed != 0 {
		b[34] = 4
	}
	le.PutUint64(b[48:], uint64(size))
	le.PutUint64(b[56:], uint64(initialised))
	last, lcn := from, int64(0)
	for _, r := range runs {
		last += r.count
		if r.lcn == sparse {
			b = append(b, 0x02, byte(r.count), byte(r.count>>8))
			continue
		}
		d := r.lcn - lcn
		lcn = r.lcn
		b = append(b, 0x32, byte(r.count), byte(r.count>>8), byte(d), byte(d>>8), byte(d>>16))
	}
	b = pad8(append(b, 0))
	le.PutUint64(b[24:], uint64(last-1))
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}

// Times of made objects, in ticks.
const (
	born   = 130000000000000001
	nameAt = 131000000000000001
)

func standard(attributes, security uint32) []byte {
	v := make([]byte, 72)
	for i := range 4 {
		le.PutUint64(v[8*i:], born+uint64(i))
	}
	le.PutUint32(v[32:], attributes)
	le.PutUint32(v[52:], security)
	return resident(typeStandard, "", v)
}

func nameValue(parent uint64, name string, space byte, flags, tag uint32) []byte {
	v := make([]byte, minFileName)
	le.PutUint64(v, parent)
	for i := range 4 {
		le.PutUint64(v[8+8*i:], nameAt+uint64(i))
	}
	le.PutUint32(v[56:], flags)
	le.PutUint32(v[60:], tag)
	n := utf16le(name)
	v[64], v[65] = byte(len(n)/2), space
	return append(v, n...)
}

func nameAttr(parent uint64, name string, space byte) []byte {
	return resident(typeName, "", nameValue(parent, name, space, 0, 0))
}

func (b *builder) add(number, seq, flags int, attrs ...[]byte) *made {
	m := &made{seq: seq, flags: flags, attrs: attrs}
	b.recs[number] = m
	return m
}

// object makes a file or folder with one name, which its folder lists.
func (b *builder) object(number, flags, parent int, name string, attributes uint32, attrs ...[]byte) *made {
	up := b.recs[parent]
	at := ref(parent, up.seq)
	m := b.add(number, 1, flags, append([][]byte{standard(attributes, 0x100), nameAttr(at, name, 0)}, attrs...)...)
	key := attributes
	if flags&flagFolder != 0 {
		key |= nameFolder
	}
	up.entries = append(up.entries, indexEntry{ref(number, 1), nameValue(at, name, 0, key, 0)})
	return m
}

func (b *builder) file(number int, name string, attrs ...[]byte) *made {
	return b.object(number, flagInUse, recordRoot, name, 0x20, attrs...)
}

// put stores bytes in clusters of their own.
func (b *builder) put(data []byte) run {
	r := run{lcn: int64(b.next), count: int64((len(data) + b.cluster - 1) / b.cluster)}
	copy(b.img[b.next*b.cluster:], data)
	b.next += int(r.count)
	return r
}

func entryBytes(e indexEntry, child int64, last bool) []byte {
	b := make([]byte, 16)
	le.PutUint64(b, e.ref)
	le.PutUint16(b[10:], uint16(len(e.key)))
	b = pad8(append(b, e.key...))
	var flags uint32
	if last {
		flags |= 2
	}
	if child >= 0 {
		flags |= 1
		b = le.AppendUint64(b, uint64(child))
	}
	le.PutUint32(b[12:], flags)
	le.PutUint16(b[8:], uint16(len(b)))
	return b
}

func nodeBytes(head int, entries ...[]byte) []byte {
	b := make([]byte, head)
	b = append(b, bytes.Join(entries, nil)...)
	le.PutUint32(b, uint32(head))
	le.PutUint32(b[4:], uint32(len(b)))
	le.PutUint32(b[8:], uint32(len(b)))
	return b
}

// seal is the inverse of fixup.
func seal(b []byte, at int) {
	le.PutUint16(b[4:], uint16(at))
	le.PutUint16(b[6:], uint16(len(b)/stride+1))
	le.PutUint16(b[at:], 0xabcd)
	for i := 1; i <= len(b)/stride; i++ {
		copy(b[at+2*i:], b[i*stride-2:i*stride])
		le.PutUint16(b[i*stride-2:], 0xabcd)
	}
}

const indexBytes = 4096

// index makes the attributes of a folder. In blocks, each but the last entry in
// the middle has a block of its own below it.
func (b *builder) index(m *made) {
	root := make([]byte, 16)
	le.PutUint32(root, typeName)
	le.PutUint32(root[8:], indexBytes)
	var list [][]byte
	var stream []byte
	if !m.blocked {
		for _, e := range m.entries {
			list = append(list, entryBytes(e, -1, false))
		}
		list = append(list, entryBytes(indexEntry{}, -1, true))
	} else {
		per := int64(b.cluster)
		if b.cluster > indexBytes {
			per = stride
		}
		block := func(entries []indexEntry) int64 {
			vcn := int64(len(stream)) / per
			var list [][]byte
			for _, e := range entries {
				list = append(list, entryBytes(e, -1, false))
			}
			list = append(list, entryBytes(indexEntry{}, -1, true))
			raw := make([]byte, 24, indexBytes)
			copy(raw, "INDX")
			le.PutUint64(raw[16:], uint64(vcn))
			raw = append(raw, nodeBytes(40, list...)...)[:indexBytes]
			seal(raw, 40)
			stream = append(stream, raw...)
			return vcn
		}
		half := len(m.entries) / 2
		list = append(list, entryBytes(m.entries[half], block(m.entries[:half]), false),
			entryBytes(indexEntry{}, block(m.entries[half+1:]), true))
	}
	m.attrs = append(m.attrs, resident(typeIndexRoot, "$I30", append(root, nodeBytes(16, list...)...)))
	if len(stream) > 0 {
		m.attrs = append(m.attrs, elsewhere(typeIndex, "$I30", 0, 0, []run{b.put(stream)}, int64(len(stream)), int64(len(stream))))
	}
}

func (b *builder) bytes(t testing.TB) []byte {
	t.Helper()
	for _, number := range slices.Sorted(maps.Keys(b.recs)) {
		if m := b.recs[number]; m.flags&flagFolder != 0 {
			b.index(m)
		}
	}
	bits := make([]byte, 1024)
	total := volumeBytes / b.cluster
	at := b.put(bits)
	size := int64(tableSize * recordBytes)
	b.add(recordMFT, 1, flagInUse, standard(6, 0), nameAttr(ref(5, 5), "$MFT", 3),
		elsewhere(typeData, "", 0, 0, []run{{lcn: tableAt, count: size / int64(b.cluster)}}, size, size))
	b.add(recordBitmap, 6, flagInUse, standard(6, 0), nameAttr(ref(5, 5), "$Bitmap", 3),
		elsewhere(typeData, "", 0, 0, []run{at}, int64(total+7)/8, int64(total+7)/8))
	if b.next > total-1 {
		t.Fatalf("%d clusters of %d", b.next, total)
	}
	for i := range b.next {
		if !slices.ContainsFunc(b.free, func(r run) bool { return int64(i) >= r.lcn && int64(i) < r.lcn+r.count }) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	copy(b.img[int(at.lcn)*b.cluster:], bits)
	for number, m := range b.recs {
		rec := b.img[tableAt*b.cluster+number*recordBytes:][:recordBytes]
		copy(rec, "FILE")
		le.PutUint16(rec[16:], uint16(m.seq))
		le.PutUint16(rec[20:], 56)
		le.PutUint16(rec[22:], uint16(m.flags))
		le.PutUint64(rec[32:], m.base)
		end := 56
		for _, a := range m.attrs {
			if end+len(a)+8 > recordBytes-2 {
				t.Fatalf("record %d is full", number)
			}
			end += copy(rec[end:], a)
		}
		le.PutUint32(rec[end:], typeEnd)
		le.PutUint32(rec[24:], uint32(end+8))
		seal(rec, 48)
	}
	return b.img
}

func (b *builder) open(t testing.TB) fsys.NTFS {
	t.Helper()
	img := b.bytes(t)
	v, err := Open(bytes.NewReader(img), int64(len(img)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
