package ext

import "fmt"

// Extended attributes in the inode: a magic, then entries of 16 bytes and a name,
// each at a multiple of 4, up to an empty one. Offsets of values count from the
// first entry.
const (
	attrMagic   = 0xea020000
	attrHeader  = 16
	attrSystem  = 7      // the prefix "system."
	attrContent = "data" // what does not fit in place of the block map
)

// inline is the content that the inode itself holds: what is in place of the
// block map, and the rest. Linux reads zeros where that is shorter than the
// file's size, and mke2fs makes such files of holes.
func (n *inode) inline() (parts [2][]byte, err error) {
	parts[0] = n.pointers()
	if n.size <= pointers {
		parts[0] = parts[0][:n.size]
		return parts, nil
	}
	if parts[1], err = n.systemData(); err != nil {
		return parts, fmt.Errorf("inode %d: inline data: %w", n.id, err)
	}
	parts[1] = parts[1][:min(int64(len(parts[1])), n.size-pointers)]
	return parts, nil
}

func (n *inode) systemData() ([]byte, error) {
	at := inodeBase + n.extra
	if len(n.raw) < at+4 || le32(n.raw, at) != attrMagic {
		return nil, fmt.Errorf("no extended attributes in the inode")
	}
	all := n.raw[at+4:]
	for b := all; len(b) >= attrHeader && le32(b, 0) != 0; {
		name := int(b[0])
		next := attrHeader + (name+3)&^3
		if next > len(b) {
			return nil, fmt.Errorf("an attribute's name of %d bytes in %d", name, len(b)-attrHeader)
		}
		if b[1] == attrSystem && string(b[attrHeader:attrHeader+name]) == attrContent {
			from, inode, size := int(le16(b, 2)), le32(b, 4), le32(b, 8)
			if inode != 0 || from > len(all) || uint64(size) > uint64(len(all)-from) {
				return nil, fmt.Errorf("%d bytes at %d of %d, inode %d", size, from, len(all), inode)
			}
			return all[from:][:size], nil
		}
		b = b[next:]
	}
	return nil, fmt.Errorf("no attribute with the rest of it")
}

// inlined is the content of a small file.
type inlined struct {
	parts [2][]byte
	size  int64
}

func (c inlined) Size() int64 { return c.size }

func (c inlined) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := within(p, off, c.size)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, part := range c.parts {
		if off < int64(len(part)) {
			n += copy(p[n:], part[off:])
		}
		off = max(0, off-int64(len(part)))
	}
	clear(p[n:])
	return len(p), end
}
