package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"syscall"

	"iocscan/scan/internal/fsys"
)

// An imageTree is what the file systems of an image hold, as one tree: that of
// the root, and others where they are mounted in it. Names are exact and links
// are what they are; a linkTree around it does the rest.
type imageTree struct {
	mounts []mounted // longest place first; the last is "/"
}

// mounted is a file system in its place.
type mounted struct {
	at   string
	fsys fsys.FileSystem
	memo *nameMemo
}

func newImageTree(root fsys.FileSystem) *imageTree {
	return &imageTree{mounts: []mounted{{"/", root, newNameMemo()}}}
}

// mount puts a file system in the place of a folder.
func (t *imageTree) mount(at string, f fsys.FileSystem) {
	i := 0
	for i < len(t.mounts) && len(t.mounts[i].at) >= len(at) {
		i++
	}
	t.mounts = append(t.mounts[:i:i], append([]mounted{{at, f, newNameMemo()}}, t.mounts[i:]...)...)
}

// object is what a path leads to.
type object struct {
	mounted
	child
}

// find goes from the root of the file system that holds a path to its object.
func (t *imageTree) find(path string) (object, error) {
	path = "/" + strings.Trim(path, "/")
	for _, m := range t.mounts {
		rest, ok := inside(path, m.at)
		if !ok {
			continue
		}
		o := object{m, child{m.fsys.Root(), fsys.Dir}}
		for rest != "" {
			var name string
			name, rest, _ = strings.Cut(rest, "/")
			if name == "" || name == "." {
				continue
			}
			if o.kind != fsys.Dir {
				return o, syscall.ENOTDIR
			}
			var err error
			if o.child, err = o.memo.find(m.fsys, o.id, name); err != nil {
				return o, err
			}
		}
		return o, nil
	}
	return object{}, fs.ErrNotExist
}

// inside is the part of a path below a place, both without slashes at the end.
func inside(path, place string) (string, bool) {
	if place == "/" {
		return path[1:], true
	}
	rest, ok := strings.CutPrefix(path, place)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

func (t *imageTree) ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		o, err := t.find(name)
		if err == nil && o.kind != fsys.Dir {
			err = syscall.ENOTDIR
		}
		if err != nil {
			yield(Entry{}, pathError("open", name, imageError(err)))
			return
		}
		for e, err := range o.memo.list(ctx, o.fsys, o.id) {
			switch {
			case err != nil:
				err = pathError("readdir", name, imageError(err))
			case ctx.Err() != nil:
				yield(Entry{}, pathError("readdir", name, ctx.Err()))
				return
			case !fits(e.Name):
				err = pathError("readdir", name, fmt.Errorf("an entry is called %q, which no name can be", e.Name))
			}
			if !yield(Entry{Name: e.Name, Type: Type(e.Kind)}, err) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Entry{}, pathError("readdir", name, err))
		}
	}
}

// fits: a name that can stand in a path.
func fits(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

func (t *imageTree) Lstat(name string) (Info, error) {
	o, err := t.find(name)
	var info Info
	if err == nil {
		info, err = o.info()
	}
	if err != nil {
		return Info{}, pathError("lstat", name, imageError(err))
	}
	return info, nil
}

func (t *imageTree) Open(name string) (File, error) {
	o, err := t.find(name)
	var content fsys.Content
	if err == nil {
		if err = readable(Info{Type: Type(o.kind)}); err == nil {
			content, err = o.fsys.Open(o.id)
		}
	}
	if err != nil {
		return nil, pathError("open", name, imageError(err))
	}
	return newImageFile(name, content, o.info), nil
}

func (t *imageTree) Readlink(name string) (string, error) {
	o, err := t.find(name)
	target := ""
	if err == nil {
		if o.kind != fsys.Link {
			err = fs.ErrInvalid
		} else {
			target, err = o.fsys.Readlink(o.id)
		}
	}
	if err != nil {
		return "", pathError("readlink", name, imageError(err))
	}
	return target, nil
}

// info is what the file system says of an object.
func (o object) info() (Info, error) {
	i, err := o.fsys.Stat(o.id)
	if err != nil {
		return Info{}, err
	}
	return Info{
		Type: Type(i.Kind), Size: i.Size,
		Created: i.Created, Modified: i.Modified, Accessed: i.Accessed, Changed: i.Changed,
		INode: inode(o.fsys, o.id), Mode: fileMode(i.Mode), UID: i.UID, GID: i.GID,
		Attributes: i.Attributes, Links: i.Links,
	}, nil
}

// inode is the number by which users of a file system know an object: without
// the sequence number in a reference of NTFS, and none where the file system
// has no such numbers.
func inode(f fsys.FileSystem, id fsys.ID) uint64 {
	switch kind := f.Type(); {
	case kind == "ntfs":
		return uint64(id) & (1<<48 - 1)
	case strings.HasPrefix(kind, "ext"):
		return uint64(id)
	}
	return 0
}

func fileMode(unix uint32) fs.FileMode {
	m := fs.FileMode(unix) & fs.ModePerm
	for bit, mode := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if unix&bit != 0 {
			m |= mode
		}
	}
	return m
}

// imageError says in the words of sources what a file system's reader said.
func imageError(err error) error {
	if errors.Is(err, fsys.ErrNotRegular) {
		return ErrNotRegular
	}
	return err
}

// imageFile is content as a File.
type imageFile struct {
	*io.SectionReader
	name string
	info func() (Info, error)
}

func newImageFile(name string, c fsys.Content, info func() (Info, error)) File {
	return &imageFile{io.NewSectionReader(c, 0, c.Size()), name, info}
}

func (f *imageFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, pathError("read", f.name, fmt.Errorf("%w: offset %d", fs.ErrInvalid, off))
	}
	n, err := f.SectionReader.ReadAt(p, off)
	return n, f.told(err)
}

func (f *imageFile) Read(p []byte) (int, error) {
	n, err := f.SectionReader.Read(p)
	return n, f.told(err)
}

func (f *imageFile) told(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return pathError("read", f.name, err)
}

func (f *imageFile) Close() error { return nil }

func (f *imageFile) Info() (Info, error) {
	info, err := f.info()
	if err != nil {
		return Info{}, pathError("stat", f.name, err)
	}
	return info, nil
}

var _ folder = (*imageTree)(nil)
