package evtx

import (
	"iocscan/ioc"
)

// A NameID is a name of an element, an attribute or a Data field. 0 is no
// name. Only those of names given to NewReader keep their meaning from one
// chunk to the next.
type NameID uint32

// A PathID is the place of an element, such as /Event/System/EventID.
type PathID uint32

// area is the part of an event that a path lies in.
type area uint8

const (
	areaTop  area = iota // the Event element itself
	areaData             // EventData, UserData and whatever else is neither of these:
	areaSystem
	areaRendering
)

type name struct {
	text  string // UTF-8
	class NameID // least name that is the same without regard to case
}

type path struct {
	parent PathID
	name   NameID
	area   area
	depth  uint8
}

// names interns names and paths, so that matching compares small numbers.
// What is known at the start survives cutting back.
type names struct {
	list  []name
	raw   map[string]NameID // by UTF-16LE bytes
	fold  map[string]NameID // least name by folded text
	bytes int

	paths  []path
	byPath map[uint64]PathID

	keepNames, keepPaths int
	keepRaw              []string
	slots                [][]attrSlot // by path, as far as any has one
}

type attrSlot struct {
	attr NameID // 0: the text of the element
	slot Slot
}

// slot is that of a place, 0 for none.
func (n *names) slot(p PathID, attr NameID) Slot {
	if int(p) < len(n.slots) {
		for _, s := range n.slots[p] {
			if s.attr == attr {
				return s.slot
			}
		}
	}
	return 0
}

func newNames(wanted []string) *names {
	n := &names{
		list:   make([]name, 1, 256),
		raw:    make(map[string]NameID),
		fold:   make(map[string]NameID),
		paths:  make([]path, 1, 64),
		byPath: make(map[uint64]PathID),
	}
	n.keepRaw = append(n.keepRaw, "")
	for _, w := range wanted {
		n.fixed(w)
	}
	for s := Slot(1); s < slotEnd; s++ {
		p := PathID(0)
		for _, e := range slotPlaces[s].path {
			p, _ = n.child(p, n.fixed(e))
		}
		for int(p) >= len(n.slots) {
			n.slots = append(n.slots, nil)
		}
		n.slots[p] = append(n.slots[p], attrSlot{n.fixed(slotPlaces[s].attr), s})
	}
	n.fixed("Name")
	n.fixed("xmlns")
	n.fixed("Value")
	n.child(n.mustPath("Event"), n.fixed("EventData"))
	n.child(n.mustPath("Event", "EventData"), n.fixed("Data"))
	n.keepNames, n.keepPaths = len(n.list), len(n.paths)
	return n
}

// fixed interns a name that survives cutting back.
func (n *names) fixed(s string) NameID {
	if s == "" {
		return 0
	}
	raw := appendUTF16(nil, s)
	id, _ := n.intern(raw)
	if int(id) == len(n.keepRaw) {
		n.keepRaw = append(n.keepRaw, string(raw))
	}
	return id
}

func (n *names) mustPath(elems ...string) PathID {
	p := PathID(0)
	for _, e := range elems {
		p, _ = n.child(p, n.fixed(e))
	}
	return p
}

// intern finds or adds a name given in UTF-16LE.
func (n *names) intern(raw []byte) (NameID, error) {
	if id, ok := n.raw[string(raw)]; ok {
		return id, nil
	}
	if len(raw) == 0 {
		return 0, nil
	}
	if len(n.list) >= maxNames || n.bytes+len(raw) > maxNameBytes {
		return 0, errBudget
	}
	id := NameID(len(n.list))
	text := string(appendUTF8(nil, raw))
	folded := ioc.Fold(text)
	class, ok := n.fold[folded]
	if !ok {
		class = id
		n.fold[folded] = id
	}
	n.list = append(n.list, name{text, class})
	n.raw[string(raw)] = id
	n.bytes += len(raw)
	return id, nil
}

// child finds or adds the path of an element below another.
func (n *names) child(parent PathID, id NameID) (PathID, error) {
	key := uint64(parent)<<32 | uint64(id)
	if p, ok := n.byPath[key]; ok {
		return p, nil
	}
	if len(n.paths) >= maxNames {
		return 0, errBudget
	}
	up := n.paths[parent]
	p := path{parent: parent, name: id, area: up.area, depth: min(up.depth, 254) + 1}
	switch text := n.list[id].text; {
	case up.area != areaTop:
	case up.depth == 0 && text == "Event":
	case up.depth == 1 && text == "System":
		p.area = areaSystem
	case up.depth == 1 && text == "RenderingInfo":
		p.area = areaRendering
	default:
		p.area = areaData
	}
	n.paths = append(n.paths, p)
	n.byPath[key] = PathID(len(n.paths) - 1)
	return PathID(len(n.paths) - 1), nil
}

// cut forgets all but the fixed names and paths when the table has grown to
// half its bound. It may only be called between chunks.
func (n *names) cut() {
	if len(n.list) < maxNames/2 && n.bytes < maxNameBytes/2 && len(n.paths) < maxNames/2 {
		return
	}
	clear(n.list[n.keepNames:])
	n.list, n.paths = n.list[:n.keepNames], n.paths[:n.keepPaths]
	n.raw, n.fold, n.byPath = make(map[string]NameID), make(map[string]NameID), make(map[uint64]PathID)
	n.bytes = 0
	for id := 1; id < n.keepNames; id++ {
		n.raw[n.keepRaw[id]] = NameID(id)
		n.bytes += len(n.keepRaw[id])
		if n.list[id].class == NameID(id) {
			n.fold[ioc.Fold(n.list[id].text)] = NameID(id)
		}
	}
	for id := 1; id < n.keepPaths; id++ {
		p := n.paths[id]
		n.byPath[uint64(p.parent)<<32|uint64(p.name)] = PathID(id)
	}
}

// known is the id of a name, compared without regard to case; 0 if it is new.
func (n *names) known(s string) NameID { return n.fold[ioc.Fold(s)] }

// pathText is a path as text: /Event/System/EventID.
func (n *names) pathText(p PathID) string {
	var s string
	for p != 0 {
		s = "/" + n.list[n.paths[p].name].text + s
		p = n.paths[p].parent
	}
	return s
}
