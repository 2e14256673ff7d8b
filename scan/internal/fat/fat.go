package fat

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"

	"iocscan/scan/internal/fsys"
)

// openFAT reads the boot sector, fatgen103 page 9: bytes per sector at 11,
// sectors per cluster 13, reserved sectors 14, tables 16, root entries 17,
// sectors 19 or 32, media 21, sectors per table 22 or 36.
func (v *volume) openFAT(b []byte) (format, error) {
	v.sector = int64(le.Uint16(b[11:]))
	perCluster := int64(b[13])
	reserved := int64(le.Uint16(b[14:]))
	copies := int64(b[16])
	rootEntries := int64(le.Uint16(b[17:]))
	sectors := int64(le.Uint16(b[19:]))
	if sectors == 0 {
		sectors = int64(le.Uint32(b[32:]))
	}
	perTable := int64(le.Uint16(b[22:]))
	is32 := perTable == 0
	if is32 {
		perTable = int64(le.Uint32(b[36:]))
	}
	media := b[21]
	switch {
	case v.sector < 128 || v.sector > 4096 || v.sector&(v.sector-1) != 0,
		perCluster == 0 || perCluster&(perCluster-1) != 0,
		reserved == 0, copies == 0, perTable == 0, sectors == 0,
		media != 0xf0 && media < 0xf8,
		b[0] != 0xeb && b[0] != 0xe9 && (b[510] != 0x55 || b[511] != 0xaa):
		return nil, ErrNotFAT
	}
	rootAt := (reserved + copies*perTable) * v.sector
	rootSize := rootEntries * slotSize
	v.heap = rootAt + (rootSize+v.sector-1)/v.sector*v.sector
	v.length = sectors * v.sector
	v.cluster = perCluster * v.sector
	clusters := (v.length - v.heap) / v.cluster
	if clusters <= 0 {
		return nil, fmt.Errorf("%w: no room for clusters", ErrNotFAT)
	}
	// The size of the table decides: FAT32 with few clusters exists.
	v.kind, v.bits = "fat16", 16
	serial, label := 39, 43
	switch {
	case is32:
		v.kind, v.bits = "fat32", 28
		serial, label = 67, 71
	case clusters < 4085:
		v.kind, v.bits = "fat12", 12
	}
	if room := perTable*v.sector*8/v.width() - 2; clusters > room {
		v.note("the allocation table has room for %d clusters of %d", room, clusters)
		clusters = room
	}
	v.limit = uint32(min(clusters, 0x0ffffff5)) + 2
	for i := range copies {
		v.tables = append(v.tables, (reserved+i*perTable)*v.sector)
	}
	v.root = place{fixed: rootAt, size: rootSize}
	if is32 {
		v.root = place{first: le.Uint32(b[44:]) & 0x0fffffff, size: unbounded}
		// Flags at 40: bit 7, only the copy numbered by bits 0-3 is kept.
		if flags := le.Uint16(b[40:]); flags&0x80 != 0 && int64(flags&15) < copies {
			active := v.tables[flags&15]
			v.tables = []int64{active}
		}
		if !v.in(v.root.first) {
			return nil, damaged("the root folder begins in cluster %d, which does not exist", v.root.first)
		}
	}
	if string(b[424:440]) == bitLocker {
		v.note("the volume is the cover of one that BitLocker To Go encrypted, whose files cannot be read")
	}
	f := &fat{volume: v}
	// The signature says that serial number and label follow.
	if sig := b[serial-1]; sig == 0x29 || sig == 0x28 {
		v.serial = fmt.Sprintf("%08x", le.Uint32(b[serial:]))
		if sig == 0x29 && string(b[label:label+11]) != "NO NAME    " {
			f.bootLabel = strings.TrimRight(oem(b[label:label+11]), " \x00")
		}
	}
	v.table = &table{v: v, pages: map[uint32]*page{}}
	v.used = newUsage(v, nil)
	return f, nil
}

// bitLocker is the GUID 4967d63b-2e29-4ad8-8399-f6a339e3d001, which BitLocker
// writes into the boot sector.
const bitLocker = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"

type fat struct {
	*volume
	bootLabel string
}

// Attributes that only FAT has.
const (
	attrVolume = 0x08
	attrLong   = 0x0f
	attrMask   = 0x3f
	erased     = 0xe5
)

const isLabel = 1

func (f *fat) objects(from iter.Seq2[slot, error], marks fsys.ID) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		var long longName
		for s, err := range from {
			if err != nil {
				long.reset()
				if !yield(object{}, err) {
					return
				}
				continue
			}
			if s.b[0] == 0 { // nothing behind it was ever used
				return
			}
			if s.b[11]&attrMask == attrLong {
				long.add(s.b)
				continue
			}
			o := f.decode(s.b, fsys.ID(s.at)|marks)
			if name, ok := long.take(s.b); ok {
				o.Name = name
			}
			var fault error
			switch {
			case o.Name == "." || o.Name == "..":
				continue
			case o.deleted && (s.b[11]&(attrVolume|0xc0) != 0 || o.Name == ""):
				continue // nothing of it can be told
			case o.special == isLabel && (o.first != 0 || o.info.Size != 0):
				fault = damaged("the entry %q at %d is marked as a volume label and has content", o.Name, s.at)
			case s.b[11]&0xc0 != 0 || o.Name == "":
				fault = damaged("the entry at %d is none: attributes %#x, name %q", s.at, s.b[11], o.Name)
			}
			if fault != nil {
				o = object{}
			}
			if !yield(o, fault) {
				return
			}
		}
	}
}

func (f *fat) object(id fsys.ID) (object, error) {
	var b [slotSize]byte
	at := int64(id &^ marks)
	if at < cmp.Or(f.root.fixed, f.heap) {
		return object{}, damaged("it is in front of the folders")
	}
	if _, err := f.readAt(b[:], at); err != nil {
		return object{}, err
	}
	if b[0] == 0 || b[11]&attrVolume != 0 {
		return object{}, damaged("it is none of a file or folder")
	}
	return f.decode(b[:], id), nil
}

// decode reads a short entry, fatgen103 page 23: name at 0, attributes 11, case
// 12, created 13, accessed 18, cluster 20 and 26, modified 22, size 28.
func (f *fat) decode(b []byte, id fsys.ID) object {
	first := uint32(le.Uint16(b[26:]))
	if f.bits == 28 { // elsewhere the upper half is something of OS/2
		first |= uint32(le.Uint16(b[20:])) << 16 & 0x0fffffff
	}
	size := int64(le.Uint32(b[28:]))
	o := object{
		Entry:   fsys.Entry{Name: shortName(b), ID: id},
		place:   place{first: first, size: size},
		valid:   size,
		deleted: b[0] == erased,
		info: fsys.Info{
			Size:     size,
			Created:  dosTime(le.Uint16(b[16:]), le.Uint16(b[14:]), b[13], f.zone),
			Modified: dosTime(le.Uint16(b[24:]), le.Uint16(b[22:]), 0, f.zone),
			Accessed: dosTime(le.Uint16(b[18:]), 0, 0, f.zone),
			UID:      -1, GID: -1, Links: 1,
			Attributes: uint32(b[11]) & attrMask,
		},
	}
	switch {
	case b[11]&attrVolume != 0:
		o.special = isLabel
		o.Name = strings.TrimRight(oem(b[:11]), " ")
	case b[11]&fsys.AttrDirectory != 0:
		o.Kind, o.info.Size, o.size = fsys.Dir, 0, unbounded
	}
	o.info.Kind = o.Kind
	return o
}

// shortName is the name in a short entry: eight bytes and three, in the code
// page of the system that wrote it, which nothing on the volume says. Bits 3
// and 4 at 12 are Windows NT's: name and extension are in small letters.
func shortName(b []byte) string {
	raw := [11]byte(b)
	switch raw[0] {
	case erased:
		raw[0] = '_'
	case 0x05: // stands for the letter that is taken by the mark above
		raw[0] = erased
	}
	name, ext := trim(raw[:8]), trim(raw[8:])
	if b[12]&0x08 != 0 {
		name = strings.Map(unicode.ToLower, name)
	}
	if b[12]&0x10 != 0 {
		ext = strings.Map(unicode.ToLower, ext)
	}
	if ext != "" {
		name += "." + ext
	}
	return name
}

func trim(b []byte) string { return strings.TrimRight(oem(b), " ") }

// oem reads code page 437, the one that Linux takes too unless told otherwise;
// its letters of Western Europe are those of 850 but for a few.
func oem(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(charmap.CodePage437.DecodeByte(c))
	}
	return s.String()
}

func (f *fat) label(root iter.Seq2[object, error]) string {
	for o, err := range root {
		if err == nil && o.special == isLabel && !o.deleted {
			return o.Name
		}
	}
	return f.bootLabel
}

// remains: a deleted folder has lost its chain but still begins with the entry
// of itself. It is followed as long as clusters are free and look like its own,
// and no further than a folder can be.
func (f *fat) remains(o object) (place, bool, error) {
	if !f.in(o.first) {
		return place{}, false, nil
	}
	var b [slotSize]byte
	if _, err := f.readAt(b[:], f.offset(o.first)); err != nil {
		return place{}, false, err
	}
	if dot := f.decode(b[:], 0); dot.Name != "." || dot.Kind != fsys.Dir || dot.first != o.first {
		return place{}, false, nil
	}
	const longest = 65536 * slotSize
	n, err := f.used.free(o.first, f.count(longest))
	for i := uint32(1); i < n; i++ {
		if more, err := f.goesOn(o.first + i); !more {
			n = i
			if err != nil {
				return place{}, false, err
			}
		}
	}
	return place{first: o.first, size: min(int64(n)*f.cluster, longest), contiguous: true}, n > 0, err
}

// goesOn reports whether a cluster looks like the next one of a folder: entries
// in all of its first sector, and not those that begin another folder.
func (f *fat) goesOn(cluster uint32) (bool, error) {
	b := make([]byte, f.sector)
	if _, err := f.readAt(b, f.offset(cluster)); err != nil {
		return false, err
	}
	for i := 0; i < len(b); i += slotSize {
		s := b[i : i+slotSize]
		if s[0] == 0 {
			return i > 0, nil
		}
		long := s[11] == attrLong
		if s[0] == '.' || s[11]&0xc0 != 0 ||
			long && (s[12] != 0 || s[26] != 0 || s[27] != 0) ||
			!long && (slices.ContainsFunc(s[1:11], func(c byte) bool { return c < ' ' }) || s[12]&^0x18 != 0) {
			return false, nil
		}
	}
	return true, nil
}
