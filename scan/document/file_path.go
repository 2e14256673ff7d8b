package document

import (
	"cmp"
	"strings"
	"unsafe"

	"iocscan/ioc"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// A volume is what all folders of one volume share.
type volume struct {
	source.Volume
	number   int
	platform source.Platform
	excluder *scope.Excluder
	streamer source.Streamer // nil where there is none, likewise below
	ownerer  source.Ownerer
	pruner   source.Pruner
	timer    source.NameTimer
	aliases  []scope.Alias
}

// A folder holds the path forms that all objects in it share, so that a walk
// builds no path for a file.
type folder struct {
	vol     *volume
	path    string   // below the volume
	shown   string   // as displayed, without a separator at the end: "C:", "" for /
	drive   int      // length of the drive in shown
	aliases []string // other paths that lead here, displayed, from the root, likewise
	sep     byte
	depth   int
	skip    map[string]skipped // names that are not handed out; mostly nil
}

func newFolder(v *volume, path string) *folder {
	d := &folder{vol: v, path: path, drive: len(v.Name), sep: v.Separator(), depth: strings.Count(path, "/")}
	d.shown = strings.TrimSuffix(source.Display(v.Volume, path), string(d.sep))
	for _, a := range v.aliases {
		rest, ok := strings.CutPrefix(path, a.Real)
		if a.Real == "/" {
			rest, ok = path, true
		}
		if ok && (rest == "" || rest[0] == '/') {
			rest = source.Display(source.Volume{Name: v.Name}, rest)[len(v.Name):]
			d.aliases = append(d.aliases, strings.TrimRight(a.Shown, string(d.sep))+strings.TrimRight(rest, string(d.sep)))
		}
	}
	return d
}

// shownFolder is a place that is on no volume of the source, as a share on
// the network is.
func shownFolder(platform source.Platform, shown string) *folder {
	d := &folder{vol: &volume{platform: platform}, shown: strings.TrimRight(shown, `\/`), sep: '/'}
	if platform == source.Windows {
		d.sep = '\\'
	}
	if len(shown) > 1 && shown[1] == ':' {
		d.drive = 2
	}
	return d
}

// self is the folder's own path as displayed.
func (d *folder) self() string {
	if len(d.shown) == d.drive {
		return d.shown + string(d.sep)
	}
	return d.shown
}

func (d *folder) appendShown(dst []byte, folder, name string) []byte {
	dst = append(dst, folder...)
	dst = append(dst, d.sep)
	return append(dst, name...)
}

// text is b as a string that lives as long as b is left alone, that is until
// yield returns: building one string for every file would cost more than the
// rest of a scan for names.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// FullPath: with the drive, and without it from the root. A folder's is its
// own path.
func fullPath(f *file, yield func(ioc.Value) bool) error {
	d := f.in
	if !f.fullPathIn(d.shown, yield) {
		return nil
	}
	for _, a := range d.aliases {
		if !f.fullPathIn(a, yield) {
			return nil
		}
	}
	return cmp.Or(f.lostFolder(), f.lostName())
}

func (f *file) fullPathIn(folder string, yield func(ioc.Value) bool) bool {
	b := f.in.appendShown(f.item.buf[:0], folder, f.name)
	f.item.buf = b
	return yield(ioc.PathValue(text(b))) && (f.in.drive == 0 || yield(ioc.PathValue(text(b[f.in.drive:]))))
}

// FilePath is the folder that the object is in: bare, as the term is defined,
// with a separator before it, and with the drive.
func filePath(f *file, yield func(ioc.Value) bool) error {
	d := f.in
	if !d.filePathOf(d.shown, yield) {
		return nil
	}
	for _, a := range d.aliases {
		if !d.filePathOf(a, yield) {
			return nil
		}
	}
	return f.lostFolder()
}

func (d *folder) filePathOf(shown string, yield func(ioc.Value) bool) bool {
	if len(shown) == d.drive { // the root has no bare form
		root := d.self()
		return yield(ioc.PathValue(root[d.drive:])) && (d.drive == 0 || yield(ioc.PathValue(root)))
	}
	return yield(ioc.PathValue(shown[d.drive+1:])) && yield(ioc.PathValue(shown[d.drive:])) &&
		(d.drive == 0 || yield(ioc.PathValue(shown)))
}

func fileName(f *file, yield func(ioc.Value) bool) error {
	yield(ioc.TextValue(f.name))
	return f.lostName()
}

// FileExtension: what follows the last dot, and with the dot, as some write it.
// Outside Windows a dot at the start makes a hidden file, not an extension.
func fileExtension(f *file, yield func(ioc.Value) bool) error {
	if err := f.lostName(); err != nil {
		return err
	}
	dot := strings.LastIndexByte(f.name, '.')
	if dot < 0 || dot == len(f.name)-1 || dot == 0 && !f.windows() {
		return nil
	}
	if yield(ioc.TextValue(f.name[dot+1:])) {
		yield(ioc.TextValue(f.name[dot:]))
	}
	return nil
}

// Drive is a term of Windows: "C:", and the letter alone.
func drive(f *file, yield func(ioc.Value) bool) error {
	name := f.in.vol.Name
	if !f.windows() || name == "" {
		return nil
	}
	if yield(ioc.TextValue(name)) && len(name) == 2 && name[1] == ':' {
		yield(ioc.TextValue(name[:1]))
	}
	return nil
}

// samePath reports whether two contents can be forms of one path: they are the
// same but for the drive, the separators and the blanks around them.
func samePath(a, b string) bool {
	a, b = bare(a), bare(b)
	return a == b || strings.HasPrefix(a, "%") || strings.HasPrefix(b, "%")
}

func bare(s string) string {
	s = string(ioc.AppendFoldPath(nil, strings.TrimSpace(s)))
	if len(s) > 1 && s[1] == ':' {
		s = s[2:]
	}
	return strings.Trim(s, `\`)
}

func sameExtension(a, b string) bool {
	trim := func(s string) string { return ioc.Fold(strings.TrimPrefix(strings.TrimSpace(s), ".")) }
	return trim(a) == trim(b)
}

func sameDrive(a, b string) bool {
	trim := func(s string) string { return ioc.Fold(strings.TrimRight(strings.TrimSpace(s), `:\/`)) }
	return trim(a) == trim(b)
}
