package ext

import (
	"fmt"
	"slices"
)

// A span is what one node of an extent tree or one block of pointers says: for
// the blocks of a file from the one up to the other, which of them are stored
// where. What is in no run is a hole.
type span struct {
	from, to uint64
	runs     []run
}

// A run is count blocks of a file that follow each other on the volume.
type run struct {
	first, count uint64 // in the file
	at           uint64 // on the volume
	err          error  // such a place cannot be
}

// find is the first run that ends after a block.
func (s *span) find(block uint64) (run, bool) {
	i, _ := slices.BinarySearchFunc(s.runs, block, func(r run, block uint64) int {
		if r.first+r.count <= block {
			return -1
		}
		return 1
	})
	if i == len(s.runs) {
		return run{}, false
	}
	return s.runs[i], true
}

func (f *FS) add(s *span, first, at, count uint64) {
	err := f.inside(at, count)
	if n := len(s.runs); n > 0 && err == nil {
		last := &s.runs[n-1]
		if last.err == nil && last.first+last.count == first && last.at+last.count == at {
			last.count += count
			return
		}
	}
	s.runs = append(s.runs, run{first, count, at, err})
}

// span is that around a block of a file.
func (f *FS) span(n *inode, block uint64) (*span, error) {
	if n.flags&flagExtents != 0 {
		return f.extents(n, block)
	}
	return f.blockMap(n, block)
}

const (
	extentMagic  = 0xf30a
	extentSize   = 12 // of the header and of every entry
	maxDepth     = 5
	maxExtent    = 32768 // blocks; a longer one is reserved and reads as zeros
	extentBlocks = 1 << 32
)

// extents goes down the tree to the leaf around a block. The levels are counted
// down, so that no tree is deeper than its root says.
func (f *FS) extents(n *inode, block uint64) (*span, error) {
	node, depth := n.pointers(), -1
	from, to := uint64(0), uint64(extentBlocks)
	for {
		count, err := checkNode(node, &depth)
		if err != nil {
			return nil, fmt.Errorf("extents: %w", err)
		}
		if depth == 0 {
			return f.leaf(node, count, from, to)
		}
		child, last := uint64(0), from
		end := to
		for i := range count {
			e := node[extentSize*(1+i):]
			first := uint64(le32(e, 0))
			if first < last || first >= to {
				return nil, fmt.Errorf("extents: an index from block %d in %d to %d", first, last, to)
			}
			if first > block {
				end = first
				break
			}
			from, last = first, first+1
			child = wide(le32(e, 4), uint32(le16(e, 8)))
		}
		to = end
		if child == 0 {
			return &span{from: from, to: to}, nil // before the first
		}
		if node, err = f.block(child); err != nil {
			return nil, fmt.Errorf("extents: %w", err)
		}
		depth--
	}
}

// checkNode checks the header of a node: magic, entries in use, entries that
// would fit, levels below. The root, depth -1, says how deep the tree is.
func checkNode(node []byte, depth *int) (count int, err error) {
	count, levels := int(le16(node, 2)), int(le16(node, 6))
	switch {
	case le16(node, 0) != extentMagic:
		return 0, fmt.Errorf("no node but %#x", le16(node, 0))
	case count > int(le16(node, 4)) || extentSize*(1+count) > len(node):
		return 0, fmt.Errorf("%d entries in %d bytes", count, len(node))
	case levels > maxDepth || *depth >= 0 && levels != *depth:
		return 0, fmt.Errorf("a node of depth %d in place of %d", levels, *depth)
	case levels > 0 && count == 0:
		return 0, fmt.Errorf("an index without entries")
	}
	*depth = levels
	return count, nil
}

func (f *FS) leaf(node []byte, count int, from, to uint64) (*span, error) {
	s := &span{from: from, to: to}
	last := from
	for i := range count {
		e := node[extentSize*(1+i):]
		first, length := uint64(le32(e, 0)), uint64(le16(e, 4))
		unwritten := length > maxExtent
		if unwritten {
			length -= maxExtent
		}
		if first < last || length == 0 || first+length > to {
			return nil, fmt.Errorf("extents: %d blocks from %d in %d to %d", length, first, last, to)
		}
		last = first + length
		if !unwritten {
			f.add(s, first, wide(le32(e, 8), uint32(le16(e, 6))), length)
		}
	}
	return s, nil
}

const directBlocks = 12

// blockMap reads the pointers around a block: twelve in the inode, then one to a
// block of pointers, one to a block of such and one to a block of those.
func (f *FS) blockMap(n *inode, block uint64) (*span, error) {
	b := n.pointers()
	if block < directBlocks {
		return f.pointed(b[:4*directBlocks], 0), nil
	}
	first, each := uint64(directBlocks), uint64(1)
	for level := range 3 {
		each *= f.super.blockSize() / 4
		if block < first+each {
			return f.indirect(le32(b, 4*(directBlocks+level)), level, block, first, each)
		}
		first += each
	}
	return nil, fmt.Errorf("block map: no place for block %d", block)
}

// indirect goes down from a pointer that stands for count blocks from first.
func (f *FS) indirect(at uint32, level int, block, first, count uint64) (*span, error) {
	for {
		if at == 0 {
			return &span{from: first, to: first + count}, nil
		}
		b, err := f.block(uint64(at))
		if err != nil {
			return nil, fmt.Errorf("block map: %w", err)
		}
		if level == 0 {
			return f.pointed(b, first), nil
		}
		level--
		count /= f.super.blockSize() / 4
		i := (block - first) / count
		at, first = le32(b, int(4*i)), first+i*count
	}
}

// pointed is what a row of pointers says.
func (f *FS) pointed(b []byte, first uint64) *span {
	s := &span{from: first, to: first + uint64(len(b)/4)}
	for i := 0; i < len(b); i += 4 {
		if at := le32(b, i); at != 0 {
			f.add(s, first+uint64(i/4), uint64(at), 1)
		}
	}
	return s
}
