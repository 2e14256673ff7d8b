package evtx

// A template instance in a record:
//
//	0c 01 | id 4 | definition offset 4 | [definition] | count 4 | count × (size 2, type 1, 0) | values
//
// and a definition: next 4 | GUID 16 | size 4 | BinXML. The definition stands
// in place when the offset points right behind itself, which is so for its
// first use in the chunk. Definitions are found by offset, so each record can
// be decoded on its own.

const defHeadSize = 24

type head struct {
	id    uint32
	def   int // offset of the definition, 0 if it is damaged
	count int
	descr int // offset of the value descriptors
}

type val struct {
	off uint32
	n   uint16
	typ Type
}

// ref reads an offset. What no chunk can hold becomes one fixed number, so
// that sums do not overflow where int has 32 bits.
func (r *Reader) ref(o int) int {
	if v := le.Uint32(r.buf[o:]); v <= ChunkSize {
		return int(v)
	}
	return 1 << 20
}

// head reads the head of the instance at o, whose token is known.
func (r *Reader) head(o, end int) (head, error) {
	if end-o < 14 || r.buf[o+1] != 1 {
		return head{}, errBad
	}
	h := head{id: le.Uint32(r.buf[o+2:]), def: r.ref(o + 6)}
	p := o + 10
	if h.def == p {
		if end-p < defHeadSize {
			return head{}, errBad
		}
		size := r.ref(p + 20)
		if size > end-p-defHeadSize {
			return head{}, errBad
		}
		p += defHeadSize + size
	} else if h.def < chunkHeaderSize || h.def+defHeadSize > ChunkSize {
		h.def = 0
	}
	// The id of an instance is the first part of the GUID. Where they differ
	// the definition was overwritten, and what stands there would only give
	// wrong names.
	if h.def != 0 && le.Uint32(r.buf[h.def+4:]) != h.id {
		h.def = 0
	}
	if end-p < 4 {
		return head{}, errBad
	}
	h.count, h.descr = r.ref(p), p+4
	if h.count > maxValues || 4*h.count > end-h.descr {
		return head{}, errBad
	}
	return h, r.step(1 + h.count)
}

// skipValues is the offset behind the values of an instance.
func (r *Reader) skipValues(h head, end int) (int, error) {
	o := h.descr + 4*h.count
	for d := h.descr; d < h.descr+4*h.count; d += 4 {
		o += int(le.Uint16(r.buf[d:]))
		if o > end {
			return 0, errBad
		}
	}
	return o, nil
}

// running is an instance of which items up to i have been emitted.
type running struct {
	t      *template
	i      int
	v0, v1 int    // values in rec.vals
	elem   uint32 // number of its first element in the record
	next   int    // offset behind it
	err    error  // some values lie outside the record
}

// openInstance finds the template and the values of the instance at o. An
// error means that nothing of it can be had; damage to values is noted in the
// result.
func (rec *Record) openInstance(o, end int, base PathID, parent int32) (running, error) {
	r := rec.r
	h, err := r.head(o, end)
	if err != nil {
		return running{}, err
	}
	in := running{v0: len(rec.vals), elem: rec.elems}
	p := h.descr + 4*h.count
	for d := h.descr; d < h.descr+4*h.count; d += 4 {
		n := le.Uint16(r.buf[d:])
		if int(n) > end-p {
			in.err = errBad
			break
		}
		rec.vals = append(rec.vals, val{uint32(p), n, Type(r.buf[d+2])})
		p += int(n)
	}
	in.v1, in.next = len(rec.vals), p
	if in.t, err = r.template(h, base); err != nil {
		rec.vals = rec.vals[:in.v0]
		return in, err
	}
	if in.t.lent {
		rec.setBorrowed()
	}
	rec.elems += uint32(len(in.t.elems))
	rec.groups = append(rec.groups, group{in.elem, in.t.elems, parent, uint32(h.descr), uint32(h.count)})
	rec.odd = rec.odd || in.t.odd
	return in, nil
}

// instance decodes the instance at o and returns the offset behind it.
func (rec *Record) instance(o, end int, base PathID, parent int32) (int, error) {
	in, err := rec.openInstance(o, end, base, parent)
	if err != nil {
		if in.next != 0 && err == errNoTmpl { // what follows can still be read
			rec.fault(err)
			return in.next, nil
		}
		return 0, err
	}
	err = rec.emit(&in, len(in.t.items))
	rec.vals = rec.vals[:in.v0]
	if err == nil && in.err != nil {
		err = in.err
	}
	return in.next, err
}

// emit lists the fields of an instance up to the given item.
func (rec *Record) emit(in *running, to int) error {
	r := rec.r
	vals := rec.vals[in.v0:in.v1]
	for ; in.i < to; in.i++ {
		it := &in.t.items[in.i]
		f := Field{Path: it.path, Attr: it.attr, Name: it.name, Elem: in.elem + uint32(it.elem), flags: it.flags}
		switch it.kind {
		case literal:
			f.typ, f.off, f.n = String, it.off, it.n
		case value:
			if int(it.value) < len(vals) {
				v := vals[it.value]
				f.typ, f.off, f.n = v.typ, v.off, uint32(v.n)
			} else if in.err == nil {
				in.err = errBad
			}
			if f.typ == binXML {
				if err := rec.nest(f); err != nil {
					return err
				}
				continue
			}
		case instance:
			if err := rec.among(int(it.off), int(it.off+it.n), it.path, int32(f.Elem)); err != nil {
				return err
			}
			continue
		}
		if err := r.step(1 + int(f.n)/32); err != nil {
			return err
		}
		if len(rec.fields) == maxFields {
			return errBudget
		}
		if it.flags&(fieldIsName|fieldNamed) != 0 {
			if it.flags&fieldIsName == 0 {
				f.nameAt = rec.name
			} else if it.flags&fieldCont == 0 {
				rec.name = int32(len(rec.fields))
			}
		}
		rec.fields = append(rec.fields, f)
		if it.slot != 0 && f.typ != Null && rec.slots[it.slot] == 0 {
			rec.slots[it.slot] = int32(len(rec.fields))
		}
	}
	return in.t.err
}

// among decodes an instance that stands among elements. The template may hold
// an instance of itself.
func (rec *Record) among(o, end int, base PathID, parent int32) error {
	if rec.depth == maxDepth {
		return errBudget
	}
	rec.depth++
	name := rec.name
	_, err := rec.instance(o, end, base, parent)
	rec.name = name
	rec.depth--
	return err
}

// nest decodes BinXML that is the value of an element.
func (rec *Record) nest(f Field) error {
	if f.Attr != 0 {
		return errBad
	}
	name, groups := rec.name, len(rec.groups)
	err := rec.fragment(int(f.off), int(f.off+f.n), f.Path, int32(f.Elem))
	rec.name = name
	rec.odd = rec.odd || len(rec.groups) == groups
	return err
}

// fragment decodes BinXML that begins outside any element of its own. It may
// hold several instances: some events have their data and then their rendered
// message in one value.
func (rec *Record) fragment(o, end int, base PathID, parent int32) error {
	r := rec.r
	if rec.depth == maxDepth {
		return errBudget
	}
	rec.depth++
	defer func() { rec.depth-- }()
	for o < end {
		if err := r.step(1); err != nil {
			return err
		}
		var err error
		switch r.buf[o] &^ 0x40 {
		case 0x00:
			o++
			if base == 0 || o == end || r.buf[o] != 0x0f { // padding may follow a record's own
				return nil
			}
		case 0x0f:
			if end-o < 4 {
				return errBad
			}
			o += 4
		case 0x0c:
			o, err = rec.instance(o, end, base, parent)
		case 0x01, 0x0a, 0x0b:
			o, err = rec.literal(o, end, base, parent)
		default:
			err = errBad
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// literal decodes an element written without a template.
func (rec *Record) literal(o, end int, base PathID, parent int32) (int, error) {
	r := rec.r
	r.item0, r.elem0 = len(r.items), len(r.elems)
	c := compiler{r: r, b: r.buf[:ChunkSize], p: o, end: end, nested: true}
	err := c.compile(base)
	t := template{items: r.items[r.item0:], elems: r.elems[r.elem0:], err: err}
	in := running{t: &t, elem: rec.elems}
	rec.elems += uint32(len(t.elems))
	rec.groups = append(rec.groups, group{first: in.elem, elems: t.elems, parent: parent})
	rec.odd = rec.odd || c.odd
	err = rec.emit(&in, len(t.items))
	return c.p, err
}
