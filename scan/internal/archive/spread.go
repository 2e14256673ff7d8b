package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"iocscan/scan/internal/fsys"
)

// A Range is a part of a file with holes of which the archive has the rest in
// one piece: Stored bytes from At on in what is stored stand at Offset in the
// file, where they take Size bytes, the end of them zeros.
type Range struct{ At, Offset, Stored, Size int64 }

var errRanges = errors.New("the list of the file's holes is damaged")

// Spread makes the entry the file with holes that its content was taken from.
func (e *Entry) Spread(ranges []Range) error {
	ranges = slices.Clone(ranges)
	slices.SortStableFunc(ranges, func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	size := int64(0)
	for _, r := range ranges {
		if r.At < 0 || r.Stored < 0 || r.Size < r.Stored || r.Offset < size || r.Offset > maxSparse || r.Size > maxSparse {
			return errRanges
		}
		size = r.Offset + r.Size
	}
	open := e.open
	e.Size = size
	e.open = func() (fsys.Content, error) {
		if open == nil {
			return nil, fsys.ErrNotRegular
		}
		stored, err := open()
		if err != nil {
			return nil, err
		}
		return content{io.NewSectionReader(spread{stored, ranges}, 0, size)}, nil
	}
	return nil
}

// Refuse makes the content one that cannot be had.
func (e *Entry) Refuse(why error) { e.open = func() (fsys.Content, error) { return nil, why } }

// spread is content with holes; the section around it ends it.
type spread struct {
	stored fsys.Content
	ranges []Range
}

func (s spread) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	end := off + int64(len(p))
	i, _ := slices.BinarySearchFunc(s.ranges, off, func(r Range, off int64) int { return cmp.Compare(r.Offset+r.Size, off) })
	for ; i < len(s.ranges) && s.ranges[i].Offset < end; i++ {
		r := s.ranges[i]
		from, to := max(off, r.Offset), min(end, r.Offset+r.Stored)
		if from >= to {
			continue
		}
		n, err := s.stored.ReadAt(p[from-off:to-off], r.At+from-r.Offset)
		if err != nil && (err != io.EOF || int64(n) < to-from) {
			return int(from-off) + n, fmt.Errorf("content of a file with holes: %w", err)
		}
	}
	return len(p), nil
}
