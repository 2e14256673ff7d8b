package source

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// A Mem is evidence in memory, for the tests of documents: any platform's, with
// the faults a disk can have. It is a Source while it is being filled.
//
// Paths are the evidence's own ("C:\Users\x", "/etc/passwd"; a Windows path
// without a drive goes to the first volume). Adding makes the folders on the
// way; a path that cannot be panics, as in a test it should.
type Mem struct {
	platform Platform
	has      []Capability
	leftOut  []LeftOut
	volumes  []Volume
	roots    []*memFS
}

// A MemNode is an object of a Mem. The zero value is an empty file.
type MemNode struct {
	// Info is what Lstat answers. Type decides what the node is; Size is that of
	// Content unless set; INode and Links are filled in if zero.
	Info
	Content string
	Target  string            // of a Link, as it is stored
	Streams map[string]string // alternate data streams (Windows)
	Owner   Owner

	LstatErr error // answers Lstat
	OpenErr  error // answers Open
	OwnerErr error // answers Owner
	ReadErr  error // ends reading a file, or listing a folder, after ReadOK
	ReadOK   int   // bytes or entries that are read before ReadErr
}

// NewMem is an empty system. Windows without volumes given has "C:".
func NewMem(p Platform, volumes ...string) *Mem {
	m := &Mem{platform: p, has: []Capability{Files}}
	if len(volumes) == 0 {
		volumes = []string{""}
		if p == Windows {
			volumes = []string{"C:"}
		}
	}
	fold := p == Windows || p == Darwin
	for _, v := range volumes {
		f := &memFS{nodes: make(map[string]*memNode)}
		f.nodes["/"] = &memNode{path: "/", MemNode: MemNode{Info: Info{Type: Dir, INode: 1, Links: 1}}}
		f.resolver = &resolver{tree: (*memTree)(f), platform: p, volume: v, fold: fold, pruned: make(map[string]LeftOut)}
		m.roots = append(m.roots, f)
		vol := Volume{Name: v, FoldCase: fold, FS: f, Type: "mem"}
		if p == Windows {
			vol.FS = memStreams{f}
		}
		m.volumes = append(m.volumes, vol)
	}
	return m
}

func (m *Mem) Kind() string          { return "mem" }
func (m *Mem) Name() string          { return "mem" }
func (m *Mem) Platform() Platform    { return m.platform }
func (m *Mem) Has(c Capability) bool { return offers(c, m.has, m.platform) }
func (m *Mem) Volumes() []Volume     { return slices.Clone(m.volumes) }
func (m *Mem) LeftOut() []LeftOut    { return slices.Clone(m.leftOut) }
func (m *Mem) Notes() []string       { return nil }
func (m *Mem) Close() error          { return nil }

// Offer adds capabilities to Files.
func (m *Mem) Offer(c ...Capability) *Mem { m.has = append(m.has, c...); return m }

// Add puts a file with this content.
func (m *Mem) Add(path, content string, info ...Info) *Mem {
	n := MemNode{Content: content}
	if len(info) > 0 {
		n.Info = info[0]
	}
	return m.Put(path, n)
}

// AddDir puts a folder.
func (m *Mem) AddDir(path string, info ...Info) *Mem {
	n := MemNode{}
	if len(info) > 0 {
		n.Info = info[0]
	}
	n.Type = Dir
	return m.Put(path, n)
}

// AddLink puts a link.
func (m *Mem) AddLink(path, target string) *Mem {
	return m.Put(path, MemNode{Info: Info{Type: Link}, Target: target})
}

// LeaveOut makes a place one that is not walked, as a network mount is. Unlike
// the others it must come before the Mem is read.
func (m *Mem) LeaveOut(path, reason string, volume bool) *Mem {
	f, below := m.find(path)
	out := LeftOut{Path: path, Reason: reason, Volume: volume}
	f.put(below, MemNode{Info: Info{Type: Dir}})
	f.pruned[below] = out
	m.leftOut = append(m.leftOut, out)
	return m
}

// Put puts a node, in place of what is there. A folder keeps what is in it.
func (m *Mem) Put(path string, n MemNode) *Mem {
	f, below := m.find(path)
	f.put(below, n)
	return m
}

// Remove takes a node away, with all below it: a file that vanishes.
func (m *Mem) Remove(path string) *Mem {
	f, below := m.find(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	for p := range f.nodes {
		if p == below || strings.HasPrefix(p, below+"/") {
			delete(f.nodes, p)
		}
	}
	if dir := f.nodes[Parent(below)]; dir != nil {
		dir.names = slices.DeleteFunc(dir.names, func(n string) bool { return n == Base(below) })
	}
	return m
}

// find is the volume of a path and the path below it.
func (m *Mem) find(path string) (*memFS, string) {
	drive, below := "", path
	if m.platform == Windows {
		p := parseWindowsPath(path)
		if p.escapes {
			panic(fmt.Sprintf("mem: path %q", path))
		}
		drive, below = p.drive, p.path
	}
	for i, v := range m.volumes {
		if drive == "" || strings.EqualFold(v.Name, drive) {
			return m.roots[i], "/" + strings.Trim(below, "/")
		}
	}
	panic(fmt.Sprintf("mem: no volume for %q", path))
}

// memNode is a node in its place.
type memNode struct {
	MemNode
	path  string
	names []string // of a folder, in the order they were added
}

// memFS is a volume of a Mem.
type memFS struct {
	*resolver
	mu     sync.RWMutex
	nodes  map[string]*memNode
	inodes uint64
}

func (f *memFS) put(path string, n MemNode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.insert(path, n)
}

func (f *memFS) insert(path string, n MemNode) {
	old := f.nodes[path]
	if old == nil {
		dir, base := split(path)
		if f.nodes[dir] == nil {
			f.insert(dir, MemNode{Info: Info{Type: Dir}})
		}
		if f.nodes[dir].Type != Dir {
			panic(fmt.Sprintf("mem: %q is no folder", dir))
		}
		f.nodes[dir].names = append(f.nodes[dir].names, base)
		old = &memNode{}
	}
	if n.Size == 0 && n.Type == Regular {
		n.Size = int64(len(n.Content))
	}
	if n.INode == 0 {
		f.inodes++
		n.INode = f.inodes + 1
	}
	n.Links = max(n.Links, 1)
	f.nodes[path] = &memNode{MemNode: n, path: path, names: old.names}
}

// node looks a name up, links on the way resolved.
func (f *memFS) node(op, name string) (*memNode, error) {
	dir, base := split(name)
	path := "/"
	if base != "" {
		in, err := f.Resolve(dir)
		if err != nil {
			return nil, pathError(op, name, err)
		}
		path = Join(in, base)
	}
	return (*memTree)(f).node(op, path)
}

// memTree is the volume without resolution.
type memTree memFS

func (f *memTree) node(op, path string) (*memNode, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n := f.nodes[path]
	if n == nil {
		return nil, pathError(op, path, fs.ErrNotExist)
	}
	return n, nil
}
