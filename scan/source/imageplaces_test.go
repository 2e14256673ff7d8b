package source

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/fsys"
)

// knot is a file system whose folders are as given: what is in each, by number.
func knot(folders [][]fsys.ID) *fakeFS {
	f := &fakeFS{kind: "ext4"}
	for _, in := range folders {
		o := fakeObject{kind: fsys.Dir}
		for n, id := range in {
			o.names, o.ids = append(o.names, fmt.Sprintf("d%d", n)), append(o.ids, id)
		}
		f.objects = append(f.objects, o)
	}
	return f
}

// A walk by paths ends, having listed each folder once; what is met again under
// another path is an error.
func TestFoldersInTwoPlaces(t *testing.T) {
	doubling := make([][]fsys.ID, 40) // 2^39 paths
	for n := range len(doubling) - 1 {
		doubling[n] = []fsys.ID{fsys.ID(n + 1), fsys.ID(n + 1)}
	}
	for _, c := range []struct {
		name    string
		folders [][]fsys.ID
		errs    int
	}{
		{"tree", [][]fsys.ID{{1, 2}, {}, {}}, 0},
		{"cycle", [][]fsys.ID{{1}, {2}, {1}}, 1},
		{"root in itself", [][]fsys.ID{{0, 0}}, 2},
		{"doubling", doubling, 39},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := knot(c.folders)
			tree := &linkTree{folder: newImageTree(f), confined: true, resolver: &resolver{tree: newImageTree(f), platform: Linux, still: true}}
			errs, places := 0, 0
			rest := []string{"/"}
			for len(rest) > 0 {
				dir := rest[len(rest)-1]
				rest = rest[:len(rest)-1]
				if places++; places > 1000 {
					t.Fatal("does not end")
				}
				for e, err := range tree.ReadDir(t.Context(), dir) {
					if err != nil {
						if errs++; !strings.Contains(err.Error(), "two places") {
							t.Error(err)
						}
						break
					}
					rest = append(rest, Join(dir, e.Name))
				}
			}
			if errs != c.errs {
				t.Errorf("%d errors, want %d", errs, c.errs)
			}
		})
	}
	tree := newImageTree(knot([][]fsys.ID{{1}, {}}))
	for range 3 { // the same path again is no other place
		for _, err := range tree.ReadDir(t.Context(), "/d0") {
			t.Error(err)
		}
	}
}

// deletedFS is a file system with deleted objects.
type deletedFS struct {
	*fakeFS
	list []fsys.Deleted
}

func (f deletedFS) Deleted(context.Context) iter.Seq2[fsys.Deleted, error] {
	return func(yield func(fsys.Deleted, error) bool) {
		for _, d := range f.list {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func TestDeletedNames(t *testing.T) {
	f := deletedFS{fakeFS: newFakeFS("ext4").add("/live/f", fsys.Regular, "live").add("/gone", fsys.Regular, "content")}
	live, content := fsys.ID(1), fsys.ID(3)
	entry := func(name string, id fsys.ID, kind fsys.Kind) fsys.Entry {
		return fsys.Entry{Name: name, ID: id, Kind: kind}
	}
	f.list = []fsys.Deleted{
		{Entry: entry("a", content, fsys.Regular), Dir: live},
		{Entry: entry("old", 100, fsys.Dir), Dir: live},
		{Entry: entry("b", content, fsys.Regular), Dir: 100},
		{Entry: entry("c", content, fsys.Regular), Dir: 0, Orphan: true},
		{Entry: entry("d", content, fsys.Regular), Dir: 77},
		{Entry: entry("", content, fsys.Regular), Dir: live},
		{Entry: entry("x/y", content, fsys.Regular), Dir: live},
		{Entry: entry("in", 200, fsys.Dir), Dir: 201}, // two that are in each other
		{Entry: entry("out", 201, fsys.Dir), Dir: 200},
		{Entry: entry("e", content, fsys.Regular), Dir: live, Reused: true},
	}
	p := &ImagePart{volume: &imageVolume{fsys: f}}
	if p.deleted(Linux, false) != nil {
		t.Error("deleted files without being asked for")
	}
	var got []string
	for d, err := range p.deleted(Linux, true)(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		s := Join(d.Folder, d.Name)
		if d.Lost {
			s += " lost"
		}
		if d.Nameless {
			s += " nameless"
		}
		if d.Type == Regular {
			in, err := d.FS.Open("any")
			if err != nil {
				s += " " + err.Error()
			} else {
				b := make([]byte, 20)
				n, _ := in.Read(b)
				s += " " + string(b[:n])
			}
		}
		got = append(got, s)
	}
	want := []string{
		"/live/a content", "/live/old", "/live/old/b content", "/[folder not known]/c lost content", "/[folder not known]/d lost content",
		"/live/[object 3] nameless content", `/live/["x/y"] nameless content`, "/[folder not known]/in lost", "/[folder not known]/out lost",
		"/live/e open any: deleted, and its content is in use by something else",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}
