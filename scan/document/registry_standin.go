package document

import (
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// A regGap is a key below which something could not be listed.
type regGap struct {
	label  string
	places []source.Place // of its hive; none where that is not known
	path   string         // below the hive
	why    error
}

// A regStandIn is match.Folder: the keys and values in a gap.
type regStandIn struct{ of *regItem }

func (s *regStandIn) Label() string                        { return s.of.row.gap.label }
func (s *regStandIn) Err() error                           { return s.of.row.gap.why }
func (s *regStandIn) Each(int, func(ioc.Value) bool) error { return s.of.row.gap.why }

// Possible implements match.Folder: whether a path in the gap could be, or
// begin with, what the pattern asks for.
func (s *regStandIn) Possible(field int, p *ioc.Pattern) (possible bool) {
	defer func() {
		if r := recover(); r != nil {
			s.of.req.trouble(s.Label(), panicError(r))
			possible = true
		}
	}()
	gap := s.of.row.gap
	if p.Regex() != nil || p.Test != ioc.Is && p.Test != ioc.StartsWith || len(gap.places) == 0 {
		return true
	}
	forms := appendForms(nil, gap.places, gap.path, true)
	for _, t := range p.Texts() {
		asked := []string{string(ioc.AppendFoldPath(nil, t))}
		if any, ok := anyUser(asked[0]); ok {
			asked = append(asked, any)
		}
		for _, a := range asked {
			if s.possible(field, a, p.Test == ioc.StartsWith, forms) {
				return true
			}
		}
	}
	return false
}

func (s *regStandIn) possible(field int, asked string, begins bool, forms []regForm) (possible bool) {
	hit := func(v ioc.Value) bool {
		v.Each(func(v ioc.Value) bool {
			possible = possible || could(asked, ioc.Fold(v.Str)+`\`, begins, false)
			return !possible
		})
		return !possible
	}
	switch s.of.table.fields[field].Term {
	case "RegistryItem/Hive":
		s.of.hiveNames(forms, func(v ioc.Value) bool {
			v.Each(func(v ioc.Value) bool {
				form := ioc.Fold(v.Str)
				possible = possible || asked == form || begins && strings.HasPrefix(form, asked)
				return !possible
			})
			return !possible
		})
	case "RegistryItem/KeyPath":
		for n := range forms {
			if f := &forms[n]; f.key == f.hive { // a whole hive: any key without a hive
				root, _ := source.SplitRegistryPath(asked)
				possible = possible || root == ""
			}
		}
		s.of.keyPaths(forms, hit)
	case "RegistryItem/Path":
		for n := range forms {
			hit(ioc.PathValue(text(forms[n].buf[:forms[n].key])))
		}
	default:
		return true
	}
	return possible
}

// anyUser is a path below HKEY_USERS with a star in place of the user, as gaps
// have it whose user is not known.
func anyUser(path string) (string, bool) {
	root, rest := source.SplitRegistryPath(path)
	if root != source.UsersRoot {
		return "", false
	}
	sid, below, _ := strings.Cut(rest, `\`)
	star := "*"
	if strings.HasSuffix(sid, "_classes") {
		star = "*_classes"
	}
	return ioc.Fold(source.JoinKeys(root, star, below)), true
}
