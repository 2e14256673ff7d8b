package document

import (
	"errors"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

var errPlace = errors.New("the place of the hive in the registry is not known")

// A regForm is one way to write the path of a key, with room for the name of a
// value behind it.
type regForm struct {
	buf  []byte
	root int // length of the first component
	hive int // length of the hive
	key  int // length of the key
}

// A regItem is one worker's view of a value. The forms of a key are made once
// for all its values.
type regItem struct {
	item[regValue]
	standIn regStandIn

	key    *regKey // that forms are of
	forms  []regForm
	doubts []regForm
	named  bool // the forms have the name of the value in work
	text   []byte
	short  bool // some IOC writes roots by their short names

	parts        ioc.Forms // of the value being yielded
	starts, ends [5]int

	loaded  bool
	data    []byte
	dataErr error
}

func (i *regItem) bind(row *regValue) match.Item {
	i.row, row.item = row, i
	i.loaded, i.named, i.data, i.dataErr = false, false, nil, nil
	if row.gap != nil {
		return &i.standIn
	}
	if i.key != row.key {
		i.key = row.key
		i.forms = appendForms(i.forms[:0], row.key.hive.places, row.key.path, i.short)
		i.doubts = appendForms(i.doubts[:0], row.key.hive.doubts, row.key.path, i.short)
		if len(row.key.hive.places) == 0 {
			i.forms = append(i.forms, regForm{buf: []byte(row.key.path), key: len(row.key.path)})
		}
	}
	return i
}

// appendForms makes the forms of a key, reusing what lies behind dst.
func appendForms(dst []regForm, places []source.Place, path string, short bool) []regForm {
	source.Places(places, path, func(p *source.Place, rest string) {
		for _, hive := range []string{p.Hive, p.Short} {
			if hive == "" {
				break
			}
			if len(dst) < cap(dst) {
				dst = dst[:len(dst)+1]
			} else {
				dst = append(dst, regForm{})
			}
			f := &dst[len(dst)-1]
			f.hive, f.root = len(hive), len(hive)
			if i := strings.IndexByte(hive, '\\'); i >= 0 {
				f.root = i
			}
			f.buf = append(f.buf[:0], hive...)
			for _, part := range []string{p.Key, rest} {
				if part != "" {
					f.buf = append(append(f.buf, '\\'), part...)
				}
			}
			f.key = len(f.buf)
			if !short {
				break
			}
		}
	})
	return dst
}

// addName puts the name of the value behind the forms.
func (i *regItem) addName() {
	if i.named {
		return
	}
	i.named = true
	name := i.row.value.AppendName(i.text[:0])
	i.text = name
	if len(name) == 0 {
		name = append(name, defaultName...)
	}
	for _, list := range [][]regForm{i.forms, i.doubts} {
		for n := range list {
			f := &list[n]
			f.buf = append(append(f.buf[:f.key], '\\'), name...)
		}
	}
}

// regPath is the path of the key, and of the value.
func regPath(v *regValue, yield func(ioc.Value) bool) error {
	v.item.paths(v.item.forms, yield)
	return nil
}

func (i *regItem) paths(forms []regForm, yield func(ioc.Value) bool) {
	if i.row.has {
		i.addName()
	}
	for n := range forms {
		f := &forms[n]
		full := f.buf[:f.key]
		if i.row.has {
			full = f.buf
		}
		if len(full) > 0 && !i.yield(yield, full, i.starts[:1], append(i.ends[:0], len(full), f.key)) {
			return
		}
	}
}

// yield hands out a text with the parts of it that are forms of the value.
// starts begins with 0 and ends with the length of the text.
func (i *regItem) yield(yield func(ioc.Value) bool, full []byte, starts, ends []int) bool {
	i.parts = ioc.Forms{Starts: starts, Ends: ends}
	v := ioc.PathValue(text(full))
	if v.Forms = &i.parts; len(starts) == 1 && len(ends) == 1 {
		v.Forms = nil
	}
	return yield(v)
}

// regKeyPath is the path of the key below its hive, as the term is defined;
// with the hive; and with only the root taken off. A separator before it lets
// contents that begin with one pass.
func regKeyPath(v *regValue, yield func(ioc.Value) bool) error {
	v.item.keyPaths(v.item.forms, yield)
	return nil
}

func (i *regItem) keyPaths(forms []regForm, yield func(ioc.Value) bool) {
	for n := range forms {
		f := &forms[n]
		starts := i.starts[:1]
		if f.hive > 0 && f.key > f.hive {
			starts = append(starts, f.hive+1, f.hive)
		}
		if f.root < f.hive {
			starts = append(starts, f.root+1, f.root)
		}
		if f.key > 0 && !i.yield(yield, f.buf[:f.key], starts, append(i.ends[:0], f.key)) {
			return
		}
	}
}

// regHiveName is the hive, and its root alone, as some write it.
func regHiveName(v *regValue, yield func(ioc.Value) bool) error {
	v.item.hiveNames(v.item.forms, yield)
	return nil
}

func (i *regItem) hiveNames(forms []regForm, yield func(ioc.Value) bool) {
	for n := range forms {
		if f := &forms[n]; f.hive > 0 && !i.yield(yield, f.buf[:f.hive], i.starts[:1], append(i.ends[:0], f.hive, f.root)) {
			return
		}
	}
}

// Doubt implements match.Doubter: the forms that the key would have if its
// hive belonged where it may.
func (i *regItem) Doubt(field int, yield func(ioc.Value) bool) error {
	if len(i.doubts) == 0 {
		return nil
	}
	switch i.table.fields[field].Term {
	case "RegistryItem/Path":
		i.paths(i.doubts, yield)
	case "RegistryItem/KeyPath":
		i.keyPaths(i.doubts, yield)
	case "RegistryItem/Hive":
		i.hiveNames(i.doubts, yield)
	}
	return errPlace
}

// sameKey reports whether two contents can be forms of one path: the same key
// with and without its hive, or by another of its names.
func sameKey(a, b string) bool {
	ra, ka := commonKey(a)
	rb, kb := commonKey(b)
	return ka == kb && (ra == rb || ra == "" || rb == "")
}

// commonKey is a path with the second names that Windows has for it replaced
// by one, and its root in the same way.
func commonKey(path string) (root, key string) {
	root, key = source.SplitRegistryPath(ioc.Fold(path))
	switch root {
	case source.ClassesRoot: // of the machine or of a user
		root, key = "", source.JoinKeys("classes", key)
	case source.ConfigRoot:
		root, key = source.MachineRoot, source.JoinKeys(`system\currentcontrolset\hardware profiles\current`, key)
	case source.UsersRoot:
		sid, rest, _ := strings.Cut(key, `\`)
		if strings.HasSuffix(sid, "_classes") {
			rest = source.JoinKeys("classes", rest)
		}
		root, key = source.UserRoot, rest
	}
	for _, hive := range []string{"software", "system", "sam", "security"} {
		if rest, ok := source.Below(key, hive); ok && rest != "" {
			key = rest
			break
		}
	}
	key = strings.Replace(key, `wow6432node\`, "", 1)
	if first, rest, _ := strings.Cut(key, `\`); strings.HasPrefix(first, "controlset0") {
		key = source.JoinKeys("currentcontrolset", rest)
	}
	return root, key
}
