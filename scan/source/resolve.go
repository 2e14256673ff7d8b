package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"syscall"
)

const (
	maxLinks  = 40      // as Linux has it
	maxPath   = 1 << 17 // bytes of a path to resolve; Windows ends at 64 Ki, Linux has no end
	maxReal   = 1 << 15 // folders remembered as free of links
	maxListed = 1 << 18 // names remembered for look-ups without regard to case
)

// tree is what a resolver walks on.
type tree interface {
	ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error]
	Lstat(name string) (Info, error)
	Readlink(name string) (string, error)
}

// A speller is a tree whose own look-up folds case; it says how the name that
// it found is spelled.
type speller interface {
	spell(dir, name string) (string, error)
}

// A resolver follows the links of one volume without ever leaving it.
type resolver struct {
	tree     tree
	platform Platform
	volume   string             // "C:" or empty
	fold     bool               // look-ups do without case
	host     string             // where the volume lies on the scanner, if links may say so; else empty
	pruned   map[string]LeftOut // never looked into
	still    bool               // the evidence does not change: remember folders

	mu     sync.RWMutex
	real   map[string]struct{}          // folders that are their own resolution
	lists  map[string]map[string]string // folder → folded name → name
	listed int                          // names in lists
}

// CrossVolume is the error of a path that leads to another volume of the same
// machine. It is an ErrEscapes for the volume that was asked; Locate goes on there.
type CrossVolume struct {
	Volume string // "D:"
	Path   string // below that volume
}

func (e *CrossVolume) Error() string        { return "leads to volume " + e.Volume }
func (e *CrossVolume) Is(target error) bool { return target == ErrEscapes }

// Resolve implements FS.
func (r *resolver) Resolve(name string) (string, error) {
	path := name
	if r.platform == Windows {
		path = strings.ReplaceAll(path, `\`, "/")
		if strings.HasPrefix(path, "//") {
			return "", pathError("resolve", name, ErrEscapes)
		}
	}
	if len(path) > maxPath {
		return "", pathError("resolve", name, fmt.Errorf("path of %d bytes", len(path)))
	}
	links := 0
	got, err := r.resolve(path, &links)
	if err != nil {
		return "", pathError("resolve", name, err)
	}
	return got, nil
}

// resolve counts the links it follows in links.
func (r *resolver) resolve(path string, links *int) (string, error) {
	dir, base := split(path)
	if base == "" {
		return "/", nil
	}
	if r.isReal(path) {
		return path, nil
	}
	in, err := r.resolve(dir, links)
	if cross, ok := err.(*CrossVolume); ok {
		return "", &CrossVolume{Volume: cross.Volume, Path: cross.Path + "/" + base}
	}
	if err != nil {
		return "", err
	}
	switch base {
	case ".":
		return in, nil
	case "..":
		return Parent(in), nil
	}
	at, info, err := r.lookup(in, base)
	if err != nil {
		return "", err
	}
	if info.Type != Link {
		if info.Type == Dir && at == path {
			r.setReal(path)
		}
		return at, nil
	}
	if *links++; *links > maxLinks {
		return "", ErrLoop
	}
	raw, err := r.tree.Readlink(at)
	if err != nil {
		return "", err
	}
	return r.follow(in, raw, links)
}

// follow resolves the target of a link that lies in the folder in.
func (r *resolver) follow(in, raw string, links *int) (string, error) {
	if raw == "" || len(raw) > maxPath {
		return "", fmt.Errorf("%w: link target of %d bytes", ErrEscapes, len(raw))
	}
	if r.platform != Windows {
		if raw[0] == '/' {
			return r.resolve(raw, links)
		}
		return r.resolve(in+"/"+raw, links)
	}

	t := parseWindowsPath(raw)
	switch {
	case t.escapes:
		return "", fmt.Errorf("%w: link to %q", ErrEscapes, raw)
	case t.drive != "" && !strings.EqualFold(t.drive, r.volume):
		return "", &CrossVolume{Volume: strings.ToUpper(t.drive), Path: t.path}
	case t.drive == "" && !t.rooted:
		return r.resolve(in+"/"+t.path, links)
	case t.drive == "" && r.host != "" && (t.path == r.host || strings.HasPrefix(t.path, r.host+"/")):
		// ntfs-3g answers with the place on the scanner where it is mounted.
		return r.resolve(t.path[len(r.host):], links)
	case t.drive == "" && r.host != "":
		// Either a path from the root of the volume or, in a copy, one from the
		// mount that the copy was made of. Only the first may answer "not there".
		top, _, _ := strings.Cut(strings.TrimLeft(t.path, "/"), "/")
		if _, _, err := r.lookup("/", top); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%w: link to %q", ErrEscapes, raw)
		}
	}
	return r.resolve(t.path, links)
}

// lookup finds a name in a folder that is free of links.
func (r *resolver) lookup(dir, name string) (string, Info, error) {
	at := Join(dir, name)
	if err := r.allowed(at); err != nil {
		return "", Info{}, err
	}
	info, err := r.tree.Lstat(at)
	real := name
	if s, ok := r.tree.(speller); ok && err == nil {
		if real, err = s.spell(dir, name); err == nil && real != name && !r.fold {
			err = fs.ErrNotExist // the evidence's own system would not have found it
		}
	} else if r.fold && err != nil && missing(err) {
		real, err = r.findFolded(dir, name)
	}
	if err == nil && real != name {
		at = Join(dir, real)
		if err := r.allowed(at); err != nil {
			return "", Info{}, err
		}
		info, err = r.tree.Lstat(at)
	}
	if err != nil && missing(err) {
		err = fs.ErrNotExist
	}
	return at, info, err
}

// missing: what the system says where nothing can be there. A file in the place
// of a folder has nothing below it, and names that are too long or hold a NUL
// cannot exist.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) ||
		errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, syscall.EINVAL)
}

func (r *resolver) allowed(path string) error {
	if out, ok := r.pruned[path]; ok {
		return fmt.Errorf("%w: %s", ErrEscapes, out.Reason)
	}
	return nil
}

func (r *resolver) isReal(path string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, ok := r.real[path]
	return ok
}

func (r *resolver) setReal(path string) {
	if !r.still {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.real == nil || len(r.real) >= maxReal {
		r.real = make(map[string]struct{})
	}
	r.real[path] = struct{}{}
}
