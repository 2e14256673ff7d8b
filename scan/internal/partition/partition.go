// Package partition finds the volumes of a disk: partitions of an MBR with its
// extended ones, of a GPT, or the disk itself where a file system begins at
// its first byte. [Identify] tells what a volume holds.
//
// The formats are those of the UEFI specification, chapter 5 (GPT, MBR), and of
// what DOS and its successors made of extended partitions.
package partition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrUnsupported is wrapped for a partition scheme that is known and not read.
var ErrUnsupported = errors.New("not supported")

// A Scheme is how a disk is divided.
type Scheme string

const (
	None Scheme = "none" // the disk is one volume
	MBR  Scheme = "MBR"
	GPT  Scheme = "GPT"
)

// A Table is what a disk says about its volumes.
type Table struct {
	Scheme Scheme
	Sector int64 // bytes that the table counts in; 0 where there is none
	// Signature is the number of the disk in an MBR, by which Windows knows it.
	Signature uint32
	// Partitions are in the order of the table, logical ones behind the others.
	// Without a table there is one: the whole disk.
	Partitions []Partition
	// Notes say what is wrong with the table, and what of it is left out.
	Notes []string
}

// A Partition is a part of a disk. It may go beyond the end of the disk, which
// Notes then say.
type Partition struct {
	Number      int    // as systems count them: GPT from 1, MBR 1 to 4, logical from 5; 0: no table
	Start, Size int64  // bytes
	Type        string // 0x07, or a GUID in capitals; empty: no table
	TypeName    string // in words; empty: not known
	Label       string // GPT
	ID          string // GPT: the GUID of this partition, in capitals
}

const (
	sector512 = 512
	maxSector = 4096
)

// List reads the partitions of a disk. An error says that its first sector
// cannot be read, or that its scheme is known and not supported.
func List(r io.ReaderAt, size int64) (Table, error) {
	d := disk{r, size}
	boot, err := d.read(0, sector512)
	if size >= sector512 && err != nil {
		return Table{}, fmt.Errorf("reading the first sector: %w", err)
	}
	kind, unread := Identify(r, size)
	t, err := d.table(kind, boot)
	if err == nil && unread != nil {
		t.Notes = append(t.Notes, fmt.Sprintf("whether a file system begins where the disk does cannot be told: %v", unread))
	}
	return t, err
}

// table decides between a volume of that kind at the beginning of the disk and
// the tables.
func (d disk) table(kind Kind, boot []byte) (Table, error) {
	if kind.boots() { // its boot code lies where a table would be
		return d.bare(), nil
	}
	if t, ok := d.gpt(); ok {
		t.Notes = append(t.Notes, besides(boot)...)
		return t, nil
	}
	t, ok := d.mbr(boot)
	switch {
	case ok && kind == ISO9660 || ok && kind == UDF:
		t = d.bare()
		t.Notes = append(t.Notes, "the disk is a hybrid: there is a partition table for starting from it beside the "+string(kind)+" file system")
	case ok && kind.known():
		t.Notes = append(t.Notes, "a volume of the kind "+string(kind)+" seems to begin where the partition table is")
	case ok:
	case kind == Unknown && len(boot) >= 2 && string(boot[:2]) == "ER":
		return Table{}, fmt.Errorf("partition map of Apple: %w", ErrUnsupported)
	default:
		t = d.bare()
	}
	return t, nil
}

type disk struct {
	r    io.ReaderAt
	size int64
}

func (d disk) read(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > d.size-n {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	if m, err := d.r.ReadAt(b, off); int64(m) < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

func (d disk) bare() Table {
	return Table{Scheme: None, Partitions: []Partition{{Size: d.size}}}
}

// add appends a partition that is given in sectors; one that cannot be is left
// out, which a note says.
func (t *Table) add(p Partition, first, sectors uint64, size int64) {
	limit := uint64(1<<63-1) / uint64(t.Sector)
	if first > limit || sectors > limit-first || sectors == 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("partition %d is impossible: %d sectors from %d on", p.Number, sectors, first))
		return
	}
	p.Start, p.Size = int64(first)*t.Sector, int64(sectors)*t.Sector
	if p.Start+p.Size > size {
		t.Notes = append(t.Notes, fmt.Sprintf("partition %d goes %d bytes beyond the end of the disk", p.Number, p.Start+p.Size-size))
	}
	t.Partitions = append(t.Partitions, p)
}

func u16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
