package ext

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"iocscan/scan/internal/fsys"
)

// Deleted lists the entries that are left in the slack of folders, and the
// inodes that were deleted while they were open, which have no name. An ID of 0
// is one that the entry no longer has.
//
// Deleting an entry adds its bytes to the entry before it, unless it was the
// first of its block. ext2 and ext3 clear its inode, ext4 keeps that and since
// Linux 5.13 clears all of it. Splitting a folder's block leaves copies as
// well: what the folder still has is not listed.
func (f *FS) Deleted(ctx context.Context) iter.Seq2[fsys.Deleted, error] {
	return func(yield func(fsys.Deleted, error) bool) {
		volume := f.size >> f.super.blockBits
		s := search{f, volume, 4 * volume}
		seen := map[fsys.ID]bool{rootInode: true}
		for queue := []fsys.ID{rootInode}; len(queue) > 0; {
			dir := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			gone, below, errs := s.remains(ctx, dir)
			if err := ctx.Err(); err != nil {
				yield(fsys.Deleted{}, err)
				return
			}
			for _, err := range errs {
				if !yield(fsys.Deleted{}, err) {
					return
				}
			}
			for _, d := range gone {
				if !yield(s.fate(d)) {
					return
				}
			}
			if s.blocks < 0 {
				break
			}
			for _, id := range below {
				if !seen[id] {
					seen[id] = true
					queue = append(queue, id)
				}
			}
		}
		f.orphans(ctx, yield)
	}
}

// A search bounds what a listing of deleted entries may read. The folders of a
// sound volume share no blocks; those of a hostile one may all be the same.
type search struct {
	*FS
	blocks int64 // of folders, still
	checks int64 // of blocks and of spans of deleted files, still
}

var (
	errFolders = errors.New("folders of more blocks than the volume has: no more were searched for deleted entries")
	errFate    = errors.New("too many blocks to tell whether others have them by now")
)

// maxErrors is how many errors of one folder are told one by one.
const maxErrors = 100

// remains reads a folder for what its slack has and its entries do not, in the
// order of their places, and for the folders in it.
func (s *search) remains(ctx context.Context, dir fsys.ID) (gone []fsys.Deleted, below []fsys.ID, errs []error) {
	type key struct {
		name  string
		inode uint32
	}
	places := make(map[key]int)
	n, err := s.inode(dir)
	if err != nil {
		return nil, nil, []error{err}
	}
	tell := func(err error) {
		switch len(errs) {
		case maxErrors:
			return
		case maxErrors - 1:
			err = fmt.Errorf("folder, inode %d: more errors than are told", dir)
		}
		errs = append(errs, err)
	}
	first := true
	for b, err := range s.folder(ctx, dir) {
		if n.flags&flagInline == 0 {
			s.blocks--
		}
		if s.blocks < 0 {
			errs = append(errs, errFolders)
			break
		}
		if err != nil {
			tell(err)
			continue
		}
		index := n.flags&flagIndex != 0 && (first || isIndex(b))
		first = false
		for d, err := range s.dirents(b) {
			if err != nil {
				tell(fmt.Errorf("folder, inode %d: %w", dir, err))
				continue
			}
			if d.inode != 0 && string(d.name) != "." && string(d.name) != ".." && d.inode <= s.super.inodes && s.kind(d) == fsys.Dir {
				below = append(below, fsys.ID(d.inode))
			}
			if index {
				continue
			}
			for old := range s.slack(b, d) {
				k := key{string(old.name), old.inode}
				if _, ok := places[k]; !ok {
					places[k] = len(places)
				}
			}
		}
	}
	if len(places) == 0 {
		return nil, below, errs
	}
	// Once more, now that it is known which names matter.
	for b, err := range s.folder(ctx, dir) {
		if err != nil {
			continue
		}
		for d := range s.dirents(b) {
			if d.inode != 0 {
				delete(places, key{string(d.name), d.inode})
			}
		}
	}
	left := make([]key, 0, len(places))
	for k := range places {
		left = append(left, k)
	}
	slices.SortFunc(left, func(a, b key) int { return places[a] - places[b] })
	for _, k := range left {
		gone = append(gone, fsys.Deleted{Entry: fsys.Entry{Name: k.name, ID: fsys.ID(k.inode), Kind: fsys.Other}, Dir: dir})
	}
	return gone, below, errs
}

// isIndex reports whether a block of a hashed folder is one of its index: one
// entry without inode and name takes all of it.
func isIndex(b []byte) bool {
	return len(b) > entryHeader && le32(b, 0) == 0 && b[6] == 0 &&
		(int(le16(b, 4)) == len(b) || len(b) > lastLength && (le16(b, 4) == 0 || le16(b, 4) == lastLength))
}

// slack yields what may have been entries in the bytes that one has taken over,
// and itself if it has no inode.
func (f *FS) slack(b []byte, d dirent) iter.Seq[dirent] {
	return func(yield func(dirent) bool) {
		at := d.nameEnd()
		if d.inode == 0 {
			at = d.at
			if f.plausible(d) {
				if !yield(d) {
					return
				}
				at = d.nameEnd()
			}
		}
		// An entry without a name begins a block that is all slack.
		for at+entryHeader < d.end {
			old, ok := f.dirent(b[:d.end], at)
			if !ok || !f.plausible(old) {
				at += 4
				continue
			}
			if !yield(old) {
				return
			}
			at = old.nameEnd()
		}
	}
}

// plausible reports whether the bytes of a dirent are those of one. Numbers
// below firstInode are the file system's own; one that is cleared asks for a
// type.
func (f *FS) plausible(d dirent) bool {
	const firstInode = 11
	typed := d.typ != 0 || f.super.incompat&incompatFileType == 0
	return len(d.name) > 0 && string(d.name) != "." && string(d.name) != ".." &&
		!bytes.ContainsAny(d.name, "\x00/") && int(d.typ) < len(types) &&
		(d.inode == 0 && typed || d.inode >= firstInode && d.inode <= f.super.inodes)
}

// fate looks at what became of a deleted entry's inode and of its blocks.
func (s *search) fate(d fsys.Deleted) (fsys.Deleted, error) {
	if d.ID == 0 {
		return d, nil
	}
	used, err := s.inodeUsed(d.ID)
	if err != nil {
		return d, fmt.Errorf("deleted entry %q: inode %d: %w", d.Name, d.ID, err)
	}
	n, err := s.inode(d.ID)
	if err != nil {
		return d, nil // nothing is left, which Stat says
	}
	d.Kind = n.kind()
	d.Reused = used
	if !used && (d.Kind == fsys.Regular || d.Kind == fsys.Dir) && n.flags&flagInline == 0 {
		if d.Reused, err = s.blocksTaken(n); err != nil {
			err = fmt.Errorf("deleted entry %q: inode %d: %w", d.Name, d.ID, err)
		}
	}
	return d, err
}

// blocksTaken reports whether a block of a deleted file is allocated, and so
// belongs to another.
func (s *search) blocksTaken(n *inode) (bool, error) {
	blocks := (uint64(n.size) + s.super.blockSize() - 1) >> s.super.blockBits
	for next := uint64(0); next < blocks; {
		part, err := s.span(n, next)
		if err != nil {
			return false, nil // reading it has the same error
		}
		if s.checks--; s.checks < 0 {
			return false, errFate
		}
		for _, r := range part.runs {
			if r.err != nil {
				continue
			}
			for i := range min(r.count, blocks-min(r.first, blocks)) {
				if s.checks--; s.checks < 0 {
					return false, errFate
				}
				if used, err := s.blockUsed(r.at + i); used || err != nil {
					return used, err
				}
			}
		}
		next = part.to
	}
	return false, nil
}

// orphans yields the list of inodes without a name that were still open. Each
// has the next one in place of its time of deletion.
func (f *FS) orphans(ctx context.Context, yield func(fsys.Deleted, error) bool) {
	seen := make(map[uint32]bool)
	for id := f.super.lastOrphan; id != 0; {
		n, err := f.inode(fsys.ID(id))
		switch {
		case ctx.Err() != nil:
			err = ctx.Err()
		case seen[id]:
			err = fmt.Errorf("inode %d is in it twice", id)
		}
		seen[id] = true
		if err != nil {
			yield(fsys.Deleted{}, fmt.Errorf("list of deleted inodes: %w", err))
			return
		}
		// Files that were only to be cut off are in the list too.
		if le16(n.raw, 0x1a) == 0 && !yield(fsys.Deleted{Entry: fsys.Entry{ID: n.id, Kind: n.kind()}, Dir: rootInode, Orphan: true}, nil) {
			return
		}
		id = le32(n.raw, 0x14)
	}
}
