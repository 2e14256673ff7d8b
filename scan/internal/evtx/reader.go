package evtx

import "bytes"

// bufSize leaves room behind the chunk for the characters of entities and for
// literals of borrowed templates.
const (
	entityAt = ChunkSize
	lentAt   = entityAt + 10
	bufSize  = 2 * ChunkSize
)

// A Reader decodes chunks. It is made by NewReader, used for one chunk after
// the other, and allocates next to nothing once it is warm.
type Reader struct {
	// Lender, if not nil, is asked for template definitions that are damaged
	// in the chunk. See NewLender.
	Lender *Lender

	buf   [bufSize]byte
	lent  int // end of what is used behind the chunk
	chunk Chunk
	stats Stats

	pos, free int    // walk over records
	last      uint64 // number of the record before
	any       bool   // there was one
	damaged   bool   // something before this record could not be read
	ended     bool

	steps int

	names                *names
	nameName             NameID // "Name"
	dataName             NameID // "Data"
	valueName, eventData NameID // "Value", "EventData"
	xmlns                NameID // "xmlns"
	dataPath             PathID // /Event/EventData/Data
	gen                  uint32
	nameGen              [ChunkSize]uint32 // generation in which nameID was looked up
	nameID               [ChunkSize]NameID
	tmplGen              [ChunkSize]uint32
	tmplAt               [ChunkSize]int32
	borrowed             map[borrowKey]int32

	templates []template
	items     []item
	elems     []elemDef
	item0     int // of the fragment being compiled
	elem0     int
	spare     []byte // a chunk that lends
	itemTop   int    // end of what templates use; literal fragments lie behind
	elemTop   int

	rec Record
}

// Stats says how a chunk was read.
type Stats struct {
	Records     int // handed out
	Partial     int // of them, those found to be cut off or damaged inside so far
	Uncommitted int // of them, those behind the end that the header states
	Borrowed    int // of them, those decoded with a template of another chunk so far
	Undecodable int // records found of which nothing could be decoded
	Missing     int // records whose numbers are skipped or promised by the header, but were not found
	Gaps        int // places where no record could be found
	GapBytes    int // their length
	OverBudget  bool
}

// Add sums up the statistics of chunks.
func (s *Stats) Add(t Stats) {
	s.Records += t.Records
	s.Partial += t.Partial
	s.Uncommitted += t.Uncommitted
	s.Borrowed += t.Borrowed
	s.Undecodable += t.Undecodable
	s.Missing += t.Missing
	s.Gaps += t.Gaps
	s.GapBytes += t.GapBytes
	s.OverBudget = s.OverBudget || t.OverBudget
}

// NewReader makes a Reader. The given names keep their NameID for good, see ID.
func NewReader(names ...string) *Reader {
	r := &Reader{names: newNames(names), borrowed: make(map[borrowKey]int32)}
	r.nameName = r.names.fixed("Name")
	r.xmlns = r.names.fixed("xmlns")
	r.dataName = r.names.fixed("Data")
	r.valueName, r.eventData = r.names.fixed("Value"), r.names.fixed("EventData")
	r.dataPath = r.names.mustPath("Event", "EventData", "Data")
	copy(r.buf[entityAt:], "&\x00<\x00>\x00\"\x00'\x00")
	r.rec.r = r
	return r
}

// ID is the number of a name in whatever case, see Record.Key. It is 0 for a
// name that was not given to NewReader and has not been met.
func (r *Reader) ID(name string) NameID { return r.names.known(name) }

// NameText is the text of a name.
func (r *Reader) NameText(id NameID) string { return r.names.list[id].text }

// PathText is a path as text, such as /Event/System/EventID.
func (r *Reader) PathText(p PathID) string { return r.names.pathText(p) }

// Buffer is where the Reader has its chunk. What is read into it, which ends
// the chunk before, Start need not copy.
func (r *Reader) Buffer() []byte { return r.buf[:ChunkSize] }

// Start begins a chunk: up to ChunkSize bytes, copied unless they stand in
// Buffer; what is missing counts as zeros. Next then gives its records. Nothing
// of the chunk before remains valid.
func (r *Reader) Start(b []byte) Chunk {
	n := min(len(b), ChunkSize)
	if n > 0 && &b[0] != &r.buf[0] {
		copy(r.buf[:ChunkSize], b)
	}
	clear(r.buf[n:ChunkSize])
	r.lent = lentAt
	r.chunk = parseChunk(r.buf[:ChunkSize], n)
	r.stats = Stats{}
	r.steps = maxSteps
	if r.gen++; r.gen == 0 {
		clear(r.nameGen[:])
		clear(r.tmplGen[:])
		r.gen = 1
	}
	r.names.cut()
	clear(r.borrowed)
	r.templates, r.items, r.elems = r.templates[:0], r.items[:0], r.elems[:0]
	r.itemTop, r.elemTop = 0, 0
	r.startWalk()
	return r.chunk
}

// Chunk is what the header of the current chunk claims.
func (r *Reader) Chunk() Chunk { return r.chunk }

// Stats is how the current chunk was read so far; complete once Next has
// returned nil.
func (r *Reader) Stats() Stats { return r.stats }

// step charges n to the budget of the chunk.
func (r *Reader) step(n int) error {
	r.steps -= n
	if r.steps < 0 {
		r.stats.OverBudget = true
		return errBudget
	}
	return nil
}

// keep copies a literal behind the chunk.
func (r *Reader) keep(b []byte) (uint32, error) {
	if len(b) > bufSize-r.lent {
		return 0, errBudget
	}
	o := r.lent
	r.lent += copy(r.buf[o:], b)
	return uint32(o), nil
}

// nameAt interns the name structure at o whose text ends at end. Each place of
// the chunk is looked up once.
func (r *Reader) nameAt(b []byte, o, end int) (NameID, error) {
	own := &b[0] == &r.buf[0]
	if own && r.nameGen[o] == r.gen {
		return r.nameID[o], nil
	}
	id, err := r.intern(b[o+8 : end])
	if err == nil && own {
		r.nameGen[o], r.nameID[o] = r.gen, id
	}
	return id, err
}

func (r *Reader) intern(raw []byte) (NameID, error) {
	if err := r.step(1 + len(raw)/32); err != nil {
		return 0, err
	}
	return r.names.intern(trimNUL(raw))
}

// allZero reports whether nothing is written in a stretch of the chunk.
func allZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
