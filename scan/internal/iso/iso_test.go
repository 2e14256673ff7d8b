package iso

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

func open(t testing.TB, b []byte) fsys.FileSystem {
	t.Helper()
	s, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// list walks the whole tree; errors are listed too.
func list(s fsys.FileSystem) map[string]string {
	all := map[string]string{}
	visited := map[fsys.ID]bool{}
	var walk func(string, fsys.ID)
	walk = func(at string, dir fsys.ID) {
		if visited[dir] {
			return
		}
		visited[dir] = true
		for e, err := range s.ReadDir(context.Background(), dir) {
			name := at + "/" + e.Name
			switch {
			case err != nil:
				all[at+"/!"] = err.Error()
			case e.Kind == fsys.Dir:
				all[name] = "folder"
				walk(name, e.ID)
			case e.Kind == fsys.Link:
				target, err := s.Readlink(e.ID)
				all[name] = fmt.Sprint("-> ", target, err)
			case e.Kind == fsys.Regular:
				all[name] = content0(s, e.ID)
			default:
				all[name] = fmt.Sprint("kind ", e.Kind)
			}
		}
	}
	walk("", s.Root())
	return all
}

func content0(s fsys.FileSystem, id fsys.ID) string {
	c, err := s.Open(id)
	if err != nil {
		return "open: " + err.Error()
	}
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		return "read: " + err.Error()
	}
	return string(b)
}

// plain is a volume with ISO 9660 names and a file in two parts.
func plain() *image {
	m := newImage()
	part1, part2 := m.add(bytes.Repeat([]byte("one "), sector/4)), m.add([]byte("two"))
	long := m.add([]byte("long"))
	below := m.folder(nil, entry("INNER.TXT;1", 0, long, 4))
	var crowd [][]byte
	for i := range 80 { // more than a sector
		crowd = append(crowd, entry(fmt.Sprintf("F%02d.;1", i), 0, long, i%4))
	}
	many := m.folder(nil, crowd...)
	root := m.folder(nil,
		entry("PARTS.BIN;1", flagMore, part1, sector),
		entry("PARTS.BIN;1", 0, part2, 3),
		entry("EMPTY.;1", 0, 0, 0),
		entry("BELOW", flagDir, below, sector),
		entry("MANY", flagDir, many, 2*sector),
		entry("ALONE.BIN;1", flagMore, part1, sector),
		entry("LAST.TXT;12", 0, long, 4),
	)
	m.head(16, 1, []byte("LABEL   "), entry("\x00", flagDir, root, sector))
	m.head(17, 255, nil, nil)
	return m
}

func TestPlain(t *testing.T) {
	s := open(t, plain().b)
	if s.Type() != "iso9660" || s.Label() != "LABEL" {
		t.Errorf("%s %q", s.Type(), s.Label())
	}
	all := list(s)
	for name, want := range map[string]string{
		"/PARTS.BIN": strings.Repeat("one ", sector/4) + "two", "/EMPTY": "", "/BELOW": "folder",
		"/BELOW/INNER.TXT": "long", "/LAST.TXT": "long", "/MANY/F79": "lon", "/MANY/F00": "",
		"/!": `damaged: a part of the file "ALONE.BIN" is missing`,
	} {
		if got, ok := all[name]; got != want || !ok {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(all) != 7+80 {
		t.Errorf("%d: %q", len(all), slices.Sorted(maps.Keys(all)))
	}
	for e := range s.ReadDir(t.Context(), s.Root()) {
		if e.Name == "PARTS.BIN" {
			at := ioc.Ticks(time.Date(2020, 2, 29, 7, 20, 30, 0, time.UTC))
			want := fsys.Info{Size: sector + 3, Created: at, Modified: at, UID: -1, GID: -1}
			if got, err := s.Stat(e.ID); got != want || err != nil {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		}
	}
	for _, id := range []fsys.ID{0, 2, 17 * sector, 1 << 40, ^fsys.ID(0)} {
		if info, err := s.Stat(id); err == nil {
			t.Errorf("object %d: %+v", id, info)
		}
	}
}

func TestJoliet(t *testing.T) {
	m := newImage()
	a, b := m.add([]byte("for all")), m.add([]byte("for Windows only"))
	iso := m.folder(nil, entry("A.TXT;1", 0, a, 7))
	jol := m.folder(nil, entry(joliet("Ä long näme.txt;1"), 0, a, 7), entry(joliet("evil.exe"), 0, b, 16))
	m.head(16, 1, []byte("ISO"), entry("\x00", flagDir, iso, sector))
	m.head(17, 2, []byte(joliet("Jöliet")), entry("\x00", flagDir, jol, sector))
	m.head(18, 255, nil, nil)
	s := open(t, m.b)
	if got := list(s); len(got) != 2 || got["/Ä long näme.txt"] != "for all" || got["/evil.exe"] != "for Windows only" || s.Label() != "Jöliet" {
		t.Errorf("%q, %q", s.Label(), got)
	}
	// The same with Rock Ridge names: those are shown, and it is said that
	// another system would see more.
	ridge := m.folder(append(field("SP", []byte{0xbe, 0xef, 0}), mode(0040755)...), entry("A.TXT;1", 0, a, 7, alias("a.text")...))
	m.head(16, 1, []byte("ISO"), entry("\x00", flagDir, ridge, sector))
	copy(m.b[19*sector+1:], "NSR02")
	s = open(t, m.b)
	if got := list(s); len(got) != 1 || got["/a.text"] != "for all" {
		t.Errorf("%q", got)
	}
	notes := s.(*system).Notes()
	if len(notes) != 2 || !strings.Contains(notes[0], "UDF") || !strings.HasPrefix(notes[1], "1 contents are in the folders by Joliet only") {
		t.Errorf("%q", notes)
	}
}

// ridges is a volume with all of Rock Ridge that is read.
func ridges() *image {
	m := newImage()
	text := m.add([]byte("text"))
	// A name of 300 bytes: the second half is elsewhere.
	rest := field("NM", []byte{0}, bytes.Repeat([]byte("r"), 150))
	area := m.add(rest)
	long := append(field("NM", []byte{1}, bytes.Repeat([]byte("l"), 100)), field("CE", both(area), both(0), both(len(rest)))...)
	link := field("SL", []byte{0}, []byte("\x08\x00\x00\x03etc\x04\x00\x02\x00\x01\x04part\x00\x03ial"))
	times := field("TF", []byte{0x80 | 2}, []byte("2021123123595950\x04"))
	deep := m.folder(nil, entry("DEEP.;1", 0, text, 4, alias("deep")...))
	root := m.folder(append(field("SP", []byte{0xbe, 0xef, 0}), mode(0040755)...),
		entry("LONG.;1", 0, text, 4, append(long, mode(0104755)...)...),
		entry("LINK.;1", 0, 0, 0, append(append(alias("link"), mode(0120777)...), link...)...),
		entry("FIFO.;1", 0, 0, 0, append(alias("fifo"), mode(0010600)...)...),
		entry("TIMES.;1", 0, text, 4, append(alias("times"), times...)...),
		entry("Z.;1", 0, text, 4, append(alias("packed"), field("ZF", make([]byte, 12))...)...),
		entry("MOVED.;1", 0, text, 4, append(alias("moved"), field("CL", both(deep))...)...),
		entry("BAD.;1", 0, text, 4, append(alias("bad"), 'N', 'M', 200, 1)...),
	)
	m.head(16, 1, []byte("ISO"), entry("\x00", flagDir, root, sector))
	m.head(17, 255, nil, nil)
	return m
}

func TestRidge(t *testing.T) {
	s := open(t, ridges().b)
	all := list(s)
	long := strings.Repeat("l", 100) + strings.Repeat("r", 150)
	for name, want := range map[string]string{
		"/" + long: "text", "/link": "-> /etc/.././partial<nil>", "/fifo": fmt.Sprint("kind ", fsys.FIFO), "/times": "text",
		"/packed": "open: content compressed by zisofs: not supported", "/moved": "folder", "/moved/deep": "text",
	} {
		if got, ok := all[name]; got != want || !ok {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(all) != 8 || !strings.Contains(all["/!"], `"bad"`) {
		t.Errorf("%q", all)
	}
	for e := range s.ReadDir(t.Context(), s.Root()) {
		info, err := s.Stat(e.ID)
		switch e.Name {
		case long:
			if info.Mode != 04755 || info.UID != 500 || info.GID != 600 || info.Links != 1 || err != nil {
				t.Errorf("%+v, %v", info, err)
			}
		case "times":
			if want := ioc.Ticks(time.Date(2021, 12, 31, 22, 59, 59, 5e8, time.UTC)); info.Modified != want || err != nil {
				t.Errorf("%+v, %v", info, err)
			}
		}
	}
	if info, err := s.Stat(s.Root()); info.Mode != 0755 || info.Kind != fsys.Dir || err != nil {
		t.Errorf("root: %+v, %v", info, err)
	}
}

func TestNotISO(t *testing.T) {
	for name, b := range map[string][]byte{"empty": nil, "zeros": make([]byte, 20*sector), "short": plain().b[:16*sector+100]} {
		if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrNotISO) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// exhaust reads all of a volume. It fails where that is more than there can be.
func exhaust(t testing.TB, b []byte) {
	s, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	s.(*system).Notes()
	visited := map[fsys.ID]bool{}
	rest := []fsys.ID{s.Root()}
	for len(rest) > 0 {
		dir := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		n := 0
		for e, err := range s.ReadDir(context.Background(), dir) {
			if n++; n > len(b)/leastRecord+100 {
				t.Fatalf("%d entries in %d bytes", n, len(b))
			}
			if err != nil || visited[e.ID] {
				continue
			}
			visited[e.ID] = true
			if info, err := s.Stat(e.ID); err == nil && info.Kind != e.Kind {
				t.Errorf("%q: kind %d, listed as %d", e.Name, info.Kind, e.Kind)
			}
			s.Readlink(e.ID)
			if c, err := s.Open(e.ID); err == nil {
				part := make([]byte, 5000)
				for _, at := range []int64{0, 3000, c.Size() - 1, c.Size()} {
					if n, err := c.ReadAt(part, max(at, 0)); n < len(part) && err == nil {
						t.Errorf("%q: %d bytes and no error", e.Name, n)
					}
				}
			}
			if e.Kind == fsys.Dir {
				rest = append(rest, e.ID)
			}
		}
	}
}

func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, sound := range [][]byte{plain().b, ridges().b} {
		for range 1500 {
			b := bytes.Clone(sound)
			for range 1 + random.IntN(4) {
				at := 16*sector + random.IntN(len(b)-16*sector-4)
				if at = min(at, len(b)-4); random.IntN(2) == 0 {
					at = len(b) - 4 - random.IntN(1200) // the root folder is last
				}
				switch random.IntN(3) {
				case 0:
					b[at] ^= 1 << random.IntN(8)
				case 1:
					le.PutUint32(b[at:], random.Uint32())
				case 2:
					le.PutUint32(b[at:], uint32(random.IntN(30)))
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
	// The first 16 sectors are never read: the seeds leave them out.
	f.Add(plain().b[firstPlace:])
	f.Add(ridges().b[firstPlace:])
	f.Fuzz(func(t *testing.T, b []byte) { exhaust(t, append(make([]byte, firstPlace), b...)) })
}

func TestCorpus(t *testing.T) {
	const dir = "../../../../shared/corpus"
	b, err := os.ReadFile(filepath.Join(dir, "truth/images/log2timeline-dfvfs__iso9660.raw.json"))
	if err != nil {
		t.Skip("no shared corpus beside the repository: ", err)
	}
	var truth struct {
		File    string
		Systems []struct {
			Files []struct {
				Path, Type, SHA256 string
				Size               int64
				Created            int64 `json:"crtime"`
			}
		} `json:"filesystems"`
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(filepath.Join(dir, "evidence", truth.File))
	if err != nil {
		t.Fatal(err)
	}
	// Truth shows the plain names, of which Rock Ridge has others.
	v := open(t, image).(*system).volume
	v.ridge = false
	if v.joliet {
		v.tree, v.other = *v.other, nil
	}
	s := &system{v}
	got := list(s)
	n := 0
	for _, f := range truth.Systems[0].Files {
		if f.Type == "other" {
			continue
		}
		n++
		text, ok := got[f.Path]
		if !ok {
			t.Errorf("%s is missing: %q", f.Path, slices.Sorted(maps.Keys(got)))
		}
		if f.Type == "file" && (fmt.Sprintf("%x", sha256.Sum256([]byte(text))) != f.SHA256 || int64(len(text)) != f.Size) {
			t.Errorf("%s: wrong content", f.Path)
		}
	}
	if len(got) != n {
		t.Errorf("%d objects, want %d", len(got), n)
	}
}
