package evtx

// Flags say what is unusual about a record.
type Flags uint8

const (
	Partial     Flags = 1 << iota // damaged or cut off: fields may be missing
	Uncommitted                   // behind the end that the chunk's header states
	AfterDamage                   // something before it in the chunk could not be read
	Borrowed                      // its template was taken from another chunk
)

// A Record is one event of the current chunk. It is valid until the Reader's
// next call of Next or Start.
type Record struct {
	Number uint64 // of the record; EventRecordID is what Windows shows
	Ticks  uint64 // when it was written: 100 ns since 1601 UTC, 0 if not known
	Offset int    // in the chunk
	Size   int    // bytes, head included

	r      *Reader
	flags  Flags
	err    error
	done   bool // all fields are listed
	odd    bool // holds what the library does not read as we do, as far as templates tell
	root   running
	end    int
	depth  int
	fields []Field
	slots  [slotEnd]int32 // index into fields plus 1
	vals   []val
	elems  uint32
	groups []group
	name   int32  // field that holds the Name attribute last met
	joined []byte // value made of pieces

	folded, numbers     []byte
	hasFolded, hasNumbs bool
}

// group is a run of elements that came from one template.
type group struct {
	first  uint32
	elems  []elemDef
	parent int32 // element of the record, -1 for the top

	descr, count uint32 // descriptors of its values; 0 for elements written without a template
}

// element is the definition of an element of the record and the number of the
// element around it, -1 for none.
func (g *group) element(n uint32) (def elemDef, parent int32) {
	def = g.elems[n-g.first]
	if def.parent >= 0 {
		return def, int32(g.first) + def.parent
	}
	return def, g.parent
}

// groupOf is the group that an element belongs to.
func (rec *Record) groupOf(n uint32) int {
	lo, hi := 0, len(rec.groups)
	for hi-lo > 1 { // groups are ordered by their first element
		m := (lo + hi) / 2
		if rec.groups[m].first <= n {
			lo = m
		} else {
			hi = m
		}
	}
	return lo // groups without elements share their number with the next
}

type fieldFlags uint8

const (
	fieldCont   fieldFlags = 1 << iota // goes on with the text of the field before
	fieldData                          // belongs to the event's data
	fieldNamed                         // the Name of the Data element is a value: nameAt
	fieldIsName                        // is such a Name attribute
	fieldEmpty                         // the element has neither attributes nor content
)

// A Field is one place of a record that has a value: the text of an element or
// an attribute. Its value is in the chunk and read only on demand, see
// Record.Value.
type Field struct {
	Path PathID
	Attr NameID // attribute, 0 for the text of the element
	Name NameID // literal Name of a Data element, 0 if it has none; see Record.FieldName
	Elem uint32 // number of the element in the record: fields with the same belong to one element

	nameAt int32
	off, n uint32
	typ    Type
	flags  fieldFlags
}

// Continues reports whether the field is a further piece of the text of the
// field before; Record.Value of that one has it.
func (f *Field) Continues() bool { return f.flags&fieldCont != 0 }

// Data reports whether the field is a value of the event's data: not of System
// or RenderingInfo, and not merely the name of another.
func (f *Field) Data() bool { return f.flags&(fieldData|fieldIsName) == fieldData }

// Type is how the value is stored.
func (f *Field) Type() Type { return f.typ }

// begin decodes the System part of the record at pos.
func (rec *Record) begin(pos, end int, flags Flags) {
	r := rec.r
	rec.Number, rec.Ticks = r.number(pos), le.Uint64(r.buf[pos+16:])
	rec.Offset, rec.Size = pos, end-pos
	rec.flags, rec.err, rec.done, rec.odd = flags&^Partial, nil, false, false
	rec.root, rec.depth, rec.elems, rec.name = running{}, 0, 0, 0
	rec.fields, rec.vals, rec.groups = rec.fields[:0], rec.vals[:0], rec.groups[:0]
	clear(rec.slots[:])
	rec.hasFolded, rec.hasNumbs = false, false
	r.items, r.elems = r.items[:r.itemTop], r.elems[:r.elemTop]
	if flags&Partial != 0 {
		rec.fault(errBad)
		rec.end = end // its own length is what is damaged
	} else {
		rec.end = end - 4
	}
	p := pos + recordHeadSize
	if p+5 <= rec.end && r.buf[p] == 0x0f {
		p += 4
	}
	rec.root.next = p
	if p >= rec.end || r.buf[p] != 0x0c {
		return // elements without a template: all or nothing
	}
	in, err := rec.openInstance(p, rec.end, 0, -1)
	if err == nil {
		err = rec.emit(&in, in.t.head)
	}
	rec.root = in
	if err != nil && (in.t == nil || err != in.t.err) {
		rec.fault(err)
		rec.done = true
	}
}

// Fields lists all fields in the order of the event. Errors are told by Err
// and the flag Partial.
func (rec *Record) Fields() []Field {
	if rec.done {
		return rec.fields
	}
	rec.done = true
	if in := &rec.root; in.t != nil {
		err := rec.emit(in, len(in.t.items))
		if err == nil {
			err = in.err
		}
		if err != nil {
			rec.fault(err)
			return rec.fields
		}
	}
	if err := rec.fragment(rec.root.next, rec.end, 0, -1); err != nil {
		rec.fault(err)
	}
	return rec.fields
}

func (rec *Record) fault(err error) {
	if rec.flags&Partial == 0 {
		rec.r.stats.Partial++
	}
	rec.flags |= Partial
	if rec.err == nil {
		rec.err = err
	}
}

func (rec *Record) setBorrowed() {
	if rec.flags&Borrowed == 0 {
		rec.r.stats.Borrowed++
	}
	rec.flags |= Borrowed
}

// Flags is what is unusual about the record. Partial and Borrowed may appear
// only after Fields.
func (rec *Record) Flags() Flags { return rec.flags }

// Err is why the record is Partial, nil if it is not.
func (rec *Record) Err() error { return rec.err }

// Value is the value of a field by its index. Of a field in several pieces the
// first has the joined text, each further one itself only. It is valid until the next call of Value for a field of several pieces.
func (rec *Record) Value(i int) Value {
	f := &rec.fields[i]
	v := Value{f.typ, rec.r.buf[f.off : f.off+f.n]}
	if f.Continues() || i+1 == len(rec.fields) || !rec.fields[i+1].Continues() {
		return v
	}
	rec.joined = v.appendUTF16(rec.joined[:0])
	for i++; i < len(rec.fields) && rec.fields[i].Continues(); i++ {
		f = &rec.fields[i]
		rec.joined = Value{f.typ, rec.r.buf[f.off : f.off+f.n]}.appendUTF16(rec.joined)
	}
	return Value{String, rec.joined}
}

// Slot is the value of a fixed place. Absent ones, and null ones, are not ok.
func (rec *Record) Slot(s Slot) (v Value, ok bool) {
	if s >= RenderedMessage {
		rec.Fields()
	}
	if rec.slots[s] == 0 {
		return Value{}, false
	}
	return rec.Value(int(rec.slots[s] - 1)), true
}

// Uint is the number at a fixed place.
func (rec *Record) Uint(s Slot) (n uint64, ok bool) {
	v, ok := rec.Slot(s)
	if !ok {
		return 0, false
	}
	return v.Uint()
}

// FullEventID is the event identifier with its qualifiers in the upper 16
// bits, the form in which the message tables of providers have it.
func (rec *Record) FullEventID() (id uint32, ok bool) {
	n, ok := rec.Uint(EventID)
	q, _ := rec.Uint(Qualifiers)
	return uint32(n) | uint32(q)<<16, ok
}

// Time is when the event was created, in 100 ns since 1601 UTC: TimeCreated,
// or the time of writing where that is absent.
func (rec *Record) Time() (ticks int64, ok bool) {
	if v, ok := rec.Slot(TimeCreated); ok {
		if t, ok := v.Ticks(); ok {
			return t, true
		}
	}
	return int64(rec.Ticks), rec.Ticks != 0
}

// EventRecordID is the number that Windows shows: in exported logs it is not
// the number of the record.
func (rec *Record) EventRecordID() uint64 {
	if n, ok := rec.Uint(EventRecordID); ok {
		return n
	}
	return rec.Number
}
