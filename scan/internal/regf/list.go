package regf

import (
	"fmt"
	"iter"
)

// A tally gathers what went wrong in one listing, so that a list of which
// every entry is bad makes one Trouble.
type tally struct {
	first *Trouble
	bad   int
}

func (t *tally) add(err *Trouble) {
	if t.first == nil {
		t.first = err
	}
	t.bad++
}

// trouble is the summary, nil if all was well.
func (t *tally) trouble(what string, found, claimed int) *Trouble {
	if t.first == nil {
		return nil
	}
	t.first.losing("%s: %d read of %d", what, found, claimed)
	if t.bad > 1 {
		t.first.What += fmt.Sprintf(" (first of %d faults in the list)", t.bad)
	}
	return t.first
}

// Subkeys lists the keys below in the order of the hive, which is that of
// their upper-case names. Errors are *Trouble and follow what could be read.
func (k Key) Subkeys() iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		var t tally
		found := 0
		if !k.offsets(&t, k.purse(), func(_ uint32, _ bool, off uint32) bool {
			sub, err := k.h.key(off, k.budget)
			if err != nil {
				t.add(err)
				return true
			}
			found++
			return yield(sub, nil)
		}) {
			return
		}
		if err := t.trouble("subkeys", found, k.NumSubkeys()); err != nil {
			yield(Key{}, err)
		}
	}
}

// offsets lists the cells of the subkeys. Only lh lists have
// hashes. It is false if yield was.
func (k Key) offsets(t *tally, b *budget, yield func(hash uint32, hashed bool, off uint32) bool) bool {
	n := k.NumSubkeys()
	if n == 0 {
		return true
	}
	listed, bad := 0, t.bad
	count := func(hash uint32, hashed bool, off uint32) bool {
		listed++
		return yield(hash, hashed, off)
	}
	if !k.h.list(le32(k.nk, offSubList), true, t, b, count) {
		return false
	}
	if listed != n && t.bad == bad {
		t.add(damage(int64(k.off), "key counts %d subkeys, its lists hold %d", n, listed))
	}
	return true
}

// list reads one subkey list; ri lists, which hold further lists, only where
// index is set, so that they do not nest.
func (h *Hive) list(off uint32, index bool, t *tally, b *budget, yield func(hash uint32, hashed bool, off uint32) bool) bool {
	data, _, err := h.cell(off)
	if err != nil {
		t.add(err)
		return true
	}
	if len(data) < 4 {
		t.add(damage(int64(off), "subkey list of %d bytes", len(data)))
		return true
	}
	width := 4
	kind, n := string(data[:2]), le16(data, 2)
	switch {
	case kind == "lf", kind == "lh":
		width = 8
	case kind == "li", kind == "ri" && index:
	default:
		t.add(damage(int64(off), "no subkey list here (magic %q)", kind))
		return true
	}
	if room := (len(data) - 4) / width; n > room {
		t.add(damage(int64(off), "subkey list of %d entries has room for %d", n, room))
		n = room
	}
	if !b.spend(int64(n * width)) {
		t.add(overspent(off))
		return true
	}
	for i := range n {
		at := 4 + i*width
		sub := le32(data, at)
		switch {
		case kind == "ri":
			if !h.list(sub, false, t, b, yield) {
				return false
			}
			continue
		case kind == "lh":
			if !yield(le32(data, at+4), true, sub) {
				return false
			}
		default:
			if !yield(0, false, sub) {
				return false
			}
		}
	}
	return true
}

func overspent(off uint32) *Trouble {
	t := damage(int64(off), "listing ended")
	t.Err = ErrBudget
	return t
}

// Values lists the values of the key in the order of the hive. Errors are
// *Trouble and follow what could be read.
func (k Key) Values() iter.Seq2[*Value, error] {
	return func(yield func(*Value, error) bool) {
		n := k.NumValues()
		if n == 0 {
			return
		}
		var t tally
		found := 0
		off := le32(k.nk, offValList)
		data, _, err := k.h.cell(off)
		switch {
		case err != nil:
			t.add(err)
		case n > len(data)/4:
			t.add(damage(int64(off), "list of %d values has room for %d", n, len(data)/4))
		}
		room := min(n, len(data)/4)
		b := k.purse()
		if !b.spend(int64(room) * 4) {
			t.add(overspent(off))
			room = 0
		}
		var v Value
		for i := range room {
			if err := k.h.value(&v, le32(data, 4*i), b); err != nil {
				t.add(err)
				continue
			}
			found++
			if v.free {
				t.add(damage(int64(v.off), "value in use lies in a cell marked free"))
			}
			if !yield(&v, nil) {
				return
			}
		}
		if err := t.trouble("values", found, n); err != nil {
			yield(nil, err)
		}
	}
}
