package ext

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"iocscan/scan/internal/fsys"
)

// A patient is an image to be damaged.
type patient struct {
	*testing.T
	b []byte
	f *FS // before the damage
}

func newPatient(t *testing.T, name string) *patient {
	b := readImage(t, name)
	return &patient{t, b, openBytes(t, bytes.Clone(b))}
}

// inode is where the inode of a path is, and its number.
func (p *patient) inode(path string) (at int, id fsys.ID) {
	p.Helper()
	id = p.f.Root()
	for name := range strings.SplitSeq(path, "/") {
		id = lookup(p.T, p.f, id, name)
	}
	return place(p.T, p.f, id), id
}

// block is where a block of a file is.
func (p *patient) block(path string, block uint64) int {
	p.Helper()
	_, id := p.inode(path)
	n, err := p.f.inode(id)
	if err != nil {
		p.Fatal(err)
	}
	s, err := p.f.span(n, block)
	if err != nil {
		p.Fatal(err)
	}
	r, ok := s.find(block)
	if !ok || r.first > block {
		p.Fatalf("%s has no block %d", path, block)
	}
	return int((r.at + block - r.first) << p.f.super.blockBits)
}

// read reads 8 bytes of a file of the damaged image.
func (p *patient) read(path string, off int64) (string, error) {
	p.Helper()
	_, id := p.inode(path)
	c, err := openBytes(p, p.b).Open(id)
	if err != nil {
		return "", err
	}
	b := make([]byte, 8)
	n, err := c.ReadAt(b, off)
	return string(b[:n]), err
}

// list lists a folder of the damaged image.
func (p *patient) list(path string) (names, troubles []string) {
	p.Helper()
	_, id := p.inode(path)
	for e, err := range openBytes(p, p.b).ReadDir(context.Background(), id) {
		if err != nil {
			troubles = append(troubles, err.Error())
			continue
		}
		names = append(names, e.Name)
	}
	return names, troubles
}

func (p *patient) deleted() (all []fsys.Deleted, troubles []string) {
	for d, err := range openBytes(p, p.b).Deleted(context.Background()) {
		if err != nil {
			troubles = append(troubles, err.Error())
			continue
		}
		all = append(all, d)
	}
	return all, troubles
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00"

func TestExtentDamage(t *testing.T) {
	// leaf is where the leaf of comb's tree is: a block of the metadata.
	leaf := func(p *patient) int {
		at, _ := p.inode("comb")
		return int(le32(p.b, at+pointersAt+extentSize+4)) << p.f.super.blockBits
	}
	for _, c := range []struct {
		what        string
		change      func(p *patient)
		first, next string // of what is at 0 and 8192, or of the error
	}{
		{"none", func(*patient) {}, "00000000", "00000001"},
		{"a level too many", func(p *patient) { p.b[leaf(p)+6] = 1 }, "depth 1 in place of 0", "depth 1 in place of 0"},
		{"a tree that leads to its root", func(p *patient) {
			at, _ := p.inode("comb")
			p.b[at+pointersAt+6] = 3
		}, "depth 0 in place of 2", "depth 0 in place of 2"},
		{"deeper than trees are", func(p *patient) {
			at, _ := p.inode("comb")
			p.b[at+pointersAt+6] = 200
		}, "depth 200", "depth 200"},
		{"no magic", func(p *patient) { p.b[leaf(p)] = 0 }, "no node", "no node"},
		{"more entries than fit", func(p *patient) { p.b[leaf(p)+3] = 1 }, "entries in 1024 bytes", "entries in 1024 bytes"},
		{"an extent outside", func(p *patient) { put(p.b, leaf(p)+extentSize+8, 1<<30) }, "outside of the file system", "00000001"},
		{"an extent at block 0", func(p *patient) { put(p.b, leaf(p)+2*extentSize+8, 0) }, "00000000", "outside of the file system"},
		{"an unwritten extent", func(p *patient) { p.b[leaf(p)+2*extentSize+5] |= 0x80 }, "00000000", zeros},
		{"an extent of no length", func(p *patient) { p.b[leaf(p)+extentSize+4] = 0 }, "0 blocks from 0", "0 blocks from 0"},
		{"entries not in order", func(p *patient) { p.b[leaf(p)+2*extentSize] = 0 }, "1 blocks from 0 in 1", "1 blocks from 0 in 1"},
		{"a leaf outside", func(p *patient) {
			at, _ := p.inode("comb")
			put(p.b, at+pointersAt+extentSize+4, 1<<31)
		}, "outside of the file system", "outside of the file system"},
	} {
		p := newPatient(t, "ext4")
		c.change(p)
		for off, want := range map[int64]string{0: c.first, 8192: c.next} {
			if got, err := p.read("comb", off); got != want && (err == nil || !strings.Contains(err.Error(), want)) || got == want && err != nil {
				t.Errorf("%s: at %d: %q, %v, want %q", c.what, off, got, err, want)
			}
		}
	}
}

func TestBlockMapDamage(t *testing.T) {
	p := newPatient(t, "ext3")
	at, _ := p.inode("comb")
	put(p.b, at+pointersAt, 1<<31)     // block 0
	put(p.b, at+pointersAt+4*8, 0)     // block 8: a hole
	put(p.b, at+pointersAt+4*12, 1<<9) // the blocks from 12: what that block has
	if got, err := p.read("comb", 0); err == nil || !strings.Contains(err.Error(), "outside of the file system") {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := p.read("comb", 8192); got != zeros || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	// Blocks of pointers that lead to themselves end like others.
	self := uint32(p.block("big", 0) >> p.f.super.blockBits)
	for i := range 256 {
		put(p.b, int(self)<<p.f.super.blockBits+4*i, self)
	}
	at, _ = p.inode("far")
	put(p.b, at+pointersAt+4*14, self)
	if got, err := p.read("far", 69000000); len(got) != 8 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// A size is only a number: nothing is read or kept for it.
func TestSizes(t *testing.T) {
	p := newPatient(t, "ext4")
	at, id := p.inode("hole")
	put(p.b, at+0x6c, 1<<9)
	if got, err := p.read("hole", 1<<41); got != zeros || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	put(p.b, at+0x6c, 1<<31)
	if i, err := openBytes(t, p.b).Stat(id); err == nil {
		t.Errorf("%+v", i)
	}
	at, _ = p.inode("long")
	put(p.b, at+4, 5000)
	_, id = p.inode("long")
	if s, err := openBytes(t, p.b).Readlink(id); err == nil {
		t.Errorf("a target of %d bytes", len(s))
	}
}

func TestInlineDamage(t *testing.T) {
	for what, change := range map[string]func(b []byte, attributes int){
		"no attributes":      func(b []byte, at int) { b[at]++ },
		"none of that name":  func(b []byte, at int) { b[at+4+attrHeader]++ },
		"a long name":        func(b []byte, at int) { b[at+4], b[at+5] = 255, 1 },
		"value outside":      func(b []byte, at int) { b[at+4+3] = 1 },
		"size outside":       func(b []byte, at int) { put(b, at+4+8, 1<<31) },
		"in another inode":   func(b []byte, at int) { b[at+4+4] = 12 },
		"extra size outside": func(b []byte, at int) { b[at-31] = 1 },
	} {
		p := newPatient(t, "ext4-inline")
		at, _ := p.inode("in100")
		change(p.b, at+inodeBase+32)
		if got, err := p.read("in100", 61); err == nil {
			t.Errorf("%s: %q", what, got)
		}
	}
}

func TestFolderDamage(t *testing.T) {
	whole, _ := newPatient(t, "ext4").list("many")
	if len(whole) != 150 {
		t.Fatal(len(whole))
	}
	for _, c := range []struct {
		what    string
		change  func(p *patient, entry int) // the first in a block
		trouble string
		least   int
	}{
		{"length that is no multiple of 4", func(p *patient, at int) { p.b[at+4]++ }, "no entry at 0", 110},
		{"length beyond the block", func(p *patient, at int) { p.b[at+5] = 0x7f }, "no entry at 0", 110},
		{"length 0", func(p *patient, at int) { p.b[at+4], p.b[at+5] = 0, 0 }, "no entry at 0", 110},
		{"name longer than the entry", func(p *patient, at int) { p.b[at+6] = 255 }, "no entry at 0", 110},
		{"no name", func(p *patient, at int) { p.b[at+6] = 0 }, "without a name", 149},
		{"inode outside", func(p *patient, at int) { put(p.b, at, 1<<20) }, "inode 1048576 of 64", 149},
	} {
		p := newPatient(t, "ext4")
		c.change(p, p.block("many", 2))
		names, troubles := p.list("many")
		if len(names) < c.least || len(names) >= 150 || len(troubles) != 1 || !strings.Contains(troubles[0], c.trouble) {
			t.Errorf("%s: %d names, %q", c.what, len(names), troubles)
		}
	}
}

// A folder that says it is large and has the same blocks over and over.
func TestFolderLoops(t *testing.T) {
	p := newPatient(t, "ext3")
	at, _ := p.inode("many")
	self := uint32(p.block("big", 0) >> p.f.super.blockBits)
	for i := range 256 {
		put(p.b, int(self)<<p.f.super.blockBits+4*i, self)
	}
	put(p.b, at+4, 1<<31)
	for i := 12; i < 15; i++ {
		put(p.b, at+pointersAt+4*i, self)
	}
	_, troubles := p.list("many")
	if n := len(troubles); n == 0 || n > 5000 || !strings.Contains(troubles[n-1], "more blocks than the volume has") {
		t.Errorf("%d errors", n)
	}
	if _, troubles := p.deleted(); len(troubles) > maxErrors+10 || !slices.Contains(troubles, errFolders.Error()) {
		t.Errorf("%d errors of deleted entries: %q", len(troubles), troubles[max(0, len(troubles)-3):])
	}
	clear(p.b[at+pointersAt+4 : at+pointersAt+pointers])
	if names, troubles := p.list("many"); len(names) > 50 || len(troubles) == 0 || len(troubles) > maxGaps+1 {
		t.Errorf("%d names, %d errors", len(names), len(troubles))
	}
}

func TestDeletedContent(t *testing.T) {
	const gone = 22
	p := newPatient(t, "ext4")
	f := openBytes(t, p.b)
	c, err := f.Open(gone)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size())); err != nil || string(b) != "gone" {
		t.Errorf("%q, %v", b, err)
	}
	n, err := f.inode(gone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.span(n, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.group(0)
	if err != nil {
		t.Fatal(err)
	}
	for what, bit := range map[string]uint64{
		"inode": g.inodeBitmap<<13 + gone - 1,
		"block": g.blockBitmap<<13 + s.runs[0].at - 1,
	} {
		p := newPatient(t, "ext4")
		p.b[bit/8] |= 1 << (bit % 8)
		all, troubles := p.deleted()
		i := slices.IndexFunc(all, func(d fsys.Deleted) bool { return d.Name == "gone" })
		if i < 0 || !all[i].Reused || all[i].Kind != fsys.Regular || len(all) != 2 || len(troubles) > 0 {
			t.Errorf("%s: %+v, %q", what, all, troubles)
		}
	}
	put(p.b, place(t, f, gone)+4, 0) // as ext4 itself leaves it
	f = openBytes(t, p.b)
	if _, err := f.Open(gone); !errors.Is(err, errCleared) {
		t.Error(err)
	}
	if i, err := f.Stat(gone); err != nil || i.Size != -1 || i.Modified == 0 {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestDeletedEntries(t *testing.T) {
	slack := func(p *patient) int {
		at := p.block("deep", 0)
		return at + bytes.Index(p.b[at:at+1024], []byte("gone2")) - entryHeader
	}
	for _, c := range []struct {
		what   string
		change func(p *patient, at int)
		want   string
	}{
		{"inode cleared", func(p *patient, at int) { put(p.b, at, 0) }, "gone2 0"},
		{"inode outside", func(p *patient, at int) { put(p.b, at, 1000) }, ""},
		{"one of the system's", func(p *patient, at int) { put(p.b, at, 8) }, ""},
		{"odd type", func(p *patient, at int) { p.b[at+7] = 9 }, ""},
		{"odd name", func(p *patient, at int) { p.b[at+8] = '/' }, ""},
		{"name of no length", func(p *patient, at int) { p.b[at+6] = 0 }, ""},
		{"a name that is there", func(p *patient, at int) {
			_, id := p.inode("deep/er")
			put(p.b, at, uint32(id))
			p.b[at+6] = 2
			copy(p.b[at+8:], "er")
		}, ""},
	} {
		p := newPatient(t, "ext4")
		c.change(p, slack(p))
		all, troubles := p.deleted()
		var got []string
		for _, d := range all {
			if d.Name != "gone" {
				got = append(got, fmt.Sprintf("%s %d", d.Name, d.ID))
			}
		}
		if strings.Join(got, ",") != c.want || len(troubles) > 0 {
			t.Errorf("%s: %q, %q", c.what, got, troubles)
		}
	}
}

func TestOrphans(t *testing.T) {
	p := newPatient(t, "ext3")
	next := func(id fsys.ID, to uint32) { put(p.b, place(t, p.f, id)+0x14, to) }
	put(p.b, 1024+0xe8, 22)
	next(22, 18)
	next(18, 0)
	all, troubles := p.deleted()
	if n := len(all); n != 4 || !all[2].Orphan || all[2].ID != 22 || all[3].ID != 18 || len(troubles) > 0 {
		t.Errorf("%+v, %q", all, troubles)
	}
	next(18, 22)
	if all, troubles := p.deleted(); len(all) != 4 || len(troubles) != 1 || !strings.Contains(troubles[0], "twice") {
		t.Errorf("%+v, %q", all, troubles)
	}
}

// failing cannot read from an offset on.
type failing struct {
	*bytes.Reader
	from int64
}

var errDisk = errors.New("the disk fails")

func (r failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.from {
		return 0, errDisk
	}
	return r.Reader.ReadAt(p, off)
}

func TestReadErrors(t *testing.T) {
	p := newPatient(t, "ext4")
	_, id := p.inode("big")
	_, folder := p.inode("many")
	for _, from := range []int64{1024, 2048, 4096, int64(p.block("many", 1)), int64(p.block("big", 300))} {
		f, err := Open(failing{bytes.NewReader(p.b), from}, int64(len(p.b)))
		if err == nil {
			var all []error
			for _, dir := range []fsys.ID{f.Root(), folder} {
				for _, err := range f.ReadDir(context.Background(), dir) {
					all = append(all, err)
				}
			}
			var c fsys.Content
			if c, err = f.Open(id); err == nil {
				_, err = io.Copy(io.Discard, io.NewSectionReader(c, 0, c.Size()))
			}
			err = errors.Join(append(all, err)...)
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("failing from %d: %v", from, err)
		}
	}
}

// What a cut volume still has is read, and the rest is an error that does not
// look like the end of a file.
func TestCut(t *testing.T) {
	p := newPatient(t, "ext4")
	_, id := p.inode("big")
	whole := contents()["/big"]
	size := p.block("big", 300) + 100
	for name, r := range map[string]io.ReaderAt{"size": bytes.NewReader(p.b), "reader": bytes.NewReader(p.b[:size])} {
		given := len(p.b)
		if name == "size" {
			given = size
		}
		f, err := Open(r, int64(given))
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.Open(id)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, len(whole))
		n, err := c.ReadAt(b, 0)
		if n != 300*1024+100 || !bytes.Equal(b[:n], whole[:n]) || err == io.EOF || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		if b, err := f.block(uint64(size)>>f.super.blockBits + 1); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: block: %d bytes, %v", name, len(b), err)
		}
	}
}

func TestCancelled(t *testing.T) {
	f := openBytes(t, readImage(t, "ext4"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range f.ReadDir(ctx, f.Root()) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	n := 0
	for _, err := range f.Deleted(ctx) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("%d errors", n)
	}
}

func TestConcurrent(t *testing.T) {
	f := openBytes(t, readImage(t, "ext4"))
	f.cache.most = 2
	want := contents()["/comb"]
	c, err := f.Open(lookup(t, f, f.Root(), "comb"))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			p := make([]byte, 10000)
			for off := i * 3000; off+len(p) < len(want); off += 12345 {
				if _, err := c.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, want[off:off+len(p)]) {
					t.Errorf("wrong at %d, %v", off, err)
				}
			}
			n := 0
			for _, err := range f.Deleted(context.Background()) {
				if n++; err != nil {
					t.Error(err)
				}
			}
			if n != 2 {
				t.Errorf("%d deleted", n)
			}
		})
	}
	all.Wait()
}
