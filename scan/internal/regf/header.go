package regf

import (
	"encoding/binary"
)

const (
	baseSize   = 4096 // base block; the first bin follows
	sectorSize = 512
	blockSize  = 4096    // bins are aligned to it
	maxBins    = 1 << 31 // offsets have 31 bits, the top bit marks volatile cells
	noCell     = 0xffffffff
)

// File types of a base block.
const (
	typePrimary = 0
	typeOldLog1 = 1
	typeOldLog2 = 2
	typeNewLog  = 6
)

// A Header is what the base block of a hive or log says.
type Header struct {
	// Seq1 is raised before a write begins and Seq2 set to it when it is done.
	Seq1, Seq2   uint32
	Written      int64  // FILETIME ticks, see ioc.Ticks
	Major, Minor uint32 // 1.2 to 1.6
	Type         uint32 // 0 hive; 1, 2, 6 transaction log
	Root         uint32 // cell of the root key
	BinsSize     uint32 // bytes of all bins
	Name         string // tail of the path the hive was loaded from
	Reorganized  int64  // FILETIME ticks, 0 if never
	ChecksumOK   bool
}

// Dirty reports whether a write was begun and not finished, so that the file
// is complete only together with its transaction logs.
func (h Header) Dirty() bool { return h.Seq1 != h.Seq2 }

// parseHeader reads the first 512 bytes of a base block, which carry all that
// logs have of it too.
func parseHeader(b []byte) Header {
	le := binary.LittleEndian
	name := b[48:112]
	for i := 0; i+1 < len(name); i += 2 {
		if name[i] == 0 && name[i+1] == 0 {
			name = name[:i]
			break
		}
	}
	h := Header{
		Seq1:       le.Uint32(b[4:]),
		Seq2:       le.Uint32(b[8:]),
		Written:    int64(le.Uint64(b[12:])),
		Major:      le.Uint32(b[20:]),
		Minor:      le.Uint32(b[24:]),
		Type:       le.Uint32(b[28:]),
		Root:       le.Uint32(b[36:]),
		BinsSize:   le.Uint32(b[40:]),
		Name:       string(appendUTF16(nil, name)),
		ChecksumOK: checksum(b) == le.Uint32(b[508:]),
	}
	// Bits 0 and 1 tell what the last reorganisation was and are no time.
	if t := le.Uint64(b[168:]); t != 0 && string(b[164:168]) == "rmtm" {
		h.Reorganized = int64(t &^ 3)
	}
	return h
}

// checksum of a base block: exclusive or of its first 127 words, never 0 or
// 2^32-1.
func checksum(b []byte) uint32 {
	var x uint32
	for i := 0; i < 508; i += 4 {
		x ^= binary.LittleEndian.Uint32(b[i:])
	}
	switch x {
	case 0:
		return 1
	case 0xffffffff:
		return 0xfffffffe
	}
	return x
}
