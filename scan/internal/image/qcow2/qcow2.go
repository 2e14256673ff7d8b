// Package qcow2 reads disk images of QEMU, versions 2 and 3. It stands
// between a hostile image and the library that reads the format: the library
// opens what a header calls the backing file on the machine that scans, and
// allocates what a header asks for.
//
// So it never sees the image's header. It gets one that is made here of the
// fields that were checked, without extensions.
package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/lima-vm/go-qcow2reader/image"
	"github.com/lima-vm/go-qcow2reader/image/qcow2"

	"iocscan/scan/internal/image/container"
)

const (
	magic = "QFI\xfb"

	minCluster = 9  // bits
	maxCluster = 21 // bits; qemu's limit
	maxTable   = 32 << 20
	maxBytes   = 1 << 56
	cacheSize  = 8 << 20

	headerV2   = 72
	headerV3   = 104
	headerMade = 112
	maxHeader  = 4096
)

// Incompatible features of version 3.
const (
	dirty = 1 << iota
	corrupt
	externalData
	compression
	extendedL2
)

// A Disk is an open image.
type Disk struct {
	container.Disk
	Notes []string
}

// Is tells whether the first bytes are those of an image.
func Is(head []byte) bool { return len(head) >= 4 && string(head[:4]) == magic }

// Open opens an image.
func Open(f container.Disk) (*Disk, error) {
	h, notes, err := check(f)
	if err != nil {
		return nil, fmt.Errorf("QCOW2: %w", err)
	}
	lib, err := open(&guarded{f, h.made()})
	if err != nil {
		return nil, fmt.Errorf("QCOW2: %w", err)
	}
	// Whole clusters, through a cache: the library would inflate a cluster anew
	// for every read in it.
	size, cluster := int64(h.size), int64(1)<<h.clusterBits
	disk := container.Cached(&reader{lib, size}, cluster, cacheSize)
	return &Disk{Disk: disk, Notes: notes}, nil
}

// A header holds the fields that count for reading.
type header struct {
	version     uint32
	clusterBits uint32
	size        uint64
	l1Entries   uint32
	l1          uint64
	features    uint64
}

// check reads the header and refuses what cannot be read, or not safely.
func check(f container.Disk) (h header, notes []string, err error) {
	var b [headerMade]byte
	n := min(int64(len(b)), f.Size())
	if err := container.ReadFull(f, b[:n], 0); err != nil {
		return h, nil, err
	}
	if !Is(b[:]) || n < headerV2 {
		return h, nil, container.Damaged("no header")
	}
	be := binary.BigEndian
	h = header{
		version: be.Uint32(b[4:]), clusterBits: be.Uint32(b[20:]), size: be.Uint64(b[24:]),
		l1Entries: be.Uint32(b[36:]), l1: be.Uint64(b[40:]),
	}
	if h.version != 2 && h.version != 3 {
		return h, nil, container.Unsupported("QCOW of version %d", h.version)
	}
	if be.Uint64(b[8:]) != 0 {
		return h, nil, container.Unsupported("QCOW2 with a backing file (a part of its content is in another file)")
	}
	if m := be.Uint32(b[32:]); m != 0 {
		return h, nil, container.Unsupported("encrypted QCOW2 (method %d)", m)
	}
	var held []string
	if s := be.Uint32(b[60:]); s > 0 {
		held = append(held, fmt.Sprintf("the image holds %d snapshots, which are not read", s))
	}
	if h.version == 3 {
		if n < headerV3 {
			return h, nil, container.Damaged("no header")
		}
		h.features = be.Uint64(b[72:])
		if l := be.Uint32(b[100:]); l < headerV3 || l > maxHeader {
			return h, nil, container.Damaged("a header of %d bytes", l)
		} else if l > headerV3 && b[104] != 0 {
			return h, nil, container.Unsupported("QCOW2 with compression %d (1 is zstd)", b[104])
		}
	}
	if notes, err = checkFeatures(h.features); err != nil {
		return h, nil, err
	}
	return h, append(held, notes...), h.checkSizes(uint64(f.Size()))
}

func checkFeatures(features uint64) (notes []string, err error) {
	if features&externalData != 0 {
		return nil, container.Unsupported("QCOW2 with an external data file (its content is in another file)")
	}
	if other := features &^ (dirty | corrupt | compression | extendedL2); other != 0 {
		return nil, container.Unsupported("QCOW2 with incompatible feature %d", bits.TrailingZeros64(other))
	}
	if features&corrupt != 0 {
		notes = append(notes, "the image is marked as corrupt")
	}
	return notes, nil // dirty: reference counts may be wrong, which reading does not use
}

func (h header) checkSizes(file uint64) error {
	if h.clusterBits < minCluster || h.clusterBits > maxCluster {
		return container.Damaged("clusters of 2^%d bytes", h.clusterBits)
	}
	if h.size == 0 || h.size > maxBytes {
		return container.Damaged("a size of %d bytes", h.size)
	}
	entryBits := uint32(3) // of an L2 entry
	if h.features&extendedL2 != 0 {
		entryBits = 4
		if h.clusterBits < 14 {
			return container.Damaged("subclusters in clusters of 2^%d bytes", h.clusterBits)
		}
	}
	covers := uint64(1) << (2*h.clusterBits - entryBits) // bytes of the disk that one L2 table stands for
	need, bytes := (h.size+covers-1)/covers, uint64(h.l1Entries)*8
	switch {
	case uint64(h.l1Entries) < need:
		return container.Damaged("%d entries in the L1 table, %d are needed", h.l1Entries, need)
	case bytes > maxTable:
		return container.Unsupported("QCOW2 with an L1 table of %d bytes", bytes)
	case h.l1 == 0 || h.l1 > file || bytes > file-h.l1:
		return container.Damaged("the L1 table is beyond the end of the file")
	}
	return nil
}

// made is the header that the library sees: of version 3, an empty list of
// extensions behind it.
func (h header) made() []byte {
	b := make([]byte, headerMade+8)
	be := binary.BigEndian
	copy(b, magic)
	be.PutUint32(b[4:], 3)
	be.PutUint32(b[20:], h.clusterBits)
	be.PutUint64(b[24:], h.size)
	be.PutUint32(b[36:], h.l1Entries)
	be.PutUint64(b[40:], h.l1)
	be.PutUint64(b[72:], h.features&extendedL2)
	be.PutUint32(b[96:], 4)
	be.PutUint32(b[100:], headerMade)
	return b
}

// guarded is the file with another header.
type guarded struct {
	f      container.Disk
	header []byte
}

func (g *guarded) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, container.Damaged("offset %#x", uint64(off))
	}
	if off < int64(len(g.header)) {
		n := copy(p, g.header[off:])
		if n == len(p) {
			return n, nil
		}
		m, err := g.f.ReadAt(p[n:], off+int64(n))
		return n + m, err
	}
	return g.f.ReadAt(p, off)
}

// open and ReadAt are all that is used of the library; a panic in it is an
// error of the bytes that were asked for.
func open(f io.ReaderAt) (lib *qcow2.Qcow2, err error) {
	defer rescue(&err)
	lib, err = qcow2.Open(f, func(io.ReaderAt, image.Type) (image.Image, error) {
		return nil, errors.New("no file is opened beside the image")
	})
	if err == nil {
		err = lib.Readable()
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", err, container.ErrDamaged)
	}
	return lib, nil
}

type reader struct {
	lib  *qcow2.Qcow2
	size int64
}

func (r *reader) Size() int64 { return r.size }

func (r *reader) ReadAt(p []byte, off int64) (n int, err error) {
	defer rescue(&err)
	return r.lib.ReadAt(p, off)
}

func rescue(err *error) {
	if p := recover(); p != nil {
		*err = container.Damaged("the reader panicked: %v", p)
	}
}
