package source

import (
	"context"
	"io/fs"
	"iter"
	"sync"

	"iocscan/scan/internal/fsys"
)

// maxRemembered bounds the names in one generation of a nameMemo; there are two.
const maxRemembered = 1 << 17

// A nameMemo remembers what names in the folders of a file system stand for, so
// that whoever lists a folder and then opens what is in it does not have the
// folder read again for every name. Names that were not asked for lately are
// forgotten: a folder of any size costs a bounded memory.
type nameMemo struct {
	mu         sync.Mutex
	generation int
	young, old map[nameKey]child
	// whole has the folders that were listed to their end, with the generation
	// in which that began: all their names are remembered while that is the
	// present one or the one before it.
	whole map[fsys.ID]int
}

type nameKey struct {
	dir  fsys.ID
	name string
}

type child struct {
	id   fsys.ID
	kind fsys.Kind
}

func newNameMemo() *nameMemo {
	return &nameMemo{young: make(map[nameKey]child), whole: make(map[fsys.ID]int)}
}

// find is what a name in a folder stands for; fs.ErrNotExist says that the
// folder has no such name. Where a part of the folder cannot be read, the error
// of that stands in for the names that might be there.
func (m *nameMemo) find(f fsys.FileSystem, dir fsys.ID, name string) (child, error) {
	key := nameKey{dir, name}
	c, known, whole := m.look(key)
	if known {
		return c, nil
	}
	if whole {
		return child{}, fs.ErrNotExist
	}
	var unsure error
	for e, err := range m.list(context.Background(), f, dir) {
		if err != nil && unsure == nil {
			unsure = err
		}
		if err == nil && e.Name == name {
			c, known = child{e.ID, e.Kind}, true // on to the end, so that the next name is remembered
		}
	}
	if known {
		return c, nil
	}
	if unsure != nil {
		return child{}, unsure
	}
	return child{}, fs.ErrNotExist
}

func (m *nameMemo) look(key nameKey) (c child, known, whole bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, known = m.young[key]; known {
		return c, true, false
	}
	if c, known = m.old[key]; known {
		return c, true, false
	}
	since, ok := m.whole[key.dir]
	return child{}, false, ok && since >= m.generation-1
}

// list lists a folder and remembers its names.
func (m *nameMemo) list(ctx context.Context, f fsys.FileSystem, dir fsys.ID) iter.Seq2[fsys.Entry, error] {
	return func(yield func(fsys.Entry, error) bool) {
		m.mu.Lock()
		since := m.generation
		m.mu.Unlock()
		whole := true
		for e, err := range f.ReadDir(ctx, dir) {
			if err == nil {
				m.remember(nameKey{dir, e.Name}, child{e.ID, e.Kind})
			} else {
				whole = false
			}
			if !yield(e, err) {
				return
			}
		}
		if whole && ctx.Err() == nil {
			m.mu.Lock()
			m.whole[dir] = since
			m.mu.Unlock()
		}
	}
}

// remember: of several objects of one name, which only damage makes, the first
// counts.
func (m *nameMemo) remember(key nameKey, c child) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.young[key]; ok {
		return
	}
	if len(m.young) >= maxRemembered {
		m.old, m.young = m.young, make(map[nameKey]child)
		if m.generation++; len(m.whole) >= maxRemembered {
			clear(m.whole)
		}
	}
	if earlier, ok := m.old[key]; ok {
		c = earlier
	}
	m.young[key] = c
}
