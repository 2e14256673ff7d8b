package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	entryHeader = 40
	maxDirty    = 1 << 20 // page references in one entry
)

// errNoEntry: what follows is not an entry, or one left from an earlier use of
// the log. That is how a log ends.
var errNoEntry = errors.New("no further entry")

// readEntries reads a log of the new format: entries one after the other from
// the second sector, numbered one after the other.
func (j *journal) readEntries(l Log) error {
	for off := int64(sectorSize); ; {
		e, size, err := readEntry(l, off)
		if n := len(j.entries); n > 0 && e.seq != j.entries[n-1].seq+1 {
			err = errNoEntry
		}
		switch {
		case errors.Is(err, errNoEntry) && len(j.entries) > 0:
			return nil
		case err != nil:
			return fmt.Errorf("entry at 0x%x: %w", off, err)
		}
		j.entries = append(j.entries, e)
		off += size
	}
}

// readEntry reads one entry: "HvLE", size, flags, sequence number, size of the
// bins, count of pages, checksum of all that follows, checksum of the header
// up to there; then offset and size of each page, then the pages.
func readEntry(l Log, off int64) (entry, int64, error) {
	var head [entryHeader]byte
	if off+entryHeader > l.Size {
		return entry{}, 0, errNoEntry
	}
	if n, err := l.Data.ReadAt(head[:], off); n < len(head) {
		return entry{}, 0, cause(err)
	}
	le := binary.LittleEndian
	size, pages := int64(le.Uint32(head[4:])), int64(le.Uint32(head[20:]))
	e := entry{seq: le.Uint32(head[12:]), binsSize: le.Uint32(head[16:]), pages: int(pages)}
	switch {
	case string(head[:4]) != "HvLE", marvin32(head[:32]) != le.Uint64(head[32:]):
		return entry{}, 0, errNoEntry
	case size < entryHeader || size%sectorSize != 0 || off+size > l.Size:
		return e, 0, fmt.Errorf("size %d", size)
	case pages > maxDirty || entryHeader+8*pages > size:
		return e, 0, fmt.Errorf("%d dirty pages in %d bytes", pages, size)
	case e.binsSize >= maxBins || e.binsSize%blockSize != 0:
		return e, 0, fmt.Errorf("%d bytes of bins", e.binsSize)
	}
	if sum, err := sumOf(l.Data, off+entryHeader, size-entryHeader); err != nil {
		return e, 0, err
	} else if sum != le.Uint64(head[24:]) {
		return e, 0, errors.New("checksum of its pages is wrong")
	}
	refs := make([]byte, 8*pages)
	if n, err := l.Data.ReadAt(refs, off+entryHeader); n < len(refs) {
		return e, 0, cause(err)
	}
	pos, end := off+entryHeader+8*pages, off+size
	for ; len(refs) > 0; refs = refs[8:] {
		at, n := int64(le.Uint32(refs)), int64(le.Uint32(refs[4:]))
		if n == 0 || n%sectorSize != 0 || at%sectorSize != 0 || at+n > int64(e.binsSize) || pos+n > end {
			return e, 0, fmt.Errorf("dirty page at 0x%x of %d bytes", at, n)
		}
		e.runs = append(e.runs, run{at, n, pos})
		pos += n
	}
	return e, size, nil
}

func sumOf(r io.ReaderAt, off, n int64) (uint64, error) {
	m := newMarvin()
	buf := make([]byte, min(n, pageSize))
	for n > 0 {
		part := buf[:min(n, pageSize)]
		k, err := r.ReadAt(part, off)
		if k < len(part) {
			return 0, cause(err)
		}
		m.write(part)
		off, n = off+int64(k), n-int64(k)
	}
	return m.sum(), nil
}
