package scan

import (
	"regexp"
	"slices"

	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// registryPaths are the terms that name a key or a hive.
var registryPaths = []string{"RegistryItem/Path", "RegistryItem/KeyPath", "RegistryItem/Hive"}

// shortRoot finds what could be the short name of a root, or an expression
// that one could pass.
var shortRoot = regexp.MustCompile(`(?i)hk([^e]|$)|\^`)

var sid = regexp.MustCompile(`(?i)S-1-[0-9][0-9-]*[0-9]`)

// findKeys finds what is asked of the registry. Like findScope it is asked in
// any case, so that a bad option is told.
func (p *Plan) findKeys() error {
	o := &p.cfg.Header.Scan.Options
	if len(o.Keys) == 0 {
		o.Keys = []string{scope.All}
		if p.cfg.Source.Kind() == "host" {
			o.Keys = []string{scope.Predefined}
		}
	}
	var names []scope.Name
	if p.runs("RegistryItem") {
		for _, term := range registryPaths[:2] {
			for _, n := range p.program.Named(term) {
				names = append(names, scope.Name{Path: n.Content, Prefix: n.Prefix})
			}
		}
		for _, term := range registryPaths {
			for _, c := range p.program.Contents(term) {
				p.shortRoots = p.shortRoots || shortRoot.MatchString(c)
				p.users = append(p.users, sid.FindAllString(c, -1)...)
			}
		}
		slices.Sort(p.users)
		p.users = slices.Compact(p.users)
	}
	var err error
	p.Keys, err = scope.NewKeys(o.Keys, names)
	return err
}

// fillKeys writes the part of the registry that is looked at into the report's
// header.
func (p *Plan) fillKeys() {
	sc := &p.cfg.Header.Scan.Scope
	sc.Keys = []string{}
	if !p.runs("RegistryItem") {
		return
	}
	if p.Keys.All {
		for _, h := range p.cfg.Registry.Hives() {
			place := "place not known"
			if places := h.Places(); len(places) > 0 {
				place = source.JoinKeys(places[0].Hive, places[0].Key)
			}
			if place != h.File { // as that of a loaded hive is
				place += " (" + h.File + ")"
			}
			sc.Keys = append(sc.Keys, place)
		}
		slices.Sort(sc.Keys)
		return
	}
	sc.Keys = append(sc.Keys, p.Keys.Listed...)
	for _, n := range p.Keys.Named {
		name := n.Path
		if n.Prefix {
			name += "…"
		}
		sc.Keys = append(sc.Keys, name)
	}
	slices.Sort(sc.Keys)
	sc.Keys = slices.Compact(sc.Keys)
}
