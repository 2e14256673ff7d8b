package fat

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"iocscan/scan/internal/fsys"
)

// samples are small volumes with something of everything.
func samples() [][]byte {
	var list [][]byte
	for _, bits := range []int{12, 28} {
		m := newFAT(bits, 40)
		sub := m.take(2)
		m.link(sub...)
		m.put(append(dots(sub[0], 0), long("a file below.txt", short("AFILEB~1TXT", 0x20, m.add(text("y", 700)), 700))...), sub...)
		m.setRoot(
			long("some long name.txt", short("SOMELO~1TXT", 0x20, m.add(text("x", 1200)), 1200)),
			erase(long("deleted.textual", short("DELETE~1TEX", 0x20, 30, 1200))),
			short("SUB        ", fsys.AttrDirectory, sub[0], 0),
		)
		list = append(list, m.b)
	}
	m := newExFAT(40)
	sub := m.take(2)
	m.put(crowd(m, 7), sub...)
	m.setExRoot(
		file{name: "folder", attr: folder, first: sub[0], size: 2 * sector, valid: 2 * sector, flags: 3}.set(),
		drop(file{name: "deleted", attr: 0x20, first: 30, size: 999, valid: 999, flags: 1}.set()),
		file{name: "file", attr: 0x20, first: m.add(text("x", 1200)), size: 1200, valid: 1000, flags: 1}.set(),
	)
	return append(list, m.b)
}

// exhaust reads all of a volume. It fails where that is more than there can be.
func exhaust(t testing.TB, b []byte) {
	s, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		return
	}
	s.Label()
	s.(*system).Notes()
	most := len(b)/slotSize*4 + 1000
	visited := map[fsys.ID]bool{}
	look := func(e fsys.Entry) {
		info, err := s.Stat(e.ID)
		if err == nil && info.Kind != e.Kind {
			t.Errorf("%q: kind %d, listed as %d", e.Name, info.Kind, e.Kind)
		}
		c, err := s.Open(e.ID)
		if err != nil {
			return
		}
		part := make([]byte, 5000)
		for _, at := range []int64{0, 700, c.Size() - 10, c.Size()} {
			if n, err := c.ReadAt(part, max(at, 0)); n < len(part) && err == nil {
				t.Errorf("%q: %d bytes and no error", e.Name, n)
			}
		}
	}
	rest := []fsys.ID{s.Root()}
	for len(rest) > 0 {
		dir := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		n := 0
		for e, err := range s.ReadDir(context.Background(), dir) {
			if n++; n > most {
				t.Fatalf("more than %d entries in %d bytes", n, len(b))
			}
			if err != nil || visited[e.ID] {
				continue
			}
			visited[e.ID] = true
			look(e)
			if e.Kind == fsys.Dir {
				rest = append(rest, e.ID)
			}
		}
	}
	n := 0
	for d, err := range s.Deleted(context.Background()) {
		if n++; n > most {
			t.Fatalf("more than %d deleted entries in %d bytes", n, len(b))
		}
		if err == nil {
			look(d.Entry)
		}
	}
}

func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, sound := range samples() {
		exhaust(t, sound)
		used := bytes.LastIndexFunc(sound, func(r rune) bool { return r != 0 })
		for range 1000 {
			b := bytes.Clone(sound)
			for range 1 + random.IntN(4) {
				at := random.IntN(used - 4)
				if random.IntN(3) == 0 {
					at = random.IntN(112)
				}
				switch random.IntN(3) {
				case 0:
					b[at] ^= 1 << random.IntN(8)
				case 1:
					le.PutUint32(b[at:], random.Uint32())
				case 2:
					le.PutUint32(b[at:], uint32(random.IntN(45)))
				}
			}
			if random.IntN(8) == 0 {
				b = b[:random.IntN(len(b))]
			}
			exhaust(t, b)
			if t.Failed() {
				t.Fatalf("sample %d", i)
			}
		}
	}
}

func FuzzVolume(f *testing.F) {
	for _, b := range samples() {
		f.Add(b[:min(len(b), 8192)])
	}
	f.Fuzz(func(t *testing.T, b []byte) { exhaust(t, b) })
}

// blank is a volume of any size: its boot sector, and zeros behind.
type blank struct{ boot []byte }

func (r blank) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(r.boot)) {
		copy(p, r.boot[off:])
	}
	return len(p), nil
}

// TestLyingSizes has headers that promise everything: nothing may be allocated
// for that.
func TestLyingSizes(t *testing.T) {
	ex := newExFAT(100).b[:512]
	le.PutUint64(ex[72:], 1<<55)
	le.PutUint32(ex[84:], 1<<31)
	le.PutUint32(ex[92:], 0xfffffff5)
	ex[109] = 16
	fat32 := newFAT(28, 100).b[:512]
	le.PutUint32(fat32[32:], 0xffffffff)
	le.PutUint32(fat32[36:], 0xffffff)
	for _, boot := range [][]byte{ex, fat32} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := Open(blank{boot}, most, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range s.ReadDir(t.Context(), s.Root()) {
		}
		for range s.Deleted(t.Context()) {
		}
		runtime.ReadMemStats(&after)
		used := after.TotalAlloc - before.TotalAlloc
		if used > 4<<20 {
			t.Errorf("%d bytes for an empty volume", used)
		}
	}
}

func TestConcurrent(t *testing.T) {
	for _, b := range samples() {
		s := open(t, b)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for range 20 {
					all, _ := tree(t, s)
					if len(all) < 3 {
						t.Errorf("%d objects", len(all))
					}
					for range s.Deleted(t.Context()) {
					}
				}
			})
		}
		wait.Wait()
	}
}

// crowded is a FAT32 volume with n files in one folder.
func crowded(n int) []byte {
	m := newFAT(28, n*2)
	var all [][]byte
	for i := range n {
		e := short(fmt.Sprintf("F%07dTXT", i), 0x20, m.add(binary.LittleEndian.AppendUint32(nil, uint32(i))), 4)
		all = append(all, long(fmt.Sprintf("a file with number %d.txt", i), e))
	}
	m.setRoot(all...)
	return m.b
}

func TestCrowded(t *testing.T) {
	s := open(t, crowded(100_000))
	n := 0
	for e, err := range s.ReadDir(t.Context(), s.Root()) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("a file with number %d.txt", n); e.Name != want {
			t.Fatalf("%q, want %q", e.Name, want)
		}
		n++
	}
	if n != 100_000 {
		t.Errorf("%d files", n)
	}
}

func BenchmarkList(b *testing.B) {
	s := open(b, crowded(100_000))
	for b.Loop() {
		for e, err := range s.ReadDir(b.Context(), s.Root()) {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.Stat(e.ID); err != nil {
				b.Fatal(err)
			}
			if _, err := s.Open(e.ID); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	m := newFAT(28, 1<<17)
	content := text("x", 32<<20)
	m.setRoot(short("BIG     BIN", 0x20, m.add(content), len(content)))
	s := open(b, m.b)
	var id fsys.ID
	for e := range s.ReadDir(b.Context(), s.Root()) {
		id = e.ID
	}
	b.SetBytes(int64(len(content)))
	buf := make([]byte, 256<<10)
	for b.Loop() {
		c, err := s.Open(id)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{io.NewSectionReader(c, 0, c.Size())}, buf); err != nil {
			b.Fatal(err)
		}
	}
}
