package scope

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"iocscan/scan/source"
)

// An Alias is a second path to a folder: Shown, as displayed, leads through a
// link to Real. Objects below Real have path forms below Shown too.
type Alias struct {
	Volume int // of Real
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
	at  Area
	err error
}

// crossings bounds links that lead from volume to volume and back.
const crossings = 40

// resolve is FS.Resolve for a name in a folder that is itself resolved. A link
// may lead to another volume.
func (x *expander) resolve(in Area, name string) (Area, error) {
	at := Area{in.Volume, source.Join(in.Path, name)}
	if r, ok := x.resolved[at]; ok {
		return r.at, r.err
	}
	r := resolution{at: at}
	for range crossings {
		r.at.Path, r.err = x.volumes[r.at.Volume].FS.Resolve(r.at.Path)
		var cross *source.CrossVolume
		if !errors.As(r.err, &cross) {
			break
		}
		on := x.on(cross.Volume)
		if cross.Volume == "" || len(on) == 0 {
			break
		}
		r.at = Area{on[0], cross.Path}
	}
	if r.err == nil {
		if real, last := split(r.at.Path); r.at.Volume != at.Volume || real != in.Path || !sameName(&x.volumes[at.Volume], last, name) {
			x.alias(in, name, r.at)
		}
	}
	x.resolved[at] = r
	return r.at, r.err
}

// alias notes a link in the spelling of the evidence.
func (x *expander) alias(in Area, name string, real Area) {
	v := &x.volumes[in.Volume]
	links, _ := x.linksIn(in) // the spelling is all that is lost
	for _, l := range links {
		if sameName(v, l, name) {
			name = l
			break
		}
	}
	a := Alias{real.Volume, real.Path, source.Display(*v, source.Join(in.Path, name))}
	if !slices.Contains(x.aliases, a) {
		x.aliases = append(x.aliases, a)
	}
}

// absent reports whether an error says that nothing is there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// find follows the names of a path below a volume; with globs, names with *
// and ? stand for all that match. What is not there is passed over; what
// cannot be looked at goes to fail.
func (x *expander) find(volume int, p string, globs bool, fail func(at Area, err error)) []Area {
	at := []Area{{volume, "/"}}
	for name := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		if name == "" {
			continue
		}
		var next []Area
		for _, folder := range at {
			names := []string{name}
			if globs && hasMeta(name) {
				names = x.list(folder, name, fail)
			}
			for _, n := range names {
				found, err := x.resolve(folder, n)
				if err == nil {
					next = append(next, found)
				} else if !absent(err) {
					fail(Area{folder.Volume, source.Join(folder.Path, n)}, err)
				}
			}
		}
		at = next
	}
	return at
}

// list returns the names in a folder that match a glob.
func (x *expander) list(folder Area, glob string, fail func(Area, error)) []string {
	v := &x.volumes[folder.Volume]
	at := Area{folder.Volume, source.Join(folder.Path, glob)}
	if names, ok := x.listed[at]; ok {
		return names
	}
	var names []string
	seg, err := compileSegment(glob, v.FoldCase, false)
	if err != nil {
		fail(at, err)
		return nil
	}
	for e, err := range v.FS.ReadDir(x.ctx, folder.Path) {
		if err != nil {
			// A file in the place of a folder has nothing below it.
			if info, statErr := v.FS.Lstat(folder.Path); !absent(err) && (statErr != nil || info.Type == source.Dir) {
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
func (x *expander) linksIn(folder Area) ([]string, error) {
	l, ok := x.links[folder]
	if ok {
		return l.names, l.err
	}
	for e, err := range x.volumes[folder.Volume].FS.ReadDir(x.ctx, folder.Path) {
		if err != nil {
			l.err = err
			break
		}
		if e.Type == source.Link {
			l.names = append(l.names, e.Name)
		}
	}
	x.links[folder] = l
	return l.names, l.err
}
