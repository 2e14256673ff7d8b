package partition

import (
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"unicode/utf16"
)

const (
	gptHeader  = 92
	gptEntry   = 128
	maxEntries = 1 << 20 // bytes of the entries; programs write 16 KiB
)

// A gptTable is a header with its entries.
type gptTable struct {
	sector      int64
	entrySize   int64
	entries     []byte
	headerSum   bool // whether the checksums are right
	entriesSum  bool
	alternative uint64 // sector of the other header
}

// gpt reads the first sound table: behind the MBR or the copy at the end, in
// sectors of 512 or 4,096 bytes. One with wrong checksums counts where there is
// no better one, which a note says.
func (d disk) gpt() (Table, bool) {
	var damaged *gptTable
	note := ""
	for _, copied := range []bool{false, true} {
		for _, sector := range []int64{sector512, maxSector} {
			at := uint64(1)
			if copied {
				at = uint64(d.size/sector) - 1
				if damaged != nil && damaged.sector == sector && damaged.headerSum {
					at = damaged.alternative
				}
			}
			g := d.gptAt(at, sector)
			switch {
			case g == nil:
			case g.headerSum && g.entriesSum:
				if copied {
					note = "the GPT at the beginning is damaged: its copy at the end was taken"
				}
				return g.table(d.size, note), true
			case damaged == nil:
				damaged = g
			}
		}
	}
	if damaged == nil {
		return Table{}, false
	}
	return damaged.table(d.size, "the checksums of the GPT are wrong, and there is no sound copy of it"), true
}

// gptAt reads the table whose header is in that sector; nil: there is none.
func (d disk) gptAt(at uint64, sector int64) *gptTable {
	if at > uint64(math.MaxInt64/sector) {
		return nil
	}
	h, err := d.read(int64(at)*sector, sector)
	if err != nil || string(h[:8]) != "EFI PART" {
		return nil
	}
	size := u32(h, 12)
	if size < gptHeader || int64(size) > sector {
		return nil
	}
	g := &gptTable{sector: sector, alternative: u64(h, 32), entrySize: int64(u32(h, 84))}
	sum := u32(h, 16)
	clear(h[16:20])
	g.headerSum = crc32.ChecksumIEEE(h[:size]) == sum && u64(h, 24) == at
	first, n := u64(h, 72), int64(u32(h, 80))
	if g.entrySize < gptEntry || g.entrySize > maxSector || n == 0 || n > maxEntries/g.entrySize || first > uint64(math.MaxInt64/sector) {
		return nil
	}
	if g.entries, err = d.read(int64(first)*sector, n*g.entrySize); err != nil {
		return nil
	}
	g.entriesSum = crc32.ChecksumIEEE(g.entries) == u32(h, 88)
	return g
}

func (g *gptTable) table(size int64, note string) Table {
	t := Table{Scheme: GPT, Sector: g.sector}
	if note != "" {
		t.Notes = append(t.Notes, note)
	}
	for i := int64(0); i*g.entrySize < int64(len(g.entries)); i++ {
		e := g.entries[i*g.entrySize:][:gptEntry]
		kind := guid(e)
		if kind == guid(make([]byte, 16)) {
			continue
		}
		p := Partition{Number: int(i) + 1, Type: kind, TypeName: gptTypes[kind], Label: label(e[56:]), ID: guid(e[16:])}
		first, last := u64(e, 32), u64(e, 40)
		if last < first || last == math.MaxUint64 {
			last = first - 1 // impossible, which add notes
		}
		t.add(p, first, last-first+1, size)
		if strings.HasPrefix(p.TypeName, "Windows LDM") {
			t.Notes = append(t.Notes, fmt.Sprintf("partition %d is of a dynamic disk (LDM): its volumes may be put together of several parts", p.Number))
		}
	}
	return t
}

// guid is the text of a GUID, the first three fields of which are
// little-endian.
func guid(b []byte) string {
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", u32(b, 0), u16(b, 4), u16(b, 6), b[8:10], b[10:16])
}

func label(b []byte) string {
	var units []uint16
	for i := 0; i+2 <= len(b) && i < 72; i += 2 {
		u := u16(b, i)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
