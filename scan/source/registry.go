package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"sync/atomic"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
)

// A Registry is the registry of a Windows system, put together from its hives.
// Hives are opened when they are first asked. A hive serves one goroutine at a
// time.
type Registry struct {
	src Source
	opt RegistryOptions

	once    sync.Once
	hives   []*Hive
	missing []MissingHive
	files   []*dirFS // to close
}

// RegistryOptions say which hives there are and how they are read.
type RegistryOptions struct {
	// Given are hives in place of the source's own.
	Given []GivenHive
	// NoReplay leaves the transaction logs beside the hives alone.
	NoReplay bool
}

// A GivenHive is a hive that the user names.
type GivenHive struct {
	File  string // path on the scanner
	Mount string // where in the registry it belongs, such as HKLM\SOFTWARE; empty: what its content shows
}

// A MissingHive is one that a Windows system has and the evidence lacks.
type MissingHive struct {
	Name   string // its file as displayed, or what it would be called
	Places []Place
	Err    error // why it is not there, or could not be looked for
}

// NewRegistry is the registry of a source. It touches no evidence.
func NewRegistry(src Source, opt RegistryOptions) *Registry { return &Registry{src: src, opt: opt} }

// Hives are all hives, in the order of their files.
func (r *Registry) Hives() []*Hive { r.find(); return r.hives }

// Missing are the hives that should be there.
func (r *Registry) Missing() []MissingHive { r.find(); return r.missing }

func (r *Registry) find() {
	r.once.Do(func() {
		if r.opt.Given != nil {
			r.findGiven()
		} else {
			r.findOwn()
		}
		taken := map[string]bool{}
		for _, h := range r.hives {
			h.noReplay = r.opt.NoReplay
			for _, p := range h.places[:min(1, len(h.places))] {
				key := ioc.Fold(JoinKeys(p.Hive, p.Key))
				h.Second, taken[key] = taken[key], true
			}
		}
	})
}

// Close closes the hives.
func (r *Registry) Close() error {
	var errs []error
	for _, h := range r.hives {
		errs = append(errs, h.close())
	}
	for _, f := range r.files {
		errs = append(errs, f.Close())
	}
	r.files = nil
	return errors.Join(errs...)
}

// Key finds a key by any of its usual paths, such as
// HKLM\SYSTEM\CurrentControlSet\Services. Where several hives have it, as they
// do for HKEY_CURRENT_USER, it is the first one's. fs.ErrNotExist says that it
// is not there; another error, that this cannot be told.
func (r *Registry) Key(path string) (RegistryKey, error) {
	root, rest := SplitRegistryPath(path)
	asked := JoinKeys(root, rest)
	var unsure error
	for _, h := range r.Hives() {
		for _, p := range h.Places() {
			below, ok := Below(asked, JoinKeys(p.Hive, p.Key))
			if !ok {
				continue
			}
			k, err := h.Key(JoinKeys(p.From, below))
			if err == nil {
				return k, nil
			}
			if unsure == nil && !errors.Is(err, fs.ErrNotExist) {
				unsure = err
			}
		}
	}
	for _, m := range r.Missing() {
		if unsure == nil && len(locate(m.Places, asked)) > 0 {
			unsure = m.Err
		}
	}
	if unsure == nil {
		unsure = fs.ErrNotExist
	}
	return nil, fmt.Errorf("registry key %s: %w", path, unsure)
}

// A Hive is one file of the registry, or what a running system has loaded of
// one.
type Hive struct {
	File    string // as displayed, or as the user named it; the place of a loaded one
	Kind    HiveKind
	SID     string // of the user whose it is; empty where that is not known
	User    string // the name of the user's profile folder
	Profile string // that folder with its path, of a loaded hive
	Loose   bool   // given by itself: what it belongs to is not known
	Loaded  bool   // read through the running system
	Second  bool   // another hive has its place already

	from     func() (store, error) // opens a loaded hive; nil: a file
	noReplay bool
	fsys     FS
	path     string
	places   []Place

	once  sync.Once
	store store
	err   error
	note  string
	files []File

	// profilesErr is why the list of profiles in it could not be read.
	profilesErr error

	read atomic.Int64
}

// A store has the keys of a hive: a hive file, or the registry of the running
// system.
type store interface {
	// key finds a key by its path below the hive; fs.ErrNotExist.
	key(path string) (RegistryKey, error)
	// walk lists the key and all below it.
	walk(path string) iter.Seq2[RegistryKey, error]
	// damage is what opening met.
	damage() []error
}

// A RegistryKey is a key of a hive. The one that a walk yields is valid until
// the walk goes on.
type RegistryKey interface {
	Path() string   // below the hive, in its own spelling
	Written() int64 // FILETIME ticks
	NumSubkeys() int
	NumValues() int
	Owner() (string, error)                        // SID
	Values() iter.Seq2[*regf.Value, error]         // each valid until the next
	Value(name string) (*regf.Value, error)        // fs.ErrNotExist
	Subkeys() iter.Seq2[RegistryKey, error]        // each valid until the next
	Walk() iter.Seq2[RegistryKey, error]           // the key and all below
	Find(path string) (key RegistryKey, err error) // below the key; fs.ErrNotExist
}

// Open reads the beginning of the hive, once. It fails where nothing of it can
// be read.
func (h *Hive) Open() error {
	h.once.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				h.err = fmt.Errorf("fault of the scanner: panic: %v", p)
			}
		}()
		if h.from == nil {
			h.open()
		} else if h.store, h.err = h.from(); h.err == nil {
			h.settle()
		}
	})
	return h.err
}

// Note says in words what was done to read the hive, such as the replay of its
// transaction logs. Mostly empty.
func (h *Hive) Note() string { return h.note }

// BytesRead is how much of the hive and its logs was read so far.
func (h *Hive) BytesRead() int64 { return h.read.Load() }

// Damage is what opening met. That of keys comes with their listings.
func (h *Hive) Damage() []error {
	if h.Open() != nil {
		return nil
	}
	if h.profilesErr != nil {
		return append(h.store.damage(), h.profilesErr)
	}
	return h.store.damage()
}

// Places are where the registry shows the hive, the proper place first; none
// where that is not known.
func (h *Hive) Places() []Place { h.Open(); return h.places }

// Possible are places that the hive may have beside those known. sids are the
// users to be thought of.
func (h *Hive) Possible(sids []string) []Place {
	switch {
	case h.Open() != nil:
		return nil
	case len(h.places) == 0:
		return possiblePlaces(HiveMounted, sids)
	case h.SID == "" && (h.Kind == HiveUser || h.Kind == HiveClasses):
		return possiblePlaces(h.Kind, sids)
	}
	return nil
}

// Key finds a key by its path below the hive. The errors are those of
// Registry.Key.
func (h *Hive) Key(path string) (RegistryKey, error) {
	if err := h.Open(); err != nil {
		return nil, err
	}
	return h.store.key(path)
}

// Walk lists a key and all below it. Errors stand for what could not be read;
// the walk goes on after them.
func (h *Hive) Walk(path string) iter.Seq2[RegistryKey, error] {
	if err := h.Open(); err != nil {
		return func(yield func(RegistryKey, error) bool) { yield(nil, err) }
	}
	return h.store.walk(path)
}

// Locate lists the keys of the hive that a path of the registry means. A path
// without a root is one below the hive, with or without the hive's own name.
func (h *Hive) Locate(path string) []string {
	root, rest := SplitRegistryPath(path)
	if root != "" {
		return locate(h.Places(), JoinKeys(root, rest))
	}
	keys := []string{rest}
	for _, p := range h.Places() {
		if rest, ok := Below(rest, p.Key); ok {
			keys = append(keys, JoinKeys(p.From, rest))
		}
		_, name, _ := strings.Cut(JoinKeys(p.Hive, p.Key), `\`)
		if below, ok := Below(rest, name); ok && name != "" {
			keys = append(keys, JoinKeys(p.From, below))
		}
	}
	return keys
}

func (h *Hive) close() error {
	var errs []error
	for _, f := range h.files {
		errs = append(errs, f.Close())
	}
	h.files = nil
	return errors.Join(errs...)
}

// hasHives reports whether some volume has a hive where Windows keeps them.
func hasHives(volumes []Volume) bool {
	for _, f := range hiveFiles(context.Background(), volumes) {
		if f.err == nil {
			return true
		}
	}
	return false
}
