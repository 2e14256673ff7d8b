package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

// zipOf makes a zip file; raw ones have their content as it is in the file.
func zipOf(t testing.TB, files ...zipFile) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		create := z.CreateHeader
		if f.raw {
			create = z.CreateRaw
		}
		w, err := create(&f.FileHeader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zipFile struct {
	zip.FileHeader
	content string
	raw     bool
}

func opened(t testing.TB, data []byte) *Archive {
	t.Helper()
	a, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func contentOf(e *Entry) (string, error) {
	c, err := e.Open()
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	return string(b), err
}

func TestZipNames(t *testing.T) {
	unicodePath := func(raw, name string) []byte {
		b := binary.LittleEndian.AppendUint16(nil, 0x7075)
		b = binary.LittleEndian.AppendUint16(b, uint16(5+len(name)))
		b = binary.LittleEndian.AppendUint32(append(b, 1), crc32.ChecksumIEEE([]byte(raw)))
		return append(b, name...)
	}
	const unix, ntfs = madeByUnix << 8, madeByNTFS << 8
	for _, c := range []struct {
		name    string
		flags   uint16
		creator uint16
		extra   []byte
		want    string
	}{
		{"plain", 0, 0, nil, "plain"},
		{"\x81ber", 0, 0, nil, "über"},
		{"\x81ber", 0, unix, nil, "\x81ber"},
		{"über", 0, 0, nil, "über"},
		{"über", 0x800, 0, nil, "über"},
		{"?ber", 0, 0, nil, "?ber"},
		{"\x81", 0, 0, unicodePath("\x81", "ü2"), "ü2"},
		{"\x81", 0, 0, unicodePath("other", "ü2"), "ü"},
		{`C\Windows\x`, 0, 0, nil, "C/Windows/x"},
		{`C\Windows\x`, 0, ntfs, nil, "C/Windows/x"},
		{`back\slash`, 0, unix, nil, `back\slash`},
	} {
		h := zip.FileHeader{Name: c.name, Flags: c.flags, CreatorVersion: c.creator, Extra: c.extra, NonUTF8: c.flags == 0}
		a := opened(t, zipOf(t, zipFile{FileHeader: h, raw: true}))
		if got := a.Entries[0].Name; got != c.want {
			t.Errorf("%q made by %d: %q, want %q", c.name, c.creator>>8, got, c.want)
		}
	}
}

func TestZipInfo(t *testing.T) {
	at := time.Date(2024, 5, 31, 8, 15, 43, 0, time.UTC)
	ntfs := binary.LittleEndian.AppendUint32([]byte{0x0a, 0, 32, 0}, 0)
	ntfs = append(ntfs, 1, 0, 24, 0)
	for _, d := range []time.Duration{0, time.Hour, 2 * time.Hour} {
		ntfs = binary.LittleEndian.AppendUint64(ntfs, uint64(ioc.Ticks(at.Add(d))+1234567))
	}
	header := func(name string, change func(*zip.FileHeader)) zipFile {
		h := zip.FileHeader{Name: name}
		change(&h)
		return zipFile{FileHeader: h}
	}
	data := zipOf(t,
		header("unix", func(h *zip.FileHeader) { h.Modified = at; h.SetMode(0o4755 | fs.ModeSetuid) }),
		header("ntfs", func(h *zip.FileHeader) { h.Extra, h.CreatorVersion, h.ExternalAttrs = ntfs, madeByNTFS<<8, 0x22 }),
		//lint:ignore SA1019 Modified would write the time with its zone, too
		header("dos", func(h *zip.FileHeader) { h.ModifiedDate, h.ModifiedTime = 44<<9|5<<5|31, 8<<11|15<<5|21 }),
		//lint:ignore SA1019 as before
		header("none", func(h *zip.FileHeader) { h.ModifiedDate = 1<<5 | 1 }),
		header("owned", func(h *zip.FileHeader) { h.Extra = []byte{0x75, 0x78, 7, 0, 1, 2, 0xe8, 3, 2, 100, 0} }),
		header("dir/", func(h *zip.FileHeader) {}),
		header("pipe", func(h *zip.FileHeader) { h.SetMode(fs.ModeNamedPipe | 0o600) }),
	)
	a := opened(t, data)
	got := map[string]Entry{}
	for _, e := range a.Entries {
		got[e.Name] = e
	}
	ticks := ioc.Ticks(at)
	if e := got["unix"]; e.Modified != ticks || e.Mode != 0o4755 || e.UID != -1 {
		t.Errorf("unix: %+v", e.Info)
	}
	if e := got["ntfs"]; e.Modified != ticks+1234567 || e.Accessed != ticks+1234567+3600*1e7 || e.Created != ticks+1234567+7200*1e7 || e.Attributes != 0x22 {
		t.Errorf("ntfs: %+v", e.Info)
	}
	if e := got["dos"]; e.Modified != ticks-1e7 {
		t.Errorf("dos: %s", ioc.TicksTime(e.Modified))
	}
	if e := got["none"]; e.Modified != 0 {
		t.Errorf("none: %s", ioc.TicksTime(e.Modified))
	}
	if e := got["owned"]; e.UID != 1000 || e.GID != 100 {
		t.Errorf("owned: %+v", e.Info)
	}
	if got["dir/"].Kind != fsys.Dir || got["pipe"].Kind != fsys.FIFO {
		t.Errorf("kinds %d, %d", got["dir/"].Kind, got["pipe"].Kind)
	}
	if !slices.Equal(a.Notes, []string{"the times of 1 files have no zone and are taken for UTC"}) {
		t.Errorf("notes %q", a.Notes)
	}
}

func TestZipRefuses(t *testing.T) {
	raw := func(change func(*zip.FileHeader), content string) []byte {
		h := zip.FileHeader{Name: "f", Method: zip.Deflate, CompressedSize64: uint64(len(content)), UncompressedSize64: 10}
		change(&h)
		return zipOf(t, zipFile{h, content, true})
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"encrypted", raw(func(h *zip.FileHeader) { h.Flags = 1 }, "x"), "password"},
		{"AES", raw(func(h *zip.FileHeader) { h.Flags, h.Method = 1, 99 }, "x"), "password"},
		{"Deflate64", raw(func(h *zip.FileHeader) { h.Method = 9 }, "x"), "Deflate64"},
		{"unknown method", raw(func(h *zip.FileHeader) { h.Method = 77 }, "x"), "method 77"},
		{"ratio", raw(func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 40 }, "xy"), "more than its 2 compressed ones can hold"},
		{"negative", raw(func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 63 }, "xy"), "a size of"},
		{"stored sizes", raw(func(h *zip.FileHeader) { h.Method = zip.Store }, "x"), "stored as 1 bytes and said to have 10"},
		{"no DEFLATE", raw(func(h *zip.FileHeader) {}, "\xff\xff"), "damaged"},
		{"checksum", raw(func(h *zip.FileHeader) { h.UncompressedSize64 = 1 }, "\x4b\x04\x00"), "checksum"},
	} {
		a := opened(t, c.data)
		if _, err := contentOf(&a.Entries[0]); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// Two entries with one data, as in files made to exhaust whoever unpacks them.
func TestZipOverlap(t *testing.T) {
	data := zipOf(t, zipFile{FileHeader: zip.FileHeader{Name: "a"}, content: "aaaa"}, zipFile{FileHeader: zip.FileHeader{Name: "b"}, content: "bbbb"})
	// The second entry of the list is sent to the header of the first.
	at := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[at+42:], 0)
	a := opened(t, data)
	if got, err := contentOf(&a.Entries[0]); got != "aaaa" || err != nil {
		t.Errorf("the first: %q, %v", got, err)
	}
	if _, err := contentOf(&a.Entries[1]); !errors.Is(err, errOverlap) {
		t.Errorf("the second: %v, want %v", err, errOverlap)
	}
}

func TestTar(t *testing.T) {
	at := time.Date(2024, 5, 31, 8, 15, 43, 500e6, time.UTC)
	long := strings.Repeat("long/", 100) + "name"
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "pax", ModTime: at, AccessTime: at.Add(time.Hour), ChangeTime: at.Add(2 * time.Hour), Mode: 0o4750, Uid: 1000, Gid: 5, Format: tar.FormatPAX,
			PAXRecords: map[string]string{"LIBARCHIVE.creationtime": "1700000000.5"}},
		{Name: long, Format: tar.FormatGNU},
		{Name: long + "2", Format: tar.FormatPAX},
		{Name: "../up"}, {Name: "/etc/x"},
		{Name: "hard", Typeflag: tar.TypeLink, Linkname: "pax"},
		{Name: "soft", Typeflag: tar.TypeSymlink, Linkname: "/etc/x"},
		{Name: "dir/", Typeflag: tar.TypeDir},
		{Name: "dev", Typeflag: tar.TypeChar},
	} {
		content := ""
		if h.Typeflag == 0 {
			content = h.Name
		}
		h.Size = int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	w.Close()
	a := opened(t, b.Bytes())
	names := []string{"pax", long, long + "2", "../up", "/etc/x", "hard", "soft", "dir/", "dev"}
	for i, e := range a.Entries {
		if e.Name != names[i] {
			t.Errorf("entry %d is %q", i, e.Name)
		}
		if got, err := contentOf(&e); i < 5 && (got != e.Name || err != nil) || i >= 5 && err == nil {
			t.Errorf("%s: %q, %v", e.Name, got, err)
		}
	}
	if e := a.Entries[0]; e.Modified != ioc.Ticks(at) || e.Accessed != ioc.Ticks(at)+3600*1e7 || e.Changed != ioc.Ticks(at)+7200*1e7 ||
		e.Mode != 0o4750 || e.UID != 1000 || e.GID != 5 || e.Created != ioc.Ticks(time.Unix(1700000000, 0)) {
		t.Errorf("%+v", e.Info)
	}
	if a.Entries[5].Of != "pax" || a.Entries[6].Target != "/etc/x" || a.Entries[8].Kind != fsys.Device {
		t.Errorf("links: %+v", a.Entries[5:])
	}

	// The same, cut at every block: what is listed stands, and the rest is told.
	for n := 512; n < b.Len()-1024; n += 512 {
		cut, err := Open(bytes.NewReader(b.Bytes()[:n]), int64(n))
		if err != nil {
			continue // before the first entry
		}
		if cut.Damage == nil {
			t.Errorf("cut at %d: nothing is told", n)
		}
		for i := range cut.Entries {
			if cut.Entries[i].Name != names[i] {
				t.Errorf("cut at %d: entry %d is %q", n, i, cut.Entries[i].Name)
			}
		}
	}
}

// sparseTar has files with holes in the form of GNU tar's old format: "sparse"
// twice, with data at 1 MiB and its end at 2 MiB.
func sparseTar(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"first", "dir/"} {
		h := tar.Header{Name: name, Size: 5, Format: tar.FormatGNU}
		if name == "dir/" {
			h.Size, h.Typeflag = 0, tar.TypeDir
		}
		w.WriteHeader(&h)
		if h.Size > 0 {
			io.WriteString(w, "first")
		}
	}
	w.Flush()
	for i := range 2 {
		block := make([]byte, 512)
		copy(block, fmt.Sprintf("sparse%d", i))
		copy(block[100:], "0000644\x000000000\x000000000\x00")
		copy(block[124:], fmt.Sprintf("%011o\x00", 512)) // stored
		copy(block[136:], "00000000000\x00        S")
		copy(block[257:], "ustar  \x00")
		copy(block[386:], fmt.Sprintf("%011o\x00%011o\x00", 1<<20, 512))
		copy(block[410:], fmt.Sprintf("%011o\x00%011o\x00", 2<<20, 0))
		copy(block[483:], fmt.Sprintf("%011o\x00", 2<<20)) // size
		sum := 0
		for _, c := range block {
			sum += int(c)
		}
		copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
		b.Write(block)
		b.Write(bytes.Repeat([]byte{byte('a' + i)}, 512))
	}
	b.Write(make([]byte, 1024))
	return b.Bytes()
}

func TestSparse(t *testing.T) {
	a := opened(t, sparseTar(t))
	if a.Damage != nil || len(a.Entries) != 4 {
		t.Fatalf("%d entries, %v", len(a.Entries), a.Damage)
	}
	for i := range 2 {
		want := make([]byte, 2<<20)
		copy(want[1<<20:], bytes.Repeat([]byte{byte('a' + i)}, 512))
		e := &a.Entries[2+i]
		got, err := contentOf(e)
		if err != nil || got != string(want) {
			t.Fatalf("%s: %d bytes, %v", e.Name, len(got), err)
		}
		c, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range []int64{1<<20 - 5, 0, 1<<20 + 100, 2<<20 - 10, 1 << 20} {
			p := make([]byte, 10)
			if _, err := c.ReadAt(p, off); err != nil || !bytes.Equal(p, want[off:off+10]) {
				t.Errorf("at %d: %q, %v", off, p, err)
			}
		}
	}
}

func TestSpread(t *testing.T) {
	e := Entry{open: func() (fsys.Content, error) { return newContent(strings.NewReader("aaaabbbb"), 0, 8), nil }}
	if err := e.Spread([]Range{{4, 20, 4, 6}, {0, 10, 4, 4}}); err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("\x00", 10) + "aaaa" + strings.Repeat("\x00", 6) + "bbbb\x00\x00"
	if got, err := contentOf(&e); got != want || err != nil || e.Size != 26 {
		t.Errorf("%q, %v, size %d", got, err, e.Size)
	}
	c, _ := e.Open()
	for off := range want {
		p := make([]byte, 3)
		n, _ := c.ReadAt(p, int64(off))
		if string(p[:n]) != want[off:min(off+3, len(want))] {
			t.Errorf("at %d: %q", off, p[:n])
		}
	}
	for _, bad := range [][]Range{{{0, 0, 5, 4}}, {{-1, 0, 1, 1}}, {{0, 0, 4, 4}, {4, 3, 4, 4}}, {{0, 1 << 41, 1, 1}}, {{0, 0, 0, 1 << 41}}} {
		if err := new(Entry).Spread(bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
	short := Entry{open: e.open}
	short.Spread([]Range{{At: 1 << 20, Size: 4, Stored: 4}})
	if _, err := contentOf(&short); err == nil {
		t.Error("content that is not stored: no error")
	}
}

// A file of zeros compressed a thousandfold costs time to read, and no memory.
func TestBomb(t *testing.T) {
	const size = 256 << 20
	data := zipOf(t, zipFile{FileHeader: zip.FileHeader{Name: "bomb", Method: zip.Deflate}, content: strings.Repeat("\x00", size)})
	if len(data) > size/900 {
		t.Fatalf("%d bytes", len(data))
	}
	var before, after runtime.MemStats
	a := opened(t, data)
	runtime.GC()
	runtime.ReadMemStats(&before)
	c, err := a.Entries[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, io.NewSectionReader(c, 0, c.Size())); n != size || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > cacheSize+16<<20 {
		t.Errorf("%d bytes kept", grown)
	}
	runtime.KeepAlive(a)
}

func TestTree(t *testing.T) {
	file := func(content string) *Entry {
		return &Entry{Name: content, Info: fsys.Info{Size: int64(len(content))}, open: func() (fsys.Content, error) {
			return newContent(strings.NewReader(content), 0, int64(len(content))), nil
		}}
	}
	dir := &Entry{Name: "dir", Info: fsys.Info{Kind: fsys.Dir, Mode: 0o700}}
	tree := NewTree("tar")
	for _, c := range []struct {
		path    string
		entry   *Entry
		earlier string
	}{
		{"a/b/c", file("1"), ""},
		{"a/b", dir, ""},
		{"a/b/c", file("2"), "1"},
		{"a/b/d", file("3"), ""},
		{"a/b", file("hides what is below"), "hides what is below"},
		{"x", file("4"), ""},
		{"x/y", file("5"), "4"},
		{"h", &Entry{Name: "h", Of: "a/b/c"}, ""},
		{"h2", &Entry{Name: "h2", Of: "h"}, ""},
		{"lost", &Entry{Name: "lost", Of: "nowhere"}, ""},
	} {
		earlier, err := tree.Add(strings.Split(c.path, "/"), c.entry)
		if err != nil {
			t.Fatal(err)
		}
		name := ""
		if earlier != nil {
			name = earlier.Name
		}
		if name != c.earlier {
			t.Errorf("%s: in place of %q, want %q", c.path, name, c.earlier)
		}
	}
	if !tree.Link([]string{"h"}, []string{"a", "b", "c"}) || !tree.Link([]string{"h2"}, []string{"h"}) || tree.Link([]string{"lost"}, []string{"nowhere"}) {
		t.Error("links")
	}
	for path, want := range map[string]string{"a/b/c": "2", "a/b/d": "3", "x/y": "5", "h": "2", "h2": "2"} {
		c, err := tree.OpenAt(strings.Split(path, "/")...)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		b := make([]byte, 10)
		n, _ := c.ReadAt(b, 0)
		if string(b[:n]) != want {
			t.Errorf("%s: %q", path, b[:n])
		}
	}
	if _, err := tree.OpenAt("lost"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a hard link to nothing: %v", err)
	}
	if at, _ := tree.find([]string{"lost"}); func() error { _, err := tree.Stat(fsys.ID(at)); return err }() == nil {
		t.Error("a hard link to nothing has a size")
	}
	at, _ := tree.find([]string{"a", "b"})
	if info, err := tree.Stat(fsys.ID(at)); err != nil || info.Mode != 0o700 || info.Kind != fsys.Dir {
		t.Errorf("folder: %+v, %v", info, err)
	}
	tree.Damage = errors.New("cut")
	errs := 0
	for _, err := range tree.ReadDir(t.Context(), fsys.ID(at)) {
		if err != nil {
			errs++
		}
	}
	if errs != 1 {
		t.Errorf("%d errors of a folder in a damaged archive, want 1", errs)
	}
	for _, bad := range []string{"../x", "a/../b", "a\x00", strings.Repeat("a/", maxDepth+1), strings.Repeat("a", maxName+1)} {
		if _, err := Split(bad); err == nil {
			t.Errorf("%.20q: no error", bad)
		}
	}
	if parts, err := Split("/./a//b/."); err != nil || !slices.Equal(parts, []string{"a", "b"}) {
		t.Errorf("%q, %v", parts, err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(zipOf(f, zipFile{FileHeader: zip.FileHeader{Name: "a/b", Method: zip.Deflate, Modified: time.Unix(1e9, 0)}, content: "content"},
		zipFile{FileHeader: zip.FileHeader{Name: "c"}, content: "stored"}))
	f.Add(sparseTar(f)[:4096])
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "x", Size: 3, Format: tar.FormatPAX, AccessTime: time.Unix(1e9, 5)})
	io.WriteString(w, "abc")
	w.Close()
	f.Add(b.Bytes())
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		tree := NewTree(a.Format)
		for i := range a.Entries {
			e := &a.Entries[i]
			parts, err := Split(e.Name)
			if err != nil {
				continue
			}
			if _, err := tree.Add(parts, e); err != nil {
				return
			}
			c, err := e.Open()
			if err != nil {
				continue
			}
			if c.Size() < 0 || c.Size() != e.Size {
				t.Fatalf("%q: size %d, told %d", e.Name, c.Size(), e.Size)
			}
			n, err := io.Copy(io.Discard, io.NewSectionReader(c, 0, min(c.Size(), 1<<20)))
			if err == nil && n != min(c.Size(), 1<<20) {
				t.Fatalf("%q: %d of %d bytes and no error", e.Name, n, c.Size())
			}
		}
		for range tree.ReadDir(t.Context(), 0) {
		}
	})
}
