package vmdk

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"iocscan/scan/internal/image/container"
)

const (
	headerSize = 512
	atFooter   = math.MaxUint64 // of the grain directory: the header is only in the footer

	flagZeroed     = 1 << 2
	flagCompressed = 1 << 16
	flagMarkers    = 1 << 17

	maxGrain  = 1 << 20 // bytes; programs write 64 KiB
	maxTable  = 1 << 16 // entries of a grain table; programs write 512
	cacheSize = 8 << 20
	markerLBA = 12 // bytes before the data of a compressed grain: sector and length
)

// A sparseExtent is one file with a grain directory. An entry of the directory
// is where a grain table is, one of a table is where a grain is, in sectors.
type sparseExtent struct {
	f, tables   container.Disk
	flags       uint32
	capacity    int64 // bytes
	grain       int64 // bytes
	perTable    int64 // entries
	directory   int64 // offset
	text, texts int64 // offset and size of the descriptor
	unclean     bool
	part        int
	grains      *container.Cache // inflated ones
	inflater    container.Inflater
}

// caches are shared by all extents of a disk, each of which is a part.
type caches struct {
	tables, grains *container.Cache
}

func newCaches() caches {
	return caches{container.NewCache(container.TableBudget), container.NewCache(cacheSize)}
}

func sparse(f container.Disk, c caches, part int) (*sparseExtent, error) {
	var h [headerSize]byte
	if err := container.ReadFull(f, h[:], 0); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if Format(h[:]) != "sparse" {
		if k := Format(h[:]); k != "" {
			return nil, container.Unsupported("VMDK extent of the kind %s", k)
		}
		return nil, container.Damaged("no magic of a sparse extent")
	}
	text, texts := u64(h[:], 28), u64(h[:], 36)
	if u64(h[:], 56) == atFooter { // then a marker, the footer and the end-of-stream marker end the file
		if err := container.ReadFull(f, h[:], f.Size()-2*sector); err != nil {
			return nil, fmt.Errorf("footer: %w", err)
		}
		if Format(h[:]) != "sparse" || u64(h[:], 56) == atFooter {
			return nil, container.Damaged("no footer: the file is cut short")
		}
	}
	s := &sparseExtent{f: f, tables: c.tables.Disk(f, part, container.TableBlock), grains: c.grains, part: part, flags: u32(h[:], 8), unclean: h[72] != 0}
	if v := u32(h[:], 4); v < 1 || v > 3 {
		return nil, container.Unsupported("VMDK of version %d", v)
	}
	capacity, grain, directory := u64(h[:], 12), u64(h[:], 20), u64(h[:], 56)
	s.perTable = int64(u32(h[:], 44))
	end := uint64(f.Size()) / sector
	switch {
	case capacity == 0 || capacity > maxSectors:
		return nil, container.Damaged("a capacity of %d sectors", capacity)
	case grain == 0 || grain > maxGrain/sector || grain&(grain-1) != 0:
		return nil, container.Damaged("grains of %d sectors", grain)
	case s.perTable == 0 || s.perTable > maxTable:
		return nil, container.Damaged("grain tables of %d entries", s.perTable)
	case directory == 0 || directory > end:
		return nil, container.Damaged("the grain directory is beyond the end of the file")
	case texts > maxDescriptor/sector || text > end || text+texts > end:
		return nil, container.Damaged("the descriptor is beyond the end of the file")
	}
	s.capacity, s.grain, s.directory = int64(capacity)*sector, int64(grain)*sector, int64(directory)*sector
	s.text, s.texts = int64(text)*sector, int64(texts)*sector
	if n := (s.capacity + s.grain*s.perTable - 1) / (s.grain * s.perTable); 4*n > f.Size()-s.directory {
		return nil, container.Damaged("the grain directory of %d entries is beyond the end of the file", n)
	}
	if s.flags&flagCompressed != 0 {
		if a := u16(h[:], 77); a != 1 {
			return nil, container.Unsupported("VMDK with compression %d", a)
		}
	}
	return s, nil
}

func (s *sparseExtent) notes() []string {
	if s.unclean {
		return []string{"the virtual machine was not shut down: the container may not be consistent"}
	}
	return nil
}

func (s *sparseExtent) descriptor() (string, error) {
	if s.text == 0 {
		return "", nil
	}
	b := make([]byte, s.texts)
	if err := container.ReadFull(s.f, b, s.text); err != nil {
		return "", fmt.Errorf("descriptor: %w", err)
	}
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b), nil
}

func (s *sparseExtent) blocks() *container.Blocks {
	return &container.Blocks{Bytes: s.capacity, Block: s.grain, Read: s.read}
}

func (s *sparseExtent) read(p []byte, grain, off int64) error {
	table, err := s.entry(s.directory + grain/s.perTable*4)
	if err != nil {
		return fmt.Errorf("grain directory: %w", err)
	}
	var at int64
	if table != 0 {
		if at, err = s.entry(table*sector + grain%s.perTable*4); err != nil {
			return fmt.Errorf("grain table: %w", err)
		}
	}
	switch {
	case at == 0 || at == 1 && s.flags&flagZeroed != 0:
		clear(p)
		return nil
	case s.flags&flagCompressed == 0:
		return container.ReadFull(s.f, p, at*sector+off)
	}
	data, err := s.grains.Get(container.Key{Part: s.part, Block: grain}, func() ([]byte, error) { return s.inflate(at*sector, grain) })
	if err != nil {
		return fmt.Errorf("compressed grain: %w", err)
	}
	copy(p, data[off:])
	return nil
}

func (s *sparseExtent) entry(at int64) (int64, error) {
	var b [4]byte
	err := container.ReadFull(s.tables, b[:], at)
	return int64(u32(b[:], 0)), err
}

// inflate reads a compressed grain: the sector that it stands for, its length
// and a zlib stream, whose checksum is checked. The last grain of a disk may
// be written short.
func (s *sparseExtent) inflate(at, grain int64) ([]byte, error) {
	var m [markerLBA]byte
	if s.flags&flagMarkers == 0 {
		return nil, container.Unsupported("VMDK with compressed grains without markers")
	}
	if err := container.ReadFull(s.f, m[:], at); err != nil {
		return nil, err
	}
	if lba := u64(m[:], 0); lba != uint64(grain*s.grain/sector) {
		return nil, container.Damaged("the grain at %#x is that of sector %d", at, lba)
	}
	data, err := s.inflater.Inflate(io.NewSectionReader(s.f, at+markerLBA, int64(u32(m[:], 8))), s.grain)
	if err == nil && int64(len(data)) < min(s.grain, s.capacity-grain*s.grain) {
		err = container.Damaged("%d bytes in a grain", len(data))
	}
	return data, err
}
