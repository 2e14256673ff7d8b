package evtx

import (
	"bytes"
	"hash/crc32"
)

// Chunk says what the header of a chunk claims and whether its checksums
// hold. Nothing but the free-space offset is believed, and that only as far as
// the records bear it out.
type Chunk struct {
	First, Last     uint64 // record numbers; Last < First claims an empty chunk
	FirstID, LastID uint64 // EventRecordIDs
	Free            int    // where the header says that records end; 0 if it lies outside the chunk
	Magic           bool   // begins with ElfChnk
	HeaderCRC       bool   // checksum of the header holds
	DataCRC         bool   // checksum of the records holds
	Behind          bool   // it does not, but did when there were fewer records
	Length          int    // bytes of the chunk that the file has
}

var chunkMagic = []byte("ElfChnk\x00")

// Sound reports whether the chunk is whole and both checksums hold.
func (c *Chunk) Sound() bool {
	return c.Magic && c.HeaderCRC && c.DataCRC && c.Length == ChunkSize
}

// Changed reports whether records are not what the chunk's checksum was made
// of, so that any value may have been another. What a live system leaves is no
// such thing: the flag of a log that is not closed, a header that has not its
// checksum yet, records that were added since the checksum.
func (c *Chunk) Changed() bool { return c.Magic && !c.DataCRC && !c.Behind }

// Stale reports whether the header is older than the records.
func (c *Chunk) Stale() bool { return c.Behind || c.Magic && c.DataCRC && !c.HeaderCRC }

// parseChunk reads the header of a chunk of ChunkSize bytes of which length
// are real.
func parseChunk(b []byte, length int) Chunk {
	c := Chunk{
		First: le.Uint64(b[8:]), Last: le.Uint64(b[16:]),
		FirstID: le.Uint64(b[24:]), LastID: le.Uint64(b[32:]),
		Magic:  bytes.HasPrefix(b, chunkMagic),
		Length: length,
	}
	if free := le.Uint32(b[48:]); free >= chunkHeaderSize && free <= ChunkSize {
		c.Free = int(free)
		want := le.Uint32(b[52:])
		c.DataCRC = crc32.ChecksumIEEE(b[chunkHeaderSize:free]) == want
		c.Behind = c.Magic && !c.DataCRC && c.Free <= length && behind(b[:free], want)
	}
	sum := crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:chunkHeaderSize])
	c.HeaderCRC = sum == le.Uint32(b[124:])
	return c
}

// Claims is how many records the header counts, 0 if what it says is absurd.
func (c *Chunk) Claims() int {
	if n := c.Last - c.First; c.Magic && c.First > 0 && c.Last >= c.First && n < ChunkSize/minRecord {
		return int(n) + 1
	}
	return 0
}

// behind reports whether a checksum is that of some of the records from the
// first on, or of none.
func behind(b []byte, want uint32) bool {
	sum := uint32(0)
	for o := chunkHeaderSize; ; {
		if sum == want {
			return true
		}
		if o+minRecord > len(b) || le.Uint32(b[o:]) != recordMagic {
			return false
		}
		size := le.Uint32(b[o+4:])
		if size < minRecord || size > uint32(len(b)-o) {
			return false
		}
		sum = crc32.Update(sum, crc32.IEEETable, b[o:o+int(size)])
		o += int(size)
	}
}
