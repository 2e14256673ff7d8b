// Package sourcetest is what every file system of a source has to pass.
//
// Run makes small trees through the maker it is given and reads them back
// through source.FS. What a system cannot make, such as a FIFO on Windows, the
// maker's Lacks leaves out.
package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"iocscan/scan/source"
)

// A Maker builds file systems for the suite.
type Maker struct {
	// Make is a file system that has the tree below the folder base ("/" where
	// the tree is the whole volume).
	Make func(t *testing.T, tree []Node) (fsys source.FS, base string)
	// Remove takes an object of the file system made last away behind its back;
	// nil if that cannot happen.
	Remove func(t *testing.T, path string)
	// Unprivileged runs a function without the right to read everything; nil
	// where folders are not readable anyway. Where it cannot, it skips.
	Unprivileged func(t *testing.T, f func())

	NoLinks    bool // symbolic links cannot be made
	NoFIFO     bool
	NoOddNames bool // names have to be Unicode without control characters
	Deep       int  // levels of 200 bytes in the test of long paths; 0 means 40
	NoUnread   bool // an unreadable folder cannot be made
}

// Run runs the suite.
func Run(t *testing.T, m Maker) {
	for _, c := range []struct {
		name string
		skip bool
		test func(*testing.T, Maker)
	}{
		{"listing", false, testListing},
		{"odd names", m.NoOddNames, testOddNames},
		{"large folder", false, testLarge},
		{"stop early", false, testStop},
		{"cancelled", false, testCancelled},
		{"long path", false, testLongPath},
		{"read", false, testRead},
		{"not regular", false, testNotRegular},
		{"fifo", m.NoFIFO, testFIFO},
		{"missing", false, testMissing},
		{"vanished", m.Remove == nil, testVanished},
		{"links are not followed", m.NoLinks, testLinks},
		{"resolve", m.NoLinks, testResolve},
		{"resolve without links", false, testResolvePlain},
		{"unreadable folder", m.NoUnread, testUnreadable},
		{"concurrent", false, testConcurrent},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.skip {
				t.Skip("cannot be made on this system")
			}
			c.test(t, m)
		})
	}
}

// List is a folder's entries by name; an error fails the test.
func List(t testing.TB, fsys source.FS, dir string) map[string]source.Entry {
	t.Helper()
	list := make(map[string]source.Entry)
	for e, err := range fsys.ReadDir(context.Background(), dir) {
		if err != nil {
			t.Fatalf("list %q: %v", dir, err)
		}
		if _, twice := list[e.Name]; twice {
			t.Errorf("list %q: %q twice", dir, e.Name)
		}
		list[e.Name] = e
	}
	return list
}

// ReadAll is a file's content.
func ReadAll(t testing.TB, fsys source.FS, name string) string {
	t.Helper()
	f, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func join(base, path string) string {
	if base == "/" {
		return path
	}
	return base + path
}

// names checks a listing against what it has to be.
func names(t *testing.T, fsys source.FS, dir string, want map[string]source.Type) {
	t.Helper()
	got := List(t, fsys, dir)
	for name, kind := range want {
		e, ok := got[name]
		if !ok {
			t.Errorf("list %q: %q is missing", dir, name)
		} else if e.Type != kind {
			t.Errorf("list %q: %q is of type %d, want %d", dir, name, e.Type, kind)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("list %q: %q should not be there", dir, name)
		}
	}
}

// isPathError checks the shape of an error.
func isPathError(t *testing.T, err error, path string, want error) {
	t.Helper()
	var pe *fs.PathError
	switch {
	case err == nil:
		t.Errorf("%q: no error, want %v", path, want)
	case !errors.As(err, &pe):
		t.Errorf("%q: error %v of type %T, want *fs.PathError", path, err, err)
	case pe.Path != path:
		t.Errorf("%q: error names the path %q", path, pe.Path)
	case want != nil && !errors.Is(err, want):
		t.Errorf("%q: error %v, want %v", path, err, want)
	}
}

func testListing(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{
		{Path: "/dir/file", Content: "x"},
		{Path: "/dir/sub/inner", Content: "y"},
		{Path: "/dir/empty", Type: source.Dir},
		{Path: "/top"},
	})
	names(t, fsys, join(base, "/dir"), map[string]source.Type{"file": source.Regular, "sub": source.Dir, "empty": source.Dir})
	names(t, fsys, join(base, "/dir/empty"), nil)
	names(t, fsys, base, map[string]source.Type{"dir": source.Dir, "top": source.Regular})
	for _, e := range List(t, fsys, join(base, "/dir")) {
		if e.Info == nil {
			continue
		}
		info, err := fsys.Lstat(join(base, "/dir/"+e.Name))
		if err != nil {
			t.Error(err)
		} else if info.Type != e.Info.Type || info.Size != e.Info.Size || info.Modified != e.Info.Modified || info.Attributes != e.Info.Attributes {
			t.Errorf("%q: listing says %+v, lstat %+v", e.Name, *e.Info, info)
		}
	}
}

// OddNames are names that a Unix file system may have.
var OddNames = []string{
	"line\nfeed", "tab\tbell\a", "esc\x1b[31mred", "\xff\xfe\x80", "cut\xe2\x82", "rtl\u202egnp.exe",
	"back\\slash", "col:on", "st*r?", "quote\"<>|", " space ", "dots...", "-rf", "nul", "\u00e9", "e\u0301",
	"%41", "😀", strings.Repeat("n", 255), "\x7f", "\xed\xa0\x80",
}

func testOddNames(t *testing.T, m Maker) {
	var tree []Node
	want := make(map[string]source.Type)
	for _, n := range OddNames {
		tree = append(tree, Node{Path: "/odd/" + n, Content: n}, Node{Path: "/" + n + ".d/in", Content: n})
		want[n] = source.Regular
		if len(n) > 250 {
			tree = tree[:len(tree)-1]
		}
	}
	fsys, base := m.Make(t, tree)
	names(t, fsys, join(base, "/odd"), want)
	for _, n := range tree {
		path := join(base, n.Path)
		if got := ReadAll(t, fsys, path); got != n.Content {
			t.Errorf("%q: content %q", path, got)
		}
		if info, err := fsys.Lstat(path); err != nil || info.Size != int64(len(n.Content)) {
			t.Errorf("%q: lstat: %+v, %v", path, info, err)
		}
	}
}

func testLarge(t *testing.T, m Maker) {
	var tree []Node
	want := make(map[string]source.Type)
	for i := range 3000 {
		name := fmt.Sprintf("%05d-%s", i, strings.Repeat("x", i%100))
		tree = append(tree, Node{Path: "/many/" + name})
		want[name] = source.Regular
	}
	fsys, base := m.Make(t, tree)
	names(t, fsys, join(base, "/many"), want)
}

func testStop(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/a"}, {Path: "/b"}, {Path: "/c"}})
	n := 0
	for range fsys.ReadDir(context.Background(), base) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("saw %d entries before stopping, want 2", n)
	}
}

func testCancelled(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/dir/a"}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var last error
	for _, err := range fsys.ReadDir(ctx, join(base, "/dir")) {
		last = err
	}
	isPathError(t, last, join(base, "/dir"), context.Canceled)
}

func testLongPath(t *testing.T, m Maker) {
	if m.Deep == 0 {
		m.Deep = 40 // twice the PATH_MAX of Linux
	}
	dir := strings.Repeat("/"+strings.Repeat("long", 50), m.Deep)
	tree := []Node{{Path: dir + "/file", Content: "deep"}}
	if !m.NoLinks {
		tree = append(tree, Node{Path: dir + "/link", Type: source.Link, Target: "file"})
	}
	fsys, base := m.Make(t, tree)
	dir = join(base, dir)
	if _, ok := List(t, fsys, dir)["file"]; !ok {
		t.Error("file is missing in the listing")
	}
	if got := ReadAll(t, fsys, dir+"/file"); got != "deep" {
		t.Errorf("content %q", got)
	}
	if info, err := fsys.Lstat(dir + "/file"); err != nil || info.Size != 4 {
		t.Errorf("lstat: %+v, %v", info, err)
	}
	if got, err := fsys.Resolve(dir + "/file"); err != nil || got != dir+"/file" {
		t.Errorf("resolve: %d bytes, %v", len(got), err)
	}
	if m.NoLinks {
		return
	}
	if got, err := fsys.Readlink(dir + "/link"); err != nil || got != "file" {
		t.Errorf("readlink: %q, %v", got, err)
	}
	if got, err := fsys.Resolve(dir + "/link"); err != nil || got != dir+"/file" {
		t.Errorf("resolve of the link: %d bytes, %v", len(got), err)
	}
}

func testRead(t *testing.T, m Maker) {
	content := strings.Repeat("0123456789", 20_000)
	fsys, base := m.Make(t, []Node{{Path: "/f", Content: content}, {Path: "/zero"}})
	if got := ReadAll(t, fsys, join(base, "/f")); got != content {
		t.Errorf("read %d bytes that differ", len(got))
	}
	if got := ReadAll(t, fsys, join(base, "/zero")); got != "" {
		t.Errorf("empty file has %q", got)
	}
	f, err := fsys.Open(join(base, "/f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 10)
	if n, err := f.ReadAt(b, 100_003); n != 10 || err != nil || string(b) != "3456789012" {
		t.Errorf("ReadAt: %q, %d, %v", b, n, err)
	}
	if n, err := f.ReadAt(b, int64(len(content))-4); n != 4 || err != io.EOF {
		t.Errorf("ReadAt over the end: %d, %v, want 4, EOF", n, err)
	}
	if n, err := f.ReadAt(b, int64(len(content))+4); n != 0 || err != io.EOF {
		t.Errorf("ReadAt behind the end: %d, %v, want 0, EOF", n, err)
	}
	if _, err := f.ReadAt(b, -1); err == nil {
		t.Error("ReadAt before the start: no error")
	}
	info, err := f.Info()
	if err != nil || info.Size != int64(len(content)) || info.Type != source.Regular {
		t.Errorf("Info: %+v, %v", info, err)
	}
	if stat, err := fsys.Lstat(join(base, "/f")); err != nil || stat.INode != info.INode || stat.Modified != info.Modified {
		t.Errorf("Lstat %+v, %v differs from Info %+v", stat, err, info)
	}
}

func testNotRegular(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/dir/f"}})
	for _, path := range []string{base, join(base, "/dir")} {
		_, err := fsys.Open(path)
		isPathError(t, err, path, source.ErrNotRegular)
	}
	path, n := join(base, "/dir/f"), 0
	for _, err := range fsys.ReadDir(context.Background(), path) {
		n++
		isPathError(t, err, path, nil)
	}
	if n != 1 {
		t.Errorf("listing a file yielded %d times, want one error", n)
	}
	if _, err := fsys.Readlink(path); err == nil {
		t.Error("readlink of a file: no error")
	}
}

func testFIFO(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/dir/pipe", Type: source.FIFO}})
	names(t, fsys, join(base, "/dir"), map[string]source.Type{"pipe": source.FIFO})
	_, err := fsys.Open(join(base, "/dir/pipe")) // would wait for a writer
	isPathError(t, err, join(base, "/dir/pipe"), source.ErrNotRegular)
}

func testMissing(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/dir/f"}})
	for _, path := range []string{"/no", "/dir/no", "/no/no/no"} {
		missing(t, fsys, join(base, path))
	}
	for _, path := range []string{"/dir/f/below", "/dir/" + strings.Repeat("n", 5000), "/dir/nul\x00"} {
		_, err := fsys.Resolve(join(base, path))
		isPathError(t, err, join(base, path), fs.ErrNotExist)
		if _, err := fsys.Lstat(join(base, path)); err == nil {
			t.Errorf("lstat %.20q: no error", path)
		}
	}
}

func missing(t *testing.T, fsys source.FS, path string) {
	t.Helper()
	_, err := fsys.Lstat(path)
	isPathError(t, err, path, fs.ErrNotExist)
	_, err = fsys.Open(path)
	isPathError(t, err, path, fs.ErrNotExist)
	_, err = fsys.Readlink(path)
	isPathError(t, err, path, fs.ErrNotExist)
	_, err = fsys.Resolve(path)
	isPathError(t, err, path, fs.ErrNotExist)
	n := 0
	for _, err := range fsys.ReadDir(context.Background(), path) {
		n++
		isPathError(t, err, path, fs.ErrNotExist)
	}
	if n != 1 {
		t.Errorf("listing %q yielded %d times, want one error", path, n)
	}
}

func testVanished(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/dir/f", Content: "x"}, {Path: "/dir/g"}})
	path := join(base, "/dir/f")
	if _, ok := List(t, fsys, join(base, "/dir"))["f"]; !ok {
		t.Fatal("f is not there to begin with")
	}
	m.Remove(t, path)
	missing(t, fsys, path)
}

func testLinks(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{
		{Path: "/dir/f", Content: "x"},
		{Path: "/links/file", Type: source.Link, Target: "../dir/f"},
		{Path: "/links/dir", Type: source.Link, Target: "../dir"},
		{Path: "/links/none", Type: source.Link, Target: "nowhere"},
	})
	names(t, fsys, join(base, "/links"), map[string]source.Type{"file": source.Link, "dir": source.Link, "none": source.Link})
	for _, name := range []string{"file", "dir", "none"} {
		path := join(base, "/links/"+name)
		if info, err := fsys.Lstat(path); err != nil || info.Type != source.Link {
			t.Errorf("lstat %q: %+v, %v", path, info, err)
		}
		_, err := fsys.Open(path)
		isPathError(t, err, path, source.ErrNotRegular)
		n := 0
		for _, err := range fsys.ReadDir(context.Background(), path) {
			n++
			isPathError(t, err, path, nil)
		}
		if n != 1 {
			t.Errorf("listing the link %q yielded %d times, want one error", path, n)
		}
	}
	if got, err := fsys.Readlink(join(base, "/links/file")); err != nil || strings.ReplaceAll(got, `\`, "/") != "../dir/f" {
		t.Errorf("readlink: %q, %v", got, err)
	}
	// On the way to a name they are followed.
	if got := ReadAll(t, fsys, join(base, "/links/dir/f")); got != "x" {
		t.Errorf("through a link: %q", got)
	}
}

func testResolve(t *testing.T, m Maker) {
	tree := []Node{
		{Path: "/top/b/f", Content: "x"},
		{Path: "/rel", Type: source.Link, Target: "top/b"},
		{Path: "/abs", Type: source.Link, Target: "/top/b"},
		{Path: "/top/up", Type: source.Link, Target: "../top/b/../b/./f"},
		{Path: "/twice", Type: source.Link, Target: "rel/../up"},
		{Path: "/none", Type: source.Link, Target: "top/nowhere"},
		{Path: "/loop", Type: source.Link, Target: "pool"},
		{Path: "/pool", Type: source.Link, Target: "loop"},
		{Path: "/self", Type: source.Link, Target: "self/self"},
		{Path: "/out", Type: source.Link, Target: "../../../../../../../../top/b/f"},
		{Path: "/bomb0", Type: source.Link, Target: "top"},
	}
	for i := range 30 {
		tree = append(tree, Node{Path: fmt.Sprintf("/bomb%d", i+1), Type: source.Link,
			Target: strings.Repeat(fmt.Sprintf("bomb%d/../", i), 5) + fmt.Sprintf("bomb%d", i)})
	}
	fsys, base := m.Make(t, tree)
	for _, c := range []struct {
		path, want string
		err        error
	}{
		{"/top/b/f", "/top/b/f", nil},
		{"/rel", "/top/b", nil},
		{"/rel/f", "/top/b/f", nil},
		{"/abs/f", "/top/b/f", nil},
		{"/top/up", "/top/b/f", nil},
		{"/top/./b//f", "/top/b/f", nil},
		{"/top/b/", "/top/b", nil},
		{"/rel/../b/f", "/top/b/f", nil}, // ".." is that of where the link leads
		{"/twice", "/top/b/f", nil},
		{"/none", "", fs.ErrNotExist},
		{"/rel/no", "", fs.ErrNotExist},
		{"/loop", "", source.ErrLoop},
		{"/loop/x", "", source.ErrLoop},
		{"/self", "", source.ErrLoop},
		{"/bomb30", "", source.ErrLoop},
		{"/bomb1", "/top", nil},
	} {
		got, err := fsys.Resolve(join(base, c.path))
		if c.err != nil {
			isPathError(t, err, join(base, c.path), c.err)
		} else if err != nil || got != join(base, c.want) {
			t.Errorf("resolve %q: %q, %v, want %q", c.path, got, err, c.want)
		}
	}
	if base != "/" {
		return
	}
	for _, path := range []string{"/out", "/../../top/b/f", "/rel/../../../../top/b/f"} {
		if got, err := fsys.Resolve(path); err != nil || got != "/top/b/f" {
			t.Errorf("resolve %q: %q, %v, want to stop at the root", path, got, err)
		}
	}
}

func testResolvePlain(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/Dir/File.txt", Content: "x"}})
	for _, path := range []string{"/Dir/File.txt", "/Dir/./File.txt", "/Dir/../Dir/File.txt", "/Dir//File.txt"} {
		if got, err := fsys.Resolve(join(base, path)); err != nil || got != join(base, "/Dir/File.txt") {
			t.Errorf("resolve %q: %q, %v", path, got, err)
		}
	}
	if got, err := fsys.Resolve("/"); err != nil || got != "/" {
		t.Errorf("resolve of the root: %q, %v", got, err)
	}
}

func testUnreadable(t *testing.T, m Maker) {
	fsys, base := m.Make(t, []Node{{Path: "/dir/f"}, {Path: "/dir/shut", Type: source.Dir, Unreadable: true}})
	path := join(base, "/dir/shut")
	try := func() {
		var got []error
		for _, err := range fsys.ReadDir(context.Background(), path) {
			if err != nil {
				got = append(got, err)
			}
		}
		if len(got) != 1 {
			t.Fatalf("%d errors, want one: %v", len(got), got)
		}
		isPathError(t, got[0], path, fs.ErrPermission)
		names(t, fsys, join(base, "/dir"), map[string]source.Type{"f": source.Regular, "shut": source.Dir})
	}
	if m.Unprivileged != nil {
		m.Unprivileged(t, try)
	} else {
		try()
	}
}

func testConcurrent(t *testing.T, m Maker) {
	var tree []Node
	for i := range 50 {
		tree = append(tree, Node{Path: fmt.Sprintf("/dir%d/sub/f%d", i%5, i), Content: fmt.Sprint(i)})
	}
	fsys, base := m.Make(t, tree)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var walked []string
			walk(t, fsys, base, func(path string) {
				if f, err := fsys.Open(path); err != nil {
					t.Error(err)
				} else {
					io.Copy(io.Discard, f)
					f.Close()
				}
				if got, err := fsys.Resolve(path); err != nil || got != path {
					t.Errorf("resolve %q: %q, %v", path, got, err)
				}
				walked = append(walked, strings.TrimPrefix(path, strings.TrimSuffix(base, "/")))
			})
			slices.Sort(walked)
			if len(walked) != len(tree) || len(slices.Compact(walked)) != len(tree) {
				t.Errorf("walked %d files, want %d", len(walked), len(tree))
			}
		})
	}
	wg.Wait()
}

// walk visits the files below a folder.
func walk(t *testing.T, fsys source.FS, dir string, visit func(string)) {
	for e, err := range fsys.ReadDir(context.Background(), dir) {
		path := source.Join(dir, e.Name)
		switch {
		case err != nil:
			t.Error(err)
		case e.Type == source.Dir:
			walk(t, fsys, path, visit)
		case e.Type == source.Regular:
			visit(path)
		}
	}
}
