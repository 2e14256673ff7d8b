package match

import (
	"cmp"
	"slices"
)

// intervals finds the closed intervals of keys that hold a key, in time that
// grows with their number and the logarithm of all. They are sorted by their
// lower end; most holds, for the implicit balanced tree over that order, the
// largest upper end below each node.
type intervals struct {
	list []interval
	most []uint64
}

type interval struct {
	lo, hi uint64
	id     int32
}

func (v *intervals) add(lo, hi uint64, id int32) {
	if lo <= hi {
		v.list = append(v.list, interval{lo, hi, id})
	}
}

// seal must be called after the last add.
func (v *intervals) seal() {
	slices.SortFunc(v.list, func(a, b interval) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi), cmp.Compare(a.id, b.id))
	})
	v.most = make([]uint64, len(v.list))
	v.fill(0, len(v.list))
}

func (v *intervals) fill(from, to int) uint64 {
	if from >= to {
		return 0
	}
	mid := (from + to) / 2
	v.most[mid] = max(v.list[mid].hi, v.fill(from, mid), v.fill(mid+1, to))
	return v.most[mid]
}

func (v *intervals) find(key uint64, hit func(id int32)) { v.search(0, len(v.list), key, hit) }

func (v *intervals) search(from, to int, key uint64, hit func(int32)) {
	for from < to {
		mid := (from + to) / 2
		if v.most[mid] < key {
			return
		}
		v.search(from, mid, key, hit)
		if v.list[mid].lo > key {
			return
		}
		if key <= v.list[mid].hi {
			hit(v.list[mid].id)
		}
		from = mid + 1
	}
}
