package evtx

import (
	"math"
	"strconv"
	"strings"
)

// A Difference is a value on which the library and our own reader disagree.
// One of the two texts is empty where only the other has the value.
type Difference struct {
	Name    string // of the Data, element or attribute
	Type    Type   // of our value, Null where we have none
	Own     string
	Library string
}

// leaf is a value of the library's event with the name it goes by.
type leaf struct {
	n    *node
	used bool
}

// reconcile compares the library's event with the record. Values that the
// library merely writes in a way that loses something (times, bytes, types it
// does not know) are replaced by ours and listed as changed; lost are values
// that it has not got or has differently, extra those that only it has.
func (rec *Record) reconcile(event *node) (changed, lost, extra []Difference) {
	byName := map[string][]*leaf{}
	var order []string
	collect(event, "", func(name string, n *node) {
		if _, ok := byName[name]; !ok {
			order = append(order, name)
		}
		byName[name] = append(byName[name], &leaf{n: n})
	})
	type open struct {
		name string
		v    Value
		text string
	}
	var rest []open
	nulls := map[string]int{}
	for i, f := range rec.Fields() {
		if f.Continues() || f.flags&fieldIsName != 0 || f.Attr != 0 && f.Attr == rec.r.xmlns {
			continue
		}
		name := rec.FieldName(i)
		if f.Attr != 0 {
			name = rec.r.names.list[f.Attr].text
		} else if name == "" {
			name = "Data"
		}
		if f.typ == Null {
			nulls[name]++
			continue
		}
		v := rec.Value(i)
		v.Elems(func(e Value) bool {
			s := libraryText(e)
			for _, l := range byName[name] {
				if !l.used && l.n.val == s && (v.Type&Array == 0 || l.n.kind != objectNode) {
					l.used = true
					if e.Type == FileTime { // seconds in floating point
						own := valueNode(e, l.n.key)
						*l.n = *own
					}
					return true
				}
			}
			// The joined value of several pieces is overwritten by the next.
			rest = append(rest, open{name, Value{e.Type, append([]byte(nil), e.Bytes...)}, s})
			return len(rest) < maxFields
		})
	}
	for _, o := range rest {
		d := Difference{Name: o.name, Type: o.v.Type, Own: o.v.String()}
		var l *leaf
		for _, c := range byName[o.name] {
			if !c.used {
				l = c
				break
			}
		}
		if l == nil {
			if d.Own != "" {
				lost = append(lost, d)
			}
			continue
		}
		l.used, d.Library = true, l.n.val
		if !imprecise(o.v.Type) {
			lost = append(lost, d)
			continue
		}
		changed = append(changed, d)
		own := valueNode(o.v, l.n.key)
		*l.n = *own
	}
	for _, name := range order {
		for _, l := range byName[name] {
			if l.used || l.n.val == "" || l.n.val == "null" {
				continue
			}
			if nulls[name] > 0 { // shown with the first value of the record
				nulls[name]--
				changed = append(changed, Difference{Name: name, Library: l.n.val})
				*l.n = node{key: l.n.key, kind: bareNode, val: "null"}
			} else {
				extra = append(extra, Difference{Name: name, Library: l.n.val})
			}
		}
	}
	return changed, lost, extra
}

// imprecise: types that the library shows in a form of its own.
func imprecise(t Type) bool {
	switch t {
	case FileTime, SysTime, Size, ANSI, Binary, Int8, Int16, Handle:
		return true
	}
	return false
}

// libraryText is a value as the library has it in its event.
func libraryText(v Value) string {
	switch v.Type {
	case GUID:
		return strings.Trim(v.String(), "{}")
	case FileTime:
		if len(v.Bytes) >= 8 {
			s := (float64(le.Uint64(v.Bytes)) - 11644473600000*10000) / 10000000
			if !math.IsNaN(s) {
				return strconv.FormatFloat(s, 'g', -1, 64)
			}
		}
	case Hex32, Hex64, Bool:
		return valueNode(v, "").val
	case Float32:
		if x, ok := v.Float(); ok {
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
	}
	return v.String()
}

// collect yields the values of the library's event by the name that counts: a
// Name beside a Value, the key, and for Value and members of lists the key of
// what they belong to.
func collect(n *node, name string, yield func(string, *node)) {
	switch n.kind {
	case textNode, bareNode:
		yield(name, n)
	case arrayNode:
		for _, k := range n.kids {
			collect(k, name, yield)
		}
	case objectNode:
		own := name
		label := n.get("Name")
		if label != nil && label.kind == textNode && name == "Data" {
			own = label.val
		} else {
			label = nil
		}
		for _, k := range n.kids {
			switch {
			case k == label:
			case k.key == "Value":
				collect(k, own, yield)
			default:
				collect(k, k.key, yield)
			}
		}
	}
}
