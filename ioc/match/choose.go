package match

import (
	"cmp"
	"container/heap"
	"slices"

	"iocscan/ioc"
)

// An option is what a slot can be filled with: items of one signature, items
// of which something is unknown, or nothing (sig nil).
type option struct {
	sig  *signature
	fill ioc.Truth
}

// A choosing goes through the choices of a deferred scope.
type choosing struct {
	host   *Host
	scope  *scope
	slots  []*slot
	opts   [][]option
	pick   []option
	filled int       // how many of pick count
	value  ioc.Truth // best so far
	tried  int
	over   bool // not all choices were tried
}

// decide finds the truth of a deferred scope, counts and lists its matches.
func (h *Host) decide(s *scope) ioc.Truth {
	c := &choosing{host: h, scope: s, pick: make([]option, len(s.slots))}
	for i := range s.slots {
		sl := h.prog.slotOf(s, int32(i))
		c.slots = append(c.slots, sl)
		opts := h.options(s, sl, int(s.slots[i].doc), &c.over)
		c.opts = append(c.opts, opts)
	}
	if !c.over {
		c.choose(0)
	}
	if c.over {
		c.markAll()
		c.value = max(c.value, ioc.Unknown)
	}
	return c.value
}

// options of a slot in a fixed order: empty, then signatures by their truths.
func (h *Host) options(s *scope, sl *slot, doc int, over *bool) []option {
	d, hd := h.prog.docs[doc], &h.docs[doc]
	opts := []option{{fill: ioc.True}}
	if kept := hd.kept[s.slots[sl.place].id]; kept != nil {
		*over = *over || kept.over
		keys := make([]string, 0, len(kept.byTruth))
		for k := range kept.byTruth {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			sig := kept.byTruth[k]
			opts = append(opts, option{sig, sl.fill(sig.at)})
		}
	}
	for _, state := range h.untold(doc, s.slots[sl.place].id) {
		sig := &signature{truth: sl.unhitTruths(d, state)}
		if fill := sl.fill(sig.at); fill != ioc.False {
			opts = append(opts, option{sig, fill})
		}
	}
	if !hd.complete {
		opts = append(opts, option{&signature{truth: sl.allUnknown()}, ioc.Unknown})
	}
	return opts
}

func (sl *slot) unhitTruths(d *docProgram, state []fieldState) []ioc.Truth {
	truth := sl.unhitOn(d, state)
	out := make([]ioc.Truth, len(sl.scope.conds))
	for i := range out {
		if sl.scope.conds[i].slot == sl.place {
			out[i] = truth(int32(i))
		}
	}
	return out
}

func (sl *slot) allUnknown() []ioc.Truth {
	out := make([]ioc.Truth, len(sl.scope.conds))
	for k := range out {
		out[k] = ioc.Unknown
	}
	return out
}

// untold are the states of items that the slot has not looked at one by one:
// nothing of it was hit on them, but something was unknown.
func (h *Host) untold(doc int, id slotID) [][]fieldState {
	hd := &h.docs[doc]
	var out [][]fieldState
	for set := range hd.states {
		if n := hd.sets[setID(set)]; n > hd.excepts[except{id, setID(set)}] {
			out = append(out, hd.states[set])
		}
	}
	return out
}

// choose fills the slots from this one on in every way that can still make the
// scope true.
func (c *choosing) choose(slot int) {
	c.filled = slot
	v := c.scope.tree.eval(c.truth)
	for _, o := range c.pick[:slot] {
		v = min(v, o.fill)
	}
	if v == ioc.False {
		return
	}
	if slot < len(c.opts) {
		for _, o := range c.opts[slot] {
			if c.tried += 1 + len(c.scope.conds)/64; c.tried > mostChoices { // a large tree costs more
				c.over = true
				return
			}
			c.pick[slot] = o
			c.choose(slot + 1)
		}
		return
	}
	c.value = max(c.value, v)
	switch v {
	case ioc.True:
		c.match()
	case ioc.Unknown:
		c.mark()
	}
}

// truth of a condition in the choice at hand, the best it can be where its slot
// is still to be filled.
func (c *choosing) truth(i int32) ioc.Truth {
	cond := &c.scope.conds[i]
	if cond.slot >= int32(c.filled) {
		return ioc.True
	}
	if cond.slot >= 0 {
		if sig := c.pick[cond.slot].sig; sig != nil {
			return sig.truth[i]
		}
		if cond.same != nil {
			return cond.same.all(c.truth)
		}
		if !cond.src.Negate {
			return ioc.False
		}
	}
	return c.host.absence(cond)
}

func (c *choosing) mark() {
	st := c.host.state(c.scope)
	c.scope.tree.open(c.truth, func(i int32) { st.mark(i) })
	for k, o := range c.pick {
		if o.fill == ioc.Unknown {
			for i := range c.scope.conds {
				cond := &c.scope.conds[i]
				if cond.slot == int32(k) && cond.same == nil && !cond.src.Negate && c.truth(int32(i)) == ioc.Unknown {
					st.mark(int32(i))
				}
			}
		}
	}
}

func (c *choosing) markAll() {
	st := c.host.state(c.scope)
	st.over = true
	for i := range c.scope.conds {
		if c.scope.conds[i].same == nil {
			st.mark(int32(i))
		}
	}
}

// match counts the choice, multiplied by how many items have each signature,
// and lists those of the smallest labels.
func (c *choosing) match() {
	f := &c.host.files[c.scope.file]
	n := uint64(1)
	items := make([][]keptItem, len(c.pick))
	for k, o := range c.pick {
		if o.sig == nil {
			continue
		}
		n = mulSaturating(n, o.sig.count)
		items[k] = slices.SortedFunc(slices.Values(o.sig.items), func(a, b keptItem) int {
			return compareObjects(&a.object, &b.object)
		})
	}
	counted := c.alone()
	if !counted {
		f.count = addSaturating(f.count, n)
	}
	c.list(f, items, counted)
}

// alone reports whether the choice is of single items that are matches by
// themselves, and so counted.
func (c *choosing) alone() bool {
	filled, found := 0, false
	for _, o := range c.pick {
		if o.sig != nil {
			filled++
			found = o.sig.found
		}
	}
	return filled == 1 && found
}

// list lists the choices out of the items of each slot, the smallest labels
// first and no more than are wanted. One that was listed before is not counted
// again.
func (c *choosing) list(f *fileState, items [][]keptItem, counted bool) {
	todo := choiceHeap{newChoice(items, make([]int, len(items)), 0)}
	most := c.host.opt.MaxObjects
	for len(todo) > 0 && f.list.wants([]byte(todo[0].key)) {
		ch := heap.Pop(&todo).(choice)
		m := c.describe(items, ch.at)
		again := f.list.add(m)
		if again && !counted {
			f.count--
		}
		if on := c.host.opt.OnMatch; on != nil && !again && (most == 0 || f.list.told < most) {
			f.list.told++
			on(int(c.scope.file), m)
		}
		// each choice comes from one other: that with the last place moved by one
		for k := ch.last; k < len(items); k++ {
			if ch.at[k]+1 < len(items[k]) {
				at := slices.Clone(ch.at)
				at[k]++
				heap.Push(&todo, newChoice(items, at, k))
			}
		}
	}
}

// A choice is one item for each slot that is not empty.
type choice struct {
	at   []int // by slot: index in its items
	last int   // the slot whose index was moved last
	key  string
}

func newChoice(items [][]keptItem, at []int, last int) choice {
	var labels []string
	for k, list := range items {
		if len(list) > 0 {
			labels = append(labels, list[at[k]].object.Label)
		}
	}
	return choice{at, last, labelKey(labels)}
}

type choiceHeap []choice

func (h choiceHeap) Len() int { return len(h) }
func (h choiceHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].key, h[j].key), slices.Compare(h[i].at, h[j].at)) < 0
}
func (h choiceHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *choiceHeap) Push(x any)   { *h = append(*h, x.(choice)) }
func (h *choiceHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func (c *choosing) describe(items [][]keptItem, at []int) *Match {
	s := c.scope
	m := &Match{
		Text: s.tree.text(c.truth, s.words), Conditions: []string{}, Objects: []Object{},
		Notes: s.notes(), finder: s.number + 1,
	}
	var holding []int32
	s.tree.holding(c.truth, func(i int32) { holding = append(holding, i) })
	for k := range items {
		if len(items[k]) == 0 {
			continue
		}
		it := &items[k][at[k]]
		m.Notes = append(m.Notes, it.notes...)
		o := m.object(&it.object) // one item can fill two slots of a split
		if o == nil {
			fresh := it.object
			fresh.Conditions = []Held{}
			m.Objects = append(m.Objects, fresh)
			o = &m.Objects[len(m.Objects)-1]
		}
		var held []heldCond
		for _, i := range holding {
			if cond := &s.conds[i]; cond.slot == int32(k) {
				held = append(held, heldCond{cond, it.values[i]})
			}
		}
		m.hold(o, held)
	}
	m.Conditions = m.Conditions[:0]
	for _, i := range holding {
		m.Conditions = append(m.Conditions, s.conds[i].src.ID)
	}
	m.tidy()
	return m
}
