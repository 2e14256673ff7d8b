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

// Find is Hive.Find with a path from below the key.
func (n *Node) Find(path string) (*Node, error) {
	at := &Node{Key: n.Key, Depth: n.Depth, path: append([]byte(nil), n.path...)}
	var units []uint16
	for name := range strings.SplitSeq(path, `\`) {
		if name == "" {
			continue
		}
		units = appendUnits(units[:0], name)
		for i, u := range units {
			units[i] = upcase(u)
		}
		sub, err := at.child(units)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", path, err)
		}
		if len(at.path) > 0 {
			at.path = append(at.path, '\\')
		}
		at.Key, at.Depth, at.path = sub, at.Depth+1, sub.AppendName(at.path)
	}
	return at, nil
}

// child looks for a subkey by its upper-case name: first only those whose hash
// in the list fits, then, as hashes may be damaged or forged, all.
func (k Key) child(want []uint16) (Key, error) {
	var found Key
	var t tally
	b := k.purse()
	hash := nameHash(want)
	hashed := 0
	try := func(off uint32) bool {
		sub, err := k.h.key(off, k.budget)
		if err != nil {
			t.add(err)
			return true
		}
		if sameName(sub.rawName(), sub.latin1(), want) {
			found = sub
			return false
		}
		return true
	}
	if !k.offsets(&t, b, func(have *uint32, off uint32) bool {
		if have != nil && *have != hash {
			hashed++
			return true
		}
		return try(off)
	}) {
		return found, nil
	}
	if hashed > 0 && !k.offsets(&t, b, func(have *uint32, off uint32) bool {
		return have == nil || *have == hash || try(off)
	}) {
		return found, nil
	}
	if t.first != nil {
		return Key{}, t.first.losing("whether the key is there")
	}
	return Key{}, ErrNotFound
}

// Value looks a value up by its name without regard to case; the empty name is
// the default value. The errors are those of Hive.Find.
func (k Key) Value(name string) (*Value, error) {
	want := appendUnits(nil, name)
	for i, u := range want {
		want[i] = upcase(u)
	}
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
