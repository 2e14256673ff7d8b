package evtxtest

import (
	"math"
	"unicode/utf16"
)

// A Body is what a record holds: a Use of a template or an Element.
type Body interface{ write(c *Chunk) }

// A Node is what an element contains: Text, Sub, Opt, Entity, Char, Element.
type Node interface {
	node(c *Chunk, body bool) // body: inside a definition
}

// An Element is an XML element. As a Body it is written without a template.
type Element struct {
	Name  string
	Attrs []Attr
	Nodes []Node
}

// An Attr is an attribute.
type Attr struct {
	Name  string
	Nodes []Node
}

type (
	Text   string // literal
	Sub    int    // value of that number
	Opt    int    // the same, left out if the value is null
	Entity string // such as quot
	Char   uint16 // character reference
)

// El makes an element.
func El(name string, nodes ...Node) Element { return Element{Name: name, Nodes: nodes} }

// With adds an attribute.
func (e Element) With(name string, nodes ...Node) Element {
	e.Attrs = append(e.Attrs[:len(e.Attrs):len(e.Attrs)], Attr{name, nodes})
	return e
}

// Data makes a Data element with a Name.
func Data(name string, nodes ...Node) Element { return El("Data", nodes...).With("Name", Text(name)) }

func (c *Chunk) u16(v int)     { c.b = le.AppendUint16(c.b, uint16(v)) }
func (c *Chunk) u32(v int)     { c.b = le.AppendUint32(c.b, uint32(v)) }
func (c *Chunk) put(b ...byte) { c.b = append(c.b, b...) }

func (c *Chunk) str(s string) {
	u := utf16.Encode([]rune(s))
	c.u16(len(u))
	for _, x := range u {
		c.u16(int(x))
	}
}

// ref writes a reference to a name, and the name where it is used first.
func (c *Chunk) ref(name string) {
	if o, ok := c.names[name]; ok {
		c.u32(o)
		return
	}
	o := len(c.b) + 4
	c.names[name] = o
	c.u32(o)
	c.u32(0)
	hash := uint32(0)
	for _, u := range utf16.Encode([]rune(name)) {
		hash = hash*65599 + uint32(u)
	}
	c.u16(int(hash))
	c.str(name)
	c.u16(0)
}

func (e Element) write(c *Chunk) { e.node(c, false) }

func (e Element) node(c *Chunk, body bool) {
	token := byte(0x01)
	if len(e.Attrs) > 0 {
		token = 0x41
	}
	c.put(token)
	if body {
		c.u16(0xffff)
	}
	size := len(c.b)
	c.u32(0)
	c.ref(e.Name)
	if len(e.Attrs) > 0 {
		at := len(c.b)
		c.u32(0)
		for i, a := range e.Attrs {
			if token = 0x46; i == len(e.Attrs)-1 {
				token = 0x06
			}
			c.put(token)
			c.ref(a.Name)
			for _, n := range a.Nodes {
				n.node(c, body)
			}
		}
		le.PutUint32(c.b[at:], uint32(len(c.b)-at-4))
	}
	if len(e.Nodes) == 0 {
		c.put(0x03)
	} else {
		c.put(0x02)
		for _, n := range e.Nodes {
			n.node(c, body)
		}
		c.put(0x04)
	}
	le.PutUint32(c.b[size:], uint32(len(c.b)-size-4))
}

func (t Text) node(c *Chunk, _ bool) {
	c.put(0x05, 0x01)
	c.str(string(t))
}

func (s Sub) node(c *Chunk, _ bool) {
	c.put(0x0d)
	c.u16(int(s))
	c.put(0x01)
}

func (o Opt) node(c *Chunk, _ bool) {
	c.put(0x0e)
	c.u16(int(o))
	c.put(0x01)
}

func (e Entity) node(c *Chunk, _ bool) {
	c.put(0x09)
	c.ref(string(e))
}

func (h Char) node(c *Chunk, _ bool) {
	c.put(0x08)
	c.u16(int(h))
}

// A Template is a definition. Its GUID is its identity.
type Template struct {
	GUID [16]byte
	Root Element
}

// A Use is a Body that uses a template with values.
type Use struct {
	T      *Template
	Values []Value
}

// With uses the template of a GUID with values.
func With(guid [16]byte, root Element, values ...Value) Use {
	return Use{&Template{guid, root}, values}
}

// An instance may stand inside an element.
func (u Use) node(c *Chunk, _ bool) { u.write(c) }

func (u Use) write(c *Chunk) {
	c.put(0x0c, 0x01)
	c.put(u.T.GUID[:4]...)
	if o, ok := c.templates[u.T.GUID]; ok {
		c.u32(o)
	} else {
		o = len(c.b) + 4
		c.templates[u.T.GUID] = o
		c.u32(o)
		// Definitions are found from the header too, by lists.
		list := ChunkHeaderSize - 128 + 4*int(u.T.GUID[0]%32)
		c.u32(int(le.Uint32(c.b[list:])))
		le.PutUint32(c.b[list:], uint32(o))
		c.put(u.T.GUID[:]...)
		at := len(c.b)
		c.u32(0)
		c.put(0x0f, 1, 1, 0)
		u.T.Root.node(c, true)
		c.put(0)
		le.PutUint32(c.b[at:], uint32(len(c.b)-at-4))
	}
	c.u32(len(u.Values))
	d := len(c.b)
	c.b = append(c.b, make([]byte, 4*len(u.Values))...)
	for i, v := range u.Values {
		start := len(c.b)
		if v.Nested != nil {
			for _, n := range v.Nested {
				c.put(0x0f, 1, 1, 0)
				n.write(c)
				c.put(0)
			}
		} else {
			c.put(v.Bytes...)
		}
		le.PutUint16(c.b[d+4*i:], uint16(len(c.b)-start))
		c.b[d+4*i+2] = v.Type
	}
}

// A Value is a substituted value: bytes, or BinXML (type 0x21).
type Value struct {
	Type   byte
	Bytes  []byte
	Nested []Body
}

// Str is a string.
func Str(s string) Value { return Value{Type: 0x01, Bytes: UTF16(s)} }

// Strs is an array of strings.
func Strs(s ...string) Value {
	v := Value{Type: 0x81}
	for _, e := range s {
		v.Bytes = append(append(v.Bytes, UTF16(e)...), 0, 0)
	}
	return v
}

// XML is BinXML inside a value.
func XML(b ...Body) Value { return Value{Type: 0x21, Nested: b} }

// Null is no value.
func Null() Value { return Value{} }

func U8(v uint8) Value     { return Value{Type: 0x04, Bytes: []byte{v}} }
func U16(v uint16) Value   { return Value{Type: 0x06, Bytes: le.AppendUint16(nil, v)} }
func U32(v uint32) Value   { return Value{Type: 0x08, Bytes: le.AppendUint32(nil, v)} }
func U64(v uint64) Value   { return Value{Type: 0x0a, Bytes: le.AppendUint64(nil, v)} }
func Hex64(v uint64) Value { return Value{Type: 0x15, Bytes: le.AppendUint64(nil, v)} }
func Ticks(v uint64) Value { return Value{Type: 0x11, Bytes: le.AppendUint64(nil, v)} }
func F64(v float64) Value {
	return Value{Type: 0x0c, Bytes: le.AppendUint64(nil, math.Float64bits(v))}
}

// Raw is a value of any type.
func Raw(typ byte, b ...byte) Value { return Value{Type: typ, Bytes: b} }

// UTF16 is text in UTF-16LE without a terminator.
func UTF16(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}
