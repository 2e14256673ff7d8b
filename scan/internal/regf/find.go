package regf

import (
	"fmt"
	"strings"
)

// Find looks a key up by the names from below the root of the hive, joined by
// backslashes, without regard to case as Windows does. An empty path is the
// root. The error is ErrNotFound where the key is certainly absent; a *Trouble
// where damage on the way leaves that open.
func (h *Hive) Find(path string) (*Node, error) {
	n, err := h.Root()
	if err != nil {
		return nil, err
	}
	return n.Find(path)
}

func upperUnits(name string) []uint16 {
	units := appendUnits(nil, name)
	for i, u := range units {
		units[i] = upcase(u)
	}
	return units
}

// Find is Hive.Find with a path from below the key.
func (n *Node) Find(path string) (*Node, error) {
	f := finder{budget: n.h.newBudget()}
	for name := range strings.SplitSeq(path, `\`) {
		if name != "" {
			f.names = append(f.names, upperUnits(name))
		}
	}
	f.keys = make([]Key, len(f.names))
	if len(f.names) >= maxDepth || !f.below(n.Key, 0) {
		err := error(ErrNotFound)
		if f.tally.first != nil {
			err = f.tally.first.losing("whether the key is there")
		}
		return nil, fmt.Errorf("key %q: %w", path, err)
	}
	at := &Node{Key: n.Key, Depth: n.Depth, path: append([]byte(nil), n.path...)}
	for _, k := range f.keys {
		if len(at.path) > 0 {
			at.path = append(at.path, '\\')
		}
		at.Key, at.Depth, at.path = k, at.Depth+1, k.AppendName(at.path)
	}
	return at, nil
}

// A finder follows a path. Of keys with the same name, which only damage or
// tampering make, it tries each.
type finder struct {
	names  [][]uint16 // upper case
	keys   []Key      // that were found for them
	budget *budget
	tally  tally
}

// below looks for the names from depth on: first only among the subkeys whose
// hash in the list fits, then, as hashes may be damaged or forged, among the
// rest.
func (f *finder) below(k Key, depth int) bool {
	if depth == len(f.names) {
		return true
	}
	want := f.names[depth]
	hash := nameHash(want)
	others := 0
	try := func(off uint32) (goOn bool) {
		sub, err := k.h.key(off, k.budget)
		if err != nil {
			f.tally.add(err)
			return true
		}
		if !sameName(sub.rawName(), sub.latin1(), want) {
			return true
		}
		f.keys[depth] = sub
		return !f.below(sub, depth+1)
	}
	if !k.offsets(&f.tally, f.budget, func(have uint32, has bool, off uint32) bool {
		if has && have != hash {
			others++
			return true
		}
		return try(off)
	}) {
		return true
	}
	return others > 0 && !k.offsets(&f.tally, f.budget, func(have uint32, has bool, off uint32) bool {
		return !has || have == hash || try(off)
	})
}

// Value looks a value up by its name without regard to case; the empty name is
// the default value. The errors are those of Hive.Find.
func (k Key) Value(name string) (*Value, error) {
	want := upperUnits(name)
	for v, err := range k.Values() {
		if err != nil {
			return nil, fmt.Errorf("value %q: %w", name, err)
		}
		if sameName(v.rawName(), v.latin1(), want) {
			c := *v
			return &c, nil
		}
	}
	return nil, fmt.Errorf("value %q: %w", name, ErrNotFound)
}
