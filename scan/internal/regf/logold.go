package regf

import (
	"fmt"
	"math/bits"
)

// readDirty reads a log of the old format: after the base block "DIRT" and a
// bitmap with one bit for each sector of the bins, then at the next sector the
// sectors whose bits are set, one after the other.
func (j *journal) readDirty(l Log, magic string) error {
	if j.base.Seq1 != j.base.Seq2 {
		return fmt.Errorf("it was not written to its end (sequence numbers %d and %d)", j.base.Seq1, j.base.Seq2)
	}
	if magic != "DIRT" {
		return fmt.Errorf("no map of dirty sectors (magic %q)", magic)
	}
	n := int64(j.base.BinsSize) / sectorSize / 8
	if sectorSize+4+n > l.Size {
		return fmt.Errorf("map of dirty sectors for %d bytes of bins does not fit a log of %d bytes", j.base.BinsSize, l.Size)
	}
	bitmap := make([]byte, n)
	if k, err := l.Data.ReadAt(bitmap, sectorSize+4); int64(k) < n {
		return fmt.Errorf("read of the map of dirty sectors: %w", cause(err))
	}
	e := entry{binsSize: j.base.BinsSize}
	pos := (sectorSize + 4 + n + sectorSize - 1) / sectorSize * sectorSize
	for i, b := range bitmap {
		for ; b != 0; b &= b - 1 {
			off := (int64(i)*8 + int64(bits.TrailingZeros8(b))) * sectorSize
			if k := len(e.runs) - 1; k >= 0 && e.runs[k].off+e.runs[k].len == off {
				e.runs[k].len += sectorSize
			} else {
				e.runs = append(e.runs, run{off, sectorSize, pos})
			}
			pos += sectorSize
			e.pages++
		}
	}
	if pos > l.Size {
		return fmt.Errorf("%d dirty sectors do not fit a log of %d bytes", e.pages, l.Size)
	}
	j.entries = []entry{e}
	return nil
}
