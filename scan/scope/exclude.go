package scope

import (
	"errors"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// Excludes are the globs of --exclude.
//
//   - * any run of characters of a name, ? one, [a-z] [!a-z] one of a set,
//     {a,b} either, ** any number of folders;
//   - a glob led by a drive or a separator is held against the whole path,
//     any other one matches at any depth (*.log, node_modules, src/*.o);
//   - a folder that matches is excluded with everything below it; dir\** only
//     what is below; a separator at the end: folders only;
//   - both separators separate on Windows evidence; elsewhere the backslash
//     escapes.
type Excludes struct {
	Globs    []string // as given
	patterns []pattern
}

type pattern struct {
	drive    string // or another name of a volume; empty: every volume
	segments []string
	folders  bool // folders only
}

// NewExcludes reads the globs. The error is a *UsageError.
func NewExcludes(platform source.Platform, globs []string) (*Excludes, error) {
	x := &Excludes{Globs: globs}
	for _, g := range globs {
		if err := x.add(platform, g); err != nil {
			return nil, &UsageError{"--exclude", g, err}
		}
	}
	return x, nil
}

func (x *Excludes) add(platform source.Platform, glob string) error {
	escapes := platform != source.Windows
	g := glob
	if !escapes {
		g = strings.ReplaceAll(g, `\`, "/")
	}
	if strings.HasPrefix(g, "//") {
		return ErrNetwork
	}
	expanded, err := expandVariable(platform, g)
	if err != nil {
		return err
	}
	for _, e := range expanded {
		alternatives, err := braces(e, escapes)
		if err != nil {
			return err
		}
		for _, a := range alternatives {
			p, err := readPattern(platform, a)
			if err != nil {
				return err
			}
			for _, s := range p.segments { // faults are found now, not on the first volume
				if _, err := compileSegment(s, false, escapes); err != nil {
					return err
				}
			}
			x.patterns = append(x.patterns, p)
		}
	}
	return nil
}

func readPattern(platform source.Platform, g string) (pattern, error) {
	var p pattern
	rooted := false
	if volume, rest, ok := cutVolume(g); ok && (rest == "" || rest[0] == '/') {
		p.drive, g, rooted = volume, rest, true
	} else if platform == source.Windows && len(g) >= 2 && g[1] == ':' && isLetter(g[0]) {
		p.drive, g = g[:2], g[2:]
		if g != "" && g[0] != '/' {
			return p, errRelative
		}
		rooted = true
	}
	rooted = rooted || strings.HasPrefix(g, "/")
	if !rooted {
		p.segments = append(p.segments, "**")
	}
	p.folders = strings.HasSuffix(g, "/")
	for s := range strings.SplitSeq(g, "/") {
		last := len(p.segments) - 1
		if s == "" || s == "." || s == "**" && last >= 0 && p.segments[last] == "**" {
			continue
		}
		p.segments = append(p.segments, s)
	}
	last := len(p.segments) - 1
	if last < 0 || !rooted && last == 0 && !strings.Contains(g, "**") {
		if !rooted {
			return p, errors.New("is empty")
		}
		p.segments, p.folders = []string{"**"}, false // a whole volume
		last = 0
	}
	if p.segments[last] == "**" {
		// What matches is left out with all that is below it, so the first
		// level is enough.
		p.segments[last] = "*"
	}
	return p, nil
}

// On compiles the globs for a volume. It returns nil, which excludes nothing,
// where none applies.
func (x *Excludes) On(platform source.Platform, v *source.Volume) *Excluder {
	if x == nil {
		return nil
	}
	e := &Excluder{}
	for _, p := range x.patterns {
		if p.drive != "" && !ioc.EqualFold(p.drive, v.Name) {
			continue
		}
		c := compiled{folders: p.folders}
		for _, s := range p.segments {
			seg, err := compileSegment(s, v.FoldCase, platform != source.Windows)
			if err != nil {
				continue // compiled once already, so there is none
			}
			c.segments = append(c.segments, seg)
		}
		e.patterns = append(e.patterns, c)
	}
	if len(e.patterns) == 0 {
		return nil
	}
	return e
}

// An Excluder is the globs that apply to one volume. A nil one excludes
// nothing. It may be used concurrently.
type Excluder struct{ patterns []compiled }

type compiled struct {
	segments []segment
	folders  bool
}

// Match reports whether an object is excluded whose folder is not. It takes
// the path in two pieces so that a walk has none to build, and does not
// allocate.
func (e *Excluder) Match(folder, name string, isFolder bool) bool {
	if e == nil {
		return false
	}
	for i := range e.patterns {
		p := &e.patterns[i]
		last := len(p.segments) - 1
		if (isFolder || !p.folders) && p.segments[last].match(name) && matchFolder(p.segments[:last], folder) {
			return true
		}
	}
	return false
}

// Covers reports whether an object is excluded, itself or with a folder above
// it.
func (e *Excluder) Covers(p string, isFolder bool) bool {
	if e == nil {
		return false
	}
	for p != "/" && p != "" {
		folder, name := split(p)
		if e.Match(folder, name, isFolder) {
			return true
		}
		p, isFolder = folder, true
	}
	return false
}

// All reports whether everything on the volume is excluded.
func (e *Excluder) All() bool {
	if e == nil {
		return false
	}
	for i := range e.patterns {
		s := e.patterns[i].segments
		rest := s[0].any && len(s) == 2 || len(s) == 1
		if last := s[len(s)-1].parts; rest && !e.patterns[i].folders && len(last) == 2 && len(last[0])+len(last[1]) == 0 {
			return true
		}
	}
	return false
}

// matchFolder holds segments against the names of a folder's path, last ones
// first. A ** takes as few names as will do; like a star in a name it need
// only ever be reconsidered until the next one is met.
func matchFolder(segments []segment, folder string) bool {
	i, star := len(segments)-1, -1
	var starAt string
	for {
		if i == 0 && segments[0].any {
			return true
		}
		root := folder == "/" || folder == ""
		switch {
		case i >= 0 && segments[i].any:
			star, starAt = i, folder
			i--
			continue
		case i < 0 && root:
			return true
		case i >= 0 && !root:
			up, name := split(folder)
			if segments[i].match(name) {
				i, folder = i-1, up
				continue
			}
		}
		if star < 0 || starAt == "/" || starAt == "" {
			return false
		}
		starAt, _ = split(starAt)
		i, folder = star-1, starAt
	}
}
