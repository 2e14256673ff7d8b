package scope

import (
	"errors"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// A Name is a path that an IOC gives outright, by an is or (Prefix) a
// starts-with on a full path; the content as written.
type Name struct {
	Path   string
	Prefix bool
}

// Outcome is what became of a Name.
type Outcome uint8

const (
	Looked     Outcome = iota // looked at beyond the areas
	Inside                    // the areas have it
	Outside                   // beyond an explicit --scope
	Excluded                  // --exclude wins
	Absent                    // not there
	Never                     // leads to the network, to a device, or out of the evidence: not opened
	Unknown                   // begins with a %VARIABLE% that is not known
	Unreadable                // a folder on the way cannot be looked at
)

var outcomes = [...]string{"looked at", "inside the areas", "outside --scope", "excluded", "not there",
	"not opened", "unknown variable", "unreadable"}

func (o Outcome) String() string { return outcomes[o] }

// A Target is what a Name came to. One name may give several, on several
// volumes or through a variable.
type Target struct {
	Name    Name
	Outcome Outcome
	Err     error // why: Never, Unknown, Unreadable; else nil

	// Area is the object (Looked, not a prefix), the folder whose objects may
	// begin with the prefix (Looked, a prefix), or the place that could not be
	// looked at (Unreadable). Unset for the other outcomes.
	Area
	// Rest is what the name of an object in the folder begins with; empty
	// where all of them do.
	Rest string
}

// Place is the path whose beginning or whole is asked for.
func (t *Target) Place() string {
	if t.Name.Prefix {
		return source.Join(t.Path, t.Rest)
	}
	return t.Path
}

func sameDrive(drive, volume string) bool {
	return ioc.EqualFold(drive, strings.TrimRight(volume, `\`))
}

// targets finds what the names mean. They widen the areas unless those were
// given by --scope; --exclude wins.
func (x *expander) targets(names []Name, areas []Area, explicit bool, excluders []*Excluder) []Target {
	has := map[Area]bool{}
	for _, a := range areas {
		has[a] = true
	}
	seen := map[Target]bool{}
	var out []Target
	for _, n := range names {
		if n.Path = strings.TrimSpace(n.Path); n.Path == "" {
			continue
		}
		found := x.target(n)
		if len(found) == 0 {
			found = []Target{{Name: n, Outcome: Absent}}
		}
		for _, t := range found {
			x.place(&t, has, explicit, excluders)
			key := t
			key.Err = nil
			if !seen[key] {
				seen[key] = true
				out = append(out, t)
			}
		}
	}
	return cover(x.volumes, out)
}

// place holds a target that exists against areas and exclusions.
func (x *expander) place(t *Target, has map[Area]bool, explicit bool, excluders []*Excluder) {
	var outcome Outcome
	switch {
	case t.Outcome == Never && explicit:
		outcome = Outside
	case t.Outcome != Looked && t.Outcome != Unreadable:
		return
	case has[t.Area] || nested(has, t.Area):
		outcome = Inside
	case explicit:
		outcome = Outside
	case excluders[t.Volume].Covers(t.Path, t.Name.Prefix || x.isFolder(t.Area)):
		outcome = Excluded
	default:
		return
	}
	*t = Target{Name: t.Name, Outcome: outcome}
}

// target resolves one name on all volumes that it may mean.
func (x *expander) target(n Name) (found []Target) {
	expanded, err := expandVariable(x.platform, n.Path)
	if err != nil {
		return []Target{{Name: n, Outcome: Unknown, Err: err}}
	}
	for _, e := range expanded {
		p, err := ParsePath(x.platform, e)
		if err != nil {
			if errors.Is(err, ErrNetwork) || errors.Is(err, ErrDevice) {
				found = append(found, Target{Name: n, Outcome: Never, Err: err})
			}
			continue // nothing in the evidence has such a path
		}
		// Only the variables' own stars are wildcards, and the names of an IOC
		// cannot have any on the system that has variables.
		globs := e != n.Path
		for _, i := range x.on(p.Drive) {
			fail := func(at Area, err error) { found = append(found, failed(n, at, err)) }
			folder, name := split(p.Path)
			if n.Prefix && (p.Slash || p.Path == "/") {
				folder, name = p.Path, ""
			}
			for _, f := range x.find(i, folder, globs, fail) {
				if n.Prefix {
					found = append(found, Target{Name: n, Area: f, Rest: name})
					continue
				}
				for _, at := range x.object(f, name, fail) {
					found = append(found, Target{Name: n, Area: at})
				}
			}
		}
	}
	return found
}

// object finds a name in a folder. A link of that name is an object of its
// own, beside what it leads to.
func (x *expander) object(folder Area, name string, fail func(Area, error)) (found []Area) {
	if name == "" {
		return nil // a volume's root is no object
	}
	v := &x.volumes[folder.Volume]
	at, err := x.resolve(folder, name)
	if err == nil {
		found = append(found, at)
		if in, last := split(at.Path); at.Volume == folder.Volume && in == folder.Path && sameName(v, last, name) {
			return found
		}
	} else if !absent(err) {
		fail(Area{folder.Volume, source.Join(folder.Path, name)}, err)
	}
	// Not there, or a link: also one that leads nowhere.
	links, err := x.linksIn(folder)
	if err != nil && !absent(err) {
		fail(Area{folder.Volume, source.Join(folder.Path, name)}, err)
	}
	for _, l := range links {
		if sameName(v, l, name) {
			found = append(found, Area{folder.Volume, source.Join(folder.Path, l)})
		}
	}
	return found
}

func failed(n Name, at Area, err error) Target {
	t := Target{Name: n, Outcome: Unreadable, Err: err, Area: at}
	if errors.Is(err, source.ErrEscapes) {
		t.Outcome = Never
	}
	return t
}

// cover marks what another target already reaches as Inside, so that nothing
// is looked at twice.
func cover(volumes []source.Volume, targets []Target) []Target {
	var prefixes []*Target
	single := map[Area]bool{}
	for i := range targets {
		if t := &targets[i]; t.Outcome == Looked && t.Name.Prefix {
			prefixes = append(prefixes, t)
		}
	}
	for i := range targets {
		t := &targets[i]
		if t.Outcome != Looked {
			continue
		}
		again, earlier := false, true // of two that reach each other the first is kept
		for _, o := range prefixes {
			earlier = earlier && o != t
			if o != t && o.Outcome == Looked && o.reaches(&volumes[o.Volume], t) &&
				(earlier || !t.Name.Prefix || !t.reaches(&volumes[o.Volume], o)) {
				again = true
				break
			}
		}
		if !t.Name.Prefix {
			again = again || single[t.Area]
			single[t.Area] = true
		}
		if again {
			*t = Target{Name: t.Name, Outcome: Inside}
		}
	}
	return targets
}

// reaches reports whether a prefix target reaches all that t does.
func (o *Target) reaches(v *source.Volume, t *Target) bool {
	switch {
	case o.Volume != t.Volume:
		return false
	case o.Rest == "":
		return below(t.Path, o.Path) && (t.Name.Prefix || t.Path != o.Path)
	case v.FoldCase:
		return strings.HasPrefix(ioc.Fold(t.Place()), ioc.Fold(o.Place()))
	}
	return strings.HasPrefix(t.Place(), o.Place())
}
