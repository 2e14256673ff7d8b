package match

import (
	"sync"

	"iocscan/ioc"
)

// A Host gathers what the items of one body of evidence mean for a program.
// Evaluators of any number of goroutines feed it; Results are asked when all
// documents have been listed.
type Host struct {
	prog *Program
	opt  Options

	mu     sync.Mutex
	docs   []hostDoc
	scopes map[int32]*scopeState // by number: those that items have said something about
	files  []fileState
}

// Options of a Host.
type Options struct {
	// MaxObjects is how many matches are listed for each IOC file; 0: all.
	// All are counted.
	MaxObjects int

	// OnMatch is told of a match as soon as it is certain, at most MaxObjects
	// times for each file (by its index in the collection). It is called under
	// a lock: one call at a time, and it must not call back.
	OnMatch func(file int, m *Match)
}

type hostDoc struct {
	items   uint64
	matched uint64
	sets    map[setID]uint64
	excepts map[except]uint64
	setIDs  map[string]setID
	states  [][]fieldState // by setID
	reasons map[int]fieldReason
	present []ioc.Truth // by predicate: whether some item passes it
	kept    map[slotID]*signatures

	complete bool
	full     bool
	reason   string // why it is not complete, or not full
}

type scopeState struct {
	matched bool
	over    bool           // too many choices to try them all
	open    map[int32]bool // conditions that left it unknown
}

type fileState struct {
	count uint64
	list  matchList
}

// NewHost starts an evaluation. Documents count as not looked at until
// Complete says otherwise.
func NewHost(prog *Program, opt Options) *Host {
	h := &Host{prog: prog, opt: opt, scopes: map[int32]*scopeState{}, files: make([]fileState, len(prog.files))}
	h.docs = make([]hostDoc, len(prog.docs))
	for i, d := range prog.docs {
		h.docs[i] = hostDoc{
			sets: map[setID]uint64{}, excepts: map[except]uint64{}, setIDs: map[string]setID{},
			states: make([][]fieldState, 1), reasons: map[int]fieldReason{}, kept: map[slotID]*signatures{},
			present: make([]ioc.Truth, len(d.preds)), reason: "the document was not looked at",
		}
		if d.schema == nil {
			h.docs[i].reason = "document " + d.name + " is not supported by this version"
		}
	}
	for i := range h.files {
		h.files[i].list.most = opt.MaxObjects
	}
	return h
}

// Complete says that a document has been listed to its end within the question
// that was asked. full: nothing of the host was left out, so that absence can
// be told; else reason says what was.
func (h *Host) Complete(document string, full bool, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.document(document); d != nil {
		d.complete, d.full, d.reason = true, full, reason
	}
}

// Incomplete says why a document was not listed, or not to its end.
func (h *Host) Incomplete(document, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.document(document); d != nil {
		d.complete, d.full, d.reason = false, false, reason
	}
}

func (h *Host) document(name string) *hostDoc {
	i, ok := h.prog.byName[ioc.Fold(name)]
	if !ok {
		return nil
	}
	return &h.docs[i]
}

// present notes that an item passes a predicate, or may.
func (h *Host) present(doc int, id predID, t ioc.Truth) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.docs[doc].present
	p[id] = max(p[id], t)
}

func (h *Host) state(s *scope) *scopeState {
	st := h.scopes[s.number]
	if st == nil {
		st = &scopeState{}
		h.scopes[s.number] = st
	}
	return st
}

// open notes which conditions leave an item's slot, and so its scope, unknown.
func (h *Host) open(sl *slot, truth func(int32) ioc.Truth) {
	var conds []int32
	h.openConds(sl, truth, func(i int32) { conds = append(conds, i) })
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state(sl.scope).mark(conds...)
}

// openConds finds the unknown conditions of a slot that keep it from being
// filled or its tree from being decided, the rest of the host at its best.
func (h *Host) openConds(sl *slot, truth func(int32) ioc.Truth, f func(int32)) {
	s := sl.scope
	s.tree.open(func(i int32) ioc.Truth {
		if s.conds[i].slot != sl.place {
			return ioc.True
		}
		return truth(i)
	}, f)
	if sl.fill(truth) != ioc.Unknown {
		return
	}
	for i := range s.conds {
		c := &s.conds[i]
		if c.slot == sl.place && c.same == nil && !c.src.Negate && truth(int32(i)) == ioc.Unknown {
			f(int32(i))
		}
	}
}

func (st *scopeState) mark(conds ...int32) {
	if st.open == nil {
		st.open = map[int32]bool{}
	}
	for _, i := range conds {
		st.open[i] = true
	}
}

// report counts a match of the item for every file whose scopes it decided,
// and lists it where there is room.
func (e *Evaluator) report(matched []*scope) {
	if len(matched) == 0 {
		return
	}
	e.counts.matched++
	sortScopes(matched)
	for len(matched) > 0 {
		n := 1
		for n < len(matched) && matched[n].file == matched[0].file {
			n++
		}
		e.reportFile(matched[:n])
		matched = matched[n:]
	}
}

func (e *Evaluator) reportFile(scopes []*scope) {
	h, file := e.host, int(scopes[0].file)
	if !h.claim(scopes, e.itemLabel()) {
		return
	}
	m := e.match(scopes)
	h.mu.Lock()
	defer h.mu.Unlock()
	f := &h.files[file]
	f.list.add(m)
	if h.opt.OnMatch != nil && (h.opt.MaxObjects == 0 || f.list.told < h.opt.MaxObjects) {
		f.list.told++
		h.opt.OnMatch(file, m)
	}
}

// claim counts a match and says whether it may be among those listed.
func (h *Host) claim(scopes []*scope, label []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range scopes {
		h.state(s).matched = true
	}
	f := &h.files[scopes[0].file]
	f.count = addSaturating(f.count, 1)
	return f.list.wants(label)
}
