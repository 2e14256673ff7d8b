package ext

import (
	"fmt"

	"iocscan/scan/internal/fsys"
)

const (
	descSizeLong = 64 // from here on a descriptor has the high halves

	flagInodesUnused = 0x1 // of a group: the bitmap was never written
	flagBlocksUnused = 0x2
)

// A group is where a block group keeps its tables.
type group struct {
	blockBitmap, inodeBitmap, inodeTable uint64
	flags                                uint16
}

// group reads the descriptor of group n.
func (f *FS) group(n uint64) (group, error) {
	s := &f.super
	perBlock := s.blockSize() / uint64(s.descSize)
	b, err := f.block(f.descriptors(n / perBlock))
	if err != nil {
		return group{}, fmt.Errorf("descriptor of group %d: %w", n, err)
	}
	b = b[n%perBlock*uint64(s.descSize):][:s.descSize]
	g := group{uint64(le32(b, 0)), uint64(le32(b, 4)), uint64(le32(b, 8)), le16(b, 0x12)}
	if s.descSize >= descSizeLong {
		g.blockBitmap |= uint64(le32(b, 0x20)) << 32
		g.inodeBitmap |= uint64(le32(b, 0x24)) << 32
		g.inodeTable |= uint64(le32(b, 0x28)) << 32
	}
	if s.ro&(roGroupSums|roMetadataSums) == 0 {
		g.flags = 0
	}
	return g, nil
}

// descriptors is the block that holds the nth block of descriptors: all of them
// follow the superblock, or with meta_bg each lies in the first group of those
// that it describes, and a copy in the second.
func (f *FS) descriptors(n uint64) uint64 {
	s := &f.super
	if s.incompat&incompatMetaBG == 0 || n < uint64(s.firstMeta) {
		return s.at + 1 + n
	}
	group := n * (s.blockSize() / uint64(s.descSize))
	if s.backup && group+1 < s.groups() {
		group++
	}
	at := s.firstBlock + group*uint64(s.perGroup)
	if s.hasSuper(group) {
		at++
	}
	// Blocks of 1 KiB that count from 0: the superblock is in block 1.
	if group == 0 && s.blockSize() == superAt && s.firstBlock == 0 {
		at++
	}
	return at
}

// inodeUsed reports whether an inode is allocated.
func (f *FS) inodeUsed(id fsys.ID) (bool, error) {
	n, at := uint64(id-1)/uint64(f.super.inodesPer), uint64(id-1)%uint64(f.super.inodesPer)
	g, err := f.group(n)
	if err != nil || g.flags&flagInodesUnused != 0 {
		return false, err
	}
	return f.bit(g.inodeBitmap, at)
}

// blockUsed reports whether a block inside the file system is allocated.
func (f *FS) blockUsed(block uint64) (bool, error) {
	s := &f.super
	n, at := (block-s.firstBlock)/uint64(s.perGroup), (block-s.firstBlock)%uint64(s.perGroup)
	g, err := f.group(n)
	if err != nil || g.flags&flagBlocksUnused != 0 {
		return false, err
	}
	return f.bit(g.blockBitmap, at>>s.clusterBits)
}

func (f *FS) bit(bitmap, at uint64) (bool, error) {
	b, err := f.block(bitmap)
	if err != nil {
		return false, fmt.Errorf("bitmap: %w", err)
	}
	return b[at/8]>>(at%8)&1 != 0, nil
}
