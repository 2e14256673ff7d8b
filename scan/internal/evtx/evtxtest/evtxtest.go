// Package evtxtest writes small event logs for tests: records with templates,
// values of every type, arrays, events inside values, records without a
// template as forwarded logs have them, and damage.
package evtxtest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Sizes of the format.
const (
	ChunkSize       = 65536
	FileHeaderSize  = 4096
	ChunkHeaderSize = 512
)

var le = binary.LittleEndian

// A Log is a log being written.
type Log struct {
	chunks []*Chunk
	Dirty  bool // not closed: the header of the file counts one chunk only
}

// A Chunk is a chunk of a log being written.
type Chunk struct {
	b         []byte
	names     map[string]int   // offset of each name
	templates map[[16]byte]int // offset of each definition
	First     uint64           // number of the first record
	next      uint64
	lastRec   int
	Offsets   []int // of the records

	// Unbooked leaves the header as it is in a chunk that was never booked: no
	// records, the free space at the beginning.
	Unbooked bool
	// NoChecksums leaves the checksums wrong.
	NoChecksums bool
	damage      []func([]byte)
}

// Chunk begins a further chunk whose first record has the given number.
func (l *Log) Chunk(first uint64) *Chunk {
	c := &Chunk{
		b: make([]byte, ChunkHeaderSize, ChunkSize), names: map[string]int{},
		templates: map[[16]byte]int{}, First: first, next: first,
	}
	l.chunks = append(l.chunks, c)
	return c
}

// Damage notes a change that is made to the chunk after its checksums were
// computed.
func (c *Chunk) Damage(f func(chunk []byte)) { c.damage = append(c.damage, f) }

// Room is how many bytes the chunk has left.
func (c *Chunk) Room() int { return ChunkSize - len(c.b) }

// Record writes a record. Ticks is when it was written, in 100 ns since 1601;
// body is a *Template instance made by Use, or an Element.
func (c *Chunk) Record(ticks uint64, body Body) {
	start := len(c.b)
	c.b = le.AppendUint32(c.b, 0x2a2a)
	c.b = le.AppendUint32(c.b, 0)
	c.b = le.AppendUint64(c.b, c.next)
	c.b = le.AppendUint64(c.b, ticks)
	c.b = append(c.b, 0x0f, 1, 1, 0)
	body.write(c)
	c.b = append(c.b, 0)
	for (len(c.b)-start+4)%8 != 0 {
		c.b = append(c.b, 0)
	}
	size := uint32(len(c.b) - start + 4)
	c.b = le.AppendUint32(c.b, size)
	le.PutUint32(c.b[start+4:], size)
	c.Offsets = append(c.Offsets, start)
	c.lastRec = start
	c.next++
	if len(c.b) > ChunkSize {
		panic("evtxtest: the chunk is full")
	}
}

// Bytes is the chunk.
func (c *Chunk) Bytes() []byte {
	b := make([]byte, ChunkSize)
	copy(b, c.b)
	copy(b, "ElfChnk\x00")
	free, last := len(c.b), c.next-1
	if c.Unbooked {
		free, last = ChunkHeaderSize, c.First-1
	}
	le.PutUint64(b[8:], c.First)
	le.PutUint64(b[16:], last)
	le.PutUint64(b[24:], c.First)
	le.PutUint64(b[32:], last)
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(c.lastRec))
	le.PutUint32(b[48:], uint32(free))
	if !c.NoChecksums {
		le.PutUint32(b[52:], crc32.ChecksumIEEE(b[ChunkHeaderSize:free]))
		sum := crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:ChunkHeaderSize])
		le.PutUint32(b[124:], sum)
	}
	for _, f := range c.damage {
		f(b)
	}
	return b
}

// Bytes is the log.
func (l *Log) Bytes() []byte {
	var out bytes.Buffer
	h := make([]byte, FileHeaderSize)
	copy(h, "ElfFile\x00")
	next, count := uint64(1), len(l.chunks)
	if count > 0 {
		next = l.chunks[count-1].next
		le.PutUint64(h[16:], uint64(count-1))
	}
	if l.Dirty {
		next, count = 1, min(count, 1)
		h[120] = 1
	}
	le.PutUint64(h[24:], next)
	le.PutUint32(h[32:], 128)
	le.PutUint16(h[36:], 1)
	le.PutUint16(h[38:], 3)
	le.PutUint16(h[40:], FileHeaderSize)
	le.PutUint16(h[42:], uint16(count))
	le.PutUint32(h[124:], crc32.ChecksumIEEE(h[:120]))
	out.Write(h)
	for _, c := range l.chunks {
		out.Write(c.Bytes())
	}
	return out.Bytes()
}
