// Package vhd reads virtual hard disks of the kinds fixed and dynamic. The
// layout is that of Microsoft's Virtual Hard Disk Image Format Specification,
// version 1.0; all numbers are big-endian.
package vhd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"iocscan/scan/internal/image/container"
)

const (
	footerSize = 512
	headerSize = 1024
	sector     = 512

	fixed        = 2
	dynamic      = 3
	differencing = 4

	unallocated = 0xffffffff
	maxBlock    = 256 << 20 // bytes; programs write 2 MiB, or 512 KiB
)

// A Disk is an open container.
type Disk struct {
	container.Disk
	Kind  string // fixed, dynamic
	Notes []string
}

// Is tells whether the file has a footer: at its end, or at its beginning
// where a dynamic disk has a copy of it.
func Is(f container.Disk) bool {
	_, err := footers(f)
	return err == nil
}

var cookie = [8]byte{'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'}

type footer struct {
	b     [footerSize]byte
	atEnd bool
	sound bool // its checksum is right
}

func (f footer) kind() uint32 { return binary.BigEndian.Uint32(f.b[60:]) }

// footers finds the footer: the first with a right checksum, else the first.
// Programs exist that change one without making its checksum anew. Versions
// before Virtual PC 2004 wrote one byte less.
func footers(f container.Disk) (best footer, err error) {
	var found bool
	for _, at := range []int64{f.Size() - footerSize, f.Size() - footerSize + 1, 0} {
		if at < 0 {
			continue
		}
		c := footer{atEnd: at > 0}
		if err := container.ReadFull(f, c.b[:min(footerSize, f.Size()-at)], at); err != nil {
			return best, err
		}
		if [8]byte(c.b[:8]) != cookie || !c.atEnd && c.kind() == fixed {
			continue
		}
		if c.sound = sumOK(c.b[:], 64); c.sound {
			return c, nil
		}
		if !found {
			best, found = c, true
		}
	}
	if !found {
		return best, container.Damaged("no footer")
	}
	return best, nil
}

// sumOK checks the one's complement of the sum of all bytes but the checksum.
func sumOK(b []byte, at int) bool {
	var sum uint32
	for i, c := range b {
		if i < at || i >= at+4 {
			sum += uint32(c)
		}
	}
	return ^sum == binary.BigEndian.Uint32(b[at:])
}

// Open opens a container. The disk's size is the footer's current size, not
// that of the geometry, as the programs that write the format take it.
func Open(f container.Disk) (*Disk, error) {
	foot, err := footers(f)
	if err != nil {
		return nil, fmt.Errorf("VHD: %w", err)
	}
	size := binary.BigEndian.Uint64(foot.b[48:])
	if size > math.MaxInt64/2 {
		return nil, container.Damaged("VHD: a size of %d bytes", size)
	}
	d := &Disk{}
	if !foot.sound {
		d.Notes = append(d.Notes, "the footer has a wrong checksum")
	}
	if !foot.atEnd {
		d.Notes = append(d.Notes, "the footer at the end is missing, its copy was taken: the file may be cut short")
	}
	switch k := foot.kind(); k {
	case fixed:
		d.Kind = "fixed"
		if int64(size) > f.Size()-footerSize+1 {
			return nil, fmt.Errorf("VHD: %w: a disk of %d bytes in a file of %d", ErrPart, size, f.Size())
		}
		d.Disk = container.Section{Disk: f, Bytes: int64(size)}
	case dynamic:
		d.Kind = "dynamic"
		if err := d.dynamic(f, int64(size), binary.BigEndian.Uint64(foot.b[16:])); err != nil {
			return nil, fmt.Errorf("VHD: %w", err)
		}
	case differencing:
		return nil, container.Unsupported("differencing VHD (a part of its content is in another file)")
	default:
		return nil, container.Unsupported("VHD of type %d", k)
	}
	return d, nil
}

// ErrPart answers on a file that ends with the footer of a fixed disk that is
// larger than the file: what is before the footer is a part of a raw disk,
// such as a volume.
var ErrPart = errors.New("only a part of a fixed disk")

func (d *Disk) dynamic(f container.Disk, size int64, at uint64) error {
	if at > uint64(f.Size()) {
		return container.Damaged("the header is beyond the end of the file")
	}
	var h [headerSize]byte
	if err := container.ReadFull(f, h[:], int64(at)); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if string(h[:8]) != "cxsparse" {
		return container.Damaged("the dynamic disk has no header")
	}
	if !sumOK(h[:], 36) {
		d.Notes = append(d.Notes, "the header of the dynamic disk has a wrong checksum")
	}
	table := binary.BigEndian.Uint64(h[16:])
	entries := int64(binary.BigEndian.Uint32(h[28:]))
	block := int64(binary.BigEndian.Uint32(h[32:]))
	if block < sector || block > maxBlock || block&(block-1) != 0 {
		return container.Damaged("blocks of %d bytes", block)
	}
	if blocks := (size + block - 1) / block; blocks > entries {
		return container.Damaged("%d blocks in a table of %d", blocks, entries)
	}
	if table > uint64(f.Size()) || 4*entries > f.Size()-int64(table) {
		return container.Damaged("the block table is beyond the end of the file")
	}
	bitmap := (block/sector/8 + sector - 1) / sector * sector
	tables := container.Tables(f)
	read := func(p []byte, n, off int64) error {
		var e [4]byte
		if err := container.ReadFull(tables, e[:], int64(table)+4*n); err != nil {
			return fmt.Errorf("block table: %w", err)
		}
		if s := binary.BigEndian.Uint32(e[:]); s != unallocated {
			return container.ReadFull(f, p, int64(s)*sector+bitmap+off)
		}
		clear(p)
		return nil
	}
	d.Disk = &container.Blocks{Bytes: size, Block: block, Read: read}
	return nil
}
