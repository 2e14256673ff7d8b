package pe

import (
	"fmt"
	"strconv"
	"unicode/utf16"
)

// A Resource is one leaf of the resource tree.
type Resource struct {
	Type     Label
	Name     Label
	Language uint16 // Windows language identifier
	Size     uint32
	at       uint32
}

// A Label is a name, or where Text is empty a number.
type Label struct {
	Text   string
	Number uint16
}

// resourceTypes are the RT_* words by number.
var resourceTypes = map[uint16]string{
	1: "RT_CURSOR", 2: "RT_BITMAP", 3: "RT_ICON", 4: "RT_MENU", 5: "RT_DIALOG", 6: "RT_STRING", 7: "RT_FONTDIR",
	8: "RT_FONT", 9: "RT_ACCELERATOR", 10: "RT_RCDATA", 11: "RT_MESSAGETABLE", 12: "RT_GROUP_CURSOR",
	14: "RT_GROUP_ICON", 16: "RT_VERSION", 17: "RT_DLGINCLUDE", 19: "RT_PLUGPLAY", 20: "RT_VXD",
	21: "RT_ANICURSOR", 22: "RT_ANIICON", 23: "RT_HTML", 24: "RT_MANIFEST",
}

const typeVersion = 16

// TypeWord is the type as a name: RT_VERSION, or what the file calls it, or a
// number that has no name.
func (r *Resource) TypeWord() string {
	if w := resourceTypes[r.Type.Number]; w != "" && r.Type.Text == "" {
		return w
	}
	return r.Type.String()
}

func (l Label) String() string {
	if l.Text == "" {
		return strconv.Itoa(int(l.Number))
	}
	return l.Text
}

// deepestResource is how deep a tree may go: type, name and language make
// three levels, and nothing makes more.
const deepestResource = 3

// Resources lists the leaves of the resource tree in its order. The error
// comes beside what could be read.
func (f *File) Resources() ([]Resource, error) { return f.cache.resources.get(f.readResources) }

func (f *File) readResources() ([]Resource, error) {
	d := f.dir(dirResource)
	if f.HeaderErr != nil || d.at == 0 {
		return nil, f.HeaderErr
	}
	t := tree{f: f, root: uint64(d.at), budget: newBudget(), seen: map[uint32]bool{}}
	t.folder(0, 0, Resource{})
	if t.err != nil {
		return t.leaves, fmt.Errorf("resources: %w", t.err)
	}
	return t.leaves, nil
}

// A tree is the walk through the resources.
type tree struct {
	f      *File
	root   uint64
	budget *budget
	seen   map[uint32]bool // folders, since an honest tree has each once
	leaves []Resource
	err    error // the first
}

func (t *tree) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// folder lists the folder at an offset from the root; so far is what the
// folders above have told.
func (t *tree) folder(at uint32, depth int, soFar Resource) {
	if t.seen[at] {
		t.fail(damaged("the tree comes back to the folder at 0x%x", at))
		return
	}
	t.seen[at] = true
	var h [16]byte
	if err := t.f.readVA(h[:], t.root+uint64(at)); err != nil {
		t.fail(err)
		return
	}
	entries := int(le.Uint16(h[12:])) + int(le.Uint16(h[14:]))
	for i := range entries {
		var e [8]byte
		err := t.budget.thing()
		if err == nil {
			err = t.f.readVA(e[:], t.root+uint64(at)+16+8*uint64(i))
		}
		if err != nil {
			t.fail(err)
			return
		}
		t.entry(le.Uint32(e[0:]), le.Uint32(e[4:]), depth, soFar)
	}
}

func (t *tree) entry(name, to uint32, depth int, r Resource) {
	const high = 1 << 31
	label := Label{Number: uint16(name)}
	if name&high != 0 && depth < 2 {
		text, err := t.name(name &^ high)
		if err != nil {
			t.fail(err)
		}
		label = Label{Text: text}
	}
	switch depth {
	case 0:
		r.Type = label
	case 1:
		r.Name = label
	case 2:
		r.Language = label.Number
	}
	switch {
	case to&high == 0:
		var d [16]byte
		if err := t.f.readVA(d[:], t.root+uint64(to)); err != nil {
			t.fail(err)
			return
		}
		r.at, r.Size = le.Uint32(d[0:]), le.Uint32(d[4:])
		t.leaves = append(t.leaves, r)
	case depth+1 == deepestResource:
		t.fail(damaged("the tree is more than %d levels deep", deepestResource))
	default:
		t.folder(to&^high, depth+1, r)
	}
}

// name reads a text with its length before it.
func (t *tree) name(at uint32) (string, error) {
	n, err := t.f.u16(t.root + uint64(at))
	if err != nil {
		return "", err
	}
	if n > mostName {
		return "", damaged("a name is %d characters long", n)
	}
	if t.budget.bytes -= 2 * int(n); t.budget.bytes < 0 {
		return "", ErrTooMuch
	}
	b := make([]byte, 2*int(n))
	err = t.f.readVA(b, t.root+uint64(at)+2)
	return wide(b), err
}

// wide decodes UTF-16LE.
func wide(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// mostData bounds the bytes of one resource that are read.
const mostData = 16 << 20

// Data are the bytes of a resource.
func (f *File) Data(r *Resource) (b []byte, err error) {
	defer guard(&err)
	switch {
	case r.Size > mostData:
		return nil, fmt.Errorf("resource %s: its %d bytes: %w", r.Name, r.Size, ErrTooMuch)
	case int64(r.Size) > f.file.size:
		return nil, fmt.Errorf("resource %s: %w", r.Name, damaged("it is larger than the file"))
	}
	b = make([]byte, r.Size)
	if err := f.readVA(b, uint64(r.at)); err != nil {
		return nil, fmt.Errorf("resource %s: %w", r.Name, err)
	}
	return b, nil
}
