package document

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
	"iocscan/scan/source"
)

// regKeys are the keys of the registry that a document is made of. They are
// read on the goroutine that lists; rows hold copies.
type regKeys struct {
	req   *Request
	list  *Listing
	fault func(error) // rows may be missing

	opened map[*source.Hive]*regHive // nil: it cannot be opened
	missed map[string]bool           // hives that are not there, told

	askStates sync.Once // of services
	stateOf   map[string]serviceState
	statesErr error
}

var errNoHives = errors.New("the source does not offer registry hives")

func newRegKeys(req *Request, list *Listing, fault func(error)) (*regKeys, error) {
	if req.Registry == nil || !req.Source.Has(source.Hives) {
		return nil, errNoHives
	}
	return &regKeys{req: req, list: list, fault: fault, opened: map[*source.Hive]*regHive{}, missed: map[string]bool{}}, nil
}

// A foundKey is a key with the hive that it is in.
type foundKey struct {
	source.RegistryKey
	in   *regHive
	hive *source.Hive
}

// each visits the keys that a path of the registry means: one of each user for
// HKEY_CURRENT_USER, those of both views for HKLM\SOFTWARE. It reports whether
// some hive is one in which they would be. visit reports whether to go on.
func (r *regKeys) each(path string, visit func(foundKey) bool) (reached bool) {
	for _, m := range r.req.Registry.Missing() {
		if source.Reaches(m.Places, path) {
			reached = true
			if !r.missed[m.Name] {
				r.missed[m.Name] = true
				r.fault(fmt.Errorf("%s: %w", m.Name, m.Err))
			}
		}
	}
	for _, h := range r.req.Registry.Hives() {
		if !source.Reaches(h.Places(), path) {
			continue
		}
		reached = true
		in := r.open(h)
		if in == nil {
			continue
		}
		keys := h.Locate(path)
		slices.Sort(keys)
		for _, at := range slices.Compact(keys) {
			k, err := h.Key(at)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				r.fault(fmt.Errorf("%s: key %s: %w", h.File, at, err))
				continue
			}
			if !visit(foundKey{k, in, h}) {
				return true
			}
		}
	}
	return reached
}

// open opens a hive when it is first asked for, and tells what is wrong with it.
func (r *regKeys) open(h *source.Hive) *regHive {
	in, ok := r.opened[h]
	if ok {
		return in
	}
	r.opened[h] = nil
	r.req.Progress.at(&h.File)
	if err := h.Open(); err != nil {
		r.fault(fmt.Errorf("%s: %w", h.File, err))
		return nil
	}
	if note := h.Note(); note != "" {
		r.list.Notes = append(r.list.Notes, h.File+": "+note)
	}
	in = &regHive{places: h.Places(), doubts: h.Possible(r.req.Users), users: map[string]string{}}
	for _, other := range r.req.Registry.Hives() {
		if other.SID != "" && other.User != "" {
			in.users[other.SID] = other.User
		}
	}
	if h.Loose || h.Second {
		in.prefix = h.File
	}
	r.opened[h] = in
	for _, err := range h.Damage() {
		r.damage(h, err)
	}
	return in
}

// damage tells what was met in a hive; only what cost something may have been
// a row.
func (r *regKeys) damage(h *source.Hive, err error) {
	err = fmt.Errorf("%s: %w", h.File, err)
	var t *regf.Trouble
	if errors.As(err, &t) && t.Lost == "" {
		r.req.trouble(h.File, err)
		return
	}
	r.fault(err)
}

// whole reports whether all hives of the system are known by their places.
func (r *regKeys) whole() bool {
	return !slices.ContainsFunc(r.req.Registry.Hives(), func(h *source.Hive) bool { return h.Loose })
}

// subkeys visits the keys of a key.
func (r *regKeys) subkeys(k foundKey, visit func(foundKey) bool) {
	for sub, err := range k.Subkeys() {
		if err != nil {
			r.damage(k.hive, err)
			continue
		}
		if !visit(foundKey{sub, k.in, k.hive}) {
			return
		}
	}
}

// values visits the values of a key, with their data.
func (r *regKeys) values(k foundKey, visit func(*regf.Value) bool) {
	for v, err := range k.Values() {
		if err != nil {
			r.damage(k.hive, err)
			continue
		}
		v.Data() // while the hive is at hand; an error stays with the value
		if !visit(v) {
			return
		}
	}
}

// row makes an item of RegistryItem of a value, or of the key.
func (k foundKey) row(v *regf.Value) *regValue {
	key := &regKey{hive: k.in, path: k.Path(), written: k.Written(), subkeys: k.NumSubkeys(), values: k.NumValues()}
	key.owner, key.ownerErr = k.Owner()
	if v == nil {
		return &regValue{key: key}
	}
	return &regValue{key: key, value: *v, has: true}
}

// name is the last part of the key's path, shown all of it.
func (k foundKey) name() string { _, name := splitKey(k.Path()); return name }

func (k foundKey) shown() string {
	v := regValue{key: &regKey{hive: k.in, path: k.Path()}}
	return v.label()
}

// text is the data of a value as text; nothing if it is not there.
func (k foundKey) text(name string) (string, error) {
	v, err := k.Value(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err == nil {
		var s string
		if s, err = v.Text(); err == nil {
			return s, nil
		}
	}
	return "", fmt.Errorf("value %s: %w", name, err)
}

// number is the data of a value as a number.
func (k foundKey) number(name string) (n uint64, ok bool, err error) {
	v, err := k.Value(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err == nil {
		var data []byte
		if data, err = v.Data(); err == nil {
			if n, ok = regf.Number(v.Type(), data); ok {
				return n, true, nil
			}
			err = errors.New("no number")
		}
	}
	return 0, false, fmt.Errorf("value %s: %w", name, err)
}

// profileOf is the folder of the profile whose hive a file is, as displayed;
// empty where that is not known.
func profileOf(h *source.Hive) string {
	if h.Profile != "" {
		return h.Profile
	}
	const name = `\NTUSER.`
	i := len(h.File) - len(name) - len("DAT")
	if h.Loose || h.Kind != source.HiveUser || i < 0 || !ioc.EqualFold(h.File[i:i+len(name)], name) {
		return ""
	}
	return h.File[:i]
}
