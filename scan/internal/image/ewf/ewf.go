// Package ewf reads disk images in the Expert Witness Compression Format:
// EWF-E01 of EnCase and FTK, EWF-S01 of SMART, in one or more segments. The
// layout is that of libewf's documentation of the format; all numbers are
// little-endian.
//
// Every chunk is checked against its checksum: one that is damaged is an error
// of the bytes in it, never zeros.
package ewf

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"
	"sort"

	"iocscan/scan/internal/image/container"
)

const (
	cacheSize = 8 << 20
	maxChunk  = 16 << 20 // bytes; programs write 32 KiB, at most this
	maxSector = 64 << 10 // bytes
	maxBytes  = 1 << 62  // of a disk
)

// A Disk is an open image.
type Disk struct {
	container.Disk
	// MD5 and SHA1 of the disk as the acquiring program stored them, in
	// hexadecimal; empty: not stored.
	MD5, SHA1 string
	Notes     []string
}

var signature = [8]byte{'E', 'V', 'F', 9, 13, 10, 255, 0}

// Is tells whether the first bytes are those of a segment.
func Is(head []byte) bool { return len(head) >= 8 && [8]byte(head[:8]) == signature }

// Segment reads the number of a segment from its first 13 bytes, from 1 on.
func Segment(head []byte) int {
	if !Is(head) || len(head) < 13 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(head[9:]))
}

// A table says where up to 2^31 chunks of one segment are.
type table struct {
	first, count int64 // chunks
	segment      container.Disk
	entries      container.Disk // the segment through a cache
	at           int64          // of the entries
	base         int64          // what their offsets are from
	end          int64          // of the last chunk's bytes at the latest
}

type image struct {
	chunk  int64 // bytes
	bytes  int64
	tables []table

	cache    *container.Cache
	inflater container.Inflater
}

// Open opens an image of all its segments, in order. That segments are missing
// at the end is told by what the last one says.
func Open(segments ...container.Disk) (*Disk, error) {
	b := builder{image: &image{}, entries: container.NewCache(container.TableBudget)}
	for i, s := range segments {
		if err := b.segment(s, i+1, i+1 == len(segments)); err != nil {
			return nil, fmt.Errorf("EWF: segment %d: %w", i+1, err)
		}
	}
	m := b.image
	if m.chunk == 0 {
		return nil, container.Damaged("EWF: no volume section")
	}
	m.cache = container.NewCache(cacheSize)
	d := &Disk{Disk: &container.Blocks{Bytes: m.bytes, Block: m.chunk, Read: m.read}, MD5: b.md5, SHA1: b.sha1, Notes: b.notes}
	if need := (m.bytes + m.chunk - 1) / m.chunk; b.told < need {
		d.Notes = append(d.Notes, fmt.Sprintf("%d of %d chunks are in no table: the rest of the disk cannot be read", need-b.told, need))
	}
	return d, nil
}

func (m *image) read(p []byte, chunk, off int64) error {
	data, err := m.cache.Get(container.Key{Block: chunk}, func() ([]byte, error) { return m.load(chunk) })
	if err != nil {
		return fmt.Errorf("chunk %d: %w", chunk, err)
	}
	copy(p, data[off:])
	return nil
}

// load reads one chunk: compressed, or as it is with an Adler-32 behind it.
// The last one of a disk may be written short or filled up.
func (m *image) load(chunk int64) ([]byte, error) {
	i := sort.Search(len(m.tables), func(i int) bool { return m.tables[i].first+m.tables[i].count > chunk })
	if i == len(m.tables) {
		return nil, container.Damaged("it is in no table")
	}
	t := m.tables[i]
	at, compressed, err := t.entry(chunk - t.first)
	if err != nil {
		return nil, err
	}
	need := min(m.chunk, m.bytes-chunk*m.chunk)
	if compressed {
		end, err := t.endOf(chunk-t.first, at)
		if err != nil {
			return nil, err
		}
		data, err := m.inflater.Inflate(io.NewSectionReader(t.segment, at, end-at), m.chunk)
		if err == nil && int64(len(data)) < need {
			err = container.Damaged("%d bytes in it", len(data))
		}
		return data, err
	}
	for _, n := range []int64{need, m.chunk} {
		data := make([]byte, n+4)
		if err = container.ReadFull(t.segment, data, at); err != nil {
			return nil, err
		}
		if adler32.Checksum(data[:n]) == binary.LittleEndian.Uint32(data[n:]) {
			return data[:n:n], nil
		}
		if n == m.chunk {
			break
		}
	}
	return nil, container.Damaged("wrong checksum")
}

// entry reads where a chunk is; the highest bit tells compressed ones.
func (t *table) entry(i int64) (at int64, compressed bool, err error) {
	var b [4]byte
	if err := container.ReadFull(t.entries, b[:], t.at+4*i); err != nil {
		return 0, false, fmt.Errorf("table: %w", err)
	}
	v := binary.LittleEndian.Uint32(b[:])
	at = t.base + int64(v&0x7fffffff)
	if at >= t.segment.Size() {
		return 0, false, container.Damaged("it is beyond the end of the segment")
	}
	return at, v>>31 == 1, nil
}

// endOf is where the next chunk begins. A table whose chunks are not in order
// says nothing of it; the stream then ends itself.
func (t *table) endOf(i, at int64) (int64, error) {
	if i+1 < t.count {
		next, _, err := t.entry(i + 1)
		if err != nil {
			return 0, err
		}
		if next > at {
			return next, nil
		}
	} else if t.end > at {
		return t.end, nil
	}
	return t.segment.Size(), nil
}
