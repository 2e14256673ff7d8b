package source

import (
	"context"
	"errors"
	"fmt"
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
	// places are where its folders were listed.
	places *folderPlaces
}

func newMounted(at string, f fsys.FileSystem) mounted {
	return mounted{at, f, newNameMemo(), newFolderPlaces()}
}

func newImageTree(root fsys.FileSystem) *imageTree {
	return &imageTree{mounts: []mounted{newMounted("/", root)}}
}

// mount puts a file system in the place of a folder.
func (t *imageTree) mount(at string, f fsys.FileSystem) {
	i := 0
	for i < len(t.mounts) && len(t.mounts[i].at) >= len(at) {
		i++
	}
	t.mounts = append(t.mounts[:i:i], append([]mounted{newMounted(at, f)}, t.mounts[i:]...)...)
}

// find goes from the root of the file system that holds a path to its object.
func (t *imageTree) find(path string) (mounted, object, error) {
	path = "/" + strings.Trim(path, "/")
	for _, m := range t.mounts {
		rest, ok := inside(path, m.at)
		if !ok {
			continue
		}
		o := object{fsys: m.fsys, child: child{m.fsys.Root(), fsys.Dir}}
		for rest != "" {
			var name string
			name, rest, _ = strings.Cut(rest, "/")
			if name == "" || name == "." {
				continue
			}
			if o.kind != fsys.Dir {
				return m, o, syscall.ENOTDIR
			}
			o.dir, o.name = o.id, name
			var err error
			if o.child, err = m.memo.find(m.fsys, o.dir, name); err != nil {
				return m, o, err
			}
		}
		return m, o, nil
	}
	return mounted{}, object{}, fs.ErrNotExist
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
		m, o, err := t.find(name)
		if err == nil && o.kind != fsys.Dir {
			err = syscall.ENOTDIR
		}
		if err == nil {
			err = m.places.enter(o.id, name)
		}
		if err != nil {
			yield(Entry{}, pathError("open", name, imageError(err)))
			return
		}
		for e, err := range m.memo.list(ctx, o.fsys, o.id) {
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
	_, o, err := t.find(name)
	if err != nil {
		return Info{}, pathError("lstat", name, imageError(err))
	}
	return o.lstat(name)
}

func (t *imageTree) Open(name string) (File, error) {
	_, o, err := t.find(name)
	if err != nil {
		return nil, pathError("open", name, imageError(err))
	}
	return o.open(name)
}

func (t *imageTree) Readlink(name string) (string, error) {
	_, o, err := t.find(name)
	if err != nil {
		return "", pathError("readlink", name, imageError(err))
	}
	return o.readlink(name)
}

// imageError says in the words of sources what a file system's reader said.
func imageError(err error) error {
	if errors.Is(err, fsys.ErrNotRegular) {
		return ErrNotRegular
	}
	return err
}

var _ folder = (*imageTree)(nil)
