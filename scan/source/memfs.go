package source

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"syscall"
)

func (f *memFS) ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		n, err := f.node("open", name)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		(*memTree)(f).list(ctx, n, name, yield)
	}
}

func (f *memFS) Lstat(name string) (Info, error) {
	n, err := f.node("lstat", name)
	if err != nil {
		return Info{}, err
	}
	return n.lstat(name)
}

func (f *memFS) Readlink(name string) (string, error) {
	n, err := f.node("readlink", name)
	if err != nil {
		return "", err
	}
	return n.readlink(name)
}

func (f *memFS) Open(name string) (File, error) {
	n, err := f.node("open", name)
	if err == nil && n.OpenErr != nil {
		err = pathError("open", name, n.OpenErr)
	}
	if err != nil {
		return nil, err
	}
	switch n.Type {
	case Regular:
		return newMemFile(name, n.Content, n.MemNode), nil
	case Cloud:
		return nil, pathError("open", name, ErrOffline)
	}
	return nil, pathError("open", name, ErrNotRegular)
}

// Prune implements Pruner.
func (f *memFS) Prune(folder string) (LeftOut, bool) {
	out, ok := f.pruned[folder]
	return out, ok
}

// Owner implements Ownerer.
func (f *memFS) Owner(name string) (Owner, error) {
	n, err := f.node("owner", name)
	if err == nil && n.OwnerErr != nil {
		err = pathError("owner", name, n.OwnerErr)
	}
	if err != nil {
		return Owner{}, err
	}
	return n.MemNode.Owner, nil
}

// memStreams is a volume of a Windows Mem.
type memStreams struct{ *memFS }

func (f memStreams) Streams(name string) ([]Stream, error) {
	n, err := f.node("streams", name)
	if err != nil {
		return nil, err
	}
	var list []Stream
	for _, s := range slices.Sorted(maps.Keys(n.Streams)) {
		list = append(list, Stream{Name: s, Size: int64(len(n.Streams[s]))})
	}
	return list, nil
}

func (f memStreams) OpenStream(name, stream string) (File, error) {
	n, err := f.node("open", name)
	if err != nil {
		return nil, err
	}
	content, ok := n.Streams[stream]
	if !ok {
		return nil, pathError("open", name+":"+stream, fs.ErrNotExist)
	}
	return newMemFile(name+":"+stream, content, MemNode{Info: Info{Size: int64(len(content))}}), nil
}

func (f *memTree) ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		n, err := f.node("open", name)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		f.list(ctx, n, name, yield)
	}
}

func (f *memTree) Lstat(name string) (Info, error) {
	n, err := f.node("lstat", name)
	if err != nil {
		return Info{}, err
	}
	return n.lstat(name)
}

func (f *memTree) Readlink(name string) (string, error) {
	n, err := f.node("readlink", name)
	if err != nil {
		return "", err
	}
	return n.readlink(name)
}

// list yields a folder's entries; on Windows they carry Info, as the system's
// listing does.
func (f *memTree) list(ctx context.Context, n *memNode, name string, yield func(Entry, error) bool) {
	err := n.OpenErr
	if err == nil && n.Type != Dir {
		err = syscall.ENOTDIR
	}
	if err != nil {
		yield(Entry{}, pathError("open", name, err))
		return
	}
	var list []Entry
	f.mu.RLock()
	for _, base := range n.names {
		child := f.nodes[Join(n.path, base)]
		e := Entry{Name: base, Type: child.Type}
		if f.platform == Windows && child.LstatErr == nil {
			info := child.Info
			e.Info = &info
		}
		list = append(list, e)
	}
	f.mu.RUnlock()

	for i, e := range list {
		if err := ctx.Err(); err != nil {
			yield(Entry{}, pathError("readdir", name, err))
			return
		}
		if n.ReadErr != nil && i >= n.ReadOK {
			break
		}
		if !yield(e, nil) {
			return
		}
	}
	if n.ReadErr != nil {
		yield(Entry{}, pathError("readdir", name, n.ReadErr))
	}
}

func (n *memNode) lstat(name string) (Info, error) {
	if n.LstatErr != nil {
		return Info{}, pathError("lstat", name, n.LstatErr)
	}
	return n.Info, nil
}

func (n *memNode) readlink(name string) (string, error) {
	if n.Type != Link {
		return "", pathError("readlink", name, fs.ErrInvalid)
	}
	return n.Target, nil
}

// memFile reads content up to where the node says that reading fails.
type memFile struct {
	name    string
	content string
	node    MemNode
	off     int64
}

func newMemFile(name, content string, n MemNode) *memFile {
	if n.ReadErr != nil {
		content = content[:min(len(content), n.ReadOK)]
	}
	return &memFile{name: name, content: content, node: n}
}

func (f *memFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.off)
	f.off += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, pathError("read", f.name, fmt.Errorf("%w: offset %d", fs.ErrInvalid, off))
	}
	n := 0
	if off < int64(len(f.content)) {
		n = copy(p, f.content[off:])
	}
	if n == len(p) {
		return n, nil
	}
	if f.node.ReadErr != nil {
		return n, pathError("read", f.name, f.node.ReadErr)
	}
	return n, io.EOF
}

func (f *memFile) Close() error        { return nil }
func (f *memFile) Info() (Info, error) { return f.node.Info, nil }
