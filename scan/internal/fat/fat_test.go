package fat

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

func read(t testing.TB, s fsys.FileSystem, id fsys.ID) string {
	t.Helper()
	c, err := s.Open(id)
	if err != nil {
		t.Errorf("open: %v", err)
		return ""
	}
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		t.Errorf("read: %v", err)
	}
	return string(b)
}

// ids are those of a folder's entries, by name.
func ids(t testing.TB, s fsys.FileSystem, dir fsys.ID) map[string]fsys.ID {
	t.Helper()
	m := map[string]fsys.ID{}
	for e, err := range s.ReadDir(t.Context(), dir) {
		if err != nil {
			t.Error(err)
			continue
		}
		m[e.Name] = e.ID
	}
	return m
}

func faults(t testing.TB, s fsys.FileSystem, dir fsys.ID) []error {
	var list []error
	for _, err := range s.ReadDir(t.Context(), dir) {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

func TestFAT(t *testing.T) {
	for _, c := range []struct {
		kind     string
		bits     int
		clusters int
	}{{"fat12", 12, 200}, {"fat16", 16, 5000}, {"fat32", 28, 200}, {"fat32", 28, 70000}} {
		m := newFAT(c.bits, c.clusters)
		// Three pieces, the second before the first.
		list := m.take(6)
		pieces := []uint32{list[3], list[4], list[0], list[2]}
		big := text("pieces", 3*sector+100)
		m.link(pieces...)
		m.put(big, pieces...)
		one := m.add([]byte("one"))
		sub := m.take(1)[0]
		m.link(sub)
		inner := m.add([]byte("inner"))
		m.put(append(dots(sub, 0), short("INNER   TXT", 0x20, inner, 5)...), sub)
		orphan := long("never mine.txt", short("ANOTHER TXT", 0x20, 0, 0))
		cased := short("LOWER   TXT", 0x21, 0, 0)
		cased[12] = 0x18
		m.setRoot(
			short("LABEL IN ROOT"[:11], attrVolume, 0, 0),
			long("A rather long näme 😀 with parts.text", short("ARATHE~1TEX", 0x20, pieces[0], len(big))),
			orphan[:len(orphan)-slotSize],
			short("ONE     TXT", 0x20, one, 3),
			cased,
			short("\x05BCD\x81   E\x82 ", 0x20, 0, 0),
			long("thirteen.text", short("THIRTE~1TEX", 0x26, 0, 0)),
			short("SUB        ", fsys.AttrDirectory, sub, 0),
		)
		s := open(t, m.b)
		if s.Type() != c.kind || s.Label() != "LABEL IN RO" || s.Serial() != "cafe0123" {
			t.Errorf("%s %q %s, want %s", s.Type(), s.Label(), s.Serial(), c.kind)
		}
		got := ids(t, s, s.Root())
		want := []string{"A rather long näme 😀 with parts.text", "ONE.TXT", "SUB", "lower.txt", "thirteen.text", "σBCDü.Eé"}
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
			t.Fatalf("%s: %q, want %q", c.kind, names, want)
		}
		if text := read(t, s, got[want[0]]); text != string(big) {
			t.Errorf("%s: pieces: %q", c.kind, text)
		}
		if text := read(t, s, got["ONE.TXT"]); text != "one" {
			t.Errorf("%s: %q", c.kind, text)
		}
		below := ids(t, s, got["SUB"])
		if len(below) != 1 || read(t, s, below["INNER.TXT"]) != "inner" {
			t.Errorf("%s: below SUB: %v", c.kind, below)
		}
		if _, err := s.Open(got["SUB"]); !errors.Is(err, fsys.ErrNotRegular) {
			t.Errorf("%s: open a folder: %v", c.kind, err)
		}
		if notes := s.(*system).Notes(); len(notes) != 0 {
			t.Errorf("%s: %q", c.kind, notes)
		}
	}
}

func TestStat(t *testing.T) {
	m := newFAT(12, 100)
	m.setRoot(short("ONE     TXT", 0x21, m.add([]byte("one")), 3), short("NODATE  TXT", 0, 0, 0))
	le.PutUint16(m.b[m.root+slotSize+16:], 0)
	le.PutUint16(m.b[m.root+slotSize+24:], 30<<9|2<<5|30) // 30 February
	moscow := time.FixedZone("", 3*3600)
	for _, zone := range []*time.Location{nil, moscow} {
		s, err := Open(bytes.NewReader(m.b), int64(len(m.b)), zone)
		if err != nil {
			t.Fatal(err)
		}
		if zone == nil {
			zone = time.UTC
		}
		all := ids(t, s, s.Root())
		got, err := s.Stat(all["ONE.TXT"])
		want := fsys.Info{
			Size: 3, UID: -1, GID: -1, Links: 1, Attributes: 0x21,
			Created:  ioc.Ticks(time.Date(2020, 2, 29, 10, 20, 31, 5e8, zone)),
			Modified: ioc.Ticks(time.Date(2020, 3, 1, 23, 59, 58, 0, zone)),
			Accessed: ioc.Ticks(time.Date(2021, 12, 31, 0, 0, 0, 0, zone)),
		}
		if got != want || err != nil {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if got, err := s.Stat(all["NODATE.TXT"]); got.Created != 0 || got.Modified != 0 || got.Accessed == 0 || err != nil {
			t.Errorf("dates that are none: %+v, %v", got, err)
		}
		if got, err := s.Stat(s.Root()); got.Kind != fsys.Dir || err != nil {
			t.Errorf("root: %+v, %v", got, err)
		}
	}
}

func TestDeleted(t *testing.T) {
	m := newFAT(28, 300)
	content := text("gone", 2*sector+10)
	free := m.take(3)
	m.put(content, free...)
	over := m.take(2)
	m.put(text("other's", 2*sector), over...)
	m.link(over[1])
	dir := m.take(2) // deleted, and free as a whole
	inside := m.take(1)[0]
	m.put([]byte("in it"), inside)
	m.put(append(append(dots(dir[0], 0), erase(short("IN_IT   TXT", 0x20, inside, 5))...),
		long("still marked as there.txt", short("STILLM~1TXT", 0x20, inside, 5))...), dir...)
	taken := m.take(1)[0] // deleted, but something else begins there
	m.put(text("no folder", sector), taken)
	m.link(taken)
	m.setRoot(
		erase(long("gone for good.txt", short("GONEFO~1TXT", 0x20, free[0], len(content)))),
		erase(short("PLAIN   TXT", 0x20, over[0], 2*sector)),
		erase(long("a deleted folder", short("ADELET~1   ", fsys.AttrDirectory, dir[0], 0))),
		erase(short("TAKEN      ", fsys.AttrDirectory, taken, 0)),
		erase(short("EMPTY   TXT", 0x20, 0, 0)),
		short("HERE    TXT", 0x20, 0, 0),
	)
	s := open(t, m.b)
	if names := slices.Sorted(maps.Keys(ids(t, s, s.Root()))); !slices.Equal(names, []string{"HERE.TXT"}) {
		t.Errorf("listed: %q", names)
	}
	found := map[string]fsys.Deleted{}
	for d, err := range s.Deleted(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		found[d.Name] = d
	}
	folder := found["a deleted folder"].ID
	for _, w := range []struct {
		name   string
		dir    fsys.ID
		reused bool
		text   string
	}{
		{"gone for good.txt", rootID, false, string(content)},
		{"_LAIN.TXT", rootID, true, string(text("other's", 2*sector))},
		{"a deleted folder", rootID, false, ""},
		{"_AKEN", rootID, true, ""},
		{"_MPTY.TXT", rootID, false, ""},
		{"_N_IT.TXT", folder, false, "in it"},
		{"still marked as there.txt", folder, false, "in it"},
	} {
		d, ok := found[w.name]
		if !ok || d.Dir != w.dir || d.Reused != w.reused || d.Orphan {
			t.Errorf("%s: %+v", w.name, d)
			continue
		}
		delete(found, w.name)
		if d.Kind == fsys.Regular {
			if got := read(t, s, d.ID); got != w.text {
				t.Errorf("%s: %q", w.name, got)
			}
		}
	}
	if len(found) > 0 {
		t.Errorf("too much: %v", found)
	}
	if got := ids(t, s, folder); len(got) != 2 || read(t, s, got["_N_IT.TXT"]) != "in it" {
		t.Errorf("the deleted folder: %v", got)
	}
}

func TestDamage(t *testing.T) {
	m := newFAT(16, 5000)
	loop := m.take(3)
	m.link(loop...)
	m.set(loop[2], loop[1])
	m.put(text("round", 3*sector), loop...)
	short1 := m.take(2)
	m.link(short1...)
	m.put(text("short", 2*sector), short1...)
	bad := m.take(2)
	m.link(bad...)
	m.set(bad[0], 4999+3) // there is none
	dirLoop := m.take(2)
	m.link(dirLoop...)
	m.set(dirLoop[1], dirLoop[0])
	full := dots(dirLoop[0], 0)
	for range 30 {
		full = append(full, short("SAME    TXT", 0x20, 0, 0)...)
	}
	m.put(full, dirLoop...)
	m.setRoot(
		short("LOOP    BIN", 0x20, loop[0], 1<<20),
		short("SHORT   BIN", 0x20, short1[0], 3*sector),
		short("BAD     BIN", 0x20, bad[0], 2*sector),
		short("NONE    BIN", 0x20, 0, 1),
		short("HUGE    BIN", 0x20, short1[0], 0x7fffffff),
		short("LABEL      ", attrVolume, short1[0], 10),
		short("ODD     BIN", 0xe0, 0, 0),
		short("FREE       ", fsys.AttrDirectory, 0, 0),
		short("ROUND      ", fsys.AttrDirectory, dirLoop[0], 0),
	)
	s := open(t, m.b)
	all := map[string]fsys.ID{}
	var errs []string
	for e, err := range s.ReadDir(t.Context(), s.Root()) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		all[e.Name] = e.ID
	}
	if len(all) != 7 || len(errs) != 2 || !strings.Contains(errs[0], `"LABEL"`) || !strings.Contains(errs[1], "ODD.BIN") {
		t.Errorf("%v, %q", all, errs)
	}
	for _, c := range []struct {
		name string
		good int64 // bytes in front of the fault
		why  string
	}{
		{"LOOP.BIN", 3 * sector, "circle"},
		{"SHORT.BIN", 2 * sector, "2 clusters of 3"},
		{"BAD.BIN", sector, "followed by 5002"},
		{"NONE.BIN", 0, "begins in cluster 0"},
		{"HUGE.BIN", 2 * sector, "2 clusters of 5002"},
	} {
		content, err := s.Open(all[c.name])
		if err != nil {
			t.Error(c.name, err)
			continue
		}
		n, err := io.Copy(io.Discard, io.NewSectionReader(content, 0, content.Size()))
		if n != c.good && c.name != "LOOP.BIN" || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %d bytes, %v", c.name, n, err)
		}
	}
	for name, why := range map[string]string{"FREE": "begins in cluster 0", "ROUND": "circle"} {
		if errs := faults(t, s, all[name]); len(errs) != 1 || !strings.Contains(errs[0].Error(), why) {
			t.Errorf("%s: %v", name, errs)
		}
	}
	if errs := faults(t, s, all["BAD.BIN"]); len(errs) != 1 {
		t.Errorf("list a file: %v", errs)
	}
	for _, id := range []fsys.ID{0, 2, 31, 1 << 40, ^fsys.ID(0), lost, packed} {
		if info, err := s.Stat(id); err == nil {
			t.Errorf("object %#x: %+v", id, info)
		}
	}
}

// broken reads nothing between two places.
type broken struct {
	io.ReaderAt
	from, to int64
}

var errBroken = errors.New("bad sector")

func (r broken) ReadAt(p []byte, off int64) (int, error) {
	if off < r.to && off+int64(len(p)) > r.from {
		return 0, errBroken
	}
	return r.ReaderAt.ReadAt(p, off)
}

func TestTables(t *testing.T) {
	build := func() *image {
		m := newFAT(16, 5000)
		m.setRoot(short("TWO     BIN", 0x20, m.add(text("two", 2*sector)), 2*sector))
		return m
	}
	m := build()
	s, err := Open(broken{bytes.NewReader(m.b), sector, sector + 10}, int64(len(m.b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, ids(t, s, s.Root())["TWO.BIN"]); got != string(text("two", 2*sector)) {
		t.Errorf("by the second table: %q", got)
	}
	if notes := s.(*system).Notes(); len(notes) != 2 || !strings.Contains(notes[0], "next one was used") {
		t.Errorf("%q", notes)
	}
	m = build()
	m.b[m.table+m.copy+100] ^= 1
	if notes := open(t, m.b).(*system).Notes(); len(notes) != 1 || !strings.Contains(notes[0], "differ") {
		t.Errorf("%q", notes)
	}
	m = build()
	s, err = Open(broken{bytes.NewReader(m.b), sector, int64(m.root)}, int64(len(m.b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Open(ids(t, s, s.Root())["TWO.BIN"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadAt(make([]byte, 2*sector), 0); !errors.Is(err, errBroken) {
		t.Errorf("no table: %v", err)
	}
}

func TestNotFAT(t *testing.T) {
	sound := newFAT(12, 100).b
	for name, change := range map[string]func([]byte){
		"zeros":       func(b []byte) { clear(b) },
		"NTFS":        func(b []byte) { copy(b[3:], "NTFS    "); b[14], b[16] = 0, 0 },
		"sector size": func(b []byte) { b[11] = 1 },
		"cluster":     func(b []byte) { b[13] = 3 },
		"media":       func(b []byte) { b[21] = 0x10 },
		"no clusters": func(b []byte) { le.PutUint32(b[32:], 3) },
	} {
		b := bytes.Clone(sound)
		change(b)
		if s, err := Open(bytes.NewReader(b), int64(len(b)), nil); !errors.Is(err, ErrNotFAT) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	if _, err := Open(bytes.NewReader(sound), 100, nil); !errors.Is(err, ErrNotFAT) {
		t.Error("100 bytes:", err)
	}
	if _, err := Open(bytes.NewReader(sound[:100]), int64(len(sound)), nil); err == nil {
		t.Error("boot sector cut short: no error")
	}
}

// TestLongChain has a content whose chain goes over several pages of the table,
// in pieces that cross their borders.
func TestLongChain(t *testing.T) {
	for _, bits := range []int{12, 16, 28} {
		clusters := map[int]int{12: 4000, 16: 20000, 28: 20000}[bits]
		m := newFAT(bits, clusters)
		list := m.take(clusters - 10)
		for i := 7; i+1 < len(list); i += 7 {
			list[i], list[i+1] = list[i+1], list[i]
		}
		content := make([]byte, len(list)*sector)
		for i := range content {
			content[i] = byte(i ^ i>>9 ^ i>>17)
		}
		m.link(list...)
		m.put(content, list...)
		m.setRoot(short("LONG    BIN", 0x20, list[0], len(content)))
		s := open(t, m.b)
		if read(t, s, ids(t, s, s.Root())["LONG.BIN"]) != string(content) {
			t.Errorf("%d bits: wrong content", bits)
		}
	}
}

// TestDeletedNeighbours has deleted folders side by side, as they are made: one
// that is full goes on in the next cluster, and none runs into the next folder
// or into content.
func TestDeletedNeighbours(t *testing.T) {
	m := newFAT(28, 300)
	c := m.take(5) // outer, its second cluster, middle, inner, content
	outer := dots(c[0], 0)
	for len(outer) < sector {
		outer = append(outer, erase(short("OUTER   TXT", 0x20, 0, 0))...)
	}
	outer = append(outer, erase(short("MIDDLE     ", fsys.AttrDirectory, c[2], 0))...)
	m.put(outer, c[0], c[1])
	m.put(append(dots(c[2], c[0]), erase(short("INNER      ", fsys.AttrDirectory, c[3], 0))...), c[2])
	inner := dots(c[3], c[2])
	for len(inner) < sector {
		inner = append(inner, erase(short("DEEP    TXT", 0x20, c[4], 7))...)
	}
	m.put(inner, c[3])
	m.put(text("content", sector), c[4])
	m.setRoot(erase(short("TOP        ", fsys.AttrDirectory, c[0], 0)))
	s := open(t, m.b)
	got := map[string]int{}
	for d, err := range s.Deleted(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		got[d.Name]++
	}
	if want := map[string]int{"_OP": 1, "_UTER.TXT": 14, "_IDDLE": 1, "_NNER": 1, "_EEP.TXT": 14}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
