package regf

import "iter"

// A Node is a key with its place in the hive.
type Node struct {
	Key
	// Depth is 0 for the root of the hive.
	Depth int
	path  []byte
}

// Path is the names from below the root of the hive to the key, joined by
// backslashes and in the hive's own spelling; empty for the root.
func (n *Node) Path() string { return string(n.path) }

// RawPath is Path without a copy, valid until the walk goes on.
func (n *Node) RawPath() []byte { return n.path }

// Child is a key of n's Subkeys with its place.
func (n *Node) Child(sub Key) *Node {
	path := append([]byte(nil), n.path...)
	if len(path) > 0 {
		path = append(path, '\\')
	}
	return &Node{Key: sub, Depth: n.Depth + 1, path: sub.AppendName(path)}
}

// Root is the root key.
func (h *Hive) Root() (*Node, error) {
	k, err := h.key(h.root, nil)
	if err != nil {
		return nil, err.losing("all keys")
	}
	return &Node{Key: k}, nil
}

// Walk lists all keys, each before those below it. See Node.Walk.
func (h *Hive) Walk() iter.Seq2[*Node, error] {
	return func(yield func(*Node, error) bool) {
		root, err := h.Root()
		if err != nil {
			yield(nil, err)
			return
		}
		for n, err := range root.Walk() {
			if !yield(n, err) {
				return
			}
		}
	}
}

// Walk lists the key and all below it. The node is used again for the next
// key. Errors are *Trouble with the path of the key they were met at; the walk
// goes on after them. A key that was seen before (a cycle, or two parents) is
// such an error and not listed again.
func (n *Node) Walk() iter.Seq2[*Node, error] {
	return func(yield func(*Node, error) bool) {
		b := n.h.newBudget()
		w := walker{h: n.h, yield: yield, seen: make(map[uint32]*[64]uint64)}
		w.node = Node{Key: n.Key, Depth: n.Depth, path: append(make([]byte, 0, 1024), n.path...)}
		w.node.budget = b
		w.mark(n.off)
		if !w.key(w.node.Key, n.Depth) {
			return
		}
		for _, t := range n.h.oddities() {
			if !w.report(t) {
				return
			}
		}
		if w.unlisted > 0 {
			yield(nil, unlisted(w.unlisted))
		}
	}
}

type walker struct {
	h        *Hive
	node     Node
	yield    func(*Node, error) bool
	seen     map[uint32]*[64]uint64 // a bit for 4 bytes, 16 KiB an entry
	listed   int
	unlisted int
}

// mark notes that the cell was visited and reports whether it was before.
func (w *walker) mark(off uint32) (again bool) {
	bits := w.seen[off>>14]
	if bits == nil {
		bits = new([64]uint64)
		w.seen[off>>14] = bits
	}
	word, bit := off>>8&63, uint64(1)<<(off>>2&63)
	again = bits[word]&bit != 0
	bits[word] |= bit
	return again
}

func (w *walker) report(t *Trouble) bool {
	if w.listed++; w.listed > maxTroubles {
		w.unlisted++
		return true
	}
	t.Path = string(w.node.path)
	return w.yield(nil, t)
}

// key lists k and what is below it; the walker's path is that of k.
func (w *walker) key(k Key, depth int) bool {
	if k.free && !w.report(damage(int64(k.off), "key in use lies in a cell marked free")) {
		return false
	}
	w.node.Key, w.node.Depth = k, depth
	if !w.yield(&w.node, nil) {
		return false
	}
	if k.NumSubkeys() == 0 {
		return true
	}
	var t tally
	found, length := 0, len(w.node.path)
	if !k.offsets(&t, k.budget, func(_ uint32, _ bool, off uint32) bool {
		sub, err := w.h.key(off, k.budget)
		switch {
		case err != nil:
		case depth+1 >= maxDepth:
			err = damage(int64(off), "keys nest deeper than %d", maxDepth)
		case w.mark(off):
			err = damage(int64(off), "key was seen before: a cycle, or a key with two parents")
		}
		if err != nil {
			t.add(err)
			return true
		}
		found++
		if length > 0 {
			w.node.path = append(w.node.path, '\\')
		}
		w.node.path = sub.AppendName(w.node.path)
		ok := w.key(sub, depth+1)
		w.node.path = w.node.path[:length]
		return ok
	}) {
		return false
	}
	if err := t.trouble("subkeys", found, k.NumSubkeys()); err != nil {
		return w.report(err)
	}
	return true
}
