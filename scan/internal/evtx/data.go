package evtx

import (
	"bytes"
	"strings"
)

// FieldName is what a field of the event's data is called: its Name, whether
// literal or a value; the attribute; or the element, for UserData. It is empty
// for a Data element without a name, which has its position only (Insertions).
func (rec *Record) FieldName(i int) string {
	f := &rec.fields[i]
	n := rec.r.names
	switch {
	case f.flags&fieldNamed != 0:
		return rec.Value(int(f.nameAt)).String()
	case f.Name != 0:
		return n.list[f.Name].text
	case f.Attr != 0:
		return n.list[f.Attr].text
	case f.Path == rec.r.dataPath:
		return ""
	}
	return n.list[n.paths[f.Path].name].text
}

// Key is what a field of the event's data is called, as FieldName, but as the
// number by which Reader.ID knows the name in whatever case; 0 for none.
func (rec *Record) Key(i int) NameID {
	f := &rec.fields[i]
	n := rec.r.names
	switch {
	case f.Name != 0:
		return n.list[f.Name].class
	case f.flags&fieldNamed != 0:
		var room [64]byte
		return n.fold[string(rec.Value(int(f.nameAt)).AppendFolded(room[:0]))]
	case f.Attr != 0:
		return n.list[f.Attr].class
	case f.Path == rec.r.dataPath:
		return 0
	}
	return n.list[n.paths[f.Path].name].class
}

// Named yields the fields of the event's data that have a name, which is
// compared without regard to case. A name may occur more than once.
func (rec *Record) Named(id NameID, yield func(field int) bool) {
	if id == 0 {
		return
	}
	fields := rec.Fields()
	for i := range fields {
		if fields[i].Data() && !fields[i].Continues() && rec.Key(i) == id && !yield(i) {
			return
		}
	}
}

// Insertions yields the insertion strings of the event's message, counted from
// 1 (%1): the Data elements of EventData in order, empty ones included. An
// array stands for as many elements.
func (rec *Record) Insertions(yield func(n int, v Value) bool) {
	n := 0
	fields := rec.Fields()
	for i := range fields {
		f := &fields[i]
		if f.Path != rec.r.dataPath || f.Attr != 0 || f.Continues() {
			continue
		}
		more := true
		rec.Value(i).Elems(func(v Value) bool {
			n++
			more = yield(n, v)
			return more
		})
		if !more {
			return
		}
	}
}

// A Needle is text to look for in any value of an event's data.
type Needle struct {
	folded []byte
	number bool // could be part of a number, time, GUID, SID or bytes
}

// NewNeedle prepares text already folded by ioc.Fold.
func NewNeedle(folded string) Needle { return Needle{[]byte(folded), OfNumber(folded)} }

// OfNumber reports whether folded text could be, or be part of, the text of a
// value that is none: a number, a time, an identifier or bytes.
func OfNumber(folded string) bool {
	// All that the text of such values is made of, true, false, infinities and
	// NaN included.
	const letters = "0123456789abcdef-+.:{}xstzrulinaf\n"
	for i := range len(folded) {
		if strings.IndexByte(letters, folded[i]) < 0 {
			return false
		}
	}
	return true
}

// AnyContains reports whether some value of the event's data contains the
// text, regardless of case. Text is folded once a record; numbers and the like
// become text only for needles that could be in them.
func (rec *Record) AnyContains(n *Needle) bool {
	if !rec.hasFolded {
		rec.hasFolded = true
		rec.folded = rec.appendData(rec.folded[:0], true)
	}
	if bytes.Contains(rec.folded, n.folded) {
		return true
	}
	if !n.number {
		return false
	}
	if !rec.hasNumbs {
		rec.hasNumbs = true
		rec.numbers = rec.appendData(rec.numbers[:0], false)
	}
	return bytes.Contains(rec.numbers, n.folded)
}

// appendData appends the folded text of the values of the event's data, text
// or all else, each behind a byte that no text has.
func (rec *Record) appendData(dst []byte, text bool) []byte {
	fields := rec.Fields()
	for i := range fields {
		f := &fields[i]
		if !f.Data() || f.Continues() || f.typ == Null {
			continue
		}
		v := rec.Value(i)
		if v.IsText() == text {
			dst = v.AppendFolded(append(dst, 0xff)) // in no UTF-8
		}
	}
	return dst
}
