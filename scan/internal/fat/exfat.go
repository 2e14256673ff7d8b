package fat

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/wtf8"
)

// openExFAT reads the boot sector, section 3.1 of the specification: length of
// the volume at 72, table 80 and its length 84, clusters 88, their count 92,
// root 96, serial number 100, flags 106, sector size 108, sectors per cluster
// 109, tables 110.
func (v *volume) openExFAT(b []byte) (format, error) {
	sectorShift, clusterShift := b[108], b[109]
	copies := int64(b[110])
	if sectorShift < 9 || sectorShift > 12 || clusterShift > 25-sectorShift || copies < 1 || copies > 2 {
		return nil, damaged("exfat: sectors of 1<<%d bytes, clusters of 1<<%d sectors, %d tables", sectorShift, clusterShift, copies)
	}
	v.kind, v.bits = "exfat", 32
	v.sector = 1 << sectorShift
	v.cluster = v.sector << clusterShift
	v.length = math.MaxInt64
	if n := le.Uint64(b[72:]); n <= most>>sectorShift {
		v.length = int64(n) << sectorShift
	}
	v.heap = int64(le.Uint32(b[88:])) << sectorShift
	clusters := int64(le.Uint32(b[92:]))
	tableSize := int64(le.Uint32(b[84:])) << sectorShift
	if room := tableSize/4 - 2; clusters > room {
		v.note("the allocation table has room for %d clusters of %d", room, clusters)
		clusters = room
	}
	if clusters < 1 || v.heap == 0 {
		return nil, damaged("exfat: %d clusters from %d on", clusters, v.heap)
	}
	v.limit = uint32(min(clusters, 0xfffffff5)) + 2
	flags := le.Uint16(b[106:])
	at := int64(le.Uint32(b[80:])) << sectorShift
	v.tables = []int64{at}
	if copies == 2 && flags&1 != 0 { // the second table and bitmap are in use
		v.tables[0] += tableSize
	}
	if flags&2 != 0 {
		v.note("the volume is marked as changed and not put in order since")
	}
	v.root = place{first: le.Uint32(b[96:]), size: unbounded}
	if !v.in(v.root.first) {
		return nil, damaged("the root folder begins in cluster %d, which does not exist", v.root.first)
	}
	v.serial = fmt.Sprintf("%08x", le.Uint32(b[100:]))
	v.table = &table{v: v, pages: map[uint32]*page{}}
	x := &exfat{volume: v}
	if err := x.findBitmap(byte(flags & 1)); err != nil {
		v.note("the allocation bitmap: %v", err)
		v.used = newUsage(v, &content{v: v, short: err, valid: int64(v.limit), size: int64(v.limit)})
	}
	return x, nil
}

type exfat struct{ *volume }

// Types of entries, section 6.2.1; the upper bit says that one is in use.
const (
	inUse      = 0x80
	typeBitmap = 0x01
	typeLabel  = 0x03
	typeFile   = 0x05
	typeStream = 0x40
	typeName   = 0x41

	// secondary entries belong to the one before them.
	secondary = 0x40
	// A set has a file entry, a stream entry, up to 17 names and what a maker
	// adds; the count is a byte.
	perName = 15
)

func (x *exfat) findBitmap(which byte) error {
	for s, err := range x.slots(context.Background(), x.root, nil) {
		switch {
		case err != nil:
			return err
		case s.b[0] == 0:
			return damaged("the root folder has none")
		case s.b[0] == inUse|typeBitmap && s.b[1]&1 == which:
			size := le.Uint64(s.b[24:])
			if need := (uint64(x.limit) - 2 + 7) / 8; size < need {
				return damaged("%d bytes instead of %d", size, need)
			}
			size = min(size, uint64(x.limit))
			x.used = newUsage(x.volume, x.content(place{first: le.Uint32(s.b[20:]), size: int64(size)}, int64(size)))
			return nil
		}
	}
	return damaged("the root folder has none")
}

// An entrySet gathers a file entry and those that follow it.
type entrySet struct {
	at   int64
	b    []byte
	want int // entries still to come
}

func (e *entrySet) begin(at int64, b []byte) {
	e.at, e.b, e.want = at, append(e.b[:0], b...), int(b[1])
}

// add takes the next entry if it belongs to the set.
func (e *entrySet) add(b []byte) bool {
	if e.want == 0 || b[0]&secondary == 0 || (b[0]^e.b[0])&inUse != 0 {
		return false
	}
	e.b = append(e.b, b...)
	e.want--
	return true
}

func (x *exfat) objects(from iter.Seq2[slot, error], marks fsys.ID) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		var set entrySet
		open := false // a set has begun and is not given yet
		give := func() bool {
			open = false
			o, err := x.decode(&set, fsys.ID(set.at)|marks)
			if err != nil {
				if o.deleted { // overwritten in part
					return true
				}
				err = fmt.Errorf("read the entry %q at %d: %w", o.Name, set.at, err)
				o = object{}
			}
			return yield(o, err)
		}
		for s, err := range from {
			if err == nil && open && set.add(s.b) {
				if set.want == 0 && !give() {
					return
				}
				continue
			}
			if open && !give() {
				return
			}
			if err != nil {
				if !yield(object{}, err) {
					return
				}
				continue
			}
			switch kind := s.b[0]; kind {
			case 0:
				return
			case inUse | typeFile, typeFile:
				set.begin(s.at, s.b)
				open = true
			case inUse | typeLabel:
				n := min(int(s.b[1]), 11)
				o := object{special: isLabel}
				o.Name = wtf8.Encode(units(s.b[2 : 2+2*n]))
				if !yield(o, nil) {
					return
				}
			}
		}
		if open {
			give()
		}
	}
}

// object reads the set at a place. It goes on in the next cluster, which is the
// one behind or the one in the table.
func (x *exfat) object(id fsys.ID) (object, error) {
	at := int64(id &^ marks)
	if at < x.heap {
		return object{}, damaged("it is in front of the clusters")
	}
	cluster := (at-x.heap)/x.cluster + 2
	if cluster >= int64(x.limit) {
		return object{}, damaged("it is behind the clusters")
	}
	c := chain{t: x.table, at: uint32(cluster), contiguous: id&packed != 0}
	if _, err := c.next(); err != nil {
		return object{}, err
	}
	var set entrySet
	var b [20 * slotSize]byte
	for {
		end := x.offset(c.at) + x.cluster
		got, err := x.readAt(b[:min(int64(len(b)), end-at)], at)
		for i := 0; i+slotSize <= got; i += slotSize {
			entry := b[i : i+slotSize]
			if set.b == nil {
				if entry[0]&^inUse != typeFile {
					return object{}, damaged("it is none of a file or folder")
				}
				set.begin(at, entry)
			} else if !set.add(entry) {
				return x.decode(&set, id)
			}
			if set.want == 0 {
				return x.decode(&set, id)
			}
		}
		if err != nil {
			return object{}, err
		}
		if at += int64(got); at == end {
			next, err := c.next()
			if err != nil {
				return object{}, err
			}
			at = x.offset(next)
		}
	}
}

// decode reads a set, sections 7.4, 7.6 and 7.7: file entry with sum at 2,
// attributes 4, created 8 20 22, modified 12 21 23, accessed 16 24; stream
// entry with flags at 1, length of the name 3, valid length 8, cluster 20,
// length 24. With an error comes what can be told: name and mark.
func (x *exfat) decode(set *entrySet, id fsys.ID) (object, error) {
	b := set.b
	o := object{Entry: fsys.Entry{ID: id}, deleted: b[0]&inUse == 0}
	var stream []byte
	var name []uint16
	for i := slotSize; i < len(b); i += slotSize {
		switch e := b[i : i+slotSize]; e[0] | inUse {
		case inUse | typeStream:
			if stream == nil {
				stream = e
			}
		case inUse | typeName:
			name = append(name, units(e[2:])...)
		}
	}
	var n int
	if stream != nil && stream[3] != 0 {
		n = int(stream[3])
	} else {
		// Linux wrote names of 256 letters, which a byte does not hold.
		n = slices.Index(name, 0)
	}
	if n >= 0 {
		name = name[:min(len(name), n)]
	}
	o.Name = wtf8.Encode(name)
	switch {
	case set.want > 0:
		return o, damaged("%d entries of %d are missing", set.want, int(b[1])+1)
	case stream == nil:
		return o, damaged("there is no stream entry")
	case len(name) < int(stream[3]) || len(name) == 0:
		return o, damaged("the name has %d letters of %d", len(name), stream[3])
	case setSum(b) != le.Uint16(b[2:]):
		return o, damaged("the sum of the entries is %#04x instead of %#04x", setSum(b), le.Uint16(b[2:]))
	}
	valid, size := le.Uint64(stream[8:]), le.Uint64(stream[24:])
	attributes := uint32(le.Uint16(b[4:]))
	if size > most || valid > size {
		return o, damaged("%d valid bytes of %d", valid, size)
	}
	o.place = place{first: le.Uint32(stream[20:]), size: int64(size), contiguous: stream[1]&2 != 0}
	o.valid = int64(valid)
	if attributes&fsys.AttrDirectory != 0 {
		o.Kind = fsys.Dir
		size = 0
	}
	o.info = fsys.Info{
		Kind:     o.Kind,
		Size:     int64(size),
		Created:  x.time(le.Uint32(b[8:]), b[20], b[22]),
		Modified: x.time(le.Uint32(b[12:]), b[21], b[23]),
		Accessed: x.time(le.Uint32(b[16:]), 0, b[24]),
		UID:      -1, GID: -1, Links: 1,
		Attributes: attributes,
	}
	return o, nil
}

// setSum is the sum over a set as it was when in use, section 6.3.3.
func setSum(b []byte) uint16 {
	var sum uint16
	for i, c := range b {
		if i == 2 || i == 3 {
			continue
		}
		if i%slotSize == 0 {
			c |= inUse
		}
		sum = sum>>1 | sum<<15
		sum += uint16(c)
	}
	return sum
}

// time is local time; where the upper bit of offset is set, the others are the
// quarters of an hour by which it is ahead of UTC, section 7.4.10.
func (x *exfat) time(t uint32, hundredths, offset byte) int64 {
	zone := x.zone
	if offset&0x80 != 0 {
		zone = time.FixedZone("", int(int8(offset<<1)>>1)*15*60)
	}
	return dosTime(uint16(t>>16), uint16(t), hundredths, zone)
}

func units(b []byte) []uint16 {
	name := make([]uint16, len(b)/2)
	for i := range name {
		name[i] = le.Uint16(b[2*i:])
	}
	return name
}

func (x *exfat) label(root iter.Seq2[object, error]) string {
	for o, err := range root {
		if err == nil && o.special == isLabel {
			return o.Name
		}
	}
	return ""
}

// remains: sets prove themselves by their sums, so all that is free is read.
func (x *exfat) remains(o object) (place, bool, error) {
	if !x.in(o.first) {
		return place{}, false, nil
	}
	n, err := x.used.free(o.first, x.count(o.size))
	return place{first: o.first, size: min(int64(n)*x.cluster, o.size), contiguous: true}, n > 0, err
}
