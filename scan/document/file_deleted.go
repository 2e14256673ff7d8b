package document

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"iocscan/ioc/match"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// What is not known of a file that is in no folder. Its made-up name or folder
// is not what an IOC asks for, but the true one could be.
const (
	errLostFolder = match.StandIn("in no folder, and it is not known in which it was")
	errLostName   = match.StandIn("deleted, and its name is not known")
)

var errCleared = errors.New("deleted, and its size is not known")

func (f *file) lostFolder() error {
	if f.deleted != nil && f.deleted.Lost {
		return errLostFolder
	}
	return nil
}

func (f *file) lostName() error {
	if f.deleted != nil && f.deleted.Nameless {
		return errLostName
	}
	return nil
}

// deleted hands out what is in no folder of the volumes that offer it, where it
// is in the areas. One whose folder is not known is in them where the whole
// volume is.
func (w *walk) deleted() bool {
	count, reused, inUse := 0, 0, 0
	for _, v := range w.volumes {
		if v.Deleted == nil || !slices.ContainsFunc(w.req.Scope.Areas, func(a scope.Area) bool { return a.Volume == v.number }) {
			continue
		}
		for d, err := range v.Deleted(w.ctx) {
			switch {
			case w.ctx.Err() != nil:
				w.yield(file{}, context.Cause(w.ctx))
				return false
			case err != nil:
				in := newFolder(v, "/")
				w.req.trouble(in.self()+" (deleted)", err)
				if !w.standFor(in, false, err) {
					return false
				}
				continue
			case !w.inAreas(v, d.Folder, d.Name), v.excluder.Covers(source.Join(d.Folder, d.Name), d.Type == source.Dir):
				continue
			}
			switch {
			case d.InUse:
				inUse++
			case d.Reused:
				reused++
				fallthrough
			default:
				count++
			}
			if !w.hand(file{in: newFolder(v.of(d.FS), d.Folder), name: d.Name, typ: d.Type, deleted: &d}) {
				return false
			}
		}
	}
	if inUse > 0 {
		w.list.Notes = append(w.list.Notes, fmt.Sprintf("files and folders that are there though no folder names them, looked at: %d", inUse))
	}
	if count > 0 {
		w.list.Notes = append(w.list.Notes, fmt.Sprintf(
			"deleted files and folders looked at: %d; those whose content is in use by something else and was not read: %d", count, reused))
	}
	return true
}

// inAreas reports whether an area covers a name.
func (w *walk) inAreas(v *volume, folder, name string) bool {
	path := source.Join(folder, name)
	for _, a := range w.req.Scope.Areas {
		if a.Volume == v.number && (a.Path == "/" || path == a.Path || len(path) > len(a.Path) && path[:len(a.Path)] == a.Path && path[len(a.Path)] == '/') {
			return true
		}
	}
	return false
}

// of is the volume with another file system in it.
func (v *volume) of(fs source.FS) *volume {
	other := *v
	other.FS, other.aliases = fs, nil
	other.offer()
	return &other
}

// offer finds out what the file system has beside files.
func (v *volume) offer() {
	v.streamer, _ = v.FS.(source.Streamer)
	v.ownerer, _ = v.FS.(source.Ownerer)
	v.pruner, _ = v.FS.(source.Pruner)
	v.timer, _ = v.FS.(source.NameTimer)
}
