package match

import (
	"container/heap"
	"slices"

	"iocscan/ioc"
)

// Scopes of several slots, or with absences, are decided when the documents
// are complete. Until then each slot keeps the distinct signatures of its
// items: the truths of its conditions, how many items have them, and the items
// of the smallest labels for the report.

const (
	mostSignatures = 4096    // of one slot; more leave the scope unknown
	mostChoices    = 1 << 20 // of one scope, counted in signatures; likewise
)

type signatures struct {
	byTruth map[string]*signature
	over    bool
}

type signature struct {
	truth []ioc.Truth // by place in scope.conds; those of other slots are not set
	count uint64
	items keptHeap
}

// A keptItem is an item of a signature, as far as the report needs it.
type keptItem struct {
	label  string
	object Object
	values []Held // by place in scope.conds, for those that hold
	notes  []string
}

type keptHeap []keptItem

func (h keptHeap) Len() int           { return len(h) }
func (h keptHeap) Less(i, j int) bool { return h[i].label > h[j].label }
func (h keptHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *keptHeap) Push(x any)        { *h = append(*h, x.(keptItem)) }
func (h *keptHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// keep enters the item in a slot of a scope that is decided later.
func (e *Evaluator) keep(sl *slot) {
	fields := e.host.prog.files[sl.scope.file].fields[e.at]
	e.complete(fields)
	if e.value(sl) == ioc.False {
		return
	}
	conds := sl.scope.conds
	truth := make([]ioc.Truth, len(conds))
	key := make([]byte, len(conds))
	for i := range conds {
		if conds[i].slot == sl.place {
			truth[i] = e.leaf(int32(i))
			key[i] = byte(truth[i])
		}
	}
	h := e.host
	id := sl.scope.slots[sl.place].id
	sig := h.signature(e.at, id, string(key), truth)
	if sig == nil {
		return
	}
	h.mu.Lock()
	sig.count++
	most := h.opt.MaxObjects
	room := most == 0 || len(sig.items) < most || e.itemLabel() < sig.items[0].label
	h.mu.Unlock()
	if !room || sl.fill(truth) != ioc.True {
		return
	}
	it := keptItem{label: e.itemLabel(), object: e.object(fields), values: make([]Held, len(conds))}
	for i := range conds {
		if c := &conds[i]; c.slot == sl.place && truth[i] == ioc.True && c.same == nil {
			it.values[i] = e.held(c)
		}
	}
	e.slot = sl
	h.mu.Lock()
	defer h.mu.Unlock()
	if most != 0 && len(sig.items) >= most {
		if it.label >= sig.items[0].label {
			return
		}
		heap.Pop(&sig.items)
	}
	heap.Push(&sig.items, it)
}

func (h *Host) signature(doc int, id slotID, key string, truth []ioc.Truth) *signature {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.docs[doc].kept[id]
	if all == nil {
		all = &signatures{byTruth: map[string]*signature{}}
		h.docs[doc].kept[id] = all
	}
	s := all.byTruth[key]
	if s == nil {
		if len(all.byTruth) == mostSignatures {
			all.over = true
			return nil
		}
		s = &signature{truth: truth}
		all.byTruth[key] = s
	}
	return s
}

// fill is whether an item of these truths can fill the slot.
func (sl *slot) fill(truth []ioc.Truth) ioc.Truth {
	fill := ioc.False
	for i := range sl.scope.conds {
		if c := &sl.scope.conds[i]; c.slot == sl.place && !c.src.Negate && c.same == nil {
			fill = max(fill, truth[i])
		}
	}
	return fill
}

// An option is what a slot can be filled with: items of one signature, items
// of which something is unknown, or nothing (sig nil).
type option struct {
	sig  *signature
	fill ioc.Truth
}

// A choosing goes through the choices of a deferred scope.
type choosing struct {
	host  *Host
	scope *scope
	slots []*slot
	opts  [][]option
	pick  []option
	value ioc.Truth // best so far
	over  bool
}

// decide finds the truth of a deferred scope, counts and lists its matches.
func (h *Host) decide(s *scope) ioc.Truth {
	c := &choosing{host: h, scope: s, pick: make([]option, len(s.slots))}
	combos := 1
	for i := range s.slots {
		sl := h.prog.slotOf(s, int32(i))
		c.slots = append(c.slots, sl)
		opts := h.options(s, sl, int(s.slots[i].doc), &c.over)
		c.opts = append(c.opts, opts)
		if combos *= len(opts); combos > mostChoices {
			c.over = true
			break
		}
	}
	if c.over {
		c.markAll()
		c.value = ioc.Unknown
		return c.value
	}
	c.choose(0)
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
			opts = append(opts, option{sig, sl.fill(sig.truth)})
		}
	}
	for _, state := range h.untold(doc, s.slots[sl.place].id) {
		sig := &signature{truth: sl.unhitTruths(d, state)}
		if fill := sl.fill(sig.truth); fill != ioc.False {
			opts = append(opts, option{sig, fill})
		}
	}
	if !hd.complete {
		opts = append(opts, option{&signature{truth: sl.allUnknown()}, ioc.Unknown})
	}
	return opts
}

func (sl *slot) unhitTruths(d *docProgram, state []fieldState) []ioc.Truth {
	var truth func(i int32) ioc.Truth
	truth = func(i int32) ioc.Truth {
		c := &sl.scope.conds[i]
		if c.same != nil {
			return c.same.all(truth)
		}
		return d.unhit(c, state)
	}
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

func (c *choosing) choose(slot int) {
	if slot < len(c.opts) {
		for _, o := range c.opts[slot] {
			c.pick[slot] = o
			c.choose(slot + 1)
		}
		return
	}
	v := c.scope.tree.eval(c.truth)
	for _, o := range c.pick {
		v = min(v, o.fill)
	}
	c.value = max(c.value, v)
	switch v {
	case ioc.True:
		c.match()
	case ioc.Unknown:
		c.mark()
	}
}

// truth of a condition in the choice at hand.
func (c *choosing) truth(i int32) ioc.Truth {
	cond := &c.scope.conds[i]
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
			if a.label < b.label {
				return -1
			}
			return 1
		})
	}
	f.count = addSaturating(f.count, n)
	chosen := make([]*keptItem, len(c.pick))
	c.list(f, items, chosen, 0, new(int))
}

// list goes through the items of a choice in order of their labels.
func (c *choosing) list(f *fileState, items [][]keptItem, chosen []*keptItem, k int, made *int) {
	if most := c.host.opt.MaxObjects; most != 0 && *made >= most {
		return
	}
	if k == len(items) {
		*made++
		m := c.describe(chosen)
		f.list.add(m)
		if on := c.host.opt.OnMatch; on != nil && (c.host.opt.MaxObjects == 0 || f.list.told < c.host.opt.MaxObjects) {
			f.list.told++
			on(int(c.scope.file), m)
		}
		return
	}
	if c.pick[k].sig == nil {
		c.list(f, items, chosen, k+1, made)
		return
	}
	for i := range items[k] {
		chosen[k] = &items[k][i]
		c.list(f, items, chosen, k+1, made)
	}
	chosen[k] = nil
}

func (c *choosing) describe(chosen []*keptItem) *Match {
	s := c.scope
	m := &Match{
		Text: s.tree.text(c.truth, s.words), Conditions: []string{}, Objects: []Object{},
		Notes: s.notes(), deferred: true,
	}
	var holding []int32
	s.tree.holding(c.truth, func(i int32) { holding = append(holding, i) })
	for k, it := range chosen {
		if it == nil {
			continue
		}
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
