package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"iocscan/scan/internal/sqlitefile"
	"iocscan/scan/source"
)

// A kept is a file of a browser's profile that has rows of a document.
type kept[T any] struct {
	family browserFamily
	file   string // below the profile's folder
	// table is what a loose database is known by. Empty: the file is no
	// database, and a loose one is not known.
	table string
	read  func(h *historyFile, hand func(T) bool) error
}

// historyFinder lists the rows of one document from all profiles of all users.
// Its methods report whether to go on.
type historyFinder[T any, R recollection[T]] struct {
	finder[T]
	document string
	kept     []kept[T]
	fields   []Field[T]
	users    *homeUsers
	seen     map[string]bool // folders, by volume and path
}

// listHistory lists a document.
func listHistory[T any, R recollection[T]](ctx context.Context, req *Request, list *Listing, document string, fields []Field[T], all []kept[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stand := func(g *gap) (row T) { R(&row).from().gap = g; return row }
		f := &historyFinder[T, R]{
			finder: finder[T]{ctx, req, list, yield, stand}, document: document, kept: all, fields: fields,
			users: newHomeUsers(ctx, req), seen: map[string]bool{},
		}
		if f.given(source.Histories, f.loose) {
			return
		}
		where, ok := homes[req.Source.Platform()]
		if !ok {
			list.stop("it is not known what system the evidence is from (--platform)")
			return
		}
		for _, v := range req.Source.Volumes() {
			for _, folder := range where.of {
				if !f.homesIn(v, folder) {
					return
				}
			}
			for _, home := range where.single {
				if !f.home(v, home) {
					return
				}
			}
		}
		for _, path := range f.users.elsewhere() {
			if v, at, err := source.Locate(req.Source, path); err == nil {
				if !f.home(v, at) {
					return
				}
			} else if !missing(err) && !f.standFor(path, err) {
				return
			}
		}
		if !f.exists(append(where.of, where.single...)...) {
			list.stop("the evidence has no folders of users")
		}
		list.Full = list.Unlisted == 0
	}
}

// resolve is where a path of a folder leads to. An empty path says that nothing
// is there, or that what is there could not be reached, which is then told.
func (f *historyFinder[T, R]) resolve(v source.Volume, path string) (on source.Volume, at string, more bool) {
	at, err := v.FS.Resolve(path)
	var cross *source.CrossVolume
	if errors.As(err, &cross) {
		v, at, err = source.Locate(f.req.Source, cross.Volume+cross.Path)
	}
	switch {
	case missing(err):
		return v, "", true
	case err != nil:
		return v, "", f.standFor(source.Display(v, path), err)
	}
	return v, at, true
}

// first reports whether a folder is looked at for the first time. Links lead to
// the same one from several places.
func (f *historyFinder[T, R]) first(as string, v source.Volume, at string) bool {
	key := as + "\x00" + v.Name + "\x00" + at
	if f.seen[key] {
		return false
	}
	f.seen[key] = true
	return true
}

// folders visits the folders in a folder, and links, which may lead to some.
func (f *historyFinder[T, R]) folders(v source.Volume, dir string, visit func(at string) bool) bool {
	shown := source.Display(v, dir)
	f.req.Progress.at(&shown)
	n := 0
	for e, err := range v.FS.ReadDir(f.ctx, dir) {
		if err == nil && n >= mostNames {
			err = fmt.Errorf("more than %d names", mostNames)
		}
		switch {
		case err != nil && f.ctx.Err() != nil:
			var none T
			f.yield(none, context.Cause(f.ctx))
			return false
		case err != nil:
			if info, fault := v.FS.Lstat(dir); fault == nil && info.Type != source.Dir {
				return true // a file of that name
			}
			return f.standFor(shown, err)
		}
		n++
		if (e.Type == source.Dir || e.Type == source.Link) && !visit(source.Join(dir, e.Name)) {
			return false
		}
	}
	return true
}

func (f *historyFinder[T, R]) homesIn(v source.Volume, folder string) bool {
	v, at, more := f.resolve(v, folder)
	if at == "" || !f.first("homes", v, at) {
		return more
	}
	return f.folders(v, at, func(home string) bool { return f.home(v, home) })
}

// home looks at the browsers of a user. A folder that cannot be listed is one
// gap, not one for each browser.
func (f *historyFinder[T, R]) home(v source.Volume, path string) bool {
	v, at, more := f.resolve(v, path)
	if at == "" || !f.first("home", v, at) {
		return more
	}
	for _, err := range v.FS.ReadDir(f.ctx, at) {
		if errors.Is(err, fs.ErrPermission) {
			return f.standFor(source.Display(v, at), err)
		}
		break
	}
	for i := range browserPlaces {
		p := &browserPlaces[i]
		for _, folder := range p.folders[f.req.Source.Platform()] {
			if !f.place(v, at, source.Join(at, folder), p) {
				return false
			}
		}
	}
	return true
}

// place looks at the profiles of one browser.
func (f *historyFinder[T, R]) place(v source.Volume, home, path string, p *browserPlace) bool {
	if p.family == gecko && !f.listed(v, home, path, p) {
		return false
	}
	on, at, more := f.resolve(v, path)
	if at == "" {
		return more
	}
	if !f.profiles(on, home, at, p) {
		return false
	}
	if p.family != chromium {
		return true
	}
	// Before it changes to another version Chromium keeps copies.
	on, copies, more := f.resolve(on, source.Join(at, "Snapshots"))
	if copies == "" {
		return more
	}
	return f.folders(on, copies, func(dir string) bool { return f.profiles(on, home, dir, p) })
}

// profiles looks at the profiles in a folder.
func (f *historyFinder[T, R]) profiles(v source.Volume, home, folder string, p *browserPlace) bool {
	if p.own && !f.profile(v, home, folder, folder, p, "") {
		return false
	}
	return f.folders(v, folder, func(dir string) bool { return f.profile(v, home, folder, dir, p, source.Base(dir)) })
}

// listed looks at the profiles that Firefox has elsewhere, by its list of them.
func (f *historyFinder[T, R]) listed(v source.Volume, home, folder string, p *browserPlace) bool {
	list := folder + "/profiles.ini"
	if strings.HasSuffix(folder, "/Profiles") {
		list = source.Parent(folder) + "/profiles.ini"
	}
	a := artefact{vol: v, path: list}
	body, err := a.read(mostSmall)
	if missing(err) {
		return true
	}
	if err != nil {
		return f.standFor(a.shown(), err)
	}
	for _, path := range absoluteProfiles(string(body)) {
		on, at, err := source.Locate(f.req.Source, path)
		switch {
		case missing(err):
		case err != nil:
			if !f.standFor(path, err) {
				return false
			}
		case !f.profile(on, home, folder, at, p, source.Base(at)):
			return false
		}
	}
	return true
}

// absoluteProfiles are the folders of the profiles in profiles.ini that are not
// beside it.
func absoluteProfiles(ini string) (paths []string) {
	path, relative := "", true
	add := func() {
		if !relative && path != "" {
			paths = append(paths, path)
		}
		path, relative = "", true
	}
	for line := range strings.Lines(ini) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case strings.HasPrefix(key, "["):
			add()
		case strings.EqualFold(key, "Path"):
			path = value
		case strings.EqualFold(key, "IsRelative"):
			relative = value != "0"
		}
	}
	add()
	return paths
}

// profile reads the files of a profile that have rows of the document. folder
// is that of all profiles.
func (f *historyFinder[T, R]) profile(v source.Volume, home, folder, path string, p *browserPlace, name string) bool {
	v, at, more := f.resolve(v, path)
	if at == "" || !f.first("profile", v, at) {
		return more
	}
	for _, k := range f.kept {
		if k.family != p.family {
			continue
		}
		a := artefact{vol: v, path: source.Join(at, k.file)}
		switch info, err := a.stat(); {
		case missing(err):
			continue
		case err != nil:
			if !f.standFor(a.shown(), err) {
				return false
			}
			continue
		case info.Type != source.Regular && info.Type != source.Cloud:
			continue
		}
		if p.family == wininet {
			name = "" // the folder is one of its lists
		}
		data := &browserData{file: a, browser: p.browser, profile: name, user: f.users.of(v, home)}
		data.version = versionOf(p.family, v, folder, at)
		if !f.readFile(&historyFile{ctx: f.ctx, req: f.req, list: f.list, data: data}, k) {
			return false
		}
	}
	return true
}

// loose reads a file that the user gives: one of Internet Explorer's as what its
// format is, a database as what its tables say it is.
func (f *historyFinder[T, R]) loose(kind source.Artifact, a artefact) bool {
	data := &browserData{file: a, version: fact{why: errLooseBrowser}, user: fact{why: errLooseOwner}}
	h := &historyFile{ctx: f.ctx, req: f.req, list: f.list, data: data}
	defer h.close()
	if name := wininetFile(kind); name != "" {
		for _, k := range f.kept {
			if k.family == wininet && k.file == name {
				return f.readFile(h, k)
			}
		}
		return true
	}
	db, err := h.database()
	if err != nil {
		return f.standFor(a.shown(), err)
	}
	if db == nil {
		return true
	}
	if !ofBrowser(db) {
		h.note("its tables are those of no browser that is known")
	}
	read := map[string]bool{}
	for _, k := range f.kept {
		if k.table == "" || read[k.table] || !db.Has(k.table) {
			continue
		}
		read[k.table] = true
		own := *data // rows that were handed on are being looked at
		h.data = &own
		if !f.readFile(h, k) {
			return false
		}
	}
	return true
}

// ofBrowser reports whether some document reads the database.
func ofBrowser(db *sqlitefile.DB) bool {
	return hasAny(db, visitFiles) || hasAny(db, downloadFiles) || hasAny(db, cookieFiles) || hasAny(db, formFiles)
}

func hasAny[T any](db *sqlitefile.DB, files []kept[T]) bool {
	return slices.ContainsFunc(files, func(k kept[T]) bool { return k.table != "" && db.Has(k.table) })
}

// readFile hands on the rows of a file. What cannot be read of it is a gap.
func (f *historyFinder[T, R]) readFile(h *historyFile, k kept[T]) bool {
	shown := h.data.file.shown()
	f.req.Progress.at(&shown)
	more := true
	h.wants = func(term string) bool {
		for n := range f.fields {
			if f.fields[n].Term == f.document+"/"+term {
				return f.req.wants(n)
			}
		}
		return false
	}
	err := k.read(h, func(row T) bool {
		more = f.hand(row)
		return more
	})
	if h.data.file.loose == nil {
		h.close()
	}
	switch {
	case !more:
		return false
	case f.ctx.Err() != nil:
		var none T
		f.yield(none, context.Cause(f.ctx))
		return false
	case err != nil:
		return f.standFor(shown, err)
	}
	return true
}
