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
	c, err := h.locate(off)
	var head []byte
	if err == nil {
		head, err = h.read(c, 4)
	}
	if err != nil {
		t.add(err)
		return true
	}
	width := 4
	kind, n := string(head[:2]), le16(head, 2)
	switch {
	case kind == "lf", kind == "lh":
		width = 8
	case kind == "li", kind == "ri" && index:
	default:
		t.add(damage(int64(off), "no subkey list here (magic %q)", kind))
		return true
	}
	if room := int(c.size-4) / width; n > room {
		t.add(damage(int64(off), "subkey list of %d entries has room for %d", n, room))
		n = room
	}
	if !b.spend(int64(n * width)) {
		t.add(overspent(off))
		return true
	}
	data, err := h.read(c, int64(4+n*width))
	if err != nil {
		t.add(err)
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
		b := k.purse()
		data, err := k.valueList(n, b)
		if err != nil {
			t.add(err)
		}
		var v Value
		for i := range len(data) / 4 {
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

// valueList is the cells of the n values that the key claims, or fewer and
// why.
func (k Key) valueList(n int, b *budget) ([]byte, *Trouble) {
	off := le32(k.nk, offValList)
	c, err := k.h.locate(off)
	if err != nil {
		return nil, err
	}
	room := min(int64(n), c.size/4)
	if !b.spend(4 * room) {
		return nil, overspent(off)
	}
	data, err := k.h.read(c, 4*room)
	if err == nil && room < int64(n) {
		err = damage(int64(off), "list of %d values has room for %d", n, room)
	}
	return data, err
}
