package fat

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

const folder = fsys.AttrDirectory

// crowd are so many sets that their folder takes several clusters, and one set
// lies in two of them.
func crowd(m *image, n int) []byte {
	var all []byte
	for i := range n {
		name := "file " + strings.Repeat("x", i%40) + "." + string(rune('a'+i%26)) + string(rune('a'+i/26))
		content := []byte(name)
		c := m.add(content)
		m.allocate(c)
		all = append(all, file{name: name, attr: 0x20, first: c, size: uint64(len(content)), valid: uint64(len(content))}.set()...)
	}
	return all
}

func TestExFAT(t *testing.T) {
	m := newExFAT(2000)
	packedFile := m.take(3)
	whole := text("packed", 3*sector-9)
	m.put(whole, packedFile...)
	m.allocate(packedFile...)
	list := m.take(5)
	pieces := []uint32{list[4], list[1], list[2]}
	m.link(pieces...)
	m.put(text("pieces", 3*sector), pieces...)
	m.allocate(pieces...)

	sets := crowd(m, 60)
	size := (len(sets) + sector - 1) / sector * sector
	packedDir := m.take(size / sector)
	m.put(sets, packedDir...)
	m.allocate(packedDir...)
	chained := m.take(2 * size / sector)
	var dir []uint32 // every second one, backwards
	for i := len(chained) - 1; i > 0; i -= 2 {
		dir = append(dir, chained[i])
	}
	m.link(dir...)
	m.put(sets, dir...)
	m.allocate(dir...)
	bad := file{name: "wrong sum", attr: 0x20}.set()
	bad[2]++
	m.setExRoot(
		file{name: "packed.bin", attr: 0x21, first: packedFile[0], size: uint64(len(whole)), valid: uint64(len(whole)), flags: 3}.set(),
		bad,
		file{name: "pieces with a long name.bin", attr: 0x20, first: pieces[0], size: 3 * sector, valid: sector + 7, flags: 1}.set(),
		file{name: "never written", attr: 0x20, first: pieces[0], size: 3 * sector, flags: 1}.set(),
		file{letters: []uint16{'a', 0xd800, 'b'}, attr: 0x20, flags: 1}.set(),
		file{name: "packed folder", attr: folder, first: packedDir[0], size: uint64(size), valid: uint64(size), flags: 3}.set(),
		file{name: "chained folder", attr: folder, first: dir[0], size: uint64(size), valid: uint64(size), flags: 1}.set(),
		file{name: "valid past the end", attr: 0x20, first: pieces[0], size: 3, valid: 4, flags: 1}.set(),
		bad[:2*slotSize], // a name is missing
		file{name: "last", attr: 0x20, flags: 1}.set(),
	)
	s := open(t, m.b)
	if s.Type() != "exfat" || s.Label() != "exF" || s.Serial() != "cafe0123" {
		t.Errorf("%s %q %s", s.Type(), s.Label(), s.Serial())
	}
	var errs []string
	all := map[string]fsys.ID{}
	for e, err := range s.ReadDir(t.Context(), s.Root()) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		all[e.Name] = e.ID
	}
	want := []string{"a\xed\xa0\x80b", "chained folder", "last", "never written", "packed folder", "packed.bin", "pieces with a long name.bin"}
	if names := slices.Sorted(maps.Keys(all)); !slices.Equal(names, want) {
		t.Fatalf("%q, want %q", names, want)
	}
	for i, why := range []string{`"wrong sum"`, `"valid past the end"`, "1 entries of 3 are missing"} {
		if i >= len(errs) || !strings.Contains(errs[i], why) {
			t.Errorf("%q, want %s", errs, why)
		}
	}
	if got := read(t, s, all["packed.bin"]); got != string(whole) {
		t.Errorf("packed: %q", got)
	}
	part := append(text("pieces", sector+7), make([]byte, 2*sector-7)...)
	if got := read(t, s, all["pieces with a long name.bin"]); got != string(part) {
		t.Errorf("pieces: %q", got)
	}
	if got := read(t, s, all["never written"]); got != string(make([]byte, 3*sector)) {
		t.Errorf("never written: %q", got)
	}
	for _, name := range []string{"packed folder", "chained folder"} {
		below := ids(t, s, all[name])
		if len(below) != 60 {
			t.Errorf("%s: %d files", name, len(below))
		}
		for name, id := range below {
			if got := read(t, s, id); got != name {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
	if notes := s.(*system).Notes(); len(notes) != 0 {
		t.Errorf("%q", notes)
	}
	got, err := s.Stat(all["packed.bin"])
	at := func(zone time.Duration, y int, mo time.Month, d, h, mi, s, ns int) int64 {
		return ioc.Ticks(time.Date(y, mo, d, h, mi, s, ns, time.UTC).Add(-zone))
	}
	info := fsys.Info{
		Size: int64(len(whole)), UID: -1, GID: -1, Links: 1, Attributes: 0x21,
		Created:  at(3*time.Hour, 2020, 2, 29, 10, 20, 31, 5e8),
		Modified: at(-time.Hour, 2020, 3, 1, 23, 59, 58, 1e7),
		Accessed: at(0, 2021, 12, 31, 0, 0, 0, 0),
	}
	if got != info || err != nil {
		t.Errorf("%+v, %v, want %+v", got, err, info)
	}
}

func TestExFATDeleted(t *testing.T) {
	m := newExFAT(500)
	free := m.take(2)
	m.put(text("free", 2*sector), free...)
	split := m.take(3)
	m.link(split[0], split[2]) // exFAT leaves the table as it was
	m.put(text("split", 2*sector), split[0], split[2])
	taken := m.take(2)
	m.allocate(taken[1])
	dir := m.take(1)[0]
	m.put(append(drop(file{name: "below", attr: 0x20, first: free[0], size: 5, valid: 5, flags: 3}.set()),
		file{name: "below too", attr: 0x20, first: free[0], size: 4, valid: 4, flags: 3}.set()...), dir)
	live := m.take(1)[0]
	m.link(live)
	m.allocate(live)
	m.put(drop(file{name: "in a live one", attr: 0x20, flags: 1}.set()), live)
	torn := drop(file{name: "torn", attr: 0x20}.set())
	torn[40]++
	m.setExRoot(
		drop(file{name: "packed", attr: 0x20, first: free[0], size: 2 * sector, valid: 2 * sector, flags: 3}.set()),
		drop(file{name: "split", attr: 0x20, first: split[0], size: 2 * sector, valid: 2 * sector, flags: 1}.set()),
		drop(file{name: "taken", attr: 0x20, first: taken[0], size: 2 * sector, valid: 2 * sector, flags: 3}.set()),
		drop(file{name: "folder", attr: folder, first: dir, size: sector, valid: sector, flags: 3}.set()),
		torn,
		file{name: "live", attr: folder, first: live, size: sector, valid: sector, flags: 1}.set(),
	)
	s := open(t, m.b)
	got := map[string]fsys.Deleted{}
	for d, err := range s.Deleted(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		got[d.Name] = d
	}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, []string{"below", "below too", "folder", "in a live one", "packed", "split", "taken"}) {
		t.Fatalf("%q", names)
	}
	for name, text := range map[string]string{
		"packed": string(text("free", 2*sector)), "split": string(text("split", 2*sector)),
		"below": "free ", "below too": "free",
	} {
		if d := got[name]; read(t, s, d.ID) != text || d.Reused {
			t.Errorf("%s: %+v, %q", name, d, read(t, s, d.ID))
		}
	}
	if !got["taken"].Reused {
		t.Error("taken: not reused")
	}
	if got["below"].Dir != got["folder"].ID || got["packed"].Dir != s.Root() {
		t.Errorf("%+v", got)
	}
}

func TestExFATDamage(t *testing.T) {
	m := newExFAT(100)
	content := m.add(text("x", 10))
	m.setExRoot(
		file{name: "past the end", attr: 0x20, first: 100, size: 3 * sector, valid: 3 * sector, flags: 3}.set(),
		file{name: "long folder", attr: folder, first: content, size: 4 * sector, valid: 4 * sector, flags: 1}.set(),
	)
	s := open(t, m.b)
	all := ids(t, s, s.Root())
	c, err := s.Open(all["past the end"])
	if err != nil {
		t.Fatal(err)
	}
	if n, err := c.ReadAt(make([]byte, 3*sector), 0); n != 2*sector || !errors.Is(err, ErrDamaged) {
		t.Errorf("%d, %v", n, err)
	}
	if errs := faults(t, s, all["long folder"]); len(errs) != 0 {
		t.Errorf("a folder that ends where its sets end: %v", errs)
	}
	clear(m.b[m.at(2) : m.at(2)+slotSize]) // an end in front of everything
	if notes := open(t, m.b).(*system).Notes(); len(notes) != 1 || !strings.Contains(notes[0], "bitmap") {
		t.Errorf("%q", notes)
	}
	for name, change := range map[string]func([]byte){
		"sector":  func(b []byte) { b[108] = 40 },
		"cluster": func(b []byte) { b[109] = 17 },
		"count":   func(b []byte) { le.PutUint32(b[92:], 0) },
		"tables":  func(b []byte) { b[110] = 0 },
		"root":    func(b []byte) { le.PutUint32(b[96:], 102) },
	} {
		b := bytes.Clone(m.b)
		change(b)
		if _, err := Open(bytes.NewReader(b), int64(len(b)), nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
