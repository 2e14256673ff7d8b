package sourcetest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/source"
)

// A Node is one object of a tree that a source under test shall have.
type Node struct {
	Path    string // below the tree, begins with "/"; folders on the way are made
	Type    source.Type
	Content string
	// Target of a link. An absolute one means a path of the evidence: where the
	// tree is not the root of its volume, the maker puts the base before it.
	Target     string
	Unreadable bool // a folder that nobody may list
}

// Write makes the tree below a folder of the scanner, through os.Root, which
// takes paths of any length. base goes before the absolute targets of links.
func Write(t testing.TB, dir, base string, tree []Node) {
	t.Helper()
	for _, n := range tree {
		if err := write(dir, base, n); err != nil {
			t.Fatalf("write %q: %v", n.Path, err)
		}
	}
}

func write(dir, base string, n Node) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { root.Close() }()
	names := strings.Split(strings.Trim(n.Path, "/"), "/")
	for _, name := range names[:len(names)-1] {
		if err := root.Mkdir(name, 0o755); err != nil && !os.IsExist(err) {
			return err
		}
		next, err := root.OpenRoot(name)
		if err != nil {
			return err
		}
		root.Close()
		root = next
	}
	last := names[len(names)-1]
	switch n.Type {
	case source.Dir:
		mode := fs.FileMode(0o755)
		if n.Unreadable {
			mode = 0o000
		}
		return root.Mkdir(last, mode)
	case source.Link:
		target := n.Target
		if strings.HasPrefix(target, "/") {
			target = base + target
		}
		return root.Symlink(target, last)
	case source.FIFO:
		return mkfifo(filepath.Join(root.Name(), last))
	}
	f, err := root.Create(last)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(n.Content)
	return err
}

// TempDir is a folder for a test. Unlike testing.T.TempDir it is emptied by
// os.Remove, name by name, where os.RemoveAll does not work (Wine).
func TempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "source")
	if err != nil {
		t.Fatal(err)
	}
	// Paths of mounts and the like have no links in them.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeAll(dir); err != nil {
			t.Errorf("remove the test's folder: %v", err)
		}
	})
	return dir
}
