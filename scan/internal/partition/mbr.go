package partition

import (
	"fmt"
	"io"
)

const (
	tableAt    = 446
	entrySize  = 16
	protective = 0xee

	maxLogical = 1024 // extended tables that are followed; systems stop at 60 or fewer
)

// An mbrEntry is one of four in a sector.
type mbrEntry struct {
	kind           byte
	first, sectors uint32
}

func (e mbrEntry) used() bool     { return e.kind != 0 && e.sectors != 0 }
func (e mbrEntry) extended() bool { return e.kind == 0x05 || e.kind == 0x0f || e.kind == 0x85 }

// entries reads the four entries of a sector; ok: it is signed and what it
// says could be a table.
func entries(b []byte) (es [4]mbrEntry, ok bool) {
	if len(b) < sector512 || b[510] != 0x55 || b[511] != 0xaa {
		return es, false
	}
	for i := range es {
		e := b[tableAt+entrySize*i:]
		if e[0]&0x7f != 0 { // active or not
			return es, false
		}
		es[i] = mbrEntry{e[4], u32(e, 8), u32(e, 12)}
	}
	return es, true
}

// besides says what an MBR holds beside the entry that protects a GPT.
func besides(boot []byte) []string {
	es, ok := entries(boot)
	if !ok {
		return []string{"the MBR that protects the GPT is damaged"}
	}
	for _, e := range es {
		if e.used() && e.kind != protective {
			return []string{"hybrid MBR: the partitions of the GPT were taken"}
		}
	}
	return nil
}

// mbr reads an MBR. Its table does not say how large sectors are: they are
// taken as 4,096 bytes where only that leads to something known.
func (d disk) mbr(boot []byte) (Table, bool) {
	es, ok := entries(boot)
	used := 0
	for _, e := range es {
		if e.used() && e.first != 0 {
			used++
		}
	}
	if !ok || used == 0 {
		return Table{}, false
	}
	sector := int64(sector512)
	if d.score(es, maxSector) > d.score(es, sector512) {
		sector = maxSector
	}
	t := Table{Scheme: MBR, Sector: sector, Signature: u32(boot, 440)}
	var extended []mbrEntry
	for i, e := range es {
		switch {
		case !e.used():
			continue
		case e.extended():
			extended = append(extended, e)
			continue
		case e.kind == protective:
			t.Notes = append(t.Notes, "the MBR protects a GPT, but there is no sound header of one")
		case e.kind == 0x42:
			t.Notes = append(t.Notes, "dynamic disk (LDM): its volumes may be put together of several parts")
		}
		t.add(e.partition(i+1), uint64(e.first), uint64(e.sectors), d.size)
	}
	d.logical(&t, extended)
	return t, true
}

func (e mbrEntry) partition(number int) Partition {
	return Partition{Number: number, Type: fmt.Sprintf("0x%02X", e.kind), TypeName: mbrTypes[e.kind]}
}

// score counts the entries that lead to a volume or a table if sectors have
// that size.
func (d disk) score(es [4]mbrEntry, sector int64) (n int) {
	for _, e := range es {
		start := int64(e.first) * sector
		if !e.used() || start == 0 || start >= d.size {
			continue
		}
		if e.extended() {
			if b, err := d.read(start, sector512); err == nil {
				if _, ok := entries(b); ok {
					n++
				}
			}
		} else if kind, err := Identify(section{d.r, start}, d.size-start); err == nil && kind.known() {
			n++
		}
	}
	return n
}

// logical follows the tables of extended partitions. Each begins with a table
// of its own: a logical partition from there on, and the next table, from the
// beginning of the first one on.
func (d disk) logical(t *Table, extended []mbrEntry) {
	number, tables := 5, 0
	for _, outer := range extended {
		seen := map[uint64]bool{}
		queue := []uint64{uint64(outer.first)}
		for len(queue) > 0 {
			at := queue[0]
			queue = queue[1:]
			if tables++; seen[at] || tables > maxLogical {
				t.Notes = append(t.Notes, fmt.Sprintf("the chain of extended partitions goes round in a loop or is too long at sector %d", at))
				break
			}
			seen[at] = true
			b, err := d.read(int64(at)*t.Sector, sector512)
			if err != nil {
				t.Notes = append(t.Notes, fmt.Sprintf("the extended partition table at sector %d cannot be read: %v", at, err))
				continue
			}
			es, ok := entries(b)
			if !ok {
				t.Notes = append(t.Notes, fmt.Sprintf("there is no extended partition table at sector %d", at))
				continue
			}
			for _, e := range es {
				switch {
				case !e.used():
				case e.extended():
					queue = append(queue, uint64(outer.first)+uint64(e.first))
				default:
					t.add(e.partition(number), at+uint64(e.first), uint64(e.sectors), d.size)
					number++
				}
			}
		}
	}
}

// section is the disk from an offset on.
type section struct {
	r     io.ReaderAt
	start int64
}

func (s section) ReadAt(p []byte, off int64) (int, error) { return s.r.ReadAt(p, s.start+off) }
