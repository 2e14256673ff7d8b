package source

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"iocscan/scan/internal/fsys"
)

// A fakeFS is a file system of a few objects; their numbers are places in it.
type fakeFS struct {
	kind    string
	objects []fakeObject
	lists   atomic.Int32 // how often a folder was listed
}

type fakeObject struct {
	kind    fsys.Kind
	content string // or the target of a link
	names   []string
	ids     []fsys.ID
}

func newFakeFS(kind string) *fakeFS {
	return &fakeFS{kind: kind, objects: []fakeObject{{kind: fsys.Dir}}}
}

// add makes an object and the folders on the way.
func (f *fakeFS) add(path string, kind fsys.Kind, content string) *fakeFS {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	at := fsys.ID(0)
	for i, p := range parts {
		o := &f.objects[at]
		if n := slices.Index(o.names, p); n >= 0 {
			at = o.ids[n]
			continue
		}
		next := fsys.ID(len(f.objects))
		o.names, o.ids = append(o.names, p), append(o.ids, next)
		at = next
		if i < len(parts)-1 {
			f.objects = append(f.objects, fakeObject{kind: fsys.Dir})
		} else {
			f.objects = append(f.objects, fakeObject{kind: kind, content: content})
		}
	}
	return f
}

func (f *fakeFS) Type() string   { return f.kind }
func (f *fakeFS) Label() string  { return "" }
func (f *fakeFS) Serial() string { return "" }
func (f *fakeFS) Root() fsys.ID  { return 0 }

func (f *fakeFS) ReadDir(_ context.Context, dir fsys.ID) iter.Seq2[fsys.Entry, error] {
	return func(yield func(fsys.Entry, error) bool) {
		f.lists.Add(1)
		o := f.objects[dir]
		for i, name := range o.names {
			if !yield(fsys.Entry{Name: name, ID: o.ids[i], Kind: f.objects[o.ids[i]].kind}, nil) {
				return
			}
		}
	}
}

func (f *fakeFS) Stat(id fsys.ID) (fsys.Info, error) {
	o := f.objects[id]
	info := fsys.Info{Kind: o.kind, Mode: 0o4755, UID: -1, GID: -1}
	if o.kind == fsys.Regular {
		info.Size = int64(len(o.content))
	}
	return info, nil
}

type fakeContent struct{ *strings.Reader }

func (f *fakeFS) Open(id fsys.ID) (fsys.Content, error) {
	if f.objects[id].kind != fsys.Regular {
		return nil, fmt.Errorf("object %d: %w", id, fsys.ErrNotRegular)
	}
	return fakeContent{strings.NewReader(f.objects[id].content)}, nil
}

func (f *fakeFS) Readlink(id fsys.ID) (string, error) { return f.objects[id].content, nil }

func (f *fakeFS) Deleted(context.Context) iter.Seq2[fsys.Deleted, error] {
	return func(func(fsys.Deleted, error) bool) {}
}

func TestImageTreeMounts(t *testing.T) {
	root := newFakeFS("ext4").add("/etc/fstab", fsys.Regular, "x").add("/home/hidden", fsys.Regular, "below the mount").
		add("/homes/f", fsys.Regular, "a neighbour")
	home := newFakeFS("ext4").add("/user/f", fsys.Regular, "home")
	inner := newFakeFS("fat32").add("/f", fsys.Regular, "inner")
	tree := newImageTree(root)
	tree.mount("/home", home)
	tree.mount("/home/user/stick", inner)
	for path, want := range map[string]string{
		"/etc/fstab": "x", "/home/user/f": "home", "/home/user/stick/f": "inner", "/homes/f": "a neighbour",
		"/home/hidden": "", "/home/user/stick/user/f": "", "/etc/fstab/f": "",
	} {
		f, err := tree.Open(path)
		if want == "" {
			if err == nil || !missing(err) {
				t.Errorf("%s: %v, want that it is not there", path, err)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		b := make([]byte, 100)
		n, _ := f.Read(b)
		if string(b[:n]) != want {
			t.Errorf("%s: %q, want %q", path, b[:n], want)
		}
		info, err := f.Info()
		if err != nil || info.Mode != 0o755|fs.ModeSetuid {
			t.Errorf("%s: %v, %v", path, info.Mode, err)
		}
	}
}

func TestImageTreeNames(t *testing.T) {
	f := newFakeFS("ext4")
	dir := &f.objects[0]
	for _, name := range []string{"good", "a/b", "..", "", "nul\x00"} {
		dir.names, dir.ids = append(dir.names, name), append(dir.ids, fsys.ID(len(f.objects)))
		f.objects = append(f.objects, fakeObject{kind: fsys.Regular})
		dir = &f.objects[0]
	}
	var got []string
	errs := 0
	for e, err := range newImageTree(f).ReadDir(t.Context(), "/") {
		if err != nil {
			errs++
		} else {
			got = append(got, e.Name)
		}
	}
	if !slices.Equal(got, []string{"good"}) || errs != 4 {
		t.Errorf("%q and %d errors, want one name and 4 errors", got, errs)
	}
}

// A folder is read once for all that is opened in it, and one of more names
// than are remembered still answers for each.
func TestNameMemo(t *testing.T) {
	f := newFakeFS("ext4")
	dir := &f.objects[0]
	const many = 2*maxRemembered + 10
	for i := range many {
		dir.names, dir.ids = append(dir.names, fmt.Sprintf("f%d", i)), append(dir.ids, 0)
	}
	m := newNameMemo()
	for range m.list(t.Context(), f, 0) {
	}
	if f.lists.Load() != 1 {
		t.Fatalf("%d listings", f.lists.Load())
	}
	for i := many - 1000; i < many; i++ {
		if _, err := m.find(f, 0, fmt.Sprintf("f%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if f.lists.Load() != 1 {
		t.Errorf("%d listings for the latest names, want that they are remembered", f.lists.Load())
	}
	if _, err := m.find(f, 0, "f0"); err != nil || f.lists.Load() != 2 {
		t.Errorf("a forgotten name: %v after %d listings", err, f.lists.Load())
	}
	if len(m.young)+len(m.old) > 2*maxRemembered {
		t.Errorf("%d names remembered", len(m.young)+len(m.old))
	}

	small := newFakeFS("ext4").add("/a/f", fsys.Regular, "")
	m = newNameMemo()
	for range 3 {
		if _, err := m.find(small, 0, "no"); err != fs.ErrNotExist {
			t.Errorf("a name that is not there: %v", err)
		}
	}
	if small.lists.Load() != 1 {
		t.Errorf("%d listings for names that are not there, want 1", small.lists.Load())
	}
}

// FakeImage is a volume of an image for tests outside the package, whose
// objects are told by path, type and content.
func FakeImage(p Platform, tell func(add func(path string, t Type, content string))) FS {
	f := newFakeFS("ext4")
	tell(func(path string, t Type, content string) { f.add(path, fsys.Kind(t), content) })
	tree := newImageTree(f)
	return &linkTree{folder: tree, confined: true, resolver: &resolver{tree: tree, platform: p, fold: p == Windows, still: true}}
}
