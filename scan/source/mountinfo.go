package source

import (
	"bufio"
	"io"
	"slices"
	"strings"
)

// A mount is one line of a table of mounts.
type mount struct {
	path   string // mount point
	kind   string // file system type
	remote bool   // the system says that it is not on a disk of this machine
}

// parseMountinfo reads /proc/self/mountinfo, proc_pid_mountinfo(5):
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
//
// Field 5 is the mount point, the first after the lone hyphen the type; space,
// tab, line feed and backslash are written in octal.
func parseMountinfo(r io.Reader) ([]mount, error) {
	var mounts []mount
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		kind, _, _ := strings.Cut(after, " ")
		if !ok || len(fields) < 5 || kind == "" {
			continue
		}
		mounts = append(mounts, mount{path: unescapeOctal(fields[4]), kind: unescapeOctal(kind)})
	}
	return mounts, lines.Err()
}

func unescapeOctal(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1]) && isOctal(s[i+2]) && isOctal(s[i+3]) {
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

// mountType is the type of the file system that a path lies on.
func mountType(mounts []mount, path string) string {
	best, kind := -1, ""
	for _, m := range mounts {
		if _, ok := below(m.path, path); ok && len(m.path) >= best {
			best, kind = len(m.path), m.kind
		}
	}
	return kind
}

// leaveOut chooses the mounts below dir that are not walked, keyed by their
// path below dir, and lists them in the order of their paths.
//
// devtmpfs and tmpfs are walked: they hold files that somebody put there, and
// /dev/shm lies below the one and is the other.
func leaveOut(mounts []mount, dir string) (map[string]LeftOut, []LeftOut) {
	top := make(map[string]mount) // the last mount on a point hides those before it
	for _, m := range mounts {
		if path, ok := below(dir, m.path); ok && path != "/" {
			top[path] = m
		}
	}
	paths := make([]string, 0, len(top))
	for path := range top {
		paths = append(paths, path)
	}
	slices.Sort(paths)

	pruned := make(map[string]LeftOut)
	var list []LeftOut
	for _, path := range paths {
		kind, remote := top[path].kind, top[path].remote
		out, ok := LeftOut{}, false
		if over, in := within(pruned, path); in {
			// Hidden by what is left out above it. A disk mounted there, which
			// is a way to hide files, holds evidence all the same.
			if over.Volume || !holdsFiles(kind) {
				continue
			}
			out, ok = LeftOut{Reason: "file system " + kind + " below " + over.Path + ", which is not walked", Volume: true}, true
		} else {
			out.Reason, out.Volume, ok = judgeMount(kind, remote)
		}
		if ok {
			out.Path = path
			pruned[path] = out
			list = append(list, out)
		}
	}
	return pruned, list
}

// below is path as seen from dir.
func below(dir, path string) (string, bool) {
	if dir == "/" {
		return path, true
	}
	if path == dir {
		return "/", true
	}
	rest, ok := strings.CutPrefix(path, dir+"/")
	return "/" + rest, ok
}

// within finds the place of pruned that path lies below.
func within(pruned map[string]LeftOut, path string) (LeftOut, bool) {
	for path != "/" {
		path = Parent(path)
		if out, ok := pruned[path]; ok {
			return out, true
		}
	}
	return LeftOut{}, false
}

// judgeMount says whether a file system of this type is left out, and whether
// it holds files of the evidence.
func judgeMount(kind string, remote bool) (reason string, volume, out bool) {
	switch {
	case kernelViews[kind]:
		return "kernel file system " + kind, false, true
	case remote, networkTypes[kind], strings.HasPrefix(kind, "nfs"):
		return "network file system " + kind, true, true
	case strings.HasPrefix(kind, "fuse.") && !localFUSE[kind[len("fuse."):]]:
		return "file system " + kind + ", which may lead to the network", true, true
	}
	return "", false, false
}

// holdsFiles: a type that has files beside what the kernel or a boot script put
// there.
func holdsFiles(kind string) bool {
	return !kernelViews[kind] && kind != "tmpfs" && kind != "devtmpfs" && kind != "ramfs"
}

var kernelViews = set("autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devfs",
	"devpts", "efivarfs", "fusectl", "fuse.lxcfs", "fuse.portal", "hugetlbfs", "mqueue",
	"nfsd", "nsfs", "openpromfs", "pipefs", "proc", "pstore", "resctrl", "rpc_pipefs", "securityfs",
	"selinuxfs", "smackfs", "sockfs", "spufs", "sysfs", "tracefs", "xenfs")

var networkTypes = set("9p", "acfs", "afp", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "fhgfs",
	"glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "panfs", "prl_fs", "pvfs2", "smb3", "smbfs", "webdav",
	"vboxsf", "vmhgfs")

// localFUSE are those that read a disk or a file of this machine.
var localFUSE = set("bindfs", "cryfs", "dislocker", "encfs", "ewfmount", "exfat", "exfat-fuse", "ext2", "ext4",
	"fuse-overlayfs", "fuse2fs", "gocryptfs", "lowntfs-3g", "mergerfs", "ntfs", "ntfs-3g", "securefs", "snapfuse",
	"squashfuse", "unionfs", "unionfs-fuse", "veracrypt", "xmount")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}
