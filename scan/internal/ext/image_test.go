package ext

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/fsys"
)

// The images of testdata/make.sh.
var images = []struct{ name, kind string }{
	{"ext2-nofiletype", "ext2"}, // block maps, inodes of 128 bytes
	{"ext3", "ext3"},
	{"ext4", "ext4"},
	{"ext4-inline", "ext4"},
	{"ext4-metabg", "ext4"},
	{"ext4-bigalloc", "ext4"},
	{"ext4-64k", "ext4"},
}

func readImage(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".img.gz")
	if err != nil {
		t.Fatal(err)
	}
	return gunzip(t, b)
}

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// contents are the files of make.sh.
func contents() map[string][]byte {
	all := map[string][]byte{
		"/small": []byte("small\n"), "/hard": []byte("small\n"), "/empty": {},
		"/in60": bytes.Repeat([]byte("i"), 60), "/in100": bytes.Repeat([]byte("j"), 100),
		"/hole": make([]byte, 300000), "/far": make([]byte, 70000000),
		"/deep/er/\xff\xfe not UTF-8": []byte("x"), "/deep/er/new\nline": []byte("y"),
	}
	copy(all["/far"][69999997:], "far")
	var big bytes.Buffer
	for i := range 70000 {
		fmt.Fprintf(&big, "%09d\n", i/100)
	}
	all["/big"] = big.Bytes()
	comb := make([]byte, 199*8192+8)
	for i := range 200 {
		copy(comb[i*8192:], fmt.Sprintf("%08d", i))
	}
	all["/comb"] = comb
	for i := range 150 {
		all[fmt.Sprintf("/many/a-name-that-takes-some-room-%d", i)] = []byte("small\n")
	}
	return all
}

func TestImages(t *testing.T) {
	const made, future = 1700000000, 4102444800
	ticks := func(unix int64) int64 { return (unix + 11644473600) * 1e7 }
	files := contents()
	sums := make(map[string]string)
	for path, b := range files {
		sum := md5.Sum(b)
		sums[path] = hex.EncodeToString(sum[:])
	}
	for _, c := range images {
		t.Run(c.name, func(t *testing.T) {
			f := openBytes(t, readImage(t, c.name))
			if f.Type() != c.kind || f.Label() != "iocscan test" || f.Serial() != "01234567-89ab-cdef-0123-456789abcdef" || len(f.Notes()) != 0 {
				t.Errorf("%s, %q, %s, %q", f.Type(), f.Label(), f.Serial(), f.Notes())
			}
			all := walk(t, f)
			for path, sum := range sums {
				if o := all.objects[path]; o.md5 != sum || o.info.Size != int64(len(files[path])) || o.info.Kind != fsys.Regular {
					t.Errorf("%q: %+v, want %d bytes %s", path, o, len(files[path]), sum)
				}
				delete(all.objects, path)
			}
			small, err := f.Stat(lookup(t, f, f.Root(), "small"))
			if err != nil || small.UID != 70000 || small.GID != 80000 || small.Mode != 0o644 || small.Links != 152 || small.Modified != ticks(1600000000) {
				t.Errorf("small: %+v, %v", small, err)
			}
			if created := c.name != "ext2-nofiletype"; created && small.Created != ticks(made) || !created && small.Created != 0 {
				t.Errorf("small: created %d", small.Created)
			}
			modified := ticks(future)
			if c.name == "ext2-nofiletype" {
				modified = ticks(future - 1<<32) // a year that 32 bits do not have
			}
			if i, err := f.Stat(lookup(t, f, f.Root(), "in60")); err != nil || i.Modified != modified {
				t.Errorf("in60: modified %d, want %d, %v", i.Modified, modified, err)
			}
			if i, err := f.Stat(lookup(t, f, f.Root(), "empty")); err != nil || i.Mode != 0o4755 {
				t.Errorf("empty: mode %o, %v", i.Mode, err)
			}
			if o := all.objects["/short"]; o.target != "small" || o.info.Size != 5 {
				t.Errorf("short: %+v", o)
			}
			if o := all.objects["/long"]; o.target != "/"+strings.Repeat("far/", 25) {
				t.Errorf("long: %+v", o)
			}
			for path, kind := range map[string]fsys.Kind{
				"/lost+found": fsys.Dir, "/many": fsys.Dir, "/deep": fsys.Dir, "/deep/er": fsys.Dir,
				"/short": fsys.Link, "/long": fsys.Link, "/fifo": fsys.FIFO, "/null": fsys.Device,
			} {
				if o, ok := all.objects[path]; !ok || o.info.Kind != kind {
					t.Errorf("%s: %+v", path, o)
				}
				delete(all.objects, path)
			}
			for path := range all.objects {
				t.Errorf("%q is not in the tree", path)
			}
			testDeleted(t, f, all)
		})
	}
}

func lookup(t *testing.T, f *FS, dir fsys.ID, name string) fsys.ID {
	t.Helper()
	for e, err := range f.ReadDir(context.Background(), dir) {
		if err != nil {
			t.Error(err)
		}
		if e.Name == name {
			return e.ID
		}
	}
	t.Fatalf("no %s", name)
	return 0
}

func testDeleted(t *testing.T, f *FS, all tree) {
	t.Helper()
	var gone []string
	for d, err := range f.Deleted(context.Background()) {
		if err != nil {
			t.Error(err)
		}
		gone = append(gone, fmt.Sprintf("%s/%s %d %v %v", all.names[d.Dir], d.Name, d.ID, d.Orphan, d.Reused))
	}
	slices.Sort(gone)
	if want := []string{"/deep/gone2 18 false false", "/gone 22 false false"}; !slices.Equal(gone, want) {
		t.Errorf("deleted: %q, want %q", gone, want)
	}
}

func TestNotRegular(t *testing.T) {
	f := openBytes(t, readImage(t, "ext4"))
	for _, name := range []string{"fifo", "null", "short", "deep"} {
		if _, err := f.Open(lookup(t, f, f.Root(), name)); !errors.Is(err, fsys.ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := f.Readlink(lookup(t, f, f.Root(), "small")); err == nil {
		t.Errorf("small leads to %q", s)
	}
	for _, id := range []fsys.ID{0, 1 << 40, 65} {
		if i, err := f.Stat(id); err == nil {
			t.Errorf("inode %d: %+v", id, i)
		}
	}
	for e, err := range f.ReadDir(context.Background(), lookup(t, f, f.Root(), "small")) {
		if err == nil {
			t.Errorf("in small: %+v", e)
		}
	}
}

// A read may begin and end anywhere.
func TestReadAt(t *testing.T) {
	files := contents()
	for _, c := range images {
		f := openBytes(t, readImage(t, c.name))
		for _, name := range []string{"comb", "big", "in100"} {
			want := files["/"+name]
			content, err := f.Open(lookup(t, f, f.Root(), name))
			if err != nil {
				t.Fatal(err)
			}
			for off := 0; off < len(want)+3000; off += 977 + off/3 {
				for _, n := range []int{0, 1, 59, 1024, 70001} {
					p := bytes.Repeat([]byte{0xaa}, n)
					got, err := content.ReadAt(p, int64(off))
					rest := want[min(off, len(want)):]
					if n <= len(rest) && (got != n || err != nil) || n > len(rest) && (got != len(rest) || err != io.EOF) {
						t.Fatalf("%s: %s: %d bytes at %d: %d, %v", c.name, name, n, off, got, err)
					}
					if !bytes.Equal(p[:got], rest[:got]) {
						t.Fatalf("%s: %s: wrong bytes of %d at %d", c.name, name, n, off)
					}
				}
			}
			if _, err := content.ReadAt(make([]byte, 1), -1); err == nil {
				t.Error("read before the beginning")
			}
		}
	}
}

// place is where an inode is in an image.
func place(t *testing.T, f *FS, id fsys.ID) int {
	t.Helper()
	g, err := f.group(uint64(id-1) / uint64(f.super.inodesPer))
	if err != nil {
		t.Fatal(err)
	}
	return int(g.inodeTable<<f.super.blockBits) + int(uint64(id-1)%uint64(f.super.inodesPer))*int(f.super.inodeSize)
}

// put writes a number as the volume has it.
func put(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }

func TestNotes(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(b []byte) []byte
		want   string
	}{
		{"journal", func(b []byte) []byte { b[1024+0x60] |= incompatRecover; return b }, "journal was not replayed"},
		{"not clean", func(b []byte) []byte { b[1024+0x3a] = 0; return b }, "not unmounted cleanly"},
		{"errors", func(b []byte) []byte { b[1024+0x3a] |= stateErrors; return b }, "having errors"},
		{"short", func(b []byte) []byte { return b[:len(b)-5000] }, "its end is missing"},
	} {
		b := c.change(readImage(t, "ext3"))
		if notes := strings.Join(openBytes(t, b).Notes(), "\n"); !strings.Contains(notes, c.want) {
			t.Errorf("%s: %q", c.what, notes)
		}
	}
	b := readImage(t, "ext4")
	b[1024+0x3fc]++
	if notes := openBytes(t, b).Notes(); len(notes) != 1 || !strings.Contains(notes[0], "checksum is wrong") {
		t.Errorf("checksum: %q", notes)
	}
}

// The first superblock and its descriptors are gone, and the backup in the group
// after it is read.
func TestBackup(t *testing.T) {
	b := readImage(t, "ext2-nofiletype")
	put(b, 1024+0x04, 8193+100)
	for _, name := range []string{"big", "comb"} {
		b := append(bytes.Clone(b), make([]byte, (8193+100)*1024-len(b))...)
		copy(b[8193*1024:], b[1024:3*1024])
		clear(b[:3*1024])
		f := openBytes(t, b)
		if notes := f.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "backup in block 8193") {
			t.Errorf("%q", notes)
		}
		if all := walk(t, f); all.objects["/"+name].info.Size != int64(len(contents()["/"+name])) {
			t.Errorf("%+v", all.objects["/"+name])
		}
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		what        string
		at          int
		value       uint32
		unsupported bool
	}{
		{"magic", 0x38, 0, false},
		{"block size", 0x18, 7, false},
		{"features", 0x60, 1 << 30, true},
		{"journal device", 0x60, incompatJournalDev, true},
		{"no blocks a group", 0x20, 0, false},
		{"too many blocks a group", 0x20, 8193, false},
		{"too many inodes a group", 0x28, 1 << 31, false},
		{"inode size", 0x58, 129, false},
		{"inode size 0", 0x58, 0, false},
		{"inodes", 0x00, 1 << 31, false},
		{"no blocks", 0x04, 0, false},
		{"first block", 0x14, 99, false},
	} {
		b := readImage(t, "ext3")
		put(b, 1024+c.at, c.value)
		f, err := Open(bytes.NewReader(b), int64(len(b)))
		if err == nil || errors.Is(err, fsys.ErrUnsupported) != c.unsupported {
			t.Errorf("%s: %v, %v", c.what, f, err)
		}
	}
	for _, n := range []int{0, 1024, 2047} {
		if _, err := Open(bytes.NewReader(make([]byte, n)), int64(n)); err == nil {
			t.Errorf("%d bytes: no error", n)
		}
	}
}

func TestEncrypted(t *testing.T) {
	b := readImage(t, "ext3")
	f := openBytes(t, b)
	file, link := lookup(t, f, f.Root(), "big"), lookup(t, f, f.Root(), "short")
	b[1024+0x62] |= incompatEncrypt >> 16
	for _, id := range []fsys.ID{file, link} {
		b[place(t, f, id)+0x21] |= flagEncrypted >> 8
	}
	f = openBytes(t, b)
	if _, err := f.Open(file); !errors.Is(err, fsys.ErrEncrypted) {
		t.Error(err)
	}
	if _, err := f.Readlink(link); !errors.Is(err, fsys.ErrEncrypted) {
		t.Error(err)
	}
}
