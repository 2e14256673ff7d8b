package evtx

import (
	"slices"
	"strconv"
)

// Most records hold nothing that the library has trouble with. Their events
// are written straight from our own fields, in the shape in which the library
// gives them (its source is the rule: Expand and NormalizeEventData) with
// values as Record.reconcile leaves them, at a fortieth of the cost. Whatever
// has no rule here goes to the library.

const (
	maxPlainElems = 4096
	maxPlainJSON  = 1 << 20
)

// A plainWriter writes events one after the other.
type plainWriter struct {
	rec   *Record
	elems []plainElem // by number of the element in the record
	top   int32       // the outermost element plus 1
	json  []byte
	text  []byte
	lossy bool // there is no rule because the library would lose a value

	seen []uint32 // by NameID: the round in which it was last met
	turn uint32
}

// A plainElem is an element; references are numbers of elements or fields plus
// 1, 0 for none.
type plainElem struct {
	used, outermost     bool // outermost: of what stands in another element
	group               int32
	nested              int32 // the group that stands in it plus 1
	name, label         NameID
	first, last, next   int32
	attr, attrs, spaces int32 // first of its attributes, how many, how many of those are namespaces
	content             int32
}

// event is the record as JSON, valid until the next call; not ok if it holds
// something that has no rule.
func (p *plainWriter) event(rec *Record) (json []byte, ok bool) {
	fields := rec.Fields()
	p.lossy = false
	if rec.flags&(Partial|Borrowed) != 0 || rec.odd || rec.elems > maxPlainElems {
		return nil, false
	}
	p.rec, p.top, p.json = rec, 0, p.json[:0]
	p.elems = slices.Grow(p.elems[:0], int(rec.elems))[:rec.elems]
	clear(p.elems)
	for i := range rec.groups {
		if !p.sound(&rec.groups[i]) {
			return nil, false
		}
	}
	for i := range fields {
		if !p.place(int32(i)) {
			return nil, false
		}
	}
	if p.top == 0 || slices.ContainsFunc(p.elems, func(e plainElem) bool { return !e.used }) {
		return nil, false
	}
	p.json = append(p.json, '{')
	if !p.member(&p.elems[p.top-1]) {
		return nil, false
	}
	return append(p.json, '}'), true
}

// sound reports whether the library finds the values of an instance where we
// do: it goes by their types, not by the lengths that are written.
func (p *plainWriter) sound(g *group) bool {
	if len(g.elems) == 0 {
		return false
	}
	b := p.rec.r.buf[g.descr : g.descr+4*g.count]
	at := g.descr + uint32(len(b))
	for ; len(b) > 0; b = b[4:] {
		n, typ := le.Uint16(b), le.Uint16(b[2:])
		t := Type(typ)
		switch {
		case typ > 0xff:
			return false
		case t == Null, t == ANSI, t == Binary, t == binXML:
		case t == Size:
			if n != 4 && n != 8 {
				return false
			}
		case t == String, t == String|Array:
			if n&1 != 0 {
				return false
			}
		case t == Bool:
			if n != 1 && n != 2 && n != 4 && n != 8 {
				return false
			}
		case t == SID:
			if n < 8 || n > 8+4*15 || n != 8+4*uint16(p.rec.r.buf[at+1]) {
				return false
			}
		case t&Array != 0 || t.width() == 0 || t.width() != int(n):
			return false
		}
		at += uint32(n)
	}
	return true
}

// place enters a field at its element.
func (p *plainWriter) place(i int32) bool {
	f := &p.rec.fields[i]
	if f.flags&(fieldCont|fieldIsName|fieldNamed) != 0 {
		return false
	}
	e, ok := p.element(f.Elem)
	switch {
	case !ok:
		return false
	case f.Attr != 0:
		if e.attrs == 0 {
			e.attr = i + 1
		}
		if e.attr+e.attrs != i+1 || e.content != 0 { // library and tree would disagree on their order
			return false
		}
		e.attrs++
		if f.Attr == p.rec.r.xmlns {
			e.spaces++
		}
		return true
	case e.content != 0:
		return false
	}
	e.content, e.label = i+1, f.Name
	return true
}

// element finds or adds an element and those around it.
func (p *plainWriter) element(n uint32) (e *plainElem, ok bool) {
	e = &p.elems[n]
	if e.used {
		return e, true
	}
	at := p.rec.groupOf(n)
	g := &p.rec.groups[at]
	def, parent := g.element(n)
	*e = plainElem{used: true, group: int32(at), name: p.rec.r.names.paths[def.path].name}
	if parent < 0 {
		if p.top != 0 {
			return nil, false
		}
		p.top = int32(n) + 1
		return e, true
	}
	up, ok := p.element(uint32(parent))
	if !ok {
		return nil, false
	}
	if e.outermost = def.parent < 0; e.outermost {
		if up.nested != 0 && up.nested != int32(at)+1 { // the library keeps one
			return nil, false
		}
		up.nested = int32(at) + 1
	}
	if up.last == 0 {
		up.first = int32(n) + 1
	} else {
		p.elems[up.last-1].next = int32(n) + 1
	}
	up.last = int32(n) + 1
	return e, true
}

// null reports whether an element is nothing at all, so that it is left out.
func (p *plainWriter) null(e *plainElem) bool {
	if e.first != 0 || e.label != 0 || e.attrs > e.spaces || e.content == 0 {
		return false
	}
	f := &p.rec.fields[e.content-1]
	if f.flags&fieldEmpty == 0 {
		return f.typ == Null
	}
	// The library shows the first value of the instance in place of an element
	// that is empty, which becomes null where it is one.
	g := &p.rec.groups[e.group]
	return e.spaces == 0 && (g.count == 0 || le.Uint16(p.rec.r.buf[g.descr+2:]) == uint16(Null))
}

// member writes an element behind its name.
func (p *plainWriter) member(e *plainElem) bool {
	p.key(e.name)
	return p.value(e)
}

func (p *plainWriter) key(id NameID) {
	if p.json[len(p.json)-1] != '{' {
		p.json = append(p.json, ',')
	}
	p.json = append(appendQuoted(p.json, p.rec.r.names.list[id].text), ':')
}

// value writes what is in an element that is not null.
func (p *plainWriter) value(e *plainElem) bool {
	if e.first == 0 && e.label == 0 && e.attrs == e.spaces && e.content != 0 {
		return p.scalar(e)
	}
	if !p.distinct(e) {
		return false
	}
	p.json = append(p.json, '{')
	if e.label != 0 {
		if e.attrs != 0 {
			return false
		}
		p.key(p.rec.r.nameName)
		p.json = appendQuoted(p.json, p.rec.r.names.list[e.label].text)
	}
	for i := e.attr - 1; i < e.attr-1+e.attrs; i++ {
		f := &p.rec.fields[i]
		if f.typ == Null || f.Attr == p.rec.r.xmlns {
			continue
		}
		p.key(f.Attr)
		if !p.fieldValue(f) {
			return false
		}
	}
	if e.content != 0 && p.rec.fields[e.content-1].typ != Null {
		if e.first != 0 {
			return false
		}
		p.key(p.rec.r.valueName)
		if !p.fieldValue(&p.rec.fields[e.content-1]) {
			return false
		}
	}
	if !p.children(e) {
		return false
	}
	p.json = append(p.json, '}')
	return true
}

// distinct reports whether the members of an element have different names:
// the library overwrites all but the last, or makes a list of them. Children
// of one name that follow each other are one member.
func (p *plainWriter) distinct(e *plainElem) bool {
	p.turn++
	for i := e.attr - 1; i < e.attr-1+e.attrs; i++ {
		if !p.mark(p.rec.fields[i].Attr) {
			return false
		}
	}
	for k := e.first; k != 0; {
		c := &p.elems[k-1]
		if !p.mark(c.name) || c.name == p.rec.r.valueName {
			return false
		}
		k = p.behind(c)
	}
	return true
}

// mark reports whether a name is met for the first time this turn.
func (p *plainWriter) mark(id NameID) bool {
	for int(id) >= len(p.seen) {
		p.seen = append(p.seen, make([]uint32, len(p.rec.r.names.list))...)
	}
	if p.seen[id] == p.turn {
		return false
	}
	p.seen[id] = p.turn
	return true
}

// behind is what follows the children of the name of c.
func (p *plainWriter) behind(c *plainElem) int32 {
	k := c.next
	for k != 0 && p.elems[k-1].name == c.name && p.elems[k-1].group == c.group {
		k = p.elems[k-1].next
	}
	return k
}

func (p *plainWriter) children(e *plainElem) bool {
	for k := e.first; k != 0; {
		c := &p.elems[k-1]
		end := p.behind(c)
		flat, ok := false, true
		switch {
		case end != c.next:
			p.key(c.name)
			ok = p.list(k, end)
		case p.null(c):
		default:
			if flat, ok = p.flat(c); ok && flat {
				p.key(c.name)
				ok = p.flatten(c)
			} else if ok {
				ok = p.member(c)
			}
		}
		if !ok {
			return false
		}
		k = end
	}
	return true
}

// list writes children of one name.
func (p *plainWriter) list(k, end int32) bool {
	p.json = append(p.json, '[')
	for first := true; k != end; k, first = p.elems[k-1].next, false {
		if !first {
			p.json = append(p.json, ',')
		}
		c := &p.elems[k-1]
		switch {
		case c.content != 0 && p.rec.fields[c.content-1].flags&fieldEmpty != 0 && c.label == 0:
			return false // which of them the library shows is not clear
		case p.null(c):
			p.json = append(p.json, "null"...)
		case !p.value(c):
			return false
		}
	}
	p.json = append(p.json, ']')
	return true
}

// flat reports whether the Data elements of an EventData become members by
// their names: where it is the outermost of a template, they are several, and
// each has a name and a value. Not ok: something else would be dropped.
func (p *plainWriter) flat(e *plainElem) (flat, ok bool) {
	r := p.rec.r
	if !e.outermost || e.name != r.eventData || p.rec.groups[e.group].descr == 0 {
		return false, true
	}
	data, others := 0, 0
	for k := e.first; k != 0; k = p.elems[k-1].next {
		c := &p.elems[k-1]
		switch {
		case c.name != r.dataName:
			if !p.null(c) {
				others++
				p.lossy = p.lossy || c.content != 0 && p.says(c.content-1)
			}
		case c.label == 0 || c.content == 0 || p.rec.fields[c.content-1].typ == Null:
			p.lossy = false
			return false, true
		default:
			data++
		}
	}
	for i := e.attr - 1; i < e.attr-1+e.attrs; i++ {
		if f := &p.rec.fields[i]; f.typ != Null && f.Attr != r.xmlns {
			others++
			p.lossy = p.lossy || p.says(i)
		}
	}
	p.lossy = p.lossy && data > 1
	return data > 1, data < 2 || others == 0
}

// flatten writes the Data elements by their names.
func (p *plainWriter) flatten(e *plainElem) bool {
	p.turn++
	p.json = append(p.json, '{')
	for k := e.first; k != 0; k = p.elems[k-1].next {
		c := &p.elems[k-1]
		if c.name != p.rec.r.dataName {
			continue
		}
		if c.label == p.rec.r.valueName || c.attrs != 0 || c.first != 0 {
			return false
		}
		if !p.mark(c.label) {
			p.lossy = p.allSay(e, c.label)
			return false
		}
		p.key(c.label)
		if !p.fieldValue(&p.rec.fields[c.content-1]) {
			return false
		}
	}
	p.json = append(p.json, '}')
	return true
}

// says reports whether a field has a text that could be missed.
func (p *plainWriter) says(i int32) bool {
	f := &p.rec.fields[i]
	b := p.rec.r.buf[f.off : f.off+f.n]
	switch f.typ {
	case Null, String | Array:
		return false
	case String:
		return len(trimNUL(b)) > 0
	case ANSI:
		return len(appendANSI(nil, b)) > 0
	}
	return len(b) > 0
}

// allSay reports whether all Data elements of a name say something.
func (p *plainWriter) allSay(e *plainElem, label NameID) bool {
	for k := e.first; k != 0; k = p.elems[k-1].next {
		if c := &p.elems[k-1]; c.label == label && !p.says(c.content-1) {
			return false
		}
	}
	return true
}

// scalar writes an element that is a value and nothing else.
func (p *plainWriter) scalar(e *plainElem) bool {
	f := &p.rec.fields[e.content-1]
	if f.flags&fieldEmpty == 0 {
		return p.fieldValue(f)
	}
	g := &p.rec.groups[e.group]
	b := p.rec.r.buf[g.descr:]
	n, t := int(le.Uint16(b)), Type(b[2])
	at := g.descr + 4*g.count
	switch {
	case t == binXML, t&Array != 0:
		return false
	case t == String && len(trimNUL(p.rec.r.buf[at:int(at)+n])) == 0, n == 0:
		p.json = append(p.json, `""`...)
	default:
		p.json = append(p.json, "null"...)
	}
	return true
}

// fieldValue writes a value that is not null.
func (p *plainWriter) fieldValue(f *Field) bool {
	if len(p.json) > maxPlainJSON { // a value may be named by any number of places
		return false
	}
	b := p.rec.r.buf[f.off : f.off+f.n]
	v := Value{f.typ, b}
	switch f.typ {
	case String:
		p.string(b)
	case String | Array:
		p.strings(b)
	case ANSI:
		p.text = v.AppendText(p.text[:0])
		p.json = appendQuoted(p.json, p.text)
	case Uint8, Uint16, Uint32, Uint64, Hex32, Hex64, Size:
		n, _, _ := v.number()
		p.json = strconv.AppendUint(p.json, n, 10)
	case Int32, Int64:
		n, _, _ := v.number()
		p.json = strconv.AppendInt(p.json, int64(n), 10)
	case Bool:
		on, _ := v.Bool()
		p.json = strconv.AppendBool(p.json, on)
	case GUID:
		n := len(p.json)
		p.json = v.AppendText(p.json)
		p.json[n], p.json[len(p.json)-1] = '"', '"' // in place of braces
	case SID:
		if b[2]|b[3] != 0 { // the library and Windows write such an authority differently
			return false
		}
		p.quoted(v)
	case FileTime:
		if b[7] >= 0x80 {
			return false
		}
		p.quoted(v)
	case Binary, SysTime:
		p.quoted(v)
	default:
		return false
	}
	return true
}

// quoted writes a value whose text needs no escapes.
func (p *plainWriter) quoted(v Value) {
	p.json = append(v.AppendText(append(p.json, '"')), '"')
}

func (p *plainWriter) string(b []byte) {
	p.text = appendUTF8(p.text[:0], trimNUL(b))
	p.json = appendQuoted(p.json, p.text)
}

// strings writes an array of strings, of which the library counts an empty one
// behind the last terminator but those at the end.
func (p *plainWriter) strings(b []byte) {
	b = trimNUL(b)
	for p.json = append(p.json, '['); ; p.json = append(p.json, ',') {
		n := indexNUL(b)
		p.string(b[:n])
		if n == len(b) {
			break
		}
		b = b[n+2:]
	}
	p.json = append(p.json, ']')
}
