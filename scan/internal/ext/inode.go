package ext

import (
	"fmt"

	"iocscan/scan/internal/fsys"
)

// Flags of inodes.
const (
	flagCompressed = 0x200 // has compressed blocks (ext2)
	flagEncrypted  = 0x800 // means something else before fscrypt
	flagIndex      = 0x1000
	flagExtents    = 0x80000
	flagInline     = 0x10000000
)

const (
	inodeBase  = 128 // bytes that every inode has
	pointersAt = 0x28
	pointers   = 60 // bytes of block map, extents, inline data or target
)

// An inode is an object of the volume. Its bytes are those of a cached block.
type inode struct {
	id    fsys.ID
	raw   []byte
	extra int // bytes in use beyond inodeBase
	mode  uint16
	flags uint32
	size  int64
}

// inode reads one by its number, whether it is allocated or not.
func (f *FS) inode(id fsys.ID) (*inode, error) {
	s := &f.super
	if id == 0 || id > fsys.ID(s.inodes) {
		return nil, fmt.Errorf("inode %d: there are 1 to %d", id, s.inodes)
	}
	g, err := f.group(uint64(id-1) / uint64(s.inodesPer))
	if err != nil {
		return nil, fmt.Errorf("inode %d: %w", id, err)
	}
	at := uint64(id-1) % uint64(s.inodesPer) * uint64(s.inodeSize)
	b, err := f.block(g.inodeTable + at>>s.blockBits)
	if err != nil {
		return nil, fmt.Errorf("inode %d: %w", id, err)
	}
	b = b[at&(s.blockSize()-1):][:s.inodeSize]
	n := &inode{id: id, raw: b, mode: le16(b, 0), flags: le32(b, 0x20)}
	if n.mode == 0 {
		return nil, fmt.Errorf("inode %d: not in use", id)
	}
	if len(b) > inodeBase {
		if n.extra = int(le16(b, inodeBase)); n.extra > len(b)-inodeBase {
			return nil, fmt.Errorf("inode %d: %d extra bytes in %d", id, n.extra, len(b))
		}
	}
	size := uint64(le32(b, 0x04))
	// The upper half was something else for what is no file.
	if n.kind() == fsys.Regular || n.kind() == fsys.Dir && s.incompat&incompatLargeDir != 0 {
		size = wide(le32(b, 0x04), le32(b, 0x6c))
	}
	if size > 1<<32*s.blockSize() {
		return nil, fmt.Errorf("inode %d: a size of %d bytes", id, size)
	}
	n.size = int64(size)
	return n, nil
}

func (n *inode) kind() fsys.Kind {
	switch n.mode & 0xf000 {
	case 0x1000:
		return fsys.FIFO
	case 0x2000, 0x6000:
		return fsys.Device
	case 0x4000:
		return fsys.Dir
	case 0x8000:
		return fsys.Regular
	case 0xa000:
		return fsys.Link
	case 0xc000:
		return fsys.Socket
	}
	return fsys.Other
}

func (n *inode) pointers() []byte { return n.raw[pointersAt:][:pointers] }

// deleted reports whether an inode that no name has was given up: it keeps the
// time of that.
func (n *inode) deleted() bool { return le16(n.raw, 0x1a) == 0 && le32(n.raw, 0x14) != 0 }

func (f *FS) encrypted(n *inode) bool {
	return n.flags&flagEncrypted != 0 && f.super.incompat&incompatEncrypt != 0
}

// time is a time of the inode in ticks: seconds since 1970 with a sign, and where
// the inode is large enough for it a further word with two more bits of the
// seconds and the nanoseconds.
func (n *inode) time(at, more int) int64 {
	const (
		perSecond = 1e7
		to1970    = 11644473600 // seconds from 1601
	)
	seconds, nanoseconds := int64(int32(le32(n.raw, at))), int64(0)
	if n.has(more) {
		word := le32(n.raw, more)
		seconds += int64(word&3) << 32
		nanoseconds = int64(word >> 2)
		if nanoseconds >= 1e9 {
			nanoseconds = 0
		}
	}
	return (seconds+to1970)*perSecond + nanoseconds/100
}

// has reports whether the inode has the word at an offset.
func (n *inode) has(at int) bool { return at+4 <= inodeBase+n.extra }

// Stat describes an object. The size of a deleted file is -1 where deleting it
// has cleared it.
func (f *FS) Stat(id fsys.ID) (fsys.Info, error) {
	n, err := f.inode(id)
	if err != nil {
		return fsys.Info{}, err
	}
	info := fsys.Info{
		Kind:     n.kind(),
		Size:     n.size,
		Modified: n.time(0x10, 0x88),
		Accessed: n.time(0x08, 0x8c),
		Changed:  n.time(0x0c, 0x84),
		Mode:     uint32(n.mode & 0xfff),
		UID:      int64(le16(n.raw, 0x02)) | int64(le16(n.raw, 0x78))<<16,
		GID:      int64(le16(n.raw, 0x18)) | int64(le16(n.raw, 0x7a))<<16,
		Links:    uint64(le16(n.raw, 0x1a)),
	}
	// A driver that does not know of this time leaves it zero.
	if n.has(0x90) && (le32(n.raw, 0x90) != 0 || n.has(0x94) && le32(n.raw, 0x94) != 0) {
		info.Created = n.time(0x90, 0x94)
	}
	switch {
	case info.Kind == fsys.Dir:
		info.Size = 0
	case n.size == 0 && n.deleted():
		info.Size = -1
	}
	return info, nil
}
