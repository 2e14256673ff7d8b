package ext

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"iocscan/scan/internal/fsys"
)

const (
	entryHeader = 8     // inode, length of the entry, of the name, type
	inlineDots  = 4     // a folder in its inode begins with the inode of its parent
	lastLength  = 65535 // stands for 65536
)

// types are the types of objects in entries; 0 is not known.
var types = [...]fsys.Kind{fsys.Other, fsys.Regular, fsys.Dir, fsys.Device, fsys.Device, fsys.FIFO, fsys.Socket, fsys.Link}

// A dirent is an entry of a folder as stored. The entry takes from at to end of
// its block, of which what follows the name is slack.
type dirent struct {
	inode   uint32
	typ     byte
	name    []byte
	at, end int
}

// nameEnd is where an entry with its name could end.
func (d *dirent) nameEnd() int { return d.at + entryHeader + (len(d.name)+3)&^3 }

// ReadDir lists a folder. A bad entry ends its block, and the next one follows.
func (f *FS) ReadDir(ctx context.Context, dir fsys.ID) iter.Seq2[fsys.Entry, error] {
	return func(yield func(fsys.Entry, error) bool) {
		for b, err := range f.folder(ctx, dir) {
			if err != nil {
				if !yield(fsys.Entry{}, err) {
					return
				}
				continue
			}
			for d, err := range f.dirents(b) {
				var e fsys.Entry
				if err == nil {
					if d.inode == 0 || string(d.name) == "." || string(d.name) == ".." {
						continue
					}
					e, err = f.entry(d)
				}
				if err != nil {
					err = fmt.Errorf("folder, inode %d: %w", dir, err)
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// entry is a dirent in use as others see it.
func (f *FS) entry(d dirent) (fsys.Entry, error) {
	switch {
	case len(d.name) == 0:
		return fsys.Entry{}, fmt.Errorf("an entry for inode %d without a name", d.inode)
	case d.inode > f.super.inodes:
		return fsys.Entry{}, fmt.Errorf("entry %q: inode %d of %d", d.name, d.inode, f.super.inodes)
	}
	return fsys.Entry{Name: string(d.name), ID: fsys.ID(d.inode), Kind: f.kind(d)}, nil
}

// kind is what an entry stands for. Where only the inode can tell and cannot be
// read, that is for Stat to say.
func (f *FS) kind(d dirent) fsys.Kind {
	if d.typ != 0 && int(d.typ) < len(types) {
		return types[d.typ]
	}
	n, err := f.inode(fsys.ID(d.inode))
	if err != nil {
		return fsys.Other
	}
	return n.kind()
}

// folder yields the blocks of a folder, or what its inode holds of it.
func (f *FS) folder(ctx context.Context, id fsys.ID) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		n, err := f.inode(id)
		switch {
		case err != nil:
		case n.kind() != fsys.Dir:
			err = fmt.Errorf("inode %d: not a folder", id)
		case n.flags&flagInline != 0:
			err = f.inlineFolder(n, yield)
		default:
			err = f.folderBlocks(ctx, n, yield)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// errStopped: the one who is told wants no more.
var errStopped = errors.New("stopped")

func (f *FS) inlineFolder(n *inode, yield func([]byte, error) bool) error {
	parts, err := n.inline()
	first := n.pointers()[inlineDots:]
	if !yield(first[:max(0, min(len(first), int(min(n.size, pointers))-inlineDots))], nil) {
		return errStopped
	}
	if err == nil && len(parts[1]) > 0 && !yield(parts[1], nil) {
		return errStopped
	}
	return err
}

// maxGaps is how many holes of a folder are told; it should have none.
const maxGaps = 100

// folderBlocks reads no more blocks than the volume has: a damaged folder may
// have the same one over and over.
func (f *FS) folderBlocks(ctx context.Context, n *inode, yield func([]byte, error) bool) error {
	left, gaps := uint64(f.size)>>f.super.blockBits, 0
	blocks := (uint64(n.size) + f.super.blockSize() - 1) >> f.super.blockBits
	for next := uint64(0); next < blocks; {
		s, err := f.span(n, next)
		if err != nil {
			return fmt.Errorf("folder, inode %d: %w", n.id, err)
		}
		end := min(s.to, blocks)
		for next < end {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, ok := s.find(next)
			if !ok || r.first > next {
				gap := end
				if ok {
					gap = min(r.first, end)
				}
				if gaps++; gaps > maxGaps {
					return fmt.Errorf("folder, inode %d: more than %d gaps", n.id, maxGaps)
				}
				if !yield(nil, fmt.Errorf("folder, inode %d: blocks %d to %d are not stored", n.id, next, gap-1)) {
					return errStopped
				}
				next = gap
				continue
			}
			if left == 0 {
				return fmt.Errorf("folder, inode %d: more blocks than the volume has", n.id)
			}
			left--
			b, err := f.block(r.at + next - r.first)
			next++
			if err != nil {
				err = fmt.Errorf("folder, inode %d: %w", n.id, err)
				if r.err != nil {
					next = min(r.first+r.count, end)
				}
			}
			if !yield(b, err) {
				return errStopped
			}
		}
	}
	return nil
}

// dirents goes through a block of a folder; an error ends it.
func (f *FS) dirents(b []byte) iter.Seq2[dirent, error] {
	return func(yield func(dirent, error) bool) {
		for at := 0; at < len(b); {
			d, ok := f.dirent(b, at)
			if !ok {
				yield(d, fmt.Errorf("no entry at %d of a block of %d bytes: % x", at, len(b), b[at:min(at+entryHeader, len(b))]))
				return
			}
			if !yield(d, nil) {
				return
			}
			at = d.end
		}
	}
}

// dirent reads the entry at an offset, if there is one.
func (f *FS) dirent(b []byte, at int) (d dirent, ok bool) {
	if len(b)-at < entryHeader {
		return dirent{}, false
	}
	d = dirent{inode: le32(b, at), at: at}
	length, name := int(le16(b, at+4)), int(b[at+6])
	if f.super.incompat&incompatFileType != 0 {
		d.typ = b[at+7]
		if f.super.incompat&incompatDirData != 0 {
			d.typ &= 0xf
		}
	}
	if f.super.blockSize() > lastLength && (length == lastLength || length == 0) {
		length = lastLength + 1
	}
	if length < entryHeader || length%4 != 0 || length > len(b)-at || entryHeader+name > length {
		return dirent{}, false
	}
	d.name, d.end = b[at+entryHeader:][:name], at+length
	return d, true
}

// Readlink is the target of a symbolic link. A short one is in place of the
// block map.
func (f *FS) Readlink(id fsys.ID) (string, error) {
	n, err := f.inode(id)
	switch {
	case err != nil:
		return "", err
	case n.kind() != fsys.Link:
		return "", fmt.Errorf("inode %d: not a symbolic link", id)
	case n.size == 0 && n.deleted():
		return "", fmt.Errorf("inode %d: %w", id, errCleared)
	case uint64(n.size) > f.super.blockSize():
		return "", fmt.Errorf("inode %d: a target of %d bytes", id, n.size)
	case n.size < pointers && n.flags&(flagExtents|flagInline) == 0 && !f.encrypted(n):
		return string(n.pointers()[:n.size]), nil
	}
	c, err := f.content(n)
	if err != nil {
		return "", err
	}
	b := make([]byte, n.size)
	if got, err := c.ReadAt(b, 0); got < len(b) {
		return "", err
	}
	return string(b), nil
}
