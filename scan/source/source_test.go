package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// onDisk fills in what this system can make.
func onDisk(m sourcetest.Maker) sourcetest.Maker {
	if runtime.GOOS == "windows" {
		m.Deep = 12 // beyond MAX_PATH, and within what Wine's own system takes
		m.NoLinks, m.NoFIFO, m.NoOddNames, m.NoUnread = true, true, true, true
	}
	m.NoOddNames = m.NoOddNames || runtime.GOOS == "darwin" // names are Unicode there
	m.Unprivileged = unprivileged
	return m
}

func TestHost(t *testing.T) {
	var host source.Source
	sourcetest.Run(t, onDisk(sourcetest.Maker{
		Make: func(t *testing.T, tree []sourcetest.Node) (source.FS, string) {
			dir := sourcetest.TempDir(t)
			sourcetest.Write(t, dir, dir, tree)
			var err error
			if host, err = source.OpenHost(source.HostOptions{}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { host.Close() })
			v, path, err := source.Locate(host, dir)
			if err != nil {
				t.Fatal(err)
			}
			return v.FS, path
		},
		Remove: func(t *testing.T, path string) {
			if err := os.Remove(source.Display(host.Volumes()[0], path)); err != nil {
				t.Fatal(err)
			}
		},
	}))
}

func TestRoot(t *testing.T) {
	for _, platform := range []source.Platform{source.Linux, source.Windows, source.Darwin} {
		t.Run(string(platform), func(t *testing.T) {
			var dir string
			m := onDisk(sourcetest.Maker{
				Make: func(t *testing.T, tree []sourcetest.Node) (source.FS, string) {
					dir = sourcetest.TempDir(t)
					sourcetest.Write(t, dir, "", tree)
					return openRoot(t, dir, platform).Volumes()[0].FS, "/"
				},
				Remove: func(t *testing.T, path string) {
					if err := os.Remove(filepath.Join(dir, path)); err != nil {
						t.Fatal(err)
					}
				},
			})
			sourcetest.Run(t, m)
		})
	}
}

func openRoot(t *testing.T, dir string, platform source.Platform) source.Source {
	t.Helper()
	src, err := source.OpenRoot(dir, platform)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return src
}

func TestMem(t *testing.T) {
	for _, platform := range []source.Platform{source.Linux, source.Windows, source.Darwin} {
		t.Run(string(platform), func(t *testing.T) {
			var mem *source.Mem
			sourcetest.Run(t, sourcetest.Maker{
				Make: func(t *testing.T, tree []sourcetest.Node) (source.FS, string) {
					mem = source.NewMem(platform)
					for _, n := range tree {
						node := source.MemNode{Info: source.Info{Type: n.Type}, Content: n.Content, Target: n.Target}
						if n.Unreadable {
							node.ReadErr = fs.ErrPermission
						}
						mem.Put(n.Path, node)
					}
					return mem.Volumes()[0].FS, "/"
				},
				Remove:     func(t *testing.T, path string) { mem.Remove(path) },
				NoOddNames: platform == source.Windows,
			})
		})
	}
}

func TestOpenRootRefuses(t *testing.T) {
	dir := sourcetest.TempDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(dir, "none")} {
		if src, err := source.OpenRoot(path, source.Unknown); err == nil {
			src.Close()
			t.Errorf("%s: no error", path)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("error %q does not name the path", err)
		}
	}
}

func TestLayout(t *testing.T) {
	for _, c := range []struct {
		name     string
		files    string // space between
		asked    source.Platform
		platform source.Platform
		volumes  string
		leftOut  int
	}{
		{"windows", "/Windows/System32/x /Users/u/y", "", source.Windows, "C:", 0},
		{"windows in lower case", "/windows/system32/x", "", source.Windows, "C:", 0},
		{"winnt", "/WINNT/SYSTEM32/x", "", source.Windows, "C:", 0},
		{"drives", "/C/Windows/System32/x /D/data/y /C.log", "", source.Windows, "C: D:", 1},
		{"drives as a URL", "/C%3A/Windows/System32/x /E%3a/y", "", source.Windows, "C: E:", 0},
		{"raw drives", "/%5C%5C.%5CC%3A/Windows/System32/x", "", source.Windows, "C:", 0},
		{"small drive letter", "/c/Windows/system32/x", "", source.Windows, "C:", 0},
		{"drives, none with a system", "/C/Users/x", "", source.Unknown, "", 0},
		{"drives, none with a system, asked for", "/C/Users/x /D/y", source.Windows, source.Windows, "C: D:", 0},
		{"windows asked for", "/Users/x", source.Windows, source.Windows, "C:", 0},
		{"macos", "/System/Library/CoreServices/x", "", source.Darwin, "", 0},
		{"macos data volume", "/Library/x /Users/y /private/var/z", "", source.Darwin, "", 0},
		{"linux", "/etc/passwd /usr/bin/x", "", source.Linux, "", 0},
		{"linux asked for", "/Windows/System32/x", source.Linux, source.Linux, "", 0},
		{"unknown", "/stuff/x", "", source.Unknown, "", 0},
		{"empty", "", "", source.Unknown, "", 0},
		{"a file named Windows", "/Windows /etc/x /var/y", "", source.Linux, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := sourcetest.TempDir(t)
			var tree []sourcetest.Node
			for f := range strings.FieldsSeq(c.files) {
				tree = append(tree, sourcetest.Node{Path: f, Content: "x"})
			}
			sourcetest.Write(t, dir, "", tree)
			src := openRoot(t, dir, c.asked)
			var names []string
			for _, v := range src.Volumes() {
				names = append(names, v.Name)
			}
			if got := strings.Join(names, " "); src.Platform() != c.platform || got != c.volumes {
				t.Errorf("platform %q, volumes %q, want %q, %q", src.Platform(), got, c.platform, c.volumes)
			}
			if got := src.LeftOut(); len(got) != c.leftOut {
				t.Errorf("left out %+v, want %d", got, c.leftOut)
			}
			if src.Has(source.Live) || !src.Has(source.Files) || src.Has(source.Hives) {
				t.Error("capabilities are wrong")
			}
		})
	}
}

// Resolution without regard to case, and what Windows' links look like.
func TestResolveWindows(t *testing.T) {
	mem := source.NewMem(source.Windows, "C:", "D:").
		Add(`C:\Users\Ünal\Desktop\Note.txt`, "n").
		Add(`C:\Program Files\App\app.exe`, "a").
		Add(`D:\Data\d.bin`, "d").
		AddLink(`C:\Documents and Settings`, `\??\C:\Users`).
		AddLink(`C:\plain`, `C:\Users`).
		AddLink(`C:\rooted`, `\Users`).
		AddLink(`C:\Users\up`, `..\Program Files`).
		AddLink(`C:\other`, `\??\D:\Data`).
		AddLink(`C:\unc`, `\??\UNC\server\share`).
		AddLink(`C:\unc2`, `\\server\share\x`).
		AddLink(`C:\volume`, `\??\Volume{01234567-0000-0000-0000-000000000000}\x`).
		AddLink(`C:\device`, `\\.\PhysicalDrive0`).
		AddLink(`C:\missing`, `\??\E:\x`).
		AddLink(`C:\driverel`, `C:Users`).
		LeaveOut(`C:\mnt`, "network file system cifs", true)
	for _, c := range []struct {
		path, want string
		err        error
	}{
		{`c:\users\ÜNAL\desktop\NOTE.TXT`, `C:\Users\Ünal\Desktop\Note.txt`, nil},
		{`/users/ünal`, `C:\Users\Ünal`, nil},
		{`\\?\C:\Users`, `C:\Users`, nil},
		{`C:`, `C:\`, nil},
		{`c:\documents and settings\ünal`, `C:\Users\Ünal`, nil},
		{`C:\plain\Ünal`, `C:\Users\Ünal`, nil},
		{`C:\rooted\Ünal`, `C:\Users\Ünal`, nil},
		{`C:\users\up\app`, `C:\Program Files\App`, nil},
		{`C:\other\D.BIN`, `D:\Data\d.bin`, nil}, // goes on below the link
		{`C:\other`, `D:\Data`, nil},
		{`d:\data\D.BIN`, `D:\Data\d.bin`, nil},
		{`C:\unc\x`, ``, source.ErrEscapes},
		{`C:\unc2`, ``, source.ErrEscapes},
		{`C:\volume`, ``, source.ErrEscapes},
		{`C:\device`, ``, source.ErrEscapes},
		{`C:\missing`, ``, source.ErrEscapes},
		{`C:\driverel`, ``, source.ErrEscapes},
		{`C:\mnt\x`, ``, source.ErrEscapes},
		{`C:\MNT`, ``, source.ErrEscapes},
		{`\\server\share`, ``, source.ErrEscapes},
		{`\\.\pipe\x`, ``, source.ErrEscapes},
		{`E:\x`, ``, source.ErrEscapes},
		{`C:\none`, ``, fs.ErrNotExist},
	} {
		v, got, err := source.Locate(mem, c.path)
		checkLocate(t, c.path, v, got, err, c.want, c.err)
	}
}

func checkLocate(t *testing.T, path string, v source.Volume, got string, err error, want string, wantErr error) {
	t.Helper()
	switch {
	case wantErr != nil:
		if !errors.Is(err, wantErr) {
			t.Errorf("locate %s: %q, %v, want error %v", path, got, err, wantErr)
		}
	case err != nil || source.Display(v, got) != want:
		t.Errorf("locate %s: %s, %v, want %s", path, source.Display(v, got), err, want)
	}
}

func TestImage(t *testing.T) {
	for _, platform := range []source.Platform{source.Linux, source.Windows} {
		t.Run(string(platform), func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Maker{
				Make: func(t *testing.T, tree []sourcetest.Node) (source.FS, string) {
					return source.FakeImage(platform, func(add func(string, source.Type, string)) {
						for _, n := range tree {
							content := n.Content
							if n.Type == source.Link {
								content = n.Target
							}
							add(n.Path, n.Type, content)
						}
					}), "/"
				},
				NoUnread: true, NoOddNames: platform == source.Windows,
			})
		})
	}
}
