package document

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/msgtable"
	"iocscan/scan/internal/pe"
	"iocscan/scan/source"
)

// A messageFile is a program in which texts are, together with the files of
// languages that lie beside it.
type messageFile struct {
	tables    []*msgtable.Table
	manifests []*msgtable.Manifest
	err       error // why something of it may be missing
}

const (
	mostTables    = 128 << 20 // bytes of resources that are kept
	mostFiles     = 16        // that one value names
	mostLanguages = 256       // in one folder
)

var errManyTables = errors.New("the tables of texts take more memory than is spent on them")

// filesOf are the files that a value names, separated by semicolons.
func (s *eventShared) filesOf(k keyValues, name string) []*messageFile {
	list := strings.Split(s.value(k, name), ";")
	var files []*messageFile
	for _, path := range list[:min(len(list), mostFiles)] {
		if path = strings.Trim(strings.TrimSpace(path), `"`); path != "" {
			files = append(files, s.file(path))
		}
	}
	return files
}

// file reads a file by the path that the registry has, once.
func (s *eventShared) file(path string) *messageFile {
	key := ioc.Fold(path)
	if f := s.files[key]; f != nil {
		return f
	}
	f := &messageFile{}
	s.files[key] = f
	i := strings.LastIndexAny(path, `\/`)
	folder, name := path[:i+1], path[i+1:]
	if folder == "" {
		folder = `%SystemRoot%\System32\`
	}
	v, dir, err := s.folder(strings.TrimRight(folder, `\/`))
	if err != nil {
		// Not there, or on the network or a volume that the evidence lacks.
		if !missing(err) && !errors.Is(err, source.ErrEscapes) {
			f.fail(s, path, err)
		}
		return f
	}
	s.read(f, v, source.Join(dir, name))
	for _, language := range s.languagesIn(f, v, dir) {
		s.read(f, v, source.Join(dir, language)+"/"+name+".mui")
	}
	for _, system := range systemFolders { // where Windows 10 moved resources to
		s.read(f, v, system+"/SystemResources/"+name+".mun")
	}
	return f
}

func (f *messageFile) fail(s *eventShared, shown string, err error) {
	err = fmt.Errorf("read the texts of messages: %w", err)
	s.req.trouble(shown, err)
	if f.err == nil {
		f.err = err
	}
}

// messageFolders are what the variables in the paths of message files stand
// for, below the volume of Windows.
var messageFolders = map[string][]string{
	"systemroot": systemFolders, "windir": systemFolders, "systemdrive": {""},
	"programfiles": {"/Program Files", "/Program Files (x86)"}, "programfiles(x86)": {"/Program Files (x86)"},
	"programw6432": {"/Program Files"}, "programdata": {"/ProgramData"}, "allusersprofile": {"/ProgramData"},
	"commonprogramfiles":      {"/Program Files/Common Files", "/Program Files (x86)/Common Files"},
	"commonprogramfiles(x86)": {"/Program Files (x86)/Common Files"}, "commonprogramw6432": {"/Program Files/Common Files"},
}

// folder finds the folder that a path of the registry means.
func (s *eventShared) folder(path string) (source.Volume, string, error) {
	rest, inSystem := "", true
	places := systemFolders
	switch first, after, _ := strings.Cut(strings.TrimLeft(path, `\`), `\`); {
	case strings.HasPrefix(path, "%"):
		variable, after, _ := strings.Cut(path[1:], "%")
		places, rest = messageFolders[ioc.Fold(variable)], after
		if places == nil {
			return source.Volume{}, "", fs.ErrNotExist // of a user, or nobody's
		}
	case strings.HasPrefix(path, `\`) && !strings.HasPrefix(path, `\\`) && ioc.EqualFold(first, "SystemRoot"):
		rest = `\` + after
	case !strings.HasPrefix(path, `\`) && (len(path) < 2 || path[1] != ':'): // as drivers write it
		rest = `\` + path
	default:
		inSystem = false
	}
	if !inSystem {
		return source.Locate(s.req.Source, path)
	}
	rest = strings.ReplaceAll(rest, `\`, "/")
	err := fs.ErrNotExist
	for _, v := range s.req.Source.Volumes() {
		for _, place := range places {
			at, failed := v.FS.Resolve("/" + strings.Trim(place+rest, "/"))
			if failed == nil {
				return v, at, nil
			}
			if !missing(failed) {
				err = failed
			}
		}
	}
	return source.Volume{}, "", err
}

// languagesIn are the folders of languages in a folder, such as en-US.
func (s *eventShared) languagesIn(f *messageFile, v source.Volume, dir string) []string {
	key := v.Name + dir
	if list, ok := s.languages[key]; ok {
		return list
	}
	list := []string{}
	for e, err := range v.FS.ReadDir(s.ctx, dir) {
		if err != nil {
			f.fail(s, source.Display(v, dir), err)
			break
		}
		if e.Type == source.Dir && isLanguage(e.Name) && len(list) < mostLanguages {
			list = append(list, e.Name)
		}
	}
	slices.Sort(list)
	s.languages[key] = list
	return list
}

// isLanguage: two or three letters, then parts such as US, Latn or es_tradnl.
func isLanguage(name string) bool {
	first, rest, _ := strings.Cut(name, "-")
	letters := func(s string, least, most int) bool {
		return least <= len(s) && len(s) <= most && strings.Trim(ioc.Fold(s), "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
	}
	return letters(first, 2, 3) && (rest == "" && !strings.HasSuffix(name, "-") || letters(strings.ReplaceAll(rest, "-", ""), 2, 16))
}

// read takes the tables of one file, if it is there.
func (s *eventShared) read(f *messageFile, v source.Volume, path string) {
	real, err := v.FS.Resolve(path)
	if missing(err) {
		return
	}
	if err == nil {
		path = real
		err = s.tables(f, v, path)
	}
	if err != nil {
		f.fail(s, source.Display(v, path), err)
	}
}

func (s *eventShared) tables(f *messageFile, v source.Volume, path string) error {
	file, err := v.FS.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Info()
	if err != nil {
		return err
	}
	program, err := pe.Open(file, info.Size)
	if err != nil {
		return err
	}
	resources, failed := program.Resources()
	for i := range resources {
		r := &resources[i]
		table := r.TypeWord() == "RT_MESSAGETABLE"
		if !table && r.Type.Text != "WEVT_TEMPLATE" {
			continue
		}
		if int64(r.Size) > s.left {
			return errManyTables
		}
		b, err := program.Data(r)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		s.left -= int64(len(b))
		s.req.Progress.addBytes(len(b))
		if table {
			t, err := msgtable.ParseTable(b)
			f.tables, failed = append(f.tables, t), errors.Join(failed, err)
		} else {
			m, err := msgtable.ParseManifest(b)
			f.manifests, failed = append(f.manifests, m), errors.Join(failed, err)
		}
	}
	return failed
}
