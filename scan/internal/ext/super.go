package ext

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"

	"iocscan/scan/internal/fsys"
)

// Features, by the field of the superblock that they are in. What is not in
// knownIncompat may change the layout of anything.
const (
	compatJournal      = 0x4
	compatSparseSuper2 = 0x200

	incompatCompression = 0x1
	incompatFileType    = 0x2
	incompatRecover     = 0x4
	incompatJournalDev  = 0x8
	incompatMetaBG      = 0x10
	incompat64Bit       = 0x80
	incompatDirData     = 0x1000
	incompatLargeDir    = 0x4000
	incompatEncrypt     = 0x10000
	knownIncompat       = 0x3f7df // also extents, mmp, flex_bg, ea_inode, csum_seed, inline_data, casefold

	roSparseSuper  = 0x1
	roGroupSums    = 0x10
	roBigAlloc     = 0x200
	roMetadataSums = 0x400

	// What ext3 may have at most: file types, recovery, meta_bg; sparse
	// superblocks, large files, the unused btree_dir.
	ext3Incompat = incompatFileType | incompatRecover | incompatMetaBG
	ext3RO       = 0x7
)

const (
	superAt    = 1024 // of the first superblock, whatever the size of a block
	superSize  = 1024
	superMagic = 0xef53

	stateClean  = 0x1
	stateErrors = 0x2

	rootInode = 2
)

// A super is a superblock: the geometry of a volume, checked.
type super struct {
	at     uint64 // block that holds it
	backup bool   // what changes while the volume is in use is not kept up in it

	inodes        uint32
	blocks        uint64
	firstBlock    uint64 // of group 0
	blockBits     uint
	clusterBits   uint // blocks of a cluster, as a power of two; 0 without bigalloc
	perGroup      uint32
	inodesPer     uint32
	inodeSize     uint32
	descSize      uint32
	firstMeta     uint32
	state         uint16
	lastOrphan    uint32
	compat        uint32
	incompat      uint32
	ro            uint32
	backups       [2]uint32 // groups, with sparse_super2
	uuid, label   []byte
	checksumWrong bool
}

func (s *super) blockSize() uint64 { return 1 << s.blockBits }

func (s *super) groups() uint64 {
	return (s.blocks - s.firstBlock + uint64(s.perGroup) - 1) / uint64(s.perGroup)
}

// hasSuper reports whether a group has a superblock of its own.
func (s *super) hasSuper(group uint64) bool {
	switch {
	case group == 0:
		return true
	case s.compat&compatSparseSuper2 != 0:
		return group == uint64(s.backups[0]) || group == uint64(s.backups[1])
	case group == 1 || s.ro&roSparseSuper == 0:
		return true
	}
	for _, base := range []uint64{3, 5, 7} {
		power := base
		for power < group {
			power *= base
		}
		if power == group {
			return true
		}
	}
	return false
}

// version is the name of the file system, by the features that its drivers
// accept.
func (s *super) version() string {
	switch {
	case s.incompat&^ext3Incompat != 0 || s.ro&^ext3RO != 0:
		return "ext4"
	case s.compat&compatJournal != 0:
		return "ext3"
	}
	return "ext2"
}

// parseSuper checks a superblock that was read at an offset.
func parseSuper(b []byte, at uint64) (super, error) {
	if le16(b, 0x38) != superMagic {
		return super{}, fmt.Errorf("no superblock of ext at offset %d", at)
	}
	s := super{
		inodes:     le32(b, 0x00),
		blocks:     uint64(le32(b, 0x04)),
		firstBlock: uint64(le32(b, 0x14)),
		perGroup:   le32(b, 0x20),
		inodesPer:  le32(b, 0x28),
		inodeSize:  128,
		descSize:   32,
		state:      le16(b, 0x3a),
		lastOrphan: le32(b, 0xe8),
	}
	if le32(b, 0x4c) > 0 { // revision; the first one has no fields from here
		s.inodeSize = uint32(le16(b, 0x58))
		s.compat, s.incompat, s.ro = le32(b, 0x5c), le32(b, 0x60), le32(b, 0x64)
		s.uuid = bytes.Clone(b[0x68:0x78])
		s.label, _, _ = bytes.Cut(bytes.Clone(b[0x78:0x88]), []byte{0})
		s.firstMeta = le32(b, 0x104)
		s.backups = [2]uint32{le32(b, 0x24c), le32(b, 0x250)}
	}
	if more := s.incompat &^ knownIncompat; more != 0 {
		return s, fmt.Errorf("features %#x of ext: %w", more, fsys.ErrUnsupported)
	}
	if s.incompat&incompatJournalDev != 0 {
		return s, fmt.Errorf("a volume that holds only the journal of another: %w", fsys.ErrUnsupported)
	}
	if s.incompat&incompat64Bit != 0 {
		s.blocks = wide(le32(b, 0x04), le32(b, 0x150))
		s.descSize = uint32(le16(b, 0xfe))
	}
	// CRC32C without the last inversion, over all that is before it.
	if s.ro&roMetadataSums != 0 {
		sum := ^crc32.Checksum(b[:0x3fc], crc32.MakeTable(crc32.Castagnoli))
		s.checksumWrong = sum != le32(b, 0x3fc)
	}
	logBlock, logCluster := le32(b, 0x18), le32(b, 0x1c)
	if logBlock > 6 {
		return s, fmt.Errorf("superblock at %d: blocks of 1024<<%d bytes", at, logBlock)
	}
	s.blockBits = 10 + uint(logBlock)
	if s.ro&roBigAlloc != 0 {
		if logCluster < logBlock || logCluster > 20 {
			return s, fmt.Errorf("superblock at %d: clusters of 1024<<%d bytes", at, logCluster)
		}
		s.clusterBits = uint(logCluster - logBlock)
	}
	s.at = at >> s.blockBits
	size := s.blockSize()
	bitmap := 8 * size // objects that the one block of a bitmap can tell
	switch {
	case s.perGroup == 0 || uint64(s.perGroup) > bitmap<<s.clusterBits:
		return s, fmt.Errorf("superblock at %d: %d blocks a group", at, s.perGroup)
	case s.inodesPer == 0 || uint64(s.inodesPer) > bitmap:
		return s, fmt.Errorf("superblock at %d: %d inodes a group", at, s.inodesPer)
	case s.inodeSize < 128 || uint64(s.inodeSize) > size || bits.OnesCount32(s.inodeSize) != 1:
		return s, fmt.Errorf("superblock at %d: inodes of %d bytes", at, s.inodeSize)
	case s.descSize < 32 || uint64(s.descSize) > size || bits.OnesCount32(s.descSize) != 1,
		s.incompat&incompat64Bit != 0 && s.descSize < 64:
		return s, fmt.Errorf("superblock at %d: group descriptors of %d bytes", at, s.descSize)
	case s.blocks <= s.firstBlock || s.blocks >= 1<<48 || s.firstBlock > 1:
		return s, fmt.Errorf("superblock at %d: blocks %d to %d", at, s.firstBlock, s.blocks)
	case uint64(s.inodes) > s.groups()*uint64(s.inodesPer) || s.inodes < rootInode:
		return s, fmt.Errorf("superblock at %d: %d inodes in %d groups", at, s.inodes, s.groups())
	}
	return s, nil
}

// findSuper reads the first superblock or, where that is damaged, the first
// backup that is sound. One that fails only its checksum is the last resort.
func findSuper(r io.ReaderAt, size int64) (super, []string, error) {
	first, err := superFrom(r, size, superAt)
	if err == nil && !first.checksumWrong {
		return first, nil, nil
	}
	for _, at := range backupOffsets() {
		s, e := superFrom(r, size, at)
		// A file that holds an image has superblocks in odd places.
		if e != nil || s.checksumWrong || s.at<<s.blockBits != uint64(at) || s.at%uint64(s.perGroup) != s.firstBlock {
			continue
		}
		why := "its checksum is wrong"
		if err != nil {
			why = err.Error()
		}
		s.backup, s.lastOrphan = true, 0
		return s, []string{fmt.Sprintf("the first superblock is damaged (%s); the backup in block %d was used, which does not say whether the last changes to the volume are complete", why, s.at)}, nil
	}
	if err != nil {
		return super{}, nil, err
	}
	return first, []string{"the superblock's checksum is wrong"}, nil
}

func superFrom(r io.ReaderAt, size, at int64) (super, error) {
	if at > size-superSize {
		return super{}, fmt.Errorf("no superblock of ext in %d bytes", size)
	}
	b := make([]byte, superSize)
	if n, err := r.ReadAt(b, at); n < len(b) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return super{}, fmt.Errorf("superblock at %d: %w", at, err)
	}
	return parseSuper(b, uint64(at))
}

// backupOffsets are the places of backups where groups have the size that mke2fs
// gives them: as many blocks as the bits of one block.
func backupOffsets() []int64 {
	var all []int64
	for logBlock := range 7 {
		size := int64(1024) << logBlock
		for _, group := range []int64{1, 3, 5, 7, 9} {
			all = append(all, group*8*size*size)
			if logBlock == 0 {
				all = append(all, group*8*size*size+size) // groups start with block 1
			}
		}
	}
	slices.Sort(all)
	return all
}
