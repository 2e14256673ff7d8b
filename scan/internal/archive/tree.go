package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"iocscan/scan/internal/fsys"
)

const (
	maxNodes = 4 << 20 // files and folders of a tree, those on the way counted
	maxDepth = 1 << 10 // folders on the way to a file
)

var (
	// ErrPlace answers Add for a name that can stand nowhere in a tree.
	ErrPlace = errors.New("its name leads out of the archive or cannot be one")
	// ErrFull answers Add where there are too many names.
	ErrFull = fmt.Errorf("more than %d files and folders", maxNodes)
)

// A Tree is a file system made of entries, each in a place that need not be its
// name. It is filled before it is read.
type Tree struct {
	kind  string
	nodes []node
	names map[nameKey]int32
	// Damage ends every listing: further names may be anywhere.
	Damage error
}

type nameKey struct {
	dir  int32
	name string
}

type node struct {
	name     string
	entry    *Entry // nil: a folder that only names tell of
	linked   int32  // of a hard link: the node whose content it has; 0: itself
	children []int32
	dir      bool
}

// NewTree is an empty file system, called by the format of its archive.
func NewTree(kind string) *Tree {
	return &Tree{kind: kind, nodes: []node{{dir: true}}, names: make(map[nameKey]int32)}
}

// Split takes a name apart: empty names and "." count for nothing, as when an
// absolute path stands for one from the top. Any "..", NUL, or too many folders
// are ErrPlace.
func Split(name string) ([]string, error) {
	var parts []string
	if len(name) > maxName || strings.IndexByte(name, 0) >= 0 {
		return nil, ErrPlace
	}
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			return nil, ErrPlace
		default:
			if parts = append(parts, part); len(parts) > maxDepth {
				return nil, ErrPlace
			}
		}
	}
	return parts, nil
}

// Add puts an entry in a place, the names of which are free of "/", "." and
// "..". What had the place before is returned: of two entries of one name the
// later counts, as for whoever unpacks an archive. A folder that comes again,
// or after what is in it, is the same one.
func (t *Tree) Add(parts []string, e *Entry) (earlier *Entry, err error) {
	at := int32(0)
	for i, part := range parts {
		last := i == len(parts)-1
		key := nameKey{at, part}
		next, ok := t.names[key]
		if !ok {
			if len(t.nodes) >= maxNodes {
				return nil, ErrFull
			}
			next = int32(len(t.nodes))
			t.nodes = append(t.nodes, node{name: part, dir: !last})
			t.nodes[at].children = append(t.nodes[at].children, next)
			t.names[key] = next
		}
		if !last && !t.nodes[next].dir {
			// Something is below what is no folder, so that it was one.
			earlier = t.nodes[next].entry
			t.nodes[next].entry, t.nodes[next].dir = nil, true
		}
		at = next
	}
	n := &t.nodes[at]
	switch {
	case at == 0 || e.Kind == fsys.Dir && n.dir:
		n.entry = e
	case n.dir && len(n.children) > 0:
		return e, nil // the folder stays, or what is in it had no place
	default:
		if n.entry != nil {
			earlier = n.entry
		}
		n.entry, n.dir = e, e.Kind == fsys.Dir
	}
	return earlier, nil
}

// Link connects a hard link, which has been added, with what is in another
// place. It fails where nothing is there that has content.
func (t *Tree) Link(link, of []string) bool {
	from, ok := t.find(link)
	to, found := t.find(of)
	for range 40 { // a link to a link
		if !found || t.nodes[to].linked == 0 {
			break
		}
		to = t.nodes[to].linked
	}
	if !ok || !found || from == to || t.nodes[to].entry == nil || t.nodes[to].entry.open == nil {
		return false
	}
	t.nodes[from].linked = to
	return true
}

func (t *Tree) find(parts []string) (int32, bool) {
	at := int32(0)
	for _, part := range parts {
		next, ok := t.names[nameKey{at, part}]
		if !ok {
			return 0, false
		}
		at = next
	}
	return at, true
}

// Has reports whether a path is in the tree, and whether it is a folder.
func (t *Tree) Has(parts ...string) (there, dir bool) {
	at, ok := t.find(parts)
	return ok, ok && t.nodes[at].dir
}

// OpenAt is the content of the file in a place; fs.ErrNotExist.
func (t *Tree) OpenAt(parts ...string) (fsys.Content, error) {
	at, ok := t.find(parts)
	if !ok {
		return nil, fs.ErrNotExist
	}
	return t.Open(fsys.ID(at))
}

// Below is a folder of the tree as a file system of its own.
func (t *Tree) Below(parts ...string) (fsys.FileSystem, error) {
	at, ok := t.find(parts)
	if !ok || !t.nodes[at].dir {
		return nil, fs.ErrNotExist
	}
	return below{t, fsys.ID(at)}, nil
}

type below struct {
	*Tree
	root fsys.ID
}

func (b below) Root() fsys.ID { return b.root }

func (t *Tree) Type() string   { return t.kind }
func (t *Tree) Label() string  { return "" }
func (t *Tree) Serial() string { return "" }
func (t *Tree) Root() fsys.ID  { return 0 }

func (t *Tree) ReadDir(ctx context.Context, dir fsys.ID) iter.Seq2[fsys.Entry, error] {
	return func(yield func(fsys.Entry, error) bool) {
		for _, child := range t.nodes[dir].children {
			if err := ctx.Err(); err != nil {
				yield(fsys.Entry{}, err)
				return
			}
			n := &t.nodes[child]
			if !yield(fsys.Entry{Name: n.name, ID: fsys.ID(child), Kind: n.fileKind()}, nil) {
				return
			}
		}
		if t.Damage != nil {
			yield(fsys.Entry{}, t.Damage)
		}
	}
}

func (n *node) fileKind() fsys.Kind {
	if n.dir || n.entry == nil {
		return fsys.Dir
	}
	return n.entry.Kind
}

// Stat implements fsys.FileSystem. Of a folder that only names tell of nothing
// is known but that it is one.
func (t *Tree) Stat(id fsys.ID) (fsys.Info, error) {
	n := &t.nodes[id]
	if n.entry == nil {
		return fsys.Info{Kind: fsys.Dir, UID: -1, GID: -1}, nil
	}
	info := n.entry.Info
	switch info.Kind = n.fileKind(); {
	case n.linked != 0:
		info.Size = t.nodes[n.linked].entry.Size
	case n.entry.Of != "":
		return fsys.Info{}, n.dangling()
	}
	return info, nil
}

func (t *Tree) Open(id fsys.ID) (fsys.Content, error) {
	n := &t.nodes[id]
	if n.linked != 0 {
		n = &t.nodes[n.linked]
	}
	switch {
	case n.fileKind() != fsys.Regular:
		return nil, fsys.ErrNotRegular
	case n.entry.open == nil:
		return nil, n.dangling()
	}
	return n.entry.open()
}

func (n *node) dangling() error {
	return fmt.Errorf("a hard link to %q, which is not in the archive", n.entry.Of)
}

func (t *Tree) Readlink(id fsys.ID) (string, error) {
	if n := &t.nodes[id]; n.fileKind() == fsys.Link {
		return n.entry.Target, nil
	}
	return "", fs.ErrInvalid
}

// Deleted implements fsys.FileSystem: archives have none.
func (t *Tree) Deleted(context.Context) iter.Seq2[fsys.Deleted, error] {
	return func(func(fsys.Deleted, error) bool) {}
}

var _ fsys.FileSystem = (*Tree)(nil)
