package source_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

func TestLooseFiles(t *testing.T) {
	dir := sourcetest.TempDir(t)
	for name, content := range map[string]string{
		"a.LOG": "anything", "sub/b": "MAGIC and more", "sub/c": "nothing", "sub/d": "", "single.txt": "no log",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "sub", "link.log")
	linked := os.Symlink(filepath.Join(dir, "single.txt"), link) == nil
	if _, err := os.Stat(link); err != nil { // Wine makes links that lead nowhere
		linked = false
	}

	files, err := source.LooseFiles([]string{dir, filepath.Join(dir, "single.txt"), filepath.Join(dir, "sub"), dir + "/single.txt"}, ".log", "MAGIC")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		rel, _ := filepath.Rel(dir, f.Path)
		got = append(got, filepath.ToSlash(rel))
		file, err := f.Open()
		if err != nil {
			t.Errorf("%s: %v", f.Path, err)
			continue
		}
		file.Close()
	}
	if want := []string{"a.LOG", "sub/b", "single.txt"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := source.LooseFiles([]string{filepath.Join(dir, "absent")}, ".log", "MAGIC"); err == nil {
		t.Error("a path that is not there is taken")
	}
	if !linked {
		return
	}
	// A link that the user names is followed, one that lies in a folder is not.
	files, err = source.LooseFiles([]string{link}, ".log", "MAGIC")
	if err != nil || len(files) != 1 || files[0].Path != link {
		t.Fatalf("%+v, %v", files, err)
	}
	f, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 6)
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != "no log" {
		t.Errorf("%q, %v", b, err)
	}
}
