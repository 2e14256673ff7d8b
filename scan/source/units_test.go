package source

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPaths(t *testing.T) {
	for _, c := range []struct{ path, dir, base string }{
		{"/", "/", "/"}, {"", "/", "/"}, {"//", "/", "/"}, {"/a", "/", "a"}, {"/a/", "/", "a"},
		{"/a/b", "/a", "b"}, {"/a//b//", "/a", "b"}, {"a", "/", "a"}, {"//a", "/", "a"}, {"/a\\b/\xff", "/a\\b", "\xff"},
	} {
		if got := Parent(c.path); got != c.dir {
			t.Errorf("Parent(%q) = %q, want %q", c.path, got, c.dir)
		}
		if got := Base(c.path); got != c.base {
			t.Errorf("Base(%q) = %q, want %q", c.path, got, c.base)
		}
	}
	if got := Join("/", "a") + Join("/a", "b"); got != "/a/a/b" {
		t.Errorf("Join: %q", got)
	}
	if got := Display(Volume{Name: "C:"}, "/Users/x"); got != `C:\Users\x` {
		t.Errorf("Display: %q", got)
	}
	if got := Display(Volume{}, `/a\b`); got != `/a\b` {
		t.Errorf("Display: %q", got)
	}
}

func TestFoldKey(t *testing.T) {
	for _, c := range []struct {
		p    Platform
		a, b string
		same bool
	}{
		{Windows, "Windows", "wINDOWS", true},
		{Windows, "ÜBER", "über", true},
		{Windows, "Kelvin", "\u212aelvin", true},
		{Windows, "Σ", "ς", true},
		{Windows, "a", "b", false},
		{Windows, "\xff", "\xfe", false},
		{Windows, "\xffA", "\xffa", true},
		{Windows, "\xed\xa0\x80", "\xed\xa0\x81", false},
		{Windows, "\u00e9", "e\u0301", false},
		{Darwin, "\u00e9", "E\u0301", true},
		{Windows, "\ufffd", "\xff", false},
	} {
		if got := foldKey(c.p, c.a) == foldKey(c.p, c.b); got != c.same {
			t.Errorf("%q and %q on %s: same %t, want %t", c.a, c.b, c.p, got, c.same)
		}
	}
}

func TestMountinfo(t *testing.T) {
	const table = `22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime shared:7 - sysfs sysfs rw
24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw
26 24 0:24 / /dev/pts rw - devpts devpts rw
26 24 0:24 / /dev/pts rw - devpts devpts rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw
40 27 0:40 / /mnt/my\040share\134\012 rw - nfs4 host:/x rw
41 27 0:41 / /mnt/ssh rw - fuse.sshfs h:/ rw
42 27 0:42 / /mnt/ntfs rw - fuseblk /dev/sdb1 rw
43 27 0:43 / /mnt/enc rw - fuse.gocryptfs /x rw
44 22 8:1 / /proc/1234 rw - ext4 /dev/sda1 rw
45 27 0:45 / /net rw - autofs auto rw
46 45 0:46 / /net/h rw - nfs h:/ rw
47 27 0:47 / /over rw - cifs //h/x rw
48 27 8:2 / /over rw - xfs /dev/sdc rw
49 27 0:49 / /mnt/strange rw - fuse.whatever x rw
broken line
50 27 0:50 /
`
	mounts, err := parseMountinfo(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	if len(mounts) != 19 {
		t.Errorf("%d mounts, want 19", len(mounts))
	}
	pruned, list := leaveOut(mounts, "/")
	want := []LeftOut{
		{"/dev/pts", "kernel file system devpts", false},
		{"/mnt/my share\\\n", "network file system nfs4", true},
		{"/mnt/ssh", "file system fuse.sshfs, which may lead to the network", true},
		{"/mnt/strange", "file system fuse.whatever, which may lead to the network", true},
		{"/net", "kernel file system autofs", false},
		{"/net/h", "file system nfs below /net, which is not walked", true},
		{"/proc", "kernel file system proc", false},
		{"/proc/1234", "file system ext4 below /proc, which is not walked", true},
		{"/sys", "kernel file system sysfs", false},
	}
	if d := cmp.Diff(want, list); d != "" {
		t.Error(d)
	}
	if got := slices.Sorted(maps.Keys(pruned)); len(got) != len(want) {
		t.Errorf("pruned %q", got)
	}
	if got := mountType(mounts, "/over/x"); got != "xfs" {
		t.Errorf("type of /over/x: %s", got)
	}

	_, list = leaveOut(mounts, "/mnt")
	if len(list) != 3 || list[0].Path != "/my share\\\n" {
		t.Errorf("below /mnt: %+v", list)
	}
	if _, list = leaveOut(mounts, "/proc"); len(list) != 0 {
		t.Errorf("below /proc: %+v", list) // the user named it: it is walked
	}
}

func TestParseNames(t *testing.T) {
	names, err := parseNames(strings.NewReader("root:x:0:0\n\n:x:5:\nno\na:b\nneg:x:-1:\nmax:x:4294967295:\nten:x:10"))
	want := map[int64]string{0: "root", 4294967295: "max", 10: "ten"}
	if d := cmp.Diff(want, names); d != "" || err != nil {
		t.Error(d, err)
	}
	if _, err := parseNames(strings.NewReader("a:x:1:\n" + strings.Repeat("x", maxAccountLine+1))); err == nil {
		t.Error("a line without end: no error")
	}
}

func FuzzMountinfo(f *testing.F) {
	f.Add("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw")
	f.Add("1 1 0:1 / \\057a\\040\\9 rw - fuse.sshfs x")
	f.Add("1 1 0:1 / relative rw - proc x")
	f.Fuzz(func(t *testing.T, table string) {
		mounts, _ := parseMountinfo(strings.NewReader(table))
		pruned, list := leaveOut(mounts, "/")
		if len(pruned) != len(list) {
			t.Errorf("%d pruned, %d listed", len(pruned), len(list))
		}
	})
}

func FuzzParseWindowsPath(f *testing.F) {
	for _, s := range []string{`\??\C:\x`, `\\?\UNC\s\x`, `C:x`, `..\x`, `\x`, `//s/x`, `C:`, ``, `\??\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := parseWindowsPath(s)
		if strings.HasPrefix(p.path, "//") || strings.Contains(p.path, `\`) {
			t.Errorf("%q: path %q", s, p.path)
		}
		if p.drive != "" && !strings.HasPrefix(p.path, "/") {
			t.Errorf("%q: drive without a path from its root: %+v", s, p)
		}
	})
}
