package regftest

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A Hive describes a hive to write. Zero fields get a usual value.
type Hive struct {
	Root       Key
	Name       string // file name in the base block
	Written    int64  // FILETIME ticks
	Seq1, Seq2 uint32 // 1 if both are 0
	Minor      uint32 // 5 if 0; big data exists from 4 on
	MinBins    int    // bytes of bins to fill up to with free space
}

// A Key describes a key. The root's name is usually ROOT.
type Key struct {
	Name    string
	Units   []uint16 // the name as UTF-16 instead, for names that are no text
	UTF16   bool     // store the name as UTF-16 even if it is Latin-1
	Written int64    // FILETIME ticks
	Class   string
	Flags   uint16 // beside those that follow from the rest
	List    string // kind of subkey list: lf, lh (default), li; with "ri " before it in groups of two
	Subkeys []Key
	Values  []Value
}

// A Value describes a value.
type Value struct {
	Name  string
	Units []uint16
	UTF16 bool
	Type  uint32
	Data  []byte
}

// Flags of keys.
const (
	FlagRoot   = 0x04 | 0x08
	FlagLink   = 0x10
	FlagLatin1 = 0x20
	FlagPredef = 0x40
)

// Base is where the first bin starts in the file.
const Base = 4096

const (
	noCell  = 0xffffffff
	segment = 16344
)

var le = binary.LittleEndian

// Bytes is the hive as a file.
func (h Hive) Bytes() []byte {
	w := &writer{minor: h.Minor}
	if w.minor == 0 {
		w.minor = 5
	}
	root := h.Root
	root.Flags |= FlagRoot
	at := w.key(root, noCell)
	w.close()
	for len(w.bins) < h.MinBins {
		w.open(h.MinBins - len(w.bins))
		w.close()
	}
	base := make([]byte, Base)
	copy(base, "regf")
	seq1, seq2 := h.Seq1, h.Seq2
	if seq1 == 0 && seq2 == 0 {
		seq1, seq2 = 1, 1
	}
	le.PutUint64(base[12:], uint64(h.Written))
	le.PutUint32(base[20:], 1)
	le.PutUint32(base[24:], w.minor)
	le.PutUint32(base[32:], 1)
	le.PutUint32(base[36:], at)
	le.PutUint32(base[40:], uint32(len(w.bins)))
	le.PutUint32(base[44:], 1)
	name := utf16le(h.Name, nil)
	copy(base[48:112], name[max(0, len(name)-62):])
	SetSequence(base, seq1, seq2)
	return append(base, w.bins...)
}

// SetSequence sets the sequence numbers of a base block; they differ in a
// dirty hive.
func SetSequence(b []byte, seq1, seq2 uint32) {
	le.PutUint32(b[4:], seq1)
	le.PutUint32(b[8:], seq2)
	Seal(b)
}

// Seal sets the checksum of a base block.
func Seal(b []byte) {
	var x uint32
	for i := 0; i < 508; i += 4 {
		x ^= le.Uint32(b[i:])
	}
	switch x {
	case 0:
		x = 1
	case noCell:
		x--
	}
	le.PutUint32(b[508:], x)
}

type writer struct {
	bins  []byte
	free  int // where the free space of the last bin starts, 0 if none is open
	minor uint32
	sk    uint32
}

// open starts a bin with room for size bytes of cells.
func (w *writer) open(size int) {
	at := len(w.bins)
	n := (32 + size + Base - 1) / Base * Base
	w.bins = append(w.bins, make([]byte, n)...)
	b := w.bins[at:]
	copy(b, "hbin")
	le.PutUint32(b[4:], uint32(at))
	le.PutUint32(b[8:], uint32(n))
	w.free = at + 32
}

// close makes what is left of the last bin a free cell.
func (w *writer) close() {
	if left := len(w.bins) - w.free; w.free > 0 && left > 0 {
		le.PutUint32(w.bins[w.free:], uint32(left))
	}
	w.free = 0
}

// cell allocates a cell and copies the content to it.
func (w *writer) cell(content []byte) uint32 {
	n := (4 + len(content) + 7) &^ 7
	if w.free == 0 || len(w.bins)-w.free < n {
		w.close()
		w.open(n)
	}
	at := w.free
	le.PutUint32(w.bins[at:], uint32(-int32(n)))
	copy(w.bins[at+4:], content)
	w.free += n
	if w.free == len(w.bins) {
		w.free = 0
	}
	return uint32(at)
}

func (w *writer) key(k Key, parent uint32) uint32 {
	name, latin1 := storedName(k.Name, k.Units, k.UTF16)
	nk := make([]byte, 76, 76+len(name))
	copy(nk, "nk")
	flags := k.Flags
	if latin1 {
		flags |= FlagLatin1
	}
	le.PutUint16(nk[2:], flags)
	le.PutUint64(nk[4:], uint64(k.Written))
	le.PutUint32(nk[16:], parent)
	le.PutUint32(nk[20:], uint32(len(k.Subkeys)))
	for _, at := range []int{28, 32, 40, 44, 48} {
		le.PutUint32(nk[at:], noCell)
	}
	le.PutUint32(nk[36:], uint32(len(k.Values)))
	le.PutUint16(nk[72:], uint16(len(name)))
	at := w.cell(append(nk, name...))
	put := func(field int, v uint32) { le.PutUint32(w.bins[int(at)+4+field:], v) }
	if w.sk == 0 {
		w.sk = w.cell(security())
	}
	put(44, w.sk)
	if k.Class != "" {
		class := utf16le(k.Class, nil)
		put(48, w.cell(class))
		le.PutUint16(w.bins[int(at)+4+74:], uint16(len(class)))
	}
	if len(k.Values) > 0 {
		var list []byte
		for _, v := range k.Values {
			list = le.AppendUint32(list, w.value(v))
		}
		put(40, w.cell(list))
	}
	if len(k.Subkeys) > 0 {
		subs := slices.Clone(k.Subkeys)
		slices.SortStableFunc(subs, func(a, b Key) int {
			return slices.Compare(upper(a.Name, a.Units), upper(b.Name, b.Units))
		})
		offs := make([]uint32, len(subs))
		for i, s := range subs {
			offs[i] = w.key(s, at)
		}
		put(28, w.lists(k.List, subs, offs))
	}
	return at
}

func (w *writer) lists(kind string, subs []Key, offs []uint32) uint32 {
	leaf, grouped := strings.CutPrefix(kind, "ri ")
	if leaf == "" {
		leaf = "lh"
	}
	if !grouped {
		return w.leaf(leaf, subs, offs)
	}
	ri := le.AppendUint16([]byte("ri"), uint16((len(subs)+1)/2))
	for i := 0; i < len(subs); i += 2 {
		j := min(i+2, len(subs))
		ri = le.AppendUint32(ri, w.leaf(leaf, subs[i:j], offs[i:j]))
	}
	return w.cell(ri)
}

func (w *writer) leaf(kind string, subs []Key, offs []uint32) uint32 {
	b := le.AppendUint16([]byte(kind), uint16(len(subs)))
	for i, s := range subs {
		b = le.AppendUint32(b, offs[i])
		name := upper(s.Name, s.Units)
		switch kind {
		case "lf":
			var hint [4]byte
			for j := range min(4, len(name)) {
				hint[j] = byte(name[j])
			}
			b = append(b, hint[:]...)
		case "lh":
			var h uint32
			for _, u := range name {
				h = 37*h + uint32(u)
			}
			b = le.AppendUint32(b, h)
		}
	}
	return w.cell(b)
}

func (w *writer) value(v Value) uint32 {
	name, latin1 := storedName(v.Name, v.Units, v.UTF16)
	vk := make([]byte, 20, 20+len(name))
	copy(vk, "vk")
	le.PutUint16(vk[2:], uint16(len(name)))
	size := uint32(len(v.Data))
	switch {
	case size == 0:
		size = 1 << 31
	case size <= 4:
		copy(vk[8:], v.Data)
		size |= 1 << 31
	case size > segment && w.minor >= 4:
		le.PutUint32(vk[8:], w.bigData(v.Data))
	default:
		le.PutUint32(vk[8:], w.cell(v.Data))
	}
	le.PutUint32(vk[4:], size)
	le.PutUint32(vk[12:], v.Type)
	if latin1 {
		vk[16] = 1
	}
	return w.cell(append(vk, name...))
}

func (w *writer) bigData(data []byte) uint32 {
	var list []byte
	n := 0
	for part := range slices.Chunk(data, segment) {
		list = le.AppendUint32(list, w.cell(part))
		n++
	}
	db := le.AppendUint16([]byte("db"), uint16(n))
	return w.cell(le.AppendUint32(db, w.cell(list)))
}

// security is an sk cell whose descriptor names the owner and group
// S-1-5-32-544.
func security() []byte {
	sid := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	sd := []byte{1, 0, 0, 0x80}
	for _, at := range []uint32{20, 36, 0, 0} {
		sd = le.AppendUint32(sd, at)
	}
	sd = append(append(sd, sid...), sid...)
	sk := make([]byte, 20)
	copy(sk, "sk")
	le.PutUint32(sk[12:], 1)
	le.PutUint32(sk[16:], uint32(len(sd)))
	return append(sk, sd...)
}
