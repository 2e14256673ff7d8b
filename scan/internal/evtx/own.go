package evtx

import (
	"encoding/json"
	"math"
	"strconv"
)

// The whole record as a tree, from our own fields. Its shape is that of the
// library: attributes and children are members, the text of an element that
// has any is its member Value, EventID is always an object, Data elements are
// members by their name, repeated names are lists.

// tree is the record as a tree; what could not be decoded is missing.
func (rec *Record) tree() *node {
	b := &builder{rec: rec, elems: map[uint32]*element{}}
	for i, f := range rec.Fields() {
		if f.Continues() || f.flags&fieldIsName != 0 {
			continue
		}
		e := b.element(f.Elem)
		switch {
		case f.Attr != 0:
			// A namespace says nothing of the event; the library has none either.
			if f.Attr != rec.r.xmlns && f.typ != Null {
				e.attrs = append(e.attrs, valueNode(rec.Value(i), rec.r.names.list[f.Attr].text))
			}
		case f.typ != Null:
			e.texts = append(e.texts, valueNode(rec.Value(i), ""))
		}
		if f.Attr == 0 {
			if f.flags&fieldNamed != 0 || f.Name != 0 {
				e.named, e.label = true, rec.FieldName(i)
			}
		}
	}
	top := &node{kind: objectNode}
	for _, e := range b.top {
		top.put(e.name, e.node())
	}
	return top
}

type builder struct {
	rec   *Record
	elems map[uint32]*element
	top   []*element
}

type element struct {
	name  string
	label string // its Name attribute
	named bool
	data  bool // is EventData, so that its Data become members
	attrs []*node
	texts []*node
	kids  []*element
}

// element finds or adds the element of a number and those around it.
func (b *builder) element(n uint32) *element {
	if e := b.elems[n]; e != nil {
		return e
	}
	r := b.rec.r
	def, parent := b.rec.groups[b.rec.groupOf(n)].element(n)
	p := r.names.paths[def.path]
	e := &element{name: r.names.list[p.name].text, data: def.path == r.names.paths[r.dataPath].parent}
	b.elems[n] = e
	if parent < 0 {
		b.top = append(b.top, e)
	} else {
		up := b.element(uint32(parent))
		up.kids = append(up.kids, e)
	}
	return e
}

func (e *element) node() *node {
	var content *node
	switch len(e.texts) {
	case 0:
	case 1:
		content = e.texts[0]
	default:
		content = &node{kind: arrayNode, kids: e.texts}
	}
	if len(e.attrs)+len(e.kids) == 0 && !e.named && e.name != "EventID" {
		if content == nil {
			return &node{kind: bareNode, val: "null"}
		}
		return content
	}
	n := &node{kind: objectNode}
	if e.named {
		n.put("Name", &node{kind: textNode, val: e.label})
	}
	for _, a := range e.attrs {
		n.put(a.key, a)
	}
	if content != nil {
		n.put("Value", content)
	}
	for _, k := range e.kids {
		if e.data && k.named && k.name == "Data" && len(k.attrs)+len(k.kids) == 0 {
			v := &node{kind: bareNode, val: "null"}
			if len(k.texts) > 0 {
				v = k.texts[0]
			}
			n.put(k.label, v)
			continue
		}
		n.put(k.name, k.node())
	}
	return n
}

// valueNode is a value in JSON: numbers, those in hexadecimal too, and truth
// values bare, all else as text.
func valueNode(v Value, key string) *node {
	if v.Type&Array != 0 {
		n := &node{key: key, kind: arrayNode}
		v.Elems(func(e Value) bool {
			n.kids = append(n.kids, valueNode(e, ""))
			return len(n.kids) < maxFields
		})
		return n
	}
	n := &node{key: key, kind: textNode}
	switch v.Type {
	case FileTime, String:
	case Bool:
		if b, ok := v.Bool(); ok {
			return &node{key: key, kind: bareNode, val: strconv.FormatBool(b)}
		}
	case Float32, Float64:
		if x, ok := v.Float(); ok && !math.IsNaN(x) && !math.IsInf(x, 0) {
			n.kind = bareNode
		}
	default:
		if u, signed, ok := v.number(); ok {
			n.kind = bareNode
			if n.val = strconv.FormatUint(u, 10); signed {
				n.val = strconv.FormatInt(int64(u), 10)
			}
			return n
		}
	}
	n.val = v.String()
	if n.kind == bareNode && !json.Valid([]byte(n.val)) {
		n.kind = textNode
	}
	return n
}
