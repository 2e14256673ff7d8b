package document

import (
	"strings"

	"iocscan/ioc"
)

// A standIn is match.Folder: the objects below a folder that could not be
// listed, or a place that could not be looked at at all.
type standIn struct{ of *fileItem }

func (s *standIn) Label() string { return s.of.Label() }

// Err implements match.Folder.
func (s *standIn) Err() error { return s.of.row.why }

// Each knows nothing.
func (s *standIn) Each(int, func(ioc.Value) bool) error { return s.of.row.why }

// Possible implements match.Folder: whether a path below could be, or begin
// with, what the pattern asks for. Case counts for nothing here.
func (s *standIn) Possible(field int, p *ioc.Pattern) (possible bool) {
	defer func() {
		if r := recover(); r != nil {
			s.of.req.trouble(s.Label(), panicError(r))
			possible = true
		}
	}()
	if p.Regex() != nil || p.Test != ioc.Is && p.Test != ioc.StartsWith {
		return true
	}
	f := s.of.row
	term := s.of.table.fields[field].Term
	full := term == "FileItem/FullPath"
	if !full && term != "FileItem/FilePath" {
		return true
	}
	for _, shown := range append([]string{f.in.shown}, f.in.aliases...) {
		below := string(ioc.AppendFoldPath(nil, shown)) + `\`
		forms := []string{below, below[min(f.in.drive, len(below)-1):]}
		if !full {
			forms = append(forms, forms[1][1:])
		}
		for _, t := range p.Texts() {
			asked := string(ioc.AppendFoldPath(nil, t))
			for _, form := range forms {
				if could(asked, form, p.Test == ioc.StartsWith, full && !f.self) {
					return true
				}
			}
		}
	}
	return false
}

// could reports whether a path that is below (with its separator at the end),
// or the place itself unless strict, can be what is asked or begin with it.
func could(asked, below string, begins, strict bool) bool {
	switch {
	case strict && !begins:
		return len(asked) > len(below) && strings.HasPrefix(asked, below)
	case strings.HasPrefix(asked, below):
		return true
	case begins:
		return strings.HasPrefix(below, asked)
	}
	return asked == strings.TrimSuffix(below, `\`) || asked == below
}
