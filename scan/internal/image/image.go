// Package image opens disk images: raw ones, also in segments, and those in
// the containers of its subpackages. An [Image] is the disk, read-only.
//
// Nothing that an image says makes the scanner open another file, except the
// further segments of an image and the extents of a VMDK, by plain names in
// the folder of the image.
package image

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"iocscan/scan/internal/image/container"
	"iocscan/scan/internal/image/ewf"
	"iocscan/scan/internal/image/qcow2"
	"iocscan/scan/internal/image/vhd"
	"iocscan/scan/internal/image/vhdx"
	"iocscan/scan/internal/image/vmdk"
)

var (
	// ErrUnsupported is wrapped, behind its name, for a format that is known
	// and not read.
	ErrUnsupported = container.ErrUnsupported
	// ErrDamaged is wrapped where a container contradicts itself or a part of
	// its file is missing.
	ErrDamaged = container.ErrDamaged
)

// An Image is an open disk image. ReadAt may be called concurrently; what
// cannot be read is an error, never zeros.
type Image struct {
	disk container.Disk
	pool pool

	// Format in words: "raw", "raw in 3 segments", "EWF", "EWF in 2 segments",
	// "VHD (dynamic)", "VHDX", "VMDK (streamOptimized)", "QCOW2".
	Format string
	// Segments are the names of the files that it is read from, in order.
	Segments []string
	// Notes say what whoever relies on the content has to know.
	Notes []string
	// MD5 and SHA1 of the whole disk as the program that made the image stored
	// them in it, in hexadecimal; empty: not stored.
	MD5, SHA1 string
}

// Options say how an image is opened.
type Options struct {
	// Folder opens the folder of an image; nil: OS.
	Folder func(dir string) Folder
}

const maxOpen = 32 // files at a time

// Open opens an image by its only file, its first segment or the descriptor
// of a VMDK.
func Open(name string, o Options) (*Image, error) {
	if o.Folder == nil {
		o.Folder = OS
	}
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	folder := o.Folder(dir)
	m := &Image{pool: pool{max: maxOpen, open: folder.Open}}
	if err := m.open(folder, base); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the image %s: %w", name, err), m.Close())
	}
	return m, nil
}

// Size of the disk in bytes.
func (m *Image) Size() int64 { return m.disk.Size() }

func (m *Image) ReadAt(p []byte, off int64) (int, error) { return m.disk.ReadAt(p, off) }

// Close closes all files.
func (m *Image) Close() error { return m.pool.Close() }

func (m *Image) add(name string) (container.Disk, error) {
	s, err := m.pool.add(name)
	if err != nil {
		return nil, err
	}
	m.Segments = append(m.Segments, name)
	return s, nil
}

func (m *Image) open(folder Folder, name string) error {
	f, err := m.add(name)
	if err != nil {
		return err
	}
	if f.Size() == 0 {
		return container.Damaged("the file is empty")
	}
	kind, err := recognise(f)
	if err != nil {
		return err
	}
	switch kind {
	case formatEWF:
		return m.openEWF(folder, name, f)
	case formatVHD:
		d, err := vhd.Open(f)
		if errors.Is(err, vhd.ErrPart) {
			m.Notes = append(m.Notes, err.Error())
			return m.openRaw(folder, name, f)
		}
		if err != nil {
			return err
		}
		m.disk, m.Format, m.Notes = d, "VHD ("+d.Kind+")", d.Notes
	case formatVHDX:
		d, err := vhdx.Open(f)
		if err != nil {
			return err
		}
		m.disk, m.Format, m.Notes = d, "VHDX", d.Notes
	case formatQCOW2:
		d, err := qcow2.Open(f)
		if err != nil {
			return err
		}
		m.disk, m.Format, m.Notes = d, "QCOW2", d.Notes
	case formatVMDK:
		names := sync.OnceValues(folder.Names)
		d, err := vmdk.Open(f, func(other string) (container.Disk, error) {
			all, err := names()
			if err != nil {
				return nil, fmt.Errorf("listing the folder: %w", err)
			}
			at, err := find(all, other)
			if err != nil {
				return nil, err
			}
			return m.add(at)
		})
		if err != nil {
			return err
		}
		m.disk, m.Format, m.Notes = d, "VMDK ("+d.Kind+")", d.Notes
	default:
		return m.openRaw(folder, name, f)
	}
	return nil
}

// openRaw opens a raw image, and the segments behind it where its ending is
// that of a first one.
func (m *Image) openRaw(folder Folder, name string, first container.Disk) error {
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	switch ending {
	case "e01", "s01", "ex01", "l01", "vhdx", "qcow2", "qcow", "vdi", "aff", "aff4", "ad1":
		return container.Damaged("the file is called %s, its content is something else", ending)
	case "vmdk", "vhd": // in these formats raw parts exist
		if len(m.Notes) == 0 {
			m.Notes = append(m.Notes, "no sign of a container in it, so it was read as a raw image")
		}
	}
	numbers, ok := digits(ending)
	if !ok || len(ending) < 3 {
		if numbers, ok = letters(ending); !ok {
			m.disk, m.Format = first, "raw"
			return nil
		}
	}
	parts, err := m.rest(numbers, folder, name, first)
	if err != nil {
		return err
	}
	for i, p := range parts {
		if i > 0 && i < len(parts)-1 && p.Size() != first.Size() || i == len(parts)-1 && p.Size() > first.Size() {
			m.Notes = append(m.Notes, fmt.Sprintf("segment %s has %d bytes, the first one %d: one of them may be cut short", m.Segments[i], p.Size(), first.Size()))
		}
	}
	m.disk, err = container.Join(parts...)
	m.Format = inSegments("raw", len(parts))
	return err
}

func (m *Image) openEWF(folder Folder, name string, first container.Disk) error {
	parts := []container.Disk{first}
	if numbers, ok := expert(strings.TrimPrefix(path.Ext(name), ".")); ok {
		var head [13]byte
		if err := container.ReadFull(first, head[:], 0); err != nil {
			return err
		}
		if n := ewf.Segment(head[:]); n != 1 {
			return fmt.Errorf("%s is segment %d of an image: name the first one", name, n)
		}
		var err error
		if parts, err = m.rest(numbers, folder, name, first); err != nil {
			return err
		}
	}
	d, err := ewf.Open(parts...)
	if err != nil {
		return err
	}
	m.disk, m.Format, m.Notes = d, inSegments("EWF", len(parts)), d.Notes
	m.MD5, m.SHA1 = d.MD5, d.SHA1
	return nil
}

// rest opens the segments behind the first one.
func (m *Image) rest(numbers numbering, folder Folder, name string, first container.Disk) ([]container.Disk, error) {
	names, err := numbers.series(folder, name)
	if err != nil {
		return nil, err
	}
	parts := []container.Disk{first}
	for _, n := range names[1:] {
		p, err := m.add(n)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func inSegments(format string, n int) string {
	if n == 1 {
		return format
	}
	return fmt.Sprintf("%s in %d segments", format, n)
}
