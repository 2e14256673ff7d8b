package source

import (
	"context"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldKey is the same for names that a system without regard to case takes for
// the same: Unicode simple folding, and on macOS, whose file systems store
// decomposed characters, canonical equivalence. Bytes that are not UTF-8 stand
// for themselves.
func foldKey(p Platform, name string) string {
	if p == Darwin && utf8.ValidString(name) {
		name = norm.NFC.String(name)
	}
	if isASCII(name) {
		return strings.ToUpper(name)
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, name[i])
		} else {
			b = utf8.AppendRune(b, foldRune(r))
		}
		i += n
	}
	return string(b)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldRune is the smallest rune of those that fold to each other.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// findFolded looks a name up in the listing of its folder. Of several names
// that differ only in case the first in byte order is taken, so that the answer
// does not depend on the order of the listing.
func (r *resolver) findFolded(dir, name string) (string, error) {
	key := foldKey(r.platform, name)
	r.mu.RLock()
	list, ok := r.lists[dir]
	r.mu.RUnlock()
	if !ok {
		var err error
		if list, err = r.list(dir); err != nil {
			return "", err
		}
	}
	real, ok := list[key]
	if !ok {
		return "", fs.ErrNotExist
	}
	return real, nil
}

func (r *resolver) list(dir string) (map[string]string, error) {
	list := make(map[string]string)
	for e, err := range r.tree.ReadDir(context.Background(), dir) {
		if err != nil {
			return nil, err
		}
		key := foldKey(r.platform, e.Name)
		if old, ok := list[key]; !ok || e.Name < old {
			list[key] = e.Name
		}
	}
	if !r.still || len(list) > maxListed {
		return list, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lists == nil || r.listed+len(list) > maxListed {
		r.lists, r.listed = make(map[string]map[string]string), 0
	}
	r.lists[dir] = list
	r.listed += len(list) + 1
	return list, nil
}
