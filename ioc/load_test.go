package ioc

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// loadRulesTested are the rules that only loading can show; the tests of this
// file and of parse_test.go check them one by one.
var loadRulesTested = []string{
	"archive-encrypted", "archive-limit", "archive-unreadable", "duplicate-ioc-id", "many-problems", "unreadable",
}

func simple(id string) []byte {
	return []byte(`<?xml version="1.0" encoding="utf-8"?>
<ioc xmlns="` + ns10 + `" id="` + id + `" last-modified="2024-03-01T00:00:00"><definition><Indicator operator="OR">
<IndicatorItem id="item-1" condition="is"><Context document="FileItem" search="FileItem/FileName" type="mir"/><Content type="string">svc.exe</Content></IndicatorItem>
</Indicator></definition></ioc>`)
}

// tree writes files below a new folder.
func tree(t testing.TB, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// summary is one line a file: path below root, status, rules.
func summary(t testing.TB, c *Collection, root string) string {
	t.Helper()
	var b strings.Builder
	for _, f := range c.Files {
		if tt, ok := t.(*testing.T); ok {
			checkFile(tt, f)
		}
		name := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(f.Path, root), string(filepath.Separator)))
		fmt.Fprintf(&b, "%s %s", name, [...]string{"usable", "rejected", "excluded"}[f.Status])
		for _, p := range f.Problems {
			fmt.Fprintf(&b, " %s", p.Rule)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func load(t testing.TB, opt Options, paths ...string) *Collection {
	t.Helper()
	c, err := Load(paths, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

func TestLoadFolder(t *testing.T) {
	root := tree(t, map[string][]byte{
		"b.IOC":         simple("b"),
		"a/x.xml":       simple("x"),
		"a/deep/y.ioc":  simple("y"),
		"a/notes.txt":   []byte("nothing"),
		"LICENSE":       []byte("nothing"),
		"broken.ioc":    []byte("<ioc>"),
		"z.zip":         zipped(t, member{"in/m.ioc", simple("m")}, member{"readme.md", []byte("x")}),
		"also/same.ioc": simple("B"),
	})
	want := "a/deep/y.ioc usable\na/x.xml usable\nalso/same.ioc usable\nb.IOC usable duplicate-ioc-id\nbroken.ioc rejected namespace id-missing xml\nz.zip/in/m.ioc usable\n"
	same(t, "folder", summary(t, load(t, Options{}, root), root), want)
	same(t, "twice", summary(t, load(t, Options{}, filepath.Join(root, "a", "x.xml"), root, filepath.Join(root, "a"), root+"/z.zip"), root), want)

	c := load(t, Options{}, root)
	for _, f := range c.Files {
		if len(f.SHA256) != 64 {
			t.Errorf("%s has the hash %q", f.Path, f.SHA256)
		}
		if f.ID == "b" {
			if p := f.Problems[0]; !strings.Contains(p.Text, "same.ioc") || !strings.Contains(p.Text, "other content") {
				t.Errorf("repeated id: %+v", p)
			}
		}
	}
}

func TestLoadNamedFiles(t *testing.T) {
	root := tree(t, map[string][]byte{
		"indicator": simple("a"), "packed.bin": zipped(t, member{"m.ioc", simple("m")}), "data.json": []byte("{}"),
		"big.ioc": append(simple("big"), bytes.Repeat([]byte(" "), 4096)...),
	})
	at := func(s string) string { return filepath.Join(root, s) }
	same(t, "any extension", summary(t, load(t, Options{}, at("indicator"), at("packed.bin"), at("data.json")), root),
		"data.json rejected not-openioc\nindicator usable\npacked.bin/m.ioc usable\n")
	same(t, "too large", summary(t, load(t, Options{MaxSize: 4096}, at("big.ioc"), at("indicator")), root), "big.ioc rejected limit\nindicator usable\n")

	// A path given relative is reported so.
	t.Chdir(root)
	same(t, "relative", summary(t, load(t, Options{}, "indicator"), "-"), "indicator usable\n")
	same(t, "only rejected", summary(t, load(t, Options{}, "data.json"), "-"), "data.json rejected not-openioc\n")
}

func TestLoadErrors(t *testing.T) {
	root := tree(t, map[string][]byte{"empty/notes.txt": nil, "full/a.ioc": simple("a")})
	for _, c := range []struct {
		paths []string
		opt   Options
		path  string // of the PathError; empty: another error
		says  string
	}{
		{[]string{filepath.Join(root, "none")}, Options{}, "none", "cannot be read"},
		{[]string{filepath.Join(root, "full"), filepath.Join(root, "none.ioc")}, Options{}, "none.ioc", "cannot be read"},
		{[]string{filepath.Join(root, "empty")}, Options{}, "empty", "no .ioc, .xml or .zip"},
		{[]string{"-"}, Options{}, "-", "no standard input"},
		{[]string{"-"}, Options{Stdin: io.MultiReader(strings.NewReader("<ioc>"), broken{})}, "-", "broken"},
		{[]string{os.DevNull}, Options{}, filepath.Base(os.DevNull), "neither a file nor a folder"},
		{[]string{filepath.Join(root, "full")}, Options{Exclude: []string{"[a"}}, "", "exclude"},
		{nil, Options{}, "", "no path"},
	} {
		got, err := Load(c.paths, c.opt)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Load(%q) = %v, %v", c.paths, got, err)
			continue
		}
		var pe *PathError
		if errors.As(err, &pe) != (c.path != "") || pe != nil && filepath.Base(pe.Path) != c.path {
			t.Errorf("Load(%q): %#v", c.paths, err)
		}
	}
	if _, err := Load([]string{filepath.Join(root, "none")}, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("cause is lost: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken pipe of a test") }

func TestLoadStdin(t *testing.T) {
	stdin := func(data []byte) Options { return Options{Stdin: bytes.NewReader(data)} }
	same(t, "document", summary(t, load(t, stdin(simple("a")), "-", "-"), "?"), "- usable\n")
	same(t, "zip", summary(t, load(t, stdin(zipped(t, member{"m.ioc", simple("m")})), "-"), "?"), "-/m.ioc usable\n")
	same(t, "nothing", summary(t, load(t, stdin(nil), "-"), "?"), "- rejected empty-file\n")
	opt := stdin(simple("a"))
	opt.MaxSize = 10
	same(t, "too large", summary(t, load(t, opt, "-"), "?"), "- rejected limit\n")
}

func TestLoadExclude(t *testing.T) {
	root := tree(t, map[string][]byte{
		"a.ioc": simple("AAAA"), "sub/b.ioc": simple("bbbb"), "sub/deep/c.ioc": simple("cccc"), "broken.ioc": []byte("<"),
	})
	opt := Options{Exclude: []string{"aaaa", "**/SUB/deep/**", "broken.*", "nowhere.ioc"}}
	c := load(t, opt, root)
	same(t, "exclude", summary(t, c, root), "a.ioc excluded\nbroken.ioc excluded xml\nsub/b.ioc usable\nsub/deep/c.ioc excluded\n")
	same(t, "unused", fmt.Sprint(c.Unused), "[nowhere.ioc]")
	same(t, "reason", c.Files[0].Reason, `excluded by "aaaa"`)
	if c.Files[0].ID != "AAAA" || len(c.Files[0].Criteria) != 1 {
		t.Error("an excluded file should still be known")
	}
}

func TestLoadLinksAndSpecialFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights on Windows")
	}
	root := tree(t, map[string][]byte{"a.ioc": simple("a"), "sub/b.ioc": simple("b")})
	for link, target := range map[string]string{"sub/loop": "..", "link.ioc": "a.ioc", "dangling.ioc": "none", "other": "a.ioc"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Skip(err)
		}
	}
	within := func(what string, f func()) {
		done := make(chan bool)
		go func() { defer close(done); f() }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s hangs", what)
		}
	}
	within("folder", func() {
		same(t, "links below", summary(t, load(t, Options{}, root), root),
			"a.ioc usable\ndangling.ioc rejected unreadable\nlink.ioc rejected unreadable\nsub/b.ioc usable\nsub/loop rejected unreadable\n")
	})
	// A link named outright is followed, and leads to the same file.
	same(t, "named link", summary(t, load(t, Options{}, filepath.Join(root, "link.ioc"), filepath.Join(root, "a.ioc")), root), "link.ioc usable\n")
	if !makeFIFO(filepath.Join(root, "pipe.ioc")) {
		t.Skip("no FIFO on this system")
	}
	within("FIFO", func() {
		if got := summary(t, load(t, Options{}, root), root); !strings.Contains(got, "pipe.ioc rejected unreadable\n") {
			t.Errorf("FIFO in a folder: %s", got)
		}
		if _, err := Load([]string{filepath.Join(root, "pipe.ioc")}, Options{}); err == nil {
			t.Error("a FIFO named outright is read")
		}
	})
}

func TestLoadUnreadable(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("needs a user whom permissions stop")
	}
	root := tree(t, map[string][]byte{"a.ioc": simple("a"), "b.ioc": simple("b"), "sub/c.ioc": simple("c")})
	for _, name := range []string{"b.ioc", "sub"} {
		path := filepath.Join(root, name)
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(path, 0o755) })
	}
	same(t, "unreadable", summary(t, load(t, Options{}, root), root), "a.ioc usable\nb.ioc rejected unreadable\nsub rejected unreadable\n")
	for _, name := range []string{"b.ioc", "sub"} {
		if _, err := Load([]string{filepath.Join(root, name)}, Options{}); !errors.Is(err, os.ErrPermission) {
			t.Errorf("%s named outright: %v", name, err)
		}
	}
}

type member struct {
	name string
	data []byte
}

func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.Create(m.name)
		if err == nil {
			_, err = w.Write(m.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLoadZip(t *testing.T) {
	good := zipped(t, member{"m.ioc", simple("m")})
	encrypted := bytes.Clone(good)
	encrypted[6] |= 1 // flag bit 0 of the local header …
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	lying := bytes.Clone(good) // the directory claims fewer bytes than there are
	lying[bytes.Index(lying, []byte("PK\x01\x02"))+24] -= 5
	damaged := bytes.Clone(good)
	damaged[45] ^= 0xff
	bomb := append([]byte("<ioc>"), bytes.Repeat([]byte(" "), 2<<20)...)
	big := append(simple("big"), bytes.Repeat([]byte(" "), 4<<20)...)

	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"order", zipped(t, member{"z.ioc", simple("z")}, member{"a/b.XML", simple("b")}, member{"a/", nil}, member{"c.txt", nil}), "z.zip/a/b.XML usable\nz.zip/z.ioc usable\n"},
		{"name twice", zipped(t, member{"a.ioc", simple("a")}, member{"a.ioc", simple("b")}), "z.zip/a.ioc usable\nz.zip/a.ioc#2 usable\n"},
		{"path out", zipped(t, member{"../../a.ioc", simple("a")}), "z.zip/../../a.ioc usable\n"},
		{"nested", zipped(t, member{"a.ioc", simple("a")}, member{"in.zip", good}), "z.zip/a.ioc usable\nz.zip/in.zip rejected archive-unreadable\n"},
		{"nothing in it", zipped(t, member{"a.txt", nil}), "z.zip rejected archive-unreadable\n"},
		{"empty", zipped(t), "z.zip rejected archive-unreadable\n"},
		{"finder", zipped(t, member{"a.ioc", simple("a")}, member{"__MACOSX/._a.ioc", []byte{0, 5, 22}}), "z.zip/a.ioc usable\n"},
		{"bomb", zipped(t, member{"a.ioc", bomb}), "z.zip/a.ioc rejected archive-limit\n"},
		{"too large", zipped(t, member{"a.ioc", big}), "z.zip/a.ioc rejected limit\n"},
		{"long name", zipped(t, member{strings.Repeat("a", 2000) + ".ioc", simple("a")}), "z.zip/" + strings.Repeat("a", 1024) + "… rejected archive-limit\n"},
		{"encrypted", encrypted, "z.zip/m.ioc rejected archive-encrypted\n"},
		{"lying", lying, "z.zip/m.ioc rejected archive-unreadable\n"},
		{"damaged", damaged, "z.zip/m.ioc rejected archive-unreadable\n"},
		{"cut", good[:len(good)-10], "z.zip rejected archive-unreadable\n"},
		{"no zip", []byte("hello"), "z.zip rejected archive-unreadable\n"},
		{"nothing", nil, "z.zip rejected archive-unreadable\n"},
	} {
		root := tree(t, map[string][]byte{"z.zip": c.data})
		same(t, c.name, summary(t, load(t, Options{}, root), root), c.want)
	}
}

func TestLoadZipLimits(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	name := strings.Repeat("n", 900)
	for i := range 1 + maxDirectory/900 {
		if _, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%s%d", name, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	root := tree(t, map[string][]byte{"z.zip": b.Bytes()})
	c := load(t, Options{}, root)
	same(t, "directory", summary(t, c, root), "z.zip rejected archive-limit\n")
	if !strings.Contains(c.Files[0].Reason, "directory") {
		t.Error(c.Files[0].Reason)
	}
}

func TestLoadIsDeterministic(t *testing.T) {
	files := map[string][]byte{}
	for i := range 200 {
		doc := bytes.ReplaceAll(simple(fmt.Sprint(i%50)), []byte("FileItem/FileName"), fmt.Appendf(nil, "FileItem/FileNmae%d", i))
		files[fmt.Sprintf("%d/%d.ioc", i%7, i)] = doc
	}
	root := tree(t, files)
	describeAll := func() string {
		var b strings.Builder
		for _, f := range load(t, Options{}, root).Files {
			describe(&b, f)
		}
		return b.String()
	}
	first := describeAll()
	if !strings.Contains(first, "did you mean FileItem/FileName?") {
		t.Error("no suggestion")
	}
	for range 5 {
		if describeAll() != first {
			t.Fatal("two loads differ")
		}
	}
}

// 10,000 files of ten conditions each.
func BenchmarkLoad(b *testing.B) {
	files := map[string][]byte{}
	for i := range 10000 {
		var doc bytes.Buffer
		fmt.Fprintf(&doc, `<?xml version="1.0" encoding="utf-8"?>
<OpenIOC xmlns="%s" id="%d" last-modified="2024-03-01T00:00:00" published-date="0001-01-01T00:00:00">
  <metadata><short_description>Bench</short_description><authored_by>bench</authored_by><links/></metadata>
  <criteria><Indicator id="top" operator="OR">
`, ns11, i)
		for j := range 10 {
			fmt.Fprintf(&doc, `    <IndicatorItem id="5e0b8d6a-3f0c-4a57-9a53-%012d" condition="is" preserve-case="false" negate="false">
      <Context document="FileItem" search="FileItem/Md5sum" type="mir" />
      <Content type="md5">%032x</Content>
    </IndicatorItem>
`, j, i*10+j)
		}
		doc.WriteString("  </Indicator></criteria>\n  <parameters/>\n</OpenIOC>\n")
		files[fmt.Sprintf("%d/%d.ioc", i%10, i)] = doc.Bytes()
	}
	root := tree(b, files)
	b.ReportAllocs()
	for b.Loop() {
		if c := load(b, Options{}, root); len(c.Files) != 10000 || c.Files[0].Status != Usable {
			b.Fatal(len(c.Files))
		}
	}
}
