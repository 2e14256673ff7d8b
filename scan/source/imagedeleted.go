package source

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"iocscan/scan/internal/fsys"
)

// deleted lists what is in no folder of the part; all: also what is deleted.
// Only NTFS knows of files that are there and in no folder.
func (p *ImagePart) deleted(platform Platform, all bool) Deleted {
	volume := p.volume.fsys
	if _, ok := volume.(fsys.NTFS); !ok && !all {
		return nil
	}
	return func(ctx context.Context) iter.Seq2[DeletedObject, error] {
		return func(yield func(DeletedObject, error) bool) {
			names := sync.OnceValues(func() (*folderNames, error) { return namesOfFolders(ctx, volume) })
			for d, err := range volume.Deleted(ctx) {
				if err == nil && !all && !d.InUse {
					continue
				}
				var out DeletedObject
				if err == nil {
					var n *folderNames
					if n, err = names(); err == nil {
						out = n.show(d, volume, platform)
					}
				}
				if !yield(out, err) || ctx.Err() != nil {
					return
				}
			}
		}
	}
}

// A folderNames knows the folders of a file system, also the deleted ones, by
// their numbers.
type folderNames struct {
	root  fsys.ID
	above map[fsys.ID]folderName
}

type folderName struct {
	dir  fsys.ID
	name string
}

// lostFolder stands for the folder of something whose folder is not known.
const lostFolder = "/[folder not known]"

// deepestDeleted bounds how far up the folders of a deleted object are told.
const deepestDeleted = 1000

func namesOfFolders(ctx context.Context, volume fsys.FileSystem) (*folderNames, error) {
	n := &folderNames{root: volume.Root(), above: make(map[fsys.ID]folderName)}
	for queue := []fsys.ID{n.root}; len(queue) > 0; {
		dir := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for e, err := range volume.ReadDir(ctx, dir) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			// What cannot be listed is told where the files are walked; what was
			// in it has no known folder here.
			if err == nil && e.Kind == fsys.Dir && fits(e.Name) && n.add(e.ID, dir, e.Name) {
				queue = append(queue, e.ID)
			}
		}
	}
	for d, err := range volume.Deleted(ctx) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && d.Kind == fsys.Dir && fits(d.Name) && !d.Orphan { // errors are told by the second listing
			n.add(d.ID, d.Dir, d.Name)
		}
	}
	return n, nil
}

// add reports whether the folder is new.
func (n *folderNames) add(id, dir fsys.ID, name string) bool {
	if _, known := n.above[id]; known || id == n.root {
		return false
	}
	n.above[id] = folderName{dir, name}
	return true
}

// path is that of a folder; ok is false where it does not lead to the root.
func (n *folderNames) path(id fsys.ID) (path string, ok bool) {
	var names []string
	for id != n.root {
		f, known := n.above[id]
		if !known || len(names) == deepestDeleted {
			return lostFolder, false
		}
		names = append(names, f.name)
		id = f.dir
	}
	slices.Reverse(names)
	return "/" + strings.Join(names, "/"), true
}

func (n *folderNames) show(d fsys.Deleted, volume fsys.FileSystem, platform Platform) DeletedObject {
	out := DeletedObject{Folder: lostFolder, Lost: true, Name: d.Name, Type: Type(d.Kind), Reused: d.Reused, InUse: d.InUse}
	o := object{fsys: volume, child: child{d.ID, d.Kind}}
	if !d.Orphan {
		if path, ok := n.path(d.Dir); ok {
			out.Folder, out.Lost = path, false
		}
	}
	if d.Name != "" && !d.Orphan {
		o.name, o.dir = d.Name, d.Dir
	}
	if !fits(d.Name) {
		out.Name, out.Nameless = fmt.Sprintf("[object %d]", inode(volume, d.ID)), true
		if d.Name != "" {
			out.Name = fmt.Sprintf("[%q]", d.Name)
		}
	}
	out.FS = lone{o, platform, d.Reused}
	if ntfs, ok := volume.(fsys.NTFS); ok {
		out.FS = loneNTFS{lone{o, platform, d.Reused}, ntfsObject{o, ntfs}}
	}
	return out
}

// lone is a single object as an FS, under whatever path it is asked for.
type lone struct {
	object
	platform Platform
	reused   bool
}

func (l lone) ReadDir(_ context.Context, path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, pathError("open", path, ErrDeletedFolder)) }
}

func (l lone) Lstat(path string) (Info, error) {
	info, err := l.lstat(path)
	if l.platform == Windows {
		info.UID, info.GID, info.Mode = -1, -1, 0
	}
	return info, err
}

func (l lone) Open(path string) (File, error) {
	if l.reused {
		return nil, pathError("open", path, ErrReused)
	}
	return l.open(path)
}

func (l lone) Readlink(path string) (string, error) { return l.readlink(path) }
func (l lone) Resolve(path string) (string, error)  { return path, nil }

// loneNTFS is a lone object of NTFS.
type loneNTFS struct {
	lone
	of ntfsObject
}

// Streams implements Streamer.
func (l loneNTFS) Streams(path string) ([]Stream, error) { return l.of.streams(path) }

// OpenStream implements Streamer. Whether the content of a stream belongs to
// something else is not told apart from whether that of the file does.
func (l loneNTFS) OpenStream(path, stream string) (File, error) {
	if l.reused {
		return nil, pathError("open", path+":"+stream, ErrReused)
	}
	return l.of.openStream(path, stream)
}

// Owner implements Ownerer.
func (l loneNTFS) Owner(path string) (Owner, error) { return l.of.owner(path) }

// NameTimes implements NameTimer.
func (l loneNTFS) NameTimes(path string) (NameTimes, error) { return l.of.nameTimes(path) }

var (
	_ FS        = lone{}
	_ Streamer  = loneNTFS{}
	_ Ownerer   = loneNTFS{}
	_ NameTimer = loneNTFS{}
)
