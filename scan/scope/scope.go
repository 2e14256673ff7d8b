package scope

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"

	"iocscan/scan/source"
)

// The words of --drives.
const (
	All      = "all"      // every volume
	System   = "system"   // the volume with the operating system
	Critical = "critical" // see critical.go
	Custom   = "custom"   // --scope alone
)

// Options are what the user chose, and what the IOCs name.
type Options struct {
	Platform source.Platform
	Volumes  []source.Volume
	Drives   string   // one of the words above
	Scopes   []string // --scope; * and ? stand for characters of a name
	Exclude  []string
	Hint     string
	Names    []Name
}

// An Area is a place that is walked: the object at Path and all that is below.
type Area struct {
	Volume int // index into the volumes
	Path   string
}

// A Scope is the part of the evidence that a scan of files asks about.
type Scope struct {
	Areas    []Area    // none below another, in order
	Targets  []Target  // what became of every name that the IOCs give outright
	Absent   []string  // --scope paths that the evidence has not got
	LeftOut  []Trouble // places of the areas that lead out of the evidence: told, no fault
	Troubles []Trouble // places that may belong to the areas but could not be looked at
	Aliases  []Alias   // other paths that lead into the areas and targets
	Excludes *Excludes // never nil
	Hint     *regexp.Regexp
	Whole    bool // every volume from its root, nothing excluded, no hint
}

// New finds the areas. Options that cannot be followed are a *UsageError,
// found before the evidence is touched; the only other error is the context's.
func New(ctx context.Context, o Options) (*Scope, error) {
	s := &Scope{}
	var err error
	if s.Excludes, err = NewExcludes(o.Platform, o.Exclude); err != nil {
		return nil, err
	}
	if s.Hint, err = NewHint(o.Hint); err != nil {
		return nil, err
	}
	scopes, err := readScopes(o)
	if err != nil {
		return nil, err
	}
	x := &expander{
		ctx: ctx, platform: o.Platform, volumes: o.Volumes,
		resolved: map[Area]resolution{},
		listed:   map[Area][]string{},
		links:    map[Area]links{},
	}

	areas := x.drives(o.Drives)
	for _, sc := range scopes {
		found := x.scope(sc)
		if len(found) == 0 {
			s.Absent = append(s.Absent, sc.text)
		}
		areas = append(areas, found...)
	}
	excluders := make([]*Excluder, len(o.Volumes))
	for i := range o.Volumes {
		excluders[i] = s.Excludes.On(o.Platform, &o.Volumes[i])
	}
	s.Areas = merge(areas, func(a Area) bool {
		if a.Path == "/" {
			return excluders[a.Volume].All()
		}
		return excluders[a.Volume].Covers(a.Path, x.isFolder(a))
	})
	s.Troubles, s.LeftOut = x.troubles, x.leftOut // those of names are told in Targets
	s.Targets = x.targets(o.Names, s.Areas, len(o.Scopes) > 0, excluders)
	s.Aliases = x.aliases
	s.Whole = len(o.Exclude) == 0 && s.Hint == nil && len(o.Volumes) > 0
	for i := range o.Volumes {
		s.Whole = s.Whole && slices.Contains(s.Areas, Area{i, "/"})
	}
	return s, ctx.Err()
}

func (x *expander) isFolder(a Area) bool {
	info, err := x.volumes[a.Volume].FS.Lstat(a.Path)
	return err == nil && info.Type == source.Dir
}

// drives are the areas of a word of --drives.
func (x *expander) drives(word string) (areas []Area) {
	for i := range x.volumes {
		switch word {
		case All:
			areas = append(areas, Area{i, "/"})
		case System:
			if x.hasSystem(i) {
				areas = append(areas, Area{i, "/"})
			}
		case Critical:
			for _, p := range critical[x.platform] {
				areas = append(areas, x.find(i, p, true, x.fail)...)
			}
		}
	}
	if word == System && len(areas) == 0 { // rather too much than too little
		return x.drives(All)
	}
	if word == Critical && len(critical[x.platform]) == 0 {
		return x.drives(All)
	}
	return areas
}

func (x *expander) fail(at Area, err error) {
	t := Trouble{source.Display(x.volumes[at.Volume], at.Path), err}
	list := &x.troubles
	if errors.Is(err, source.ErrEscapes) {
		list = &x.leftOut
	}
	if !slices.ContainsFunc(*list, func(o Trouble) bool { return o.Path == t.Path }) {
		*list = append(*list, t)
	}
}

// hasSystem reports whether the operating system is on a volume.
func (x *expander) hasSystem(volume int) bool {
	marks := []string{"/etc", "/usr"}
	switch x.platform {
	case source.Windows:
		marks = []string{"/Windows/System32", "/WINNT/System32"}
	case source.Darwin:
		marks = []string{"/System/Library"}
	}
	for _, m := range marks {
		if len(x.find(volume, m, false, func(Area, error) {})) > 0 {
			return true
		}
	}
	return false
}

type userScope struct {
	text  string
	paths []Path
}

// readScopes finds all faults of --drives and --scope without looking at the
// evidence.
func readScopes(o Options) ([]userScope, error) {
	switch o.Drives {
	case All, System, Critical:
	case Custom:
		if len(o.Scopes) == 0 {
			return nil, &UsageError{"--drives", o.Drives, errors.New("needs --scope")}
		}
	default:
		return nil, &UsageError{"--drives", o.Drives, errors.New("is none of all, system, critical, custom")}
	}
	var scopes []userScope
	for _, text := range o.Scopes {
		sc := userScope{text: text}
		expanded, err := expandVariable(o.Platform, text)
		if err != nil {
			return nil, &UsageError{"--scope", text, err}
		}
		for _, e := range expanded {
			if e == "" {
				e = "/"
			}
			p, err := ParsePath(o.Platform, e)
			if err == nil && !p.Rooted {
				err = errRelative
			}
			if err != nil {
				return nil, &UsageError{"--scope", text, err}
			}
			sc.paths = append(sc.paths, p)
		}
		scopes = append(scopes, sc)
	}
	return scopes, nil
}

// scope finds what a --scope names. Outside Windows names may have * and ? in
// them, so a path is first taken as written.
func (x *expander) scope(sc userScope) (areas []Area) {
	for _, p := range sc.paths {
		for _, i := range x.on(p.Drive) {
			var found []Area
			if x.platform != source.Windows {
				found = x.find(i, p.Path, false, x.fail)
			}
			if len(found) == 0 {
				found = x.find(i, p.Path, true, x.fail)
			}
			areas = append(areas, found...)
		}
	}
	return areas
}

// on lists the volumes that a drive means; an empty one means all.
func (x *expander) on(drive string) (volumes []int) {
	for i := range x.volumes {
		if drive == "" || sameDrive(drive, x.volumes[i].Name) {
			volumes = append(volumes, i)
		}
	}
	return volumes
}

// merge sorts areas and leaves out the repeated, the nested and the excluded.
func merge(areas []Area, excluded func(Area) bool) []Area {
	has := map[Area]bool{}
	for _, a := range areas {
		has[a] = true
	}
	var out []Area
	for a := range has {
		if !nested(has, a) && !excluded(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Area) int {
		return cmp.Or(cmp.Compare(a.Volume, b.Volume), cmp.Compare(a.Path, b.Path))
	})
	return out
}

// nested reports whether a folder above a is among the areas.
func nested(has map[Area]bool, a Area) bool {
	for a.Path != "/" {
		a.Path, _ = split(a.Path)
		if has[a] {
			return true
		}
	}
	return false
}
