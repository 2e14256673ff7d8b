// Package vmdk reads virtual disks of VMware: hosted sparse extents,
// compressed ones of the kind streamOptimized, and disks that a descriptor
// puts together of flat, sparse and empty extents. The layout is that of
// VMware's Virtual Disk Format 5.0; all numbers are little-endian.
//
// What lies in other files is opened only where a descriptor names it by a
// plain name, and only by the function that the caller gives.
package vmdk

import (
	"encoding/binary"
	"fmt"
	"slices"

	"iocscan/scan/internal/image/container"
)

// A Disk is an open container.
type Disk struct {
	container.Disk
	Kind  string // createType of the descriptor, such as monolithicSparse
	Notes []string
}

const (
	sector        = 512
	maxDescriptor = 1 << 20 // bytes; one of a disk of 8 TB in 2-GB extents has 200 KB
)

// Format tells what the first bytes of a file are; empty: no VMDK.
func Format(head []byte) string {
	for _, m := range []struct{ magic, name string }{
		{"KDMV", "sparse"},
		{"COWD", "vmfsSparse"},
		{"\xbe\xba\xfe\xca\x00\x00\x00\x00", "seSparse"},
		{"# Disk DescriptorFile", "descriptor"},
	} {
		if len(head) >= len(m.magic) && string(head[:len(m.magic)]) == m.magic {
			return m.name
		}
	}
	return ""
}

// Open opens a disk by the file that describes it. An extent in another file
// is had from sibling, which is asked for plain names only.
func Open(f container.Disk, sibling func(name string) (container.Disk, error)) (*Disk, error) {
	var head [32]byte
	if err := container.ReadFull(f, head[:], 0); err != nil {
		return nil, fmt.Errorf("VMDK: %w", err)
	}
	switch format := Format(head[:]); format {
	case "sparse":
		return openSparse(f)
	case "descriptor":
		return openDescriptor(f, sibling)
	case "":
		return nil, container.Damaged("VMDK: no magic")
	default:
		return nil, container.Unsupported("VMDK of the kind %s", format)
	}
}

func openSparse(f container.Disk) (*Disk, error) {
	s, err := sparse(f, newCaches(), 0)
	if err != nil {
		return nil, fmt.Errorf("VMDK: %w", err)
	}
	d := &Disk{Disk: s.blocks(), Kind: "monolithicSparse", Notes: s.notes()}
	text, err := s.descriptor()
	if err != nil {
		return nil, fmt.Errorf("VMDK: %w", err)
	}
	if text == "" {
		d.Notes = append(d.Notes, "a sparse extent without a descriptor: it may be one part of a larger disk")
		return d, nil
	}
	desc, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("VMDK: %w", err)
	}
	if len(desc.extents) > 1 {
		return nil, container.Unsupported("VMDK of %d extents whose descriptor is in one of them", len(desc.extents))
	}
	if desc.kind != "" {
		d.Kind = desc.kind
	}
	return d, nil
}

func openDescriptor(f container.Disk, sibling func(string) (container.Disk, error)) (*Disk, error) {
	if f.Size() > maxDescriptor {
		return nil, container.Damaged("VMDK: a descriptor of %d bytes", f.Size())
	}
	text := make([]byte, f.Size())
	if err := container.ReadFull(f, text, 0); err != nil {
		return nil, fmt.Errorf("VMDK: descriptor: %w", err)
	}
	desc, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("VMDK: %w", err)
	}
	d := &Disk{Kind: desc.kind}
	o := opener{sibling, map[string]container.Disk{}, newCaches()}
	var parts []container.Disk
	for i, e := range desc.extents {
		part, notes, err := o.open(e, i)
		if err != nil {
			return nil, fmt.Errorf("VMDK: line %d of the descriptor: %w", e.line, err)
		}
		parts = append(parts, part)
		for _, n := range notes {
			if !slices.Contains(d.Notes, n) {
				d.Notes = append(d.Notes, n)
			}
		}
	}
	d.Disk, err = container.Join(parts...)
	return d, err
}

// An opener opens the extents of one disk.
type opener struct {
	sibling func(string) (container.Disk, error)
	files   map[string]container.Disk // several extents may lie in one
	caches  caches
}

func (o *opener) open(e extent, part int) (container.Disk, []string, error) {
	if e.kind == "ZERO" {
		return container.Zeros(e.size), nil, nil
	}
	f := o.files[e.file]
	if f == nil {
		var err error
		if f, err = o.sibling(e.file); err != nil {
			return nil, nil, fmt.Errorf("extent %q: %w", e.file, err)
		}
		o.files[e.file] = f
	}
	if e.kind != "SPARSE" {
		if e.offset > f.Size() || e.size > f.Size()-e.offset {
			return nil, nil, container.Damaged("extent %q has %d bytes, %d are needed", e.file, f.Size(), e.offset+e.size)
		}
		return container.Section{Disk: f, Start: e.offset, Bytes: e.size}, nil, nil
	}
	s, err := sparse(f, o.caches, part)
	if err != nil {
		return nil, nil, fmt.Errorf("extent %q: %w", e.file, err)
	}
	if s.capacity < e.size {
		return nil, nil, container.Damaged("extent %q holds %d bytes, %d are needed", e.file, s.capacity, e.size)
	}
	return container.Section{Disk: s.blocks(), Bytes: e.size}, s.notes(), nil
}

func u16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
