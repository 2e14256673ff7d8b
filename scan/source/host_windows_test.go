package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"

	"golang.org/x/sys/windows"
)

func locate(t *testing.T, path string) (source.FS, string) {
	t.Helper()
	src, err := source.OpenHost(source.HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	v, at, err := source.Locate(src, path)
	if err != nil {
		t.Fatal(err)
	}
	return v.FS, at
}

// wine: there a file's access time is the business of the system below.
func wine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

func TestHostIsDescribed(t *testing.T) {
	src, err := source.OpenHost(source.HostOptions{Name: "box"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if src.Platform() != source.Windows || src.Name() != "box" || !src.Has(source.Hives) || !src.Has(source.Live) {
		t.Errorf("%s %s", src.Platform(), src.Name())
	}
	t.Logf("left out: %+v", src.LeftOut())
	for _, v := range src.Volumes() {
		if len(v.Name) != 2 || !v.FoldCase {
			t.Errorf("volume %+v", v)
		}
	}
	v, at, err := source.Locate(src, `c:\WINDOWS\SYSTEM32\KERNEL32.dll`)
	if err != nil || !strings.EqualFold(at, "/windows/system32/kernel32.dll") || strings.Contains(at, "KERNEL") {
		t.Fatalf("kernel32 is at %q, %v", at, err)
	}
	if content := sourcetest.ReadAll(t, v.FS, at); !strings.HasPrefix(content, "MZ") {
		t.Error("kernel32 is no program")
	}
}

func TestWindowsInfo(t *testing.T) {
	dir := sourcetest.TempDir(t)
	path := filepath.Join(dir, "Hidden.TXT")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	mtime := time.Date(2020, 2, 3, 4, 5, 6, 700, time.UTC)
	if err := os.Chtimes(path, mtime, mtime); err != nil {
		t.Fatal(err)
	}
	wide, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := windows.SetFileAttributes(wide, windows.FILE_ATTRIBUTE_HIDDEN|windows.FILE_ATTRIBUTE_ARCHIVE); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, filepath.Join(dir, "second")); err != nil {
		t.Fatal(err)
	}
	fsys, at := locate(t, path)
	info, err := fsys.Lstat(at)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != 5 || info.Modified != ioc.Ticks(mtime) || info.Attributes != windows.FILE_ATTRIBUTE_HIDDEN|windows.FILE_ATTRIBUTE_ARCHIVE ||
		info.Links != 2 || info.INode == 0 || info.Created == 0 || info.UID != -1 {
		t.Errorf("info %+v", info)
	}
	if content := sourcetest.ReadAll(t, fsys, at); content != "12345" {
		t.Errorf("content %q", content)
	}
	if info, err := fsys.Lstat(at); err != nil || !wine() && info.Accessed != ioc.Ticks(mtime) {
		t.Errorf("reading changed the access time: %+v, %v", info, err)
	}
	upper, err := fsys.Resolve(strings.ToUpper(at))
	if err != nil || upper != at {
		t.Errorf("resolve in upper case: %q, %v, want %q", upper, err, at)
	}
	owner, err := fsys.(source.Ownerer).Owner(at)
	if err != nil || !strings.HasPrefix(owner.UserID, "S-1-") {
		t.Errorf("owner %+v, %v", owner, err)
	}
	t.Logf("owner %+v", owner)
}

// What others have open, and names that Windows itself would change.
func TestWindowsNames(t *testing.T) {
	dir := sourcetest.TempDir(t)
	for _, name := range []string{"dot.", "space ", "nul", "com1.txt", "\u00dcn\u00ef \U0001f600", strings.Repeat("n", 255)} {
		path := `\\?\` + dir + `\` + name
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(name)
		fsys, at := locate(t, dir)
		if content := sourcetest.ReadAll(t, fsys, at+"/"+name); content != name { // while it is open for writing
			t.Errorf("%q: content %q", name, content)
		}
		if _, ok := sourcetest.List(t, fsys, at)[name]; !ok {
			t.Errorf("%q is not listed", name)
		}
		f.Close()
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
	fsys, at := locate(t, dir)
	for _, name := range []string{"*", "?", "x:y", `a\b`, "<", `"`, "\xff"} {
		if _, err := fsys.Lstat(at + "/" + name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("lstat of %q: %v", name, err)
		}
		for _, err := range fsys.ReadDir(t.Context(), at+"/"+name) {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("listing of %q: %v", name, err)
			}
		}
	}
}
