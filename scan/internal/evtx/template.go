package evtx

// Compiling: the BinXML of a template definition, or of elements written
// directly into a record, becomes a flat list of items, one for each place
// that yields a value. A record that uses a template then costs one step an
// item.

type itemKind uint8

const (
	literal  itemKind = iota // text in the chunk
	value                    // substituted value
	instance                 // template instance written inside elements
	empty                    // element without content
)

type item struct {
	kind  itemKind
	flags fieldFlags
	slot  Slot
	value uint16 // number of the substituted value
	elem  uint16 // number of the element within the template
	path  PathID
	attr  NameID
	name  NameID // literal Name of a Data element
	off   uint32 // literal, instance
	n     uint32
}

// elemDef is an element of a template.
type elemDef struct {
	path   PathID
	parent int32 // element of the same template, -1 for the top
}

type template struct {
	base  PathID
	next  int32 // further template compiled from the same offset, -1 for none
	items []item
	elems []elemDef
	head  int   // items up to the end of System
	err   error // compiled only so far
	lent  bool
	odd   bool // see Record.odd
}

// compiler is the state of compiling one fragment.
type compiler struct {
	r      *Reader
	b      []byte // what is compiled: the Reader's chunk, or one that lends
	p, end int
	dep    bool // elements carry a dependency id: only inside definitions
	nested bool // instances may occur: not in what is lent
	open   [maxOpen]openElem
	depth  int
	cont   bool // the item before is text of the same place
	odd    bool // something was met that the library does not read
}

type openElem struct {
	path    PathID
	attr    NameID // being read, 0 outside attributes
	name    NameID
	elem    uint16
	dynamic bool // Name is not literal
	content bool // has text or elements
	attrs   bool // has attributes other than the Name of a Data element
}

func (c *compiler) need(n int) bool { return n <= c.end-c.p }

// compile reads tokens until the outermost element is closed, or the fragment
// ends, and appends to the Reader's items and elems.
func (c *compiler) compile(base PathID) error {
	for {
		if err := c.r.step(1); err != nil {
			return err
		}
		if !c.need(1) {
			return errBad
		}
		token := c.b[c.p]
		c.p++
		var err error
		switch token &^ 0x40 { // 0x40: more attributes or text follow
		case 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c:
			c.odd = true
		}
		switch token &^ 0x40 {
		case 0x00:
			if c.depth > 0 {
				return errBad
			}
			return nil
		case 0x01:
			err = c.element(base, token&0x40 != 0)
		case 0x02:
			if c.depth == 0 {
				return errBad
			}
			c.open[c.depth-1].attr = 0
			c.cont = false
		case 0x03, 0x04:
			if c.depth == 0 {
				return errBad
			}
			c.close()
			if c.depth == 0 {
				return nil
			}
		case 0x05:
			err = c.text()
		case 0x06:
			err = c.attribute()
		case 0x07:
			err = c.counted()
		case 0x08:
			if !c.need(2) {
				return errBad
			}
			c.p += 2
			err = c.emit(item{kind: literal, off: uint32(c.p - 2), n: 2})
		case 0x09:
			err = c.entity()
		case 0x0a: // target of a processing instruction: nothing of the event
			_, _, err = c.ref()
		case 0x0b:
			_, _, err = c.prefixed()
		case 0x0c:
			err = c.instance()
		case 0x0d, 0x0e:
			err = c.substitution()
		case 0x0f:
			if !c.need(3) {
				return errBad
			}
			c.p += 3
		default:
			return errBad
		}
		if err != nil {
			return err
		}
	}
}

func (c *compiler) element(base PathID, attrs bool) error {
	if c.depth == maxOpen || len(c.r.elems)-c.r.elem0 >= maxElems {
		return errBudget
	}
	if c.dep {
		if !c.need(2) {
			return errBad
		}
		c.p += 2
	}
	if !c.need(4) {
		return errBad
	}
	c.p += 4 // size: the closing token tells
	id, _, err := c.ref()
	if err != nil {
		return err
	}
	if attrs {
		if !c.need(4) {
			return errBad
		}
		c.p += 4
	}
	parent := int32(-1)
	if c.depth > 0 {
		top := &c.open[c.depth-1]
		top.content = true
		base, parent = top.path, int32(top.elem)
	}
	p, err := c.r.names.child(base, id)
	if err != nil {
		return err
	}
	c.open[c.depth] = openElem{path: p, elem: uint16(len(c.r.elems) - c.r.elem0)}
	c.r.elems = append(c.r.elems, elemDef{p, parent})
	c.depth++
	c.cont = false
	return nil
}

// close ends an element. One that held nothing still yields a value, since the
// position of a Data element is the number of its insertion string; one that
// has only attributes does not.
func (c *compiler) close() {
	top := &c.open[c.depth-1]
	top.attr = 0
	c.cont = false
	if !top.content && !top.attrs {
		c.push(item{kind: empty, flags: fieldEmpty})
	}
	c.depth--
}

func (c *compiler) attribute() error {
	if c.depth == 0 {
		return errBad
	}
	id, _, err := c.ref()
	if err != nil {
		return err
	}
	c.open[c.depth-1].attr = id
	c.cont = false
	return nil
}

// ref reads a reference to a name and returns the name and its place. The name
// stands in place when the reference points right behind itself.
func (c *compiler) ref() (NameID, int, error) {
	if !c.need(4) {
		return 0, 0, errBad
	}
	o := le.Uint32(c.b[c.p:])
	c.p += 4
	inline := o == uint32(c.p)
	if o > ChunkSize-8 || o < chunkHeaderSize {
		return 0, 0, errBad
	}
	end := int(o) + 8 + 2*int(le.Uint16(c.b[o+6:]))
	if end+2 > ChunkSize || inline && end+2 > c.end {
		return 0, 0, errBad
	}
	if inline {
		c.p = end + 2 // terminator
	}
	if c.b[end]|c.b[end+1] != 0 { // which the library takes for a letter
		c.odd = true
	}
	id, err := c.r.nameAt(c.b, int(o), end)
	return id, int(o), err
}

// text reads a value-text token: its type, always a string, and the text.
func (c *compiler) text() error {
	if !c.need(1) {
		return errBad
	}
	c.p++
	return c.counted()
}

func (c *compiler) counted() error {
	o, n, err := c.prefixed()
	if err != nil {
		return err
	}
	if c.depth > 0 {
		top := &c.open[c.depth-1]
		// A literal Name of a Data element names it and is no value.
		if top.attr != 0 && top.name == 0 && !c.cont && !top.dynamic && c.isName(top) && !c.pieces() {
			top.name, err = c.r.intern(c.b[o : o+n])
			c.odd = c.odd || top.name == 0
			return err
		}
	}
	return c.emit(item{kind: literal, off: uint32(o), n: uint32(n)})
}

// isName: what is being read is the Name of a Data element.
func (c *compiler) isName(top *openElem) bool {
	return top.attr == c.r.nameName && c.r.names.paths[top.path].name == c.r.dataName
}

// pieces reports whether the text goes on in the next token.
func (c *compiler) pieces() bool {
	if !c.need(1) {
		return false
	}
	switch c.b[c.p] &^ 0x40 {
	case 0x05, 0x07, 0x08, 0x09, 0x0d, 0x0e:
		return true
	}
	return false
}

// prefixed reads a string behind its length in characters.
func (c *compiler) prefixed() (off, n int, err error) {
	if !c.need(2) {
		return 0, 0, errBad
	}
	n = 2 * int(le.Uint16(c.b[c.p:]))
	c.p += 2
	if !c.need(n) {
		return 0, 0, errBad
	}
	c.p += n
	return c.p - n, n, nil
}

// entity reads a reference such as &quot;.
func (c *compiler) entity() error {
	id, o, err := c.ref()
	if err != nil {
		return err
	}
	switch c.r.names.list[id].text {
	case "amp":
		o = entityAt
	case "lt":
		o = entityAt + 2
	case "gt":
		o = entityAt + 4
	case "quot":
		o = entityAt + 6
	case "apos":
		o = entityAt + 8
	default: // unknown to XML without a DTD: its name is all there is
		return c.emit(item{kind: literal, off: uint32(o + 8), n: 2 * uint32(le.Uint16(c.b[o+6:]))})
	}
	return c.emit(item{kind: literal, off: uint32(o), n: 2})
}

// substitution reads the place of a value. Those that are optional, 0x0e, are
// no different: a null value is null.
func (c *compiler) substitution() error {
	if !c.need(3) {
		return errBad
	}
	it := item{kind: value, value: le.Uint16(c.b[c.p:])}
	if c.depth > 0 && c.open[c.depth-1].attr == c.r.xmlns { // shown by the library if it is no literal
		c.odd = true
	}
	// Some writers put a further byte behind type 0.
	if c.b[c.p+2] == 0 && c.need(4) && c.b[c.p+3] == 0 {
		c.p++
	}
	c.p += 3
	return c.emit(it)
}

// instance notes a template instance among elements and skips it.
func (c *compiler) instance() error {
	if !c.nested {
		return errBad
	}
	o := c.p - 1
	h, err := c.r.head(o, c.end)
	if err != nil {
		return err
	}
	if c.p, err = c.r.skipValues(h, c.end); err != nil {
		return err
	}
	c.cont = false
	return c.emit(item{kind: instance, off: uint32(o), n: uint32(c.p - o)})
}

// emit completes an item by the place it stands at. Literals of a chunk that
// lends are copied behind the Reader's own.
func (c *compiler) emit(it item) error {
	if c.depth == 0 {
		return errBad
	}
	if len(c.r.items)-c.r.item0 >= maxFields {
		return errBudget
	}
	top := &c.open[c.depth-1]
	if it.kind == literal && it.off < ChunkSize && &c.b[0] != &c.r.buf[0] {
		var err error
		if it.off, err = c.r.keep(c.b[it.off : it.off+it.n]); err != nil {
			return err
		}
	}
	if it.kind == instance {
		top.content = true
		c.push(it)
		c.cont = false
		return nil
	}
	if top.attr != 0 {
		if c.isName(top) {
			top.dynamic = true
			it.flags |= fieldIsName
		} else {
			top.attrs = true
		}
	} else {
		top.content = true
	}
	if c.cont {
		it.flags |= fieldCont
	}
	c.cont = true
	c.push(it)
	return nil
}

func (c *compiler) push(it item) {
	top := &c.open[c.depth-1]
	it.path, it.attr, it.elem = top.path, top.attr, top.elem
	if top.attr == 0 {
		it.name = top.name
		if top.dynamic {
			it.flags |= fieldNamed
		}
	}
	switch c.r.names.paths[top.path].area {
	case areaData:
		if it.attr == 0 || it.attr != c.r.xmlns { // a namespace is nothing that happened
			it.flags |= fieldData
		}
	default:
		if it.kind != instance && it.flags&fieldCont == 0 {
			it.slot = c.r.names.slot(it.path, it.attr)
		}
	}
	c.r.items = append(c.r.items, it)
}
