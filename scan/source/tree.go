package source

import (
	"context"
	"iter"
)

// A folder is a tree without regard to where links lead: one of the scanner
// (dirFS), or what the file systems of an image hold (imageTree).
type folder interface {
	tree
	Open(name string) (File, error)
}

// A linkTree is a folder as an FS: with links resolved inside it and the places
// that are not walked. It serves the running host, mounted roots and images
// alike.
type linkTree struct {
	folder
	*resolver
	// confined: the evidence is not the scanner's own system, and a link on the
	// way to a name must not lead to the scanner's. Folders are resolved before
	// the system sees them.
	confined bool
	owners   func(Info) (Owner, error) // nil: the evidence's owners are not known
}

// place is where the system finds a name: the folder free of links, the last
// name as it is.
func (t *linkTree) place(op, name string) (string, error) {
	if !t.confined {
		return name, nil
	}
	dir, base := split(name)
	if base == "" {
		return "/", nil
	}
	if base == "." || base == ".." {
		return t.Resolve(name)
	}
	links := 0
	in, err := t.resolve(dir, &links)
	if err != nil {
		return "", pathError(op, name, err)
	}
	return Join(in, base), nil
}

func (t *linkTree) ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		at, err := t.place("open", name)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		for e, err := range t.folder.ReadDir(ctx, at) {
			if err != nil && at != name {
				err = pathError("readdir", name, err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (t *linkTree) Lstat(name string) (Info, error) {
	at, err := t.place("lstat", name)
	if err != nil {
		return Info{}, err
	}
	info, err := t.folder.Lstat(at)
	if err != nil {
		return Info{}, pathError("lstat", name, err)
	}
	return t.tell(info), nil
}

// tell leaves out what is not the evidence's: the ids and permission bits that
// the scanner's system makes up for a Windows file system.
func (t *linkTree) tell(info Info) Info {
	if t.platform == Windows {
		info.UID, info.GID, info.Mode = -1, -1, 0
	}
	return info
}

func (t *linkTree) Open(name string) (File, error) {
	at, err := t.place("open", name)
	if err != nil {
		return nil, err
	}
	f, err := t.folder.Open(at)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return toldFile{f, t}, nil
}

type toldFile struct {
	File
	tree *linkTree
}

func (f toldFile) Info() (Info, error) {
	info, err := f.File.Info()
	return f.tree.tell(info), err
}

// Note implements Noter.
func (f toldFile) Note() string {
	if n, ok := f.File.(Noter); ok {
		return n.Note()
	}
	return ""
}

func (t *linkTree) Readlink(name string) (string, error) {
	at, err := t.place("readlink", name)
	if err != nil {
		return "", err
	}
	target, err := t.folder.Readlink(at)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return target, nil
}

// Touched implements Toucher. What is not a folder of the scanner's disk has no
// times that reading could change.
func (t *linkTree) Touched() uint64 {
	if f, ok := t.folder.(Toucher); ok {
		return f.Touched()
	}
	return 0
}

// Prune implements Pruner.
func (t *linkTree) Prune(folder string) (LeftOut, bool) {
	out, ok := t.pruned[folder]
	return out, ok
}

// readable says whether an object may be opened.
func readable(info Info) error {
	switch info.Type {
	case Regular:
		return nil
	case Cloud:
		return ErrOffline
	}
	return ErrNotRegular
}

// idTree is a linkTree whose owners are known by their ids.
type idTree struct{ *linkTree }

// Owner implements Ownerer.
func (t idTree) Owner(name string) (Owner, error) {
	info, err := t.Lstat(name)
	if err != nil {
		return Owner{}, err
	}
	o, err := t.owners(info)
	if err != nil {
		return o, pathError("owner", name, err)
	}
	return o, nil
}

var (
	_ FS      = (*linkTree)(nil)
	_ Pruner  = (*linkTree)(nil)
	_ Toucher = (*linkTree)(nil)
	_ Ownerer = idTree{}
)
