package ntfs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/bits"

	"iocscan/scan/internal/fsys"
)

const (
	maxDepth      = 64      // of an index; 2^64 entries fill a tenth of it
	maxIndexBlock = 1 << 20 // bytes; 4096 nearly always
	maxFailures   = 100     // of one listing
	i30           = "$\x00I\x003\x000\x00"
)

var errNotFolder = errors.New("not a folder")

// A listing goes through the index of a folder: a B-tree whose root is in the
// MFT record and whose blocks are a stream. Blocks that the tree does not reach
// hold deleted entries.
type listing struct {
	v       *volume
	ctx     context.Context
	yield   func(fsys.Entry, error) bool
	blocks  *content // nil: the root is all
	size    int64    // bytes of a block
	per     int64    // bytes that a VCN counts
	dir     fsys.ID
	visited map[int64]bool
	failed  int
	buf     [][]byte // by depth
}

func (v *volume) ReadDir(ctx context.Context, dir fsys.ID) iter.Seq2[fsys.Entry, error] {
	return func(yield func(fsys.Entry, error) bool) {
		o, err := v.object(dir)
		if err == nil && !o.folder {
			err = fmt.Errorf("MFT record %d: %w", dir&numberMask, errNotFolder)
		}
		if err != nil {
			yield(fsys.Entry{}, fmt.Errorf("list a folder: %w", err))
			return
		}
		if err := v.list(ctx, o, yield); err != nil {
			yield(fsys.Entry{}, fmt.Errorf("list the folder of MFT record %d: %w", dir&numberMask, err))
		}
	}
}

// list reads the root of the index: bytes of a block 4 at 8, node at 16.
func (v *volume) list(ctx context.Context, o *object, yield func(fsys.Entry, error) bool) error {
	c, err := v.stream(o, typeIndexRoot, i30)
	if err != nil {
		return err
	}
	root, err := readAll(c, maxIndexBlock)
	if err != nil {
		return err
	}
	if len(root) < 32 {
		return fmt.Errorf("index root of %d bytes", len(root))
	}
	l := &listing{v: v, ctx: ctx, yield: yield, dir: o.id, size: int64(le.Uint32(root[8:])), visited: map[int64]bool{}}
	if l.size < stride || l.size > maxIndexBlock || bits.OnesCount64(uint64(l.size)) != 1 {
		return fmt.Errorf("index blocks of %d bytes", l.size)
	}
	// A VCN counts sectors of 512 bytes where a block is less than a cluster.
	if l.per = v.cluster; l.size < v.cluster {
		l.per = stride
	}
	l.blocks, err = v.stream(o, typeIndex, i30)
	if err != nil && !errors.Is(err, errAbsent) {
		l.fail(err)
	}
	l.node(root[16:], 0)
	return nil
}

// fail reports what cannot be read, and ends a listing of nothing else: folders
// that share the blocks of one would make it endless together.
func (l *listing) fail(err error) bool {
	l.failed++
	if l.failed == maxFailures {
		err = fmt.Errorf("%w; %d such errors: the listing ends here", err, l.failed)
	}
	return l.yield(fsys.Entry{}, fmt.Errorf("folder index: %w", err)) && l.failed < maxFailures
}

// node goes through the entries of a node: first entry 4 bytes at 0, end of the
// entries 4 at 4, both from its start. An entry: reference 8, length 2, length
// of the key 2, flags 4 (1: a child's VCN is its last 8 bytes, 2: the last one),
// key at 16.
func (l *listing) node(b []byte, depth int) bool {
	at, end := int64(le.Uint32(b)), int64(le.Uint32(b[4:]))
	if end > int64(len(b)) || at < 16 || at > end {
		return l.fail(fmt.Errorf("entries from %d to %d in %d bytes", at, end, len(b)))
	}
	for b = b[at:end]; ; {
		if len(b) < 16 {
			return l.fail(fmt.Errorf("no last entry in %d bytes", end))
		}
		n, key, flags := int(le.Uint16(b[8:])), int(le.Uint16(b[10:])), le.Uint32(b[12:])
		if n < 16 || n > len(b) || 16+key > n || flags&1 != 0 && n < 24 {
			return l.fail(fmt.Errorf("entry of %d bytes in %d", n, len(b)))
		}
		if flags&1 != 0 && !l.child(le.Uint64(b[n-8:]), depth+1) {
			return false
		}
		if flags&2 != 0 {
			return true
		}
		if !l.entry(fsys.ID(le.Uint64(b)), b[16:16+key]) {
			return false
		}
		b = b[n:]
	}
}

// child goes through a block: magic INDX, VCN 8 bytes at 16, node at 24.
func (l *listing) child(vcn uint64, depth int) bool {
	if err := l.ctx.Err(); err != nil {
		l.fail(err)
		return false
	}
	switch {
	case l.blocks == nil:
		return l.fail(errors.New("the blocks are missing"))
	case vcn > uint64(l.blocks.size/l.per):
		return l.fail(fmt.Errorf("block %d beyond %d bytes", vcn, l.blocks.size))
	case depth > maxDepth || l.visited[int64(vcn)]:
		return l.fail(fmt.Errorf("block %d is its own child", vcn))
	}
	l.visited[int64(vcn)] = true
	for len(l.buf) < depth {
		l.buf = append(l.buf, make([]byte, l.size))
	}
	b := l.buf[depth-1]
	if err := readFull(l.blocks, b, int64(vcn)*l.per); err != nil {
		return l.fail(fmt.Errorf("block %d: %w", vcn, err))
	}
	if string(b[:4]) != "INDX" || le.Uint64(b[16:]) != vcn {
		return l.fail(fmt.Errorf("block %d: magic %q, number %d", vcn, b[:4], le.Uint64(b[16:])))
	}
	if err := fixup(b); err != nil {
		return l.fail(fmt.Errorf("block %d: %w", vcn, err))
	}
	return l.node(b[24:], depth)
}

// entry yields a name, unless it is the short form of another or the root's own.
func (l *listing) entry(id fsys.ID, key []byte) bool {
	n, err := parseFileName(key)
	if err != nil {
		return l.fail(err)
	}
	if n.dir()&numberMask != l.dir&numberMask {
		return l.fail(fmt.Errorf("%q is a name in the folder of MFT record %d", n.name(), n.dir()&numberMask))
	}
	if n.short() && l.v.hasLongName(id, n) || id == l.v.root && n.name() == "." {
		return true
	}
	return l.yield(fsys.Entry{Name: n.name(), ID: id, Kind: l.v.entryKind(id, n)}, nil)
}

// hasLongName asks the object: its long name may be anywhere in the index. Where
// it cannot tell, a name too many is better than one too few.
func (v *volume) hasLongName(id fsys.ID, short fileName) bool {
	o, err := v.object(id)
	if err != nil {
		return false
	}
	for i := range o.attrs {
		if a := &o.attrs[i]; a.kind == typeName {
			if n, err := parseFileName(a.value); err == nil && !n.short() && n.dir() == short.dir() {
				return true
			}
		}
	}
	return false
}

// entryKind trusts the index where the object is a plain file or folder; what a
// reparse point is, only the object tells.
func (v *volume) entryKind(id fsys.ID, n fileName) fsys.Kind {
	attributes := n.flags() & attributeMask
	if n.flags()&nameFolder != 0 {
		attributes |= fsys.AttrDirectory
	}
	if kind := fsys.ReparseKind(attributes, 0); attributes&fsys.AttrReparse == 0 {
		return kind
	}
	if o, err := v.object(id); err == nil {
		if kind, _, err := v.kind(o); err == nil {
			return kind
		}
	}
	return fsys.Other
}
