package match

import (
	"errors"
	"slices"

	"iocscan/ioc"
)

// ErrNoContent answers ContentItem.Read on items that have no content, such as
// folders: their content terms are absent.
var ErrNoContent = errors.New("no content")

// An Evaluator asks a program of the items of one document. It belongs to one
// goroutine; any number of them may feed one Host.
//
// Fields are asked by rising cost, and a dearer one only where it can still
// change what some scope makes of the item: for every item where that is so
// even if nothing cheaper is hit (docProgram.base), and for this item where a
// hit has left a slot open.
type Evaluator struct {
	host *Host
	doc  *docProgram
	at   int // index of doc in the program

	item   Item
	folded FoldedItem   // the item, if it is one
	state  []fieldState // by field
	why    []error      // by field: the error of an unreadable one

	gen      uint32
	truth    marks // by predicate: True or Unknown if hit
	hits     []predID
	inTouch  marks // by slot
	touched  []slotID
	wanted   []uint32 // by field: generation of want
	want     []int
	failed   []int            // fields that could not be read
	search   []*contentSearch // by field
	probe    *probe
	unlisted Folder // the item, if it is one

	// state of the slot and of the field in work, for the callbacks below, which
	// are made once so that they cost no allocation
	slot    *slot
	index   *fieldIndex
	onMemo  func(predID, ioc.Truth)
	memos   *memos   // of the field in work; nil: nothing is remembered
	memo    *memo    // the one being made
	byField []*memos // by field
	onValue func(ioc.Value) bool
	leaf    func(int32) ioc.Truth
	onHit   func(predID, ioc.Truth)
	label   []byte
	labels  bool // label is that of the item

	counts
}

// NewEvaluator returns an evaluator of a document for one goroutine. Close it
// when its items are done.
func (h *Host) NewEvaluator(document string) *Evaluator {
	at, ok := h.prog.byName[ioc.Fold(document)]
	if !ok {
		at = -1
	}
	e := &Evaluator{host: h, at: at, counts: newCounts()}
	if !ok || h.prog.docs[at].schema == nil {
		e.doc = &docProgram{}
		return e
	}
	e.doc = h.prog.docs[at]
	n := len(e.doc.asked)
	e.state, e.why, e.wanted = make([]fieldState, n), make([]error, n), make([]uint32, n)
	e.search = make([]*contentSearch, n)
	e.counts.reasons = make([]fieldReason, n)
	e.probe = &probe{}
	e.leaf = func(i int32) ioc.Truth { return e.condition(&e.slot.scope.conds[i]) }
	e.onHit = e.hit
	e.onValue = func(v ioc.Value) bool {
		if e.memos != nil {
			e.recall(v)
		} else {
			e.index.find(v, e.probe, e.onHit)
		}
		return true
	}
	e.byField = make([]*memos, n)
	for f := range e.byField {
		if s := &h.prog.docs[at].schema.Fields[f]; s.Repeats && s.Kind == ioc.Text {
			e.byField[f] = &memos{}
		}
	}
	e.onMemo = func(id predID, t ioc.Truth) {
		e.memo.hits = append(e.memo.hits, memoHit{id, t})
		e.hit(id, t)
	}
	for f, x := range e.doc.index {
		if x != nil && x.content != nil {
			e.search[f] = newContentSearch(x.content)
		}
	}
	return e
}

// Eval tells the host what one item means.
func (e *Evaluator) Eval(it Item) {
	f, unlisted := it.(Folder)
	if !unlisted {
		e.counts.items++
	}
	if e.doc.schema == nil {
		return
	}
	e.begin(it)
	if unlisted {
		e.standFor(f)
	} else {
		for level := Free; level < costs; level++ {
			e.answer(level)
		}
	}
	if len(e.hits) == 0 && !e.doc.hopeless && !e.anyUnknown() {
		return
	}
	e.settle()
}

func (e *Evaluator) begin(it Item) {
	e.item, e.unlisted, e.labels = it, nil, false
	e.folded, _ = it.(FoldedItem)
	e.gen++
	e.truth.reset()
	e.inTouch.reset()
	e.hits, e.touched, e.failed = e.hits[:0], e.touched[:0], e.failed[:0]
	clear(e.state)
}

func (e *Evaluator) hit(id predID, t ioc.Truth) {
	if had, ok := e.truth.get(id); ok {
		e.truth.put(id, max(had, uint8(t)))
		return
	}
	e.truth.put(id, uint8(t))
	e.hits = append(e.hits, id)
	for _, s := range e.doc.pos.of(id) {
		e.touch(s)
	}
}

func (e *Evaluator) touch(s slotID) {
	if e.inTouch.put(s, 0) {
		e.touched = append(e.touched, s)
	}
}

// answer asks the fields of one cost that still matter.
func (e *Evaluator) answer(level Cost) {
	e.want = e.want[:0]
	for _, f := range e.doc.base[level] {
		e.wantField(f)
	}
	if level > Free {
		for _, s := range e.touched {
			if s >= 0 { // a bare condition asks nothing more
				e.wantSlot(&e.doc.slots[s], level)
			}
		}
		for _, f := range e.failed {
			for _, g := range e.doc.beside[f] {
				if e.doc.schema.Fields[g].Cost == level {
					e.wantField(g)
				}
			}
		}
	}
	e.ask()
}

func (e *Evaluator) wantField(f int) {
	if e.wanted[f] != e.gen {
		e.wanted[f] = e.gen
		e.want = append(e.want, f)
	}
}

// wantSlot wants the slot's fields of this cost if it is still open.
func (e *Evaluator) wantSlot(sl *slot, level Cost) {
	open := false
	for i := range sl.scope.conds {
		c := &sl.scope.conds[i]
		if c.slot != sl.place || c.pred == noPred {
			continue
		}
		f := int(e.doc.preds[c.pred].field)
		if e.doc.schema.Fields[f].Cost != level || e.wanted[f] == e.gen {
			continue
		}
		if !open {
			if e.value(sl) != ioc.Unknown {
				return
			}
			open = true
		}
		e.wantField(f)
	}
}

// value is what the item makes of the slot's scope as far as it is known.
func (e *Evaluator) value(sl *slot) ioc.Truth {
	e.slot = sl
	return sl.value(e.leaf)
}

// condition is the truth of a condition of this document on the item.
func (e *Evaluator) condition(c *condition) ioc.Truth {
	if c.same != nil {
		return e.sameElement(c.same)
	}
	if c.pred == noPred {
		return ioc.Unknown
	}
	if t, ok := e.truth.get(c.pred); ok {
		if c.src.Negate {
			return ioc.Truth(t).Not()
		}
		return ioc.Truth(t)
	}
	if e.state[e.doc.preds[c.pred].field] == notAsked {
		return ioc.Unknown
	}
	return e.doc.unhit(c, e.state)
}

// ask puts the values of the wanted fields through their indexes.
func (e *Evaluator) ask() {
	if len(e.want) == 0 {
		return
	}
	if ci, ok := e.item.(ContentItem); ok && e.anyContent() {
		e.askContent(ci)
		return
	}
	for _, f := range e.want {
		e.askField(f)
	}
}

func (e *Evaluator) anyContent() bool {
	for _, f := range e.want {
		if e.doc.schema.Fields[f].Cost == Content {
			return true
		}
	}
	return false
}

func (e *Evaluator) askField(f int) {
	if e.state[f] != notAsked {
		return
	}
	e.state[f] = answered
	x := e.doc.index[f]
	if x == nil {
		return
	}
	e.index, e.memos = x, e.byField[f]
	var err error
	done := false
	if e.folded != nil && x.folded != nil && e.memos == nil {
		done, err = e.askFolded(e.folded, f, x)
	}
	if !done {
		err = e.item.Each(f, e.onValue)
	}
	if err != nil {
		e.fail(f, err)
		return
	}
	if d, ok := e.item.(Doubter); ok {
		e.askDoubt(d, f, x)
	}
}

// askDoubt leaves unknown what only a doubtful value passes.
func (e *Evaluator) askDoubt(d Doubter, f int, x *fieldIndex) {
	passed := false
	why := d.Doubt(f, func(v ioc.Value) bool {
		x.find(v, e.probe, func(id predID, _ ioc.Truth) {
			if t, ok := e.truth.get(id); !ok || ioc.Truth(t) != ioc.True {
				passed = true
				e.hit(id, ioc.Unknown)
			}
		})
		return true
	})
	if passed {
		e.counts.reason(f, e.itemLabel(), why)
	}
}

func (e *Evaluator) fail(f int, err error) {
	e.state[f], e.why[f] = unreadable, err
	e.failed = append(e.failed, f)
}

// askContent answers the wanted fields in one reading of the content.
func (e *Evaluator) askContent(it ContentItem) {
	var searches []*contentSearch
	content := e.want[:0]
	for _, f := range e.want {
		if e.doc.schema.Fields[f].Cost != Content {
			e.askField(f)
			continue
		}
		content = append(content, f)
		if s := e.search[f]; s != nil && e.state[f] == notAsked {
			s.reset()
			searches = append(searches, s)
		}
	}
	var blocks func([]byte)
	if len(searches) > 0 {
		blocks = func(b []byte) {
			for _, s := range searches {
				s.block(b)
			}
		}
	}
	err := it.Read(content, blocks)
	for _, f := range content {
		switch {
		case e.state[f] != notAsked:
		case errors.Is(err, ErrNoContent):
			e.state[f] = answered
		case err != nil:
			e.fail(f, err)
		case e.search[f] != nil:
			e.state[f] = answered
			if err := e.search[f].finish(it, e.onHit); err != nil {
				e.fail(f, err)
			}
		default:
			e.askField(f)
		}
	}
}

// standFor takes an item that stands for what could not be listed: nothing is
// known of it, but anchored path predicates that nothing below could meet are
// false.
func (e *Evaluator) standFor(f Folder) {
	e.unlisted = f
	for i := range e.state {
		e.state[i], e.why[i] = unreadable, f.Err()
		if x := e.doc.index[i]; x != nil && e.doc.schema.Fields[i].Kind == ioc.Path {
			e.state[i] = unlisted
			for _, id := range x.anchored {
				if f.Possible(i, e.doc.preds[id].pattern) {
					e.hit(id, ioc.Unknown)
				}
			}
		}
	}
}

func (e *Evaluator) anyUnknown() bool {
	for _, s := range e.state {
		if s >= unreadable {
			return true
		}
	}
	return false
}

// itemLabel is the item's label, asked of it once and valid until the next.
func (e *Evaluator) itemLabel() []byte {
	if e.labels {
		return e.label
	}
	e.labels = true
	if a, ok := e.item.(LabelAppender); ok {
		e.label = a.AppendLabel(e.label[:0])
	} else {
		e.label = append(e.label[:0], e.item.Label()...)
	}
	return e.label
}

func (e *Evaluator) touchOpen(s slotID, set setID) {
	if set != 0 || e.doc.slots[s].hopeless {
		e.touch(s)
	}
}

// settle tells the host what the item means for each slot it touches, and
// counts it for all others.
func (e *Evaluator) settle() {
	set := e.unknownSet()
	if set != 0 || e.doc.hopeless {
		// a negated condition that is hit makes an open slot less open than
		// the count of the item suggests, so those slots are looked at too
		for _, id := range e.hits {
			for _, s := range e.doc.neg.of(id) {
				e.touchOpen(s, set)
			}
		}
		// whether an item has elements at all is not in the count either
		for _, s := range e.doc.bound {
			e.touchOpen(s, set)
		}
	}
	for _, id := range e.hits {
		if e.doc.preds[id].absent {
			t, _ := e.truth.get(id)
			e.host.present(e.at, id, ioc.Truth(t))
		}
	}
	e.counts.sets[set]++
	var matched []*scope
	var later []slotID
	for _, s := range e.touched {
		sl := e.host.prog.slot(e.doc, s)
		if (set != 0 || sl.hopeless) && sl.barest(e.doc, e.state) != ioc.False {
			e.counts.except(s, set)
		}
		v := e.value(sl)
		switch {
		case v == ioc.False:
		case !sl.scope.simple:
			later = append(later, s)
		case v == ioc.True:
			matched = append(matched, sl.scope)
		default:
			e.host.open(sl, e.leaf)
		}
	}
	for _, s := range later {
		sl := e.host.prog.slot(e.doc, s)
		e.keep(sl, slices.ContainsFunc(matched, func(m *scope) bool { return m.file == sl.scope.file }))
	}
	e.report(matched)
}
