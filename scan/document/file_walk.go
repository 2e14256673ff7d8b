package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// deepest is how many folders deep a walk goes. Links are not followed, so
// only a file system with a fault in it, or a loop of mounts, gets there.
const deepest = 4096

var errDeepest = fmt.Errorf("more than %d folders deep", deepest)

// skipped says why a name is not handed out.
type skipped uint8

const (
	own    skipped = iota + 1 // the scanner's own file
	walked                    // an area, walked already
)

// A walk lists the files in scope: the areas, then what the IOCs name beyond
// them.
type walk struct {
	ctx     context.Context
	req     *Request
	list    *Listing
	volumes []*volume
	skip    map[scope.Area]map[string]skipped // by folder
	pending []pending
	yield   func(file, error) bool
	buf     []byte
}

// pending is a folder that is still to be listed. Its path is built when its
// turn comes.
type pending struct {
	in   *folder
	name string
}

func collectFiles(ctx context.Context, req *Request, list *Listing) iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		w := &walk{ctx: ctx, req: req, list: list, yield: yield}
		w.prepare()
		list.Full = w.all() && req.Scope.Whole && list.Unlisted == 0
		for _, l := range req.Source.LeftOut() {
			list.Full = list.Full && !l.Volume
		}
	}
}

func (w *walk) prepare() {
	platform := w.req.Source.Platform()
	for n, v := range w.req.Source.Volumes() {
		vol := &volume{Volume: v, number: n, platform: platform}
		vol.excluder = w.req.Scope.Excludes.On(platform, &v)
		vol.offer()
		for _, a := range w.req.Scope.Aliases {
			if a.Volume == n {
				vol.aliases = append(vol.aliases, a)
			}
		}
		w.volumes = append(w.volumes, vol)
	}
	w.skip = map[scope.Area]map[string]skipped{}
	for _, a := range w.req.Scope.Areas {
		w.skipAt(a, walked)
	}
	if w.req.Source.Kind() == "host" {
		for _, p := range w.req.OwnFiles {
			w.skipOwn(p)
		}
	}
}

func (w *walk) skipAt(a scope.Area, why skipped) {
	folder := scope.Area{Volume: a.Volume, Path: source.Parent(a.Path)}
	if w.skip[folder] == nil {
		w.skip[folder] = map[string]skipped{}
	}
	w.skip[folder][source.Base(a.Path)] = why
}

// skipOwn leaves out a path of the scanner. A report need not exist yet.
func (w *walk) skipOwn(shown string) {
	n, p, ok := scope.Undisplay(w.req.Source.Platform(), w.req.Source.Volumes(), shown)
	if !ok {
		return
	}
	at, err := w.volumes[n].FS.Resolve(p)
	if err != nil {
		folder, err := w.volumes[n].FS.Resolve(source.Parent(p))
		if err != nil {
			return
		}
		at = source.Join(folder, source.Base(p))
	}
	w.skipAt(scope.Area{Volume: n, Path: at}, own)
}

// all walks everything; false says that nobody wants more.
func (w *walk) all() bool {
	s := w.req.Scope
	for _, t := range s.Troubles {
		w.req.trouble(t.Path, t.Err)
		if !w.standFor(shownFolder(w.req.Source.Platform(), t.Path), true, t.Err) {
			return false
		}
	}
	for _, a := range s.Areas {
		if !w.area(a) {
			return false
		}
	}
	for i := range s.Targets {
		if !w.target(&s.Targets[i]) {
			return false
		}
	}
	return w.deleted()
}

// area walks one area: the object itself, unless it is a volume's root, which
// has no name, and what is below.
func (w *walk) area(a scope.Area) bool {
	v := w.volumes[a.Volume]
	if a.Path == "/" {
		return w.below(w.folder(v, "/"), "")
	}
	row, ok := w.object(w.folder(v, source.Parent(a.Path)), source.Base(a.Path))
	if row.unlisted || !ok {
		return ok
	}
	if !w.hand(row) {
		return false
	}
	if !row.isFolder() || row.why != nil {
		return true
	}
	return w.below(w.folder(v, a.Path), "")
}

// object describes a single object. Where there is none to hand out it answers
// an unlisted row: the scanner's own file, or one that cannot be described and
// for which a stand-in was handed out. ok is false where nobody wants more.
func (w *walk) object(in *folder, name string) (row file, ok bool) {
	if in.skip[name] == own {
		w.list.Own++
		return file{unlisted: true}, true
	}
	if out, left := in.leftOut(name); left {
		return file{in: in, name: name, typ: source.Dir, why: out}, true
	}
	at := source.Join(in.path, name)
	info, err := in.vol.FS.Lstat(at)
	if err != nil {
		d := newFolder(in.vol, at)
		w.req.trouble(d.self(), err)
		return file{unlisted: true}, w.standFor(d, true, err)
	}
	return file{in: in, name: name, typ: info.Type, info: &info}, true
}

// target hands out what an IOC names outright.
func (w *walk) target(t *scope.Target) bool {
	switch t.Outcome {
	case scope.Looked:
		v := w.volumes[t.Volume]
		if t.Name.Prefix {
			return w.below(w.folder(v, t.Path), t.Rest)
		}
		row, ok := w.object(w.folder(v, source.Parent(t.Path)), source.Base(t.Path))
		if row.unlisted || !ok {
			return ok
		}
		return w.hand(row)
	case scope.Never:
		if t.Path == "" { // on no volume
			return w.standFor(shownFolder(w.req.Source.Platform(), t.Name.Path), true, t.Err)
		}
		return w.standFor(newFolder(w.volumes[t.Volume], t.Path), true, t.Err)
	case scope.Unreadable:
		d := newFolder(w.volumes[t.Volume], t.Path)
		w.req.trouble(d.self(), t.Err)
		return w.standFor(d, true, t.Err)
	}
	return true
}

// below walks what is below a folder, without recursion; of the folder's own
// names only those that begin with rest.
func (w *walk) below(d *folder, rest string) bool {
	w.pending = w.pending[:0]
	if !w.folderRows(d, rest) {
		return false
	}
	for len(w.pending) > 0 {
		last := len(w.pending) - 1
		p := w.pending[last]
		w.pending = w.pending[:last]
		if !w.folderRows(w.folder(p.in.vol, source.Join(p.in.path, p.name)), "") {
			return false
		}
	}
	return true
}

// folderRows lists one folder and notes the folders in it.
func (w *walk) folderRows(d *folder, rest string) bool {
	if d.depth >= deepest {
		w.req.trouble(d.self(), errDeepest)
		return w.standFor(d, false, errDeepest)
	}
	w.req.Progress.at(&d.shown)
	var fault error
	for e, err := range d.vol.FS.ReadDir(w.ctx, d.path) {
		if err != nil {
			fault = err
			break
		}
		if rest != "" && !begins(&d.vol.Volume, e.Name, rest) {
			continue
		}
		if !w.entry(d, &e) {
			return false
		}
	}
	switch {
	case w.ctx.Err() != nil:
		w.yield(file{}, context.Cause(w.ctx))
		return false
	case fault != nil:
		w.req.trouble(d.self(), fault)
		return w.standFor(d, false, fault)
	}
	return true
}

func (w *walk) entry(d *folder, e *source.Entry) bool {
	isFolder := e.Type == source.Dir
	if d.skip != nil {
		switch d.skip[e.Name] {
		case own:
			w.list.Own++
			return true
		case walked:
			return true
		}
	}
	if d.vol.excluder.Match(d.path, e.Name, isFolder) {
		return true
	}
	row := file{in: d, name: e.Name, typ: e.Type, info: e.Info}
	if isFolder {
		if out, left := d.leftOut(e.Name); left {
			row.why = out
		} else {
			w.pending = append(w.pending, pending{d, e.Name})
		}
	}
	return w.hand(row)
}

// hand yields a row that --hint wants.
func (w *walk) hand(row file) bool {
	if w.req.Scope.Hint != nil {
		w.buf = row.in.appendShown(w.buf[:0], row.in.shown, row.name)
		if !w.req.Scope.Hint.Match(w.buf) {
			return true
		}
	}
	w.list.Objects++
	return w.yield(row, nil)
}

// standFor hands out a row in place of what could not be listed.
func (w *walk) standFor(d *folder, self bool, why error) bool {
	w.list.Unlisted++
	return w.yield(file{in: d, unlisted: true, self: self, why: why}, nil)
}

func (w *walk) folder(v *volume, path string) *folder {
	d := newFolder(v, path)
	if len(w.skip) > 0 {
		d.skip = w.skip[scope.Area{Volume: v.number, Path: path}]
	}
	return d
}

// leftOut is why the source does not walk a folder in d.
func (d *folder) leftOut(name string) (error, bool) {
	if d.vol.pruner == nil {
		return nil, false
	}
	out, ok := d.vol.pruner.Prune(source.Join(d.path, name))
	if !ok {
		return nil, false
	}
	return errors.New("left out: " + out.Reason), true
}

func begins(v *source.Volume, name, rest string) bool {
	if v.FoldCase {
		return strings.HasPrefix(ioc.Fold(name), ioc.Fold(rest))
	}
	return strings.HasPrefix(name, rest)
}
