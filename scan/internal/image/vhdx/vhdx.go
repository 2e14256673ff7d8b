// Package vhdx reads virtual hard disks of the kind VHDX, fixed and dynamic.
// The layout is that of [MS-VHDX]; all numbers are little-endian. What the log
// holds is applied in memory before anything else is read.
package vhdx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"

	"iocscan/scan/internal/image/container"
)

const (
	signature = "vhdxfile"

	headerSize = 4 << 10
	regionSize = 64 << 10
	megabyte   = 1 << 20

	maxEntries = 2047 // of the region table and of the metadata table
	maxBlock   = 256 << 20
	maxBytes   = 64 << 40 // of a disk
)

// A Disk is an open container.
type Disk struct {
	container.Disk
	Notes []string
}

// Is tells whether the first bytes are those of a container.
func Is(head []byte) bool { return bytes.HasPrefix(head, []byte(signature)) }

type guid [16]byte

var (
	regionTable    = guid{0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0x00, 0x42, 0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08}
	regionMetadata = guid{0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b, 0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e}

	itemParameters = guid{0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d, 0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b}
	itemSize       = guid{0x24, 0x42, 0xa5, 0x2f, 0x1b, 0xcd, 0x76, 0x48, 0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8}
	itemSector     = guid{0x1d, 0xbf, 0x41, 0x81, 0x6f, 0xa9, 0x09, 0x47, 0xba, 0x47, 0xf2, 0x33, 0xa8, 0xfa, 0xab, 0x5f}
)

// Open opens a container.
func Open(f container.Disk) (*Disk, error) {
	d, err := open(f)
	if err != nil {
		return nil, fmt.Errorf("VHDX: %w", err)
	}
	return d, nil
}

func open(f container.Disk) (*Disk, error) {
	h, err := currentHeader(f)
	if err != nil {
		return nil, err
	}
	d := &Disk{}
	if h.log != (guid{}) {
		view, note, err := replay(f, h)
		if err != nil {
			return nil, fmt.Errorf("log: %w", err)
		}
		f = view
		d.Notes = append(d.Notes, note)
	}
	regions, err := regions(f)
	if err != nil {
		return nil, err
	}
	m, err := metadata(f, regions[regionMetadata])
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	bat := regions[regionTable]
	perChunk := int64(1<<23) * m.sector / m.block // blocks between two entries for sector bitmaps
	blocks := (m.size + m.block - 1) / m.block
	if need := 8 * (blocks + (blocks-1)/perChunk); need > bat.size {
		return nil, container.Damaged("the block table has %d bytes, %d are needed", bat.size, need)
	}
	tables := container.Tables(f)
	d.Disk = &container.Blocks{Bytes: m.size, Block: m.block, Read: func(p []byte, block, off int64) error {
		var e [8]byte
		if err := container.ReadFull(tables, e[:], bat.at+8*(block+block/perChunk)); err != nil {
			return fmt.Errorf("block table: %w", err)
		}
		v := binary.LittleEndian.Uint64(e[:])
		switch state := v & 7; state {
		case 0, 1, 2, 3: // not present, undefined, zero, unmapped
			clear(p)
			return nil
		case 6: // fully present
			at := v >> 20 // MiB
			if at == 0 || at > uint64(f.Size())/megabyte {
				return container.Damaged("block %d is beyond the end of the file", block)
			}
			return container.ReadFull(f, p, int64(at)*megabyte+off)
		default:
			return container.Damaged("block %d is in state %d", block, state)
		}
	}}
	return d, nil
}

type header struct {
	sequence  uint64
	log       guid
	logAt     int64
	logLength int64
}

// currentHeader is that of the two with the higher sequence number of those
// with a right checksum.
func currentHeader(f container.Disk) (*header, error) {
	var best *header
	for _, at := range []int64{64 << 10, 128 << 10} {
		b, err := checked(f, at, headerSize, "head")
		if err != nil {
			continue
		}
		h := &header{sequence: u64(b, 8), log: guid(b[48:64]), logLength: int64(u32(b, 68))}
		if best != nil && h.sequence <= best.sequence {
			continue
		}
		if v, l := u16(b, 66), u16(b, 64); v != 1 || l != 0 {
			return nil, container.Unsupported("VHDX of version %d with a log of version %d", v, l)
		}
		if at := u64(b, 72); h.log != (guid{}) {
			if at > uint64(f.Size()) || h.logLength > f.Size()-int64(at) {
				return nil, container.Damaged("the log is beyond the end of the file")
			}
			h.logAt = int64(at)
		}
		best = h
	}
	if best == nil {
		return nil, container.Damaged("no header with a right checksum")
	}
	return best, nil
}

// checked reads a structure with a signature and a CRC-32C of itself, the
// checksum taken as zero.
func checked(f container.Disk, at, size int64, sign string) ([]byte, error) {
	b := make([]byte, size)
	if err := container.ReadFull(f, b, at); err != nil {
		return nil, err
	}
	if string(b[:4]) != sign || !sumOK(b) {
		return nil, container.Damaged("no right %q at %#x", sign, at)
	}
	return b, nil
}

func sumOK(b []byte) bool {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, b[:4])
	sum = crc32.Update(sum, table, make([]byte, 4))
	return crc32.Update(sum, table, b[8:]) == u32(b, 4)
}

type region struct{ at, size int64 }

func regions(f container.Disk) (map[guid]region, error) {
	b, err := checked(f, 192<<10, regionSize, "regi")
	if err != nil {
		if b, err = checked(f, 256<<10, regionSize, "regi"); err != nil {
			return nil, err
		}
	}
	count := u32(b, 8)
	if count > maxEntries {
		return nil, container.Damaged("%d regions", count)
	}
	found := map[guid]region{}
	for i := range int(count) {
		e := b[16+32*i:]
		at, size := u64(e, 16), int64(u32(e, 24))
		if at > uint64(f.Size()) || size > f.Size()-int64(at) {
			return nil, container.Damaged("a region is beyond the end of the file")
		}
		id := guid(e[:16])
		if id != regionTable && id != regionMetadata && u32(e, 28)&1 != 0 {
			return nil, container.Unsupported("VHDX with the required region %x", id)
		}
		found[id] = region{int64(at), size}
	}
	for _, id := range []guid{regionTable, regionMetadata} {
		if found[id] == (region{}) {
			return nil, container.Damaged("no region %x", id)
		}
	}
	return found, nil
}

type parameters struct{ block, size, sector int64 }

func metadata(f container.Disk, r region) (m parameters, err error) {
	if r.size < regionSize {
		return m, container.Damaged("%d bytes long", r.size)
	}
	b := make([]byte, regionSize)
	if err := container.ReadFull(f, b, r.at); err != nil {
		return m, err
	}
	count := u16(b, 10)
	if string(b[:8]) != "metadata" || count > maxEntries {
		return m, container.Damaged("%d entries", count)
	}
	for i := range int(count) {
		e := b[32+32*i:]
		at, size := int64(u32(e, 16)), int64(u32(e, 20))
		if at > r.size || size > r.size-at {
			return m, container.Damaged("an item is beyond its end")
		}
		var v [8]byte
		if err := container.ReadFull(f, v[:min(size, 8)], r.at+at); err != nil {
			return m, err
		}
		switch guid(e[:16]) {
		case itemParameters:
			m.block = int64(u32(v[:], 0))
			if u32(v[:], 4)&2 != 0 {
				return m, container.Unsupported("differencing VHDX (a part of its content is in another file)")
			}
		case itemSize:
			m.size = int64(min(u64(v[:], 0), maxBytes+1))
		case itemSector:
			m.sector = int64(u32(v[:], 0))
		}
	}
	switch {
	case m.block < megabyte || m.block > maxBlock || bits.OnesCount64(uint64(m.block)) != 1:
		return m, container.Damaged("blocks of %d bytes", m.block)
	case m.sector != 512 && m.sector != 4096:
		return m, container.Damaged("sectors of %d bytes", m.sector)
	case m.size <= 0 || m.size > maxBytes:
		return m, container.Damaged("a size of %d bytes", m.size)
	}
	return m, nil
}

func u16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
