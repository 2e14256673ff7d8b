package pe

import (
	"fmt"
	"io"
)

// A File is an opened PE file. Fields of headers that the file is too short
// for are zero, and HeaderErr or SectionErr says so.
type File struct {
	Machine         uint16 // IMAGE_FILE_MACHINE_*
	Time            uint32 // seconds since 1970, as the linker wrote it
	Characteristics uint16 // IMAGE_FILE_*

	// HeaderErr is why the fields below it are not known.
	HeaderErr        error
	Wide             bool // PE32+
	Base             uint64
	Subsystem        uint16
	StoredChecksum   uint32
	ImageSize        uint32
	SectionAlignment uint32

	// SectionErr is why Sections has fewer than NumberOfSections.
	SectionErr       error
	NumberOfSections int // as the header says
	Sections         []Section

	// WholeErr, where the caller sets it, answers what would read the whole
	// file or a whole section: Checksum, Entropy and DigestMatches.
	WholeErr error

	file        pages
	spans       []span
	headersSize uint32
	optional    int64 // where the optional header begins
	dirs        []directory
	dirsAt      int64
	cache       parts
	steps       int // spent on finding sections
}

// parts are what has been read, each once.
type parts struct {
	imports      result[[]Module]
	exports      result[*Exports]
	resources    result[[]Resource]
	versions     result[[]Versions]
	certificates result[[][]byte]
	signatures   result[[]Signature]
	checksum     result[uint32]
	entropies    map[[2]int64]float64
	entropyFor   int64 // bytes that may still be read for entropies
}

// A directory is one of the data directories: what it is about begins at at.
type directory struct{ at, size uint32 }

const (
	dirExport   = 0
	dirImport   = 1
	dirResource = 2
	dirSecurity = 4
	dirDelay    = 13
	mostDirs    = 16
)

// dir is a data directory, zero where the file has none.
func (f *File) dir(n int) directory {
	if n < len(f.dirs) {
		return f.dirs[n]
	}
	return directory{}
}

// Open reads the headers. The error is ErrNotPE, or that of the reader; damage
// behind the signature of the format is told in the File.
func Open(r io.ReaderAt, size int64) (*File, error) {
	var dos [64]byte
	if size < int64(len(dos)) {
		return nil, ErrNotPE
	}
	if n, err := r.ReadAt(dos[:], 0); n < len(dos) {
		if err == nil || err == io.EOF {
			return nil, ErrNotPE
		}
		return nil, err
	}
	if dos[0] != 'M' || dos[1] != 'Z' {
		return nil, ErrNotPE
	}
	f := &File{file: pages{r: r, size: size, cache: map[int64][]byte{}}}
	f.cache.entropyFor = entropyFactor * size
	start := int64(le.Uint32(dos[60:]))
	var sig [4]byte
	if start > size-4 {
		return nil, ErrNotPE
	}
	if err := f.file.readAt(sig[:], start); err != nil {
		return nil, err
	}
	if string(sig[:]) != "PE\x00\x00" {
		return nil, ErrNotPE
	}
	f.headers(start + 4)
	return f, nil
}

// HasFileHeader reports whether Machine, Time, Characteristics and
// NumberOfSections are known, though HeaderErr may be set.
func (f *File) HasFileHeader() bool { return f.optional != 0 }

// Offsets in the optional header.
const (
	optMagic            = 0
	optBase32           = 28
	optBase64           = 24
	optSectionAlignment = 32
	optImageSize        = 56
	optHeadersSize      = 60
	optChecksum         = 64
	optSubsystem        = 68
	optDirs32           = 96
	optDirs64           = 112

	coffSize    = 20
	sectionSize = 40

	magic32 = 0x10b
	magic64 = 0x20b
)

func (f *File) headers(at int64) {
	var coff [coffSize]byte
	if err := f.file.readAt(coff[:], at); err != nil {
		f.HeaderErr = fmt.Errorf("read the file header: %w", err)
		f.SectionErr = f.HeaderErr
		return
	}
	f.Machine = le.Uint16(coff[0:])
	f.NumberOfSections = int(le.Uint16(coff[2:]))
	f.Time = le.Uint32(coff[4:])
	f.Characteristics = le.Uint16(coff[18:])
	f.optional = at + coffSize
	length := int64(le.Uint16(coff[16:]))
	if err := f.optionalHeader(length); err != nil {
		f.HeaderErr = fmt.Errorf("read the optional header: %w", err)
	}
	if f.SectionErr = f.sections(f.optional + length); f.SectionErr != nil {
		f.SectionErr = fmt.Errorf("read the section table: %w", f.SectionErr)
	}
	f.layOut()
}

func (f *File) optionalHeader(length int64) error {
	// The loader reads the fixed part even where the header says it is
	// shorter; only the directories are bounded by the count in it.
	var b [optDirs64 + mostDirs*8]byte
	fixed := int64(optDirs32)
	if err := f.file.readAt(b[:2], f.optional); err != nil {
		return err
	}
	switch le.Uint16(b[optMagic:]) {
	case magic32:
	case magic64:
		f.Wide, fixed = true, optDirs64
	default:
		return damaged("its magic is 0x%x", le.Uint16(b[optMagic:]))
	}
	if err := f.file.readAt(b[:fixed], f.optional); err != nil {
		f.Wide = false
		return err
	}
	if f.Base = uint64(le.Uint32(b[optBase32:])); f.Wide {
		f.Base = le.Uint64(b[optBase64:])
	}
	f.SectionAlignment = le.Uint32(b[optSectionAlignment:])
	f.ImageSize = le.Uint32(b[optImageSize:])
	f.headersSize = le.Uint32(b[optHeadersSize:])
	f.StoredChecksum = le.Uint32(b[optChecksum:])
	f.Subsystem = le.Uint16(b[optSubsystem:])
	f.dirsAt = f.optional + fixed
	n := min(le.Uint32(b[fixed-4:]), mostDirs)
	for i := range int64(n) {
		if err := f.file.readAt(b[:8], f.dirsAt+i*8); err != nil {
			return fmt.Errorf("%d of %d directories: %w", i, n, err)
		}
		f.dirs = append(f.dirs, directory{le.Uint32(b[0:]), le.Uint32(b[4:])})
	}
	return nil
}

func (f *File) sections(at int64) error {
	for n := range int64(f.NumberOfSections) {
		var b [sectionSize]byte
		if err := f.file.readAt(b[:], at+n*sectionSize); err != nil {
			return fmt.Errorf("%d of %d: %w", n, f.NumberOfSections, err)
		}
		f.Sections = append(f.Sections, Section{
			RawName:         string(b[:8]),
			VirtualSize:     le.Uint32(b[8:]),
			Address:         le.Uint32(b[12:]),
			RawSize:         le.Uint32(b[16:]),
			Offset:          le.Uint32(b[20:]),
			Characteristics: le.Uint32(b[36:]),
		})
	}
	return nil
}

// layOut lays the file out as the loader would. Sections come first: where one
// overlaps the headers it is what the program sees.
func (f *File) layOut() {
	for i := range f.Sections {
		s := &f.Sections[i]
		size := max(s.VirtualSize, s.RawSize)
		if size == 0 {
			continue
		}
		raw := int64(s.RawSize)
		if s.VirtualSize != 0 {
			// Pages are whole, so bytes behind the virtual size are mapped too.
			raw = min(raw, (int64(s.VirtualSize)+pageSize-1)&^(pageSize-1))
		}
		f.spans = append(f.spans, span{at: uint64(s.Address), size: uint64(size), off: s.start(), raw: raw})
	}
	headers := min(int64(f.headersSize), f.file.size)
	f.spans = append(f.spans, span{size: uint64(max(0, headers)), raw: max(0, headers)})
}

// guard turns a panic into an error: no input is known to cause one.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("fault of the PE reader: panic: %v", p)
	}
}
