package source

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"golang.org/x/sys/windows"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
)

// A liveHost is the running Windows, which has its registry at hand.
type liveHost struct{ *machine }

// loadedHives implements loading: the keys below the kernel's two roots are
// hives, or what the kernel keeps in memory in place of one (HARDWARE).
func (liveHost) loadedHives() (hives []*Hive, err error) {
	enableBackup()
	var errs []error
	for _, in := range []struct{ root, native string }{{MachineRoot, `\REGISTRY\MACHINE`}, {UsersRoot, `\REGISTRY\USER`}} {
		names, err := nativeNames(in.native)
		if err != nil {
			errs = append(errs, fmt.Errorf("list %s: %w", in.root, err))
		}
		slices.Sort(names)
		for _, name := range names {
			s := &liveStore{native: in.native + `\` + name}
			if s.isLink() {
				continue // S-1-5-18 is .DEFAULT
			}
			hives = append(hives, newLoaded(in.root, name, s.first))
		}
	}
	return hives, errors.Join(errs...)
}

func nativeNames(path string) (names []string, err error) {
	h, err := openNative(0, path)
	if err != nil {
		return nil, err
	}
	defer h.close()
	for name, err := range h.subkeys() {
		if err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

// A liveStore is a hive of the running system as a store. It keeps no handle:
// one that is open would hold up the unloading of a user's hive. Links are not
// followed; like those in a hive file they are keys with the value
// SymbolicLinkValue.
type liveStore struct{ native string }

func (s *liveStore) first() (store, error) {
	h, err := openNative(0, s.native)
	if err != nil {
		return nil, err
	}
	h.close()
	return s, nil
}

func (s *liveStore) damage() []error { return nil }

func (s *liveStore) isLink() bool {
	h, err := openNative(0, s.native)
	if err != nil {
		return false
	}
	defer h.close()
	for v, err := range h.values() {
		if err == nil && v.Type() == regf.Link && v.Name() == "SymbolicLinkValue" {
			return true
		}
	}
	return false
}

// open opens a key. What the system finds by a link on the way lies elsewhere
// and is not there: the key's own name tells.
func (s *liveStore) open(path string) (nativeKey, string, error) {
	h, err := openNative(0, JoinKeys(s.native, path))
	if err != nil {
		return 0, "", liveError(path, err)
	}
	name, err := h.name()
	if err != nil {
		h.close()
		return 0, "", liveError(path, err)
	}
	own, ok := Below(name, s.native)
	if rest, same := Below(own, path); !ok || !same || rest != "" {
		h.close()
		return 0, "", fs.ErrNotExist
	}
	return h, own, nil
}

func (s *liveStore) key(path string) (RegistryKey, error) {
	h, own, err := s.open(path)
	if err != nil {
		return nil, err
	}
	defer h.close()
	return s.keyOf(h, own)
}

func (s *liveStore) keyOf(h nativeKey, path string) (*liveKey, error) {
	info, err := h.info()
	if err != nil {
		return nil, liveError(path, err)
	}
	return &liveKey{store: s, path: path, info: info}, nil
}

// mostDepth is deeper than Windows lets keys lie.
const mostDepth = 1024

func (s *liveStore) walk(path string) iter.Seq2[RegistryKey, error] {
	return func(yield func(RegistryKey, error) bool) {
		h, own, err := s.open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer h.close()
		s.below(h, own, 0, yield)
	}
}

// below yields a key and all below it; false says that nobody wants more.
func (s *liveStore) below(h nativeKey, path string, depth int, yield func(RegistryKey, error) bool) bool {
	k, err := s.keyOf(h, path)
	if err != nil {
		return gone(err) || yield(nil, err)
	}
	k.handle = h
	more := yield(k, nil)
	k.handle = 0
	if !more {
		return false
	}
	for name, err := range h.subkeys() {
		at := JoinKeys(path, name)
		if err == nil && depth > mostDepth {
			err = fmt.Errorf("more than %d keys below each other", mostDepth)
		}
		if err != nil {
			return yield(nil, liveError(path, err))
		}
		sub, err := openNative(h, name)
		if err != nil {
			if err = liveError(at, err); !gone(err) && !yield(nil, err) {
				return false
			}
			continue
		}
		more := s.below(sub, at, depth+1, yield)
		sub.close()
		if !more {
			return false
		}
	}
	return true
}

// gone: keys come and go while they are listed.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// liveError says which key could not be read, and what right that takes.
func liveError(path string, err error) error {
	if gone(err) {
		return fs.ErrNotExist
	}
	return &regf.Trouble{Offset: -1, Path: path, What: "not readable", Lost: "the key and all below it", Err: err}
}

// A liveKey is a key of the running system.
type liveKey struct {
	store  *liveStore
	path   string
	info   nativeInfo
	handle nativeKey // while a walk is at the key
}

func (k *liveKey) Path() string    { return k.path }
func (k *liveKey) Written() int64  { return k.info.written }
func (k *liveKey) NumSubkeys() int { return k.info.subkeys }
func (k *liveKey) NumValues() int  { return k.info.values }

// with opens the key for the time of a call, if no walk has it open.
func (k *liveKey) with(f func(nativeKey) error) error {
	if k.handle != 0 {
		return f(k.handle)
	}
	h, _, err := k.store.open(k.path)
	if err != nil {
		return err
	}
	defer h.close()
	return f(h)
}

func (k *liveKey) Owner() (owner string, err error) {
	err = k.with(func(h nativeKey) error {
		sd, err := windows.GetSecurityInfo(windows.Handle(h), windows.SE_REGISTRY_KEY, windows.OWNER_SECURITY_INFORMATION)
		if err != nil {
			return fmt.Errorf("key %q: read the owner: %w", k.path, err)
		}
		sid, _, err := sd.Owner()
		if err == nil && sid == nil {
			err = errors.New("the security descriptor names no owner")
		}
		if err != nil {
			return fmt.Errorf("key %q: %w", k.path, err)
		}
		owner = sid.String()
		return nil
	})
	return owner, err
}

func (k *liveKey) Values() iter.Seq2[*regf.Value, error] {
	return func(yield func(*regf.Value, error) bool) {
		err := k.with(func(h nativeKey) error {
			for v, err := range h.values() {
				if err != nil {
					err = &regf.Trouble{Offset: -1, Path: k.path, What: "not readable", Lost: "values of the key", Err: err}
				}
				if !yield(v, err) {
					break
				}
			}
			return nil
		})
		if err != nil && !gone(err) {
			yield(nil, err)
		}
	}
}

func (k *liveKey) Value(name string) (v *regf.Value, err error) {
	err = k.with(func(h nativeKey) error {
		v, err = h.value(name)
		if err != nil && !gone(err) {
			err = fmt.Errorf("key %q: value %q: %w", k.path, name, err)
		}
		return err
	})
	return v, err
}

func (k *liveKey) Subkeys() iter.Seq2[RegistryKey, error] {
	return func(yield func(RegistryKey, error) bool) {
		err := k.with(func(h nativeKey) error {
			for name, err := range h.subkeys() {
				at := JoinKeys(k.path, name)
				if err != nil {
					yield(nil, liveError(k.path, err))
					return nil
				}
				sub, err := openNative(h, name)
				if err != nil {
					if err = liveError(at, err); !gone(err) && !yield(nil, err) {
						return nil
					}
					continue
				}
				key, err := k.store.keyOf(sub, at)
				more := true
				switch {
				case err == nil:
					key.handle = sub
					more = yield(key, nil)
					key.handle = 0
				case !gone(err):
					more = yield(nil, err)
				}
				sub.close()
				if !more {
					return nil
				}
			}
			return nil
		})
		if err != nil && !gone(err) {
			yield(nil, err)
		}
	}
}

func (k *liveKey) Walk() iter.Seq2[RegistryKey, error] { return k.store.walk(k.path) }

func (k *liveKey) Find(path string) (RegistryKey, error) {
	return k.store.key(JoinKeys(k.path, path))
}

// newLoaded is a hive that the running system has loaded, by its root and its
// name there. first opens its store.
func newLoaded(root, name string, first func() (store, error)) *Hive {
	h := &Hive{File: JoinKeys(root, name), Loaded: true, from: first}
	if root == UsersRoot {
		h.Kind, h.SID = HiveUser, name
		if sid, ok := cutFoldSuffix(name, "_Classes"); ok {
			h.Kind, h.SID = HiveClasses, sid
		}
		if ioc.EqualFold(h.SID, ".DEFAULT") {
			h.SID = ""
			if h.Kind == HiveUser {
				h.Kind = HiveDefault
			}
		}
		h.places = placesOf(h.Kind, h.SID, "", "")
		return h
	}
	for _, kind := range []HiveKind{HiveSystem, HiveSoftware, HiveSAM, HiveSecurity} {
		if ioc.EqualFold(name, string(kind)) {
			h.Kind = kind
		}
	}
	if h.places = placesOf(h.Kind, "", "", ""); h.Kind == HiveMounted {
		if _, ok := cutFold(name, "BCD"); ok {
			h.Kind = HiveBCD
		}
		h.places = []Place{newPlace("", h.File, "")}
	}
	return h
}

func cutFoldSuffix(s, suffix string) (string, bool) {
	if n := len(s) - len(suffix); n >= 0 && ioc.EqualFold(s[n:], suffix) {
		return s[:n], true
	}
	return "", false
}
