package scope

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"iocscan/scan/source"
)

// An Alias is a second path to a folder: Shown leads through a link to Real.
// Objects below Real have path forms below Shown too.
type Alias struct {
	Volume int
	Real   string
	Shown  string
}

// A Trouble is a place that could not be looked at while areas were found.
type Trouble struct {
	Path string // as displayed
	Err  error
}

// An expander finds what patterns stand for, listing a folder and resolving a
// name only once however many patterns share it.
type expander struct {
	ctx      context.Context
	platform source.Platform
	volumes  []source.Volume

	resolved map[Area]resolution
	listed   map[Area][]string
	links    map[Area]links
	aliases  []Alias
	troubles []Trouble
	leftOut  []Trouble
}

type resolution struct {
	path string
	err  error
}

// resolve is FS.Resolve for a name in a folder that is itself resolved.
func (x *expander) resolve(volume int, folder, name string) (string, error) {
	v := &x.volumes[volume]
	at := Area{volume, source.Join(folder, name)}
	if r, ok := x.resolved[at]; ok {
		return r.path, r.err
	}
	var r resolution
	if r.path, r.err = v.FS.Resolve(at.Path); r.err == nil {
		if real, last := split(r.path); real != folder || !sameName(v, last, name) {
			x.aliases = append(x.aliases, Alias{volume, r.path, at.Path})
		}
	}
	x.resolved[at] = r
	return r.path, r.err
}

// absent reports whether an error says that nothing is there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// find follows the names of a path below a volume; with globs, names with *
// and ? stand for all that match. What is not there is passed over; what
// cannot be looked at goes to fail.
func (x *expander) find(volume int, p string, globs bool, fail func(path string, err error)) []string {
	at := []string{"/"}
	for name := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		if name == "" {
			continue
		}
		var next []string
		for _, folder := range at {
			names := []string{name}
			if globs && hasMeta(name) {
				names = x.list(volume, folder, name, fail)
			}
			for _, n := range names {
				found, err := x.resolve(volume, folder, n)
				if err == nil {
					next = append(next, found)
				} else if !absent(err) {
					fail(source.Join(folder, n), err)
				}
			}
		}
		at = next
	}
	return at
}

// list returns the names in a folder that match a glob.
func (x *expander) list(volume int, folder, glob string, fail func(string, error)) []string {
	v := &x.volumes[volume]
	at := Area{volume, source.Join(folder, glob)}
	if names, ok := x.listed[at]; ok {
		return names
	}
	var names []string
	seg, err := compileSegment(glob, v.FoldCase, false)
	if err != nil {
		fail(at.Path, err)
		return nil
	}
	for e, err := range v.FS.ReadDir(x.ctx, folder) {
		if err != nil {
			// A file in the place of a folder has nothing below it.
			if info, statErr := v.FS.Lstat(folder); !absent(err) && (statErr != nil || info.Type == source.Dir) {
				fail(folder, err)
			}
			break
		}
		if seg.match(e.Name) {
			names = append(names, e.Name)
		}
	}
	x.listed[at] = names
	return names
}

type links struct {
	names []string
	err   error
}

// linksIn returns the names of the links in a folder.
func (x *expander) linksIn(volume int, folder string) ([]string, error) {
	at := Area{volume, folder}
	l, ok := x.links[at]
	if ok {
		return l.names, l.err
	}
	for e, err := range x.volumes[volume].FS.ReadDir(x.ctx, folder) {
		if err != nil {
			l.err = err
			break
		}
		if e.Type == source.Link {
			l.names = append(l.names, e.Name)
		}
	}
	x.links[at] = l
	return l.names, l.err
}
