package source_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"

	"golang.org/x/sys/unix"
)

func openHost(t testing.TB) source.Source {
	t.Helper()
	src, err := source.OpenHost(source.HostOptions{Name: "box"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func TestHostIsDescribed(t *testing.T) {
	src := openHost(t)
	if src.Kind() != "host" || src.Name() != "box" || src.Platform() != source.Linux {
		t.Errorf("%s %s %s", src.Kind(), src.Name(), src.Platform())
	}
	if !src.Has(source.Live) || !src.Has(source.Files) || src.Has(source.Hives) {
		t.Error("capabilities are wrong")
	}
	fsys := src.Volumes()[0].FS
	out, ok := fsys.(source.Pruner).Prune("/proc")
	if !ok || out.Volume || !strings.Contains(out.Reason, "proc") {
		t.Errorf("/proc: %+v, %t", out, ok)
	}
	if out, ok := fsys.(source.Pruner).Prune("/etc"); ok {
		t.Errorf("/etc is left out: %+v", out)
	}
	if got, err := fsys.Resolve("/proc/self/root/etc/passwd"); err == nil {
		t.Errorf("a path through /proc resolves to %q", got)
	}
}

// lastWeek makes an access time that any policy of a mount but noatime renews.
func lastWeek(t *testing.T, path string) int64 {
	t.Helper()
	old := time.Now().Add(-7 * 24 * time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	return ioc.Ticks(old)
}

func TestAccessTimeIsKept(t *testing.T) {
	dir := sourcetest.TempDir(t)
	sourcetest.Write(t, dir, "", []sourcetest.Node{{Path: "/etc/f", Content: "content"}, {Path: "/var/control", Content: "x"}})

	control := filepath.Join(dir, "var/control")
	was := lastWeek(t, control)
	os.ReadFile(control)
	fsys := openHost(t).Volumes()[0].FS
	if info, err := fsys.Lstat(control); err != nil || info.Accessed == was {
		t.Skip("the file system here keeps no access times: ", err)
	}

	for name, c := range map[string]struct {
		fsys source.FS
		base string
	}{
		"host": {fsys, dir},
		"root": {openRoot(t, dir, source.Linux).Volumes()[0].FS, ""},
	} {
		folder, file := c.base+"/etc", c.base+"/etc/f"
		wasFile, wasDir := lastWeek(t, filepath.Join(dir, "etc/f")), lastWeek(t, filepath.Join(dir, "etc"))
		sourcetest.List(t, c.fsys, folder)
		sourcetest.ReadAll(t, c.fsys, file)
		if info, err := c.fsys.Lstat(file); err != nil || info.Accessed != wasFile || info.Modified != wasFile {
			t.Errorf("%s: reading the file changed its times: %+v, %v, want %d", name, info, err, wasFile)
		}
		if info, err := c.fsys.Lstat(folder); err != nil || info.Accessed != wasDir {
			t.Errorf("%s: listing the folder changed its access time: %+v, %v, want %d", name, info, err, wasDir)
		}
		if n := c.fsys.(source.Toucher).Touched(); n != 0 {
			t.Errorf("%s: touched %d", name, n)
		}
	}
}

// O_NOATIME is refused to those who do not own a file.
func TestAccessTimeRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs files of another user")
	}
	dir := sourcetest.TempDir(t)
	sourcetest.Write(t, dir, "", []sourcetest.Node{{Path: "/f", Content: "content"}})
	fsys := openHost(t).Volumes()[0].FS
	unprivileged(t, func() {
		if got := sourcetest.ReadAll(t, fsys, dir+"/f"); got != "content" {
			t.Errorf("read %q", got)
		}
		sourcetest.List(t, fsys, dir)
	})
	if n := fsys.(source.Toucher).Touched(); n != 2 {
		t.Errorf("touched %d, want 2", n)
	}
}

func TestInfoAndOwner(t *testing.T) {
	dir := sourcetest.TempDir(t)
	sourcetest.Write(t, dir, "", []sourcetest.Node{
		{Path: "/etc/passwd", Content: "# comment\nbroken\nroot:x:0:0::/:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\nalias:x:1000:100::/:\nbig:x:99999999999:1::/:\n"},
		{Path: "/etc/group", Content: "users:x:100:alice\n"},
		{Path: "/usr/f", Content: "12345"},
	})
	path := filepath.Join(dir, "usr/f")
	mtime := time.Date(2020, 2, 3, 4, 5, 6, 700, time.UTC)
	if err := os.Chtimes(path, mtime, mtime); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, filepath.Join(dir, "usr/g")); err != nil {
		t.Fatal(err)
	}
	owned := os.Lchown(path, 1000, 100) == nil
	if err := os.Chmod(path, 0o751|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	fsys := openRoot(t, dir, source.Unknown).Volumes()[0].FS
	info, err := fsys.Lstat("/usr/f")
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	want := source.Info{
		Size: 5, Modified: ioc.Ticks(mtime), Accessed: ioc.Ticks(mtime), INode: st.Ino, Links: 2,
		Mode: 0o751 | os.ModeSetuid, UID: int64(st.Uid), GID: int64(st.Gid),
		Changed: info.Changed, Created: info.Created,
	}
	if info != want {
		t.Errorf("info %+v, want %+v", info, want)
	}
	now := ioc.Ticks(time.Now())
	if age := now - info.Changed; age < 0 || age > 6e8*10 {
		t.Errorf("changed %v", ioc.TicksTime(info.Changed))
	}
	if !owned {
		t.Skip("cannot give files away")
	}
	owner, err := fsys.(source.Ownerer).Owner("/usr/f")
	if want := (source.Owner{User: "alice", Group: "users", UserID: "1000", GroupID: "100"}); err != nil || owner != want {
		t.Errorf("owner %+v, %v, want %+v", owner, err, want)
	}
	if _, ok := openRoot(t, dir, source.Windows).Volumes()[0].FS.(source.Ownerer); ok {
		t.Error("a Windows root names owners that only the mount has")
	}
}

// The names of owners come from inside the root, even where a link there points
// at the scanner's own file.
func TestOwnerStaysInside(t *testing.T) {
	dir := sourcetest.TempDir(t)
	sourcetest.Write(t, dir, "", []sourcetest.Node{
		{Path: "/etc/passwd", Type: source.Link, Target: "/etc/passwd2"},
		{Path: "/etc/passwd2", Content: "mallory:x:0:0::/:\n"},
		{Path: "/etc/group", Type: source.Link, Target: "../../../../../../etc/group2"},
		{Path: "/usr/f"},
	})
	if err := os.Lchown(filepath.Join(dir, "usr/f"), 0, 0); err != nil {
		t.Skip(err)
	}
	fsys := openRoot(t, dir, source.Linux).Volumes()[0].FS
	owner, err := fsys.(source.Ownerer).Owner("/usr/f")
	if want := (source.Owner{User: "mallory", UserID: "0", GroupID: "0"}); err != nil || owner != want {
		t.Errorf("owner %+v, %v, want %+v", owner, err, want)
	}
}

func TestRootWithoutOpenat2(t *testing.T) {
	sourcetest.Run(t, onDisk(sourcetest.Maker{
		Make: func(t *testing.T, tree []sourcetest.Node) (source.FS, string) {
			dir := sourcetest.TempDir(t)
			sourcetest.Write(t, dir, "", tree)
			src := openRoot(t, dir, source.Linux)
			source.WithoutOpenat2(src)
			return src.Volumes()[0].FS, "/"
		},
	}))
}

// A link that turns up where a folder was must not lead out, although the
// folder is remembered as one.
func TestSwappedFolder(t *testing.T) {
	t.Run("openat2", func(t *testing.T) { swapFolder(t, func(source.Source) {}) })
	t.Run("openat", func(t *testing.T) { swapFolder(t, source.WithoutOpenat2) })
}

func swapFolder(t *testing.T, prepare func(source.Source)) {
	dir, other := sourcetest.TempDir(t), sourcetest.TempDir(t)
	sourcetest.Write(t, dir, "", []sourcetest.Node{{Path: "/etc/in/f", Content: "inside"}, {Path: "/usr/x"}})
	sourcetest.Write(t, other, "", []sourcetest.Node{{Path: "/f", Content: "outside"}})
	src := openRoot(t, dir, source.Linux)
	prepare(src)
	fsys := src.Volumes()[0].FS
	if got := sourcetest.ReadAll(t, fsys, "/etc/in/f"); got != "inside" {
		t.Fatalf("read %q", got)
	}
	in := filepath.Join(dir, "etc/in")
	if err := os.Rename(in, in+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, in); err != nil {
		t.Fatal(err)
	}
	if f, err := fsys.Open("/etc/in/f"); err == nil {
		b, _ := io.ReadAll(f)
		f.Close()
		t.Errorf("read %q through a link out of the root", b)
	}
	for e, err := range fsys.ReadDir(context.Background(), "/etc/in") {
		if err == nil {
			t.Errorf("listed %q through a link out of the root", e.Name)
		}
	}
	if info, err := fsys.Lstat("/etc/in/f"); err == nil {
		t.Errorf("lstat through a link out of the root: %+v", info)
	}
}

// ntfs-3g shows junctions with the place where the volume is mounted.
func TestMountedJunctions(t *testing.T) {
	dir := sourcetest.TempDir(t)
	sourcetest.Write(t, dir, "", []sourcetest.Node{
		{Path: "/Windows/System32/x"},
		{Path: "/ProgramData/f"},
		{Path: "/mounted", Type: source.Link, Target: dir + "/ProgramData"},
		{Path: "/object", Type: source.Link, Target: "/??/C:/ProgramData"},
		{Path: "/rooted", Type: source.Link, Target: "/programdata"},
		{Path: "/gone", Type: source.Link, Target: "/ProgramData/gone"},
		{Path: "/elsewhere", Type: source.Link, Target: "/mnt/evidence/ProgramData"},
		{Path: "/net", Type: source.Link, Target: "/??/UNC/server/share"},
	})
	src := openRoot(t, dir, source.Unknown)
	for _, c := range []struct {
		path, want string
		err        error
	}{
		{`C:\mounted\F`, `C:\ProgramData\f`, nil},
		{`C:\object\F`, `C:\ProgramData\f`, nil},
		{`C:\rooted\F`, `C:\ProgramData\f`, nil},
		{`C:\gone`, "", os.ErrNotExist},
		{`C:\elsewhere\F`, "", source.ErrEscapes},
		{`C:\net`, "", source.ErrEscapes},
	} {
		v, got, err := source.Locate(src, c.path)
		checkLocate(t, c.path, v, got, err, c.want, c.err)
	}
}

// BenchmarkWalk lists a tree of 1,110 folders and 12,000 files.
func BenchmarkWalk(b *testing.B) {
	dir := os.Getenv("IOCSCAN_BENCH_TREE")
	if dir == "" {
		dir = sourcetest.TempDir(b)
		for i := range 12_000 {
			path := filepath.Join(dir, fmt.Sprintf("%d/%d/%d", i%10, i/10%10, i/100%10))
			if i < 1000 {
				if err := os.MkdirAll(path, 0o755); err != nil {
					b.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(path, fmt.Sprintf("file-%05d.dat", i)), nil, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	root, err := source.OpenRoot(dir, source.Linux)
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	for name, c := range map[string]struct {
		fsys source.FS
		dir  string
	}{
		"host": {openHost(b).Volumes()[0].FS, dir},
		"root": {root.Volumes()[0].FS, "/"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			files := 0
			for b.Loop() {
				files = countFiles(b, c.fsys, c.dir)
			}
			b.ReportMetric(float64(files), "files")
		})
	}
}

func countFiles(b *testing.B, fsys source.FS, dir string) (files int) {
	for e, err := range fsys.ReadDir(context.Background(), dir) {
		switch {
		case err != nil:
			b.Fatal(err)
		case e.Type == source.Dir:
			files += countFiles(b, fsys, source.Join(dir, e.Name))
		case e.Type == source.Regular:
			files++
		}
	}
	return files
}
