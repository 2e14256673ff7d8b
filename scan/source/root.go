package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// OpenRoot is a mounted or copied system below a folder of the scanner. The
// layout tells the platform unless one is given; Unknown asks for that.
//
// A Windows system lies in dir itself, then "C:", or its drives lie one level
// down in folders named C, C: or C%3A, as collectors write them. Everything
// else is one volume without a name, also where no layout is recognised; the
// platform is then Unknown. Windows and macOS volumes are looked up without
// regard to case, as their systems do by default.
//
// Links, also those on the way to a name, are resolved inside dir and never
// lead out of it.
func OpenRoot(dir string, platform Platform) (Source, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open root: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open root: %s is not a folder", dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open root: %w", err)
	}
	top, err := openDir(abs, true)
	if err != nil {
		return nil, fmt.Errorf("open root: %w", err)
	}
	defer top.Close()
	found, drives, err := detect(top, platform)
	if err != nil {
		return nil, fmt.Errorf("open root %s: %w", dir, err)
	}

	m := &machine{kind: "root", name: dir, platform: found, has: []Capability{Files}}
	m.leftOut = beside(top, dir, drives)
	for _, d := range drives {
		if err := m.addRoot(filepath.Join(abs, filepath.FromSlash(d.folder)), d.name); err != nil {
			m.Close()
			return nil, fmt.Errorf("open root: %w", err)
		}
	}
	if found == Windows && hasHives(m.volumes) {
		m.has = append(m.has, Hives)
	}
	if found == Linux && hasProc(m.volumes[0].FS) {
		m.has = append(m.has, Live)
	}
	return m, nil
}

// hasProc reports whether somebody copied /proc, or a part of it, while the
// system ran.
func hasProc(fsys FS) bool {
	at, err := fsys.Resolve("/proc")
	if err != nil {
		return false
	}
	for e, err := range fsys.ReadDir(context.Background(), at) {
		if err != nil {
			return false
		}
		if _, err := strconv.ParseUint(e.Name, 10, 32); err == nil || e.Name == "net" {
			return true
		}
	}
	return false
}

// beside lists what lies next to the folders of the drives, such as the logs of
// a collector: it is no part of the system.
func beside(top tree, dir string, drives []drive) []LeftOut {
	if drives[0].folder == "/" {
		return nil
	}
	var out []LeftOut
	for e, err := range top.ReadDir(context.Background(), "/") {
		if err != nil {
			break // detect has listed it just now
		}
		path := Join("/", e.Name)
		if !slices.ContainsFunc(drives, func(d drive) bool { return d.folder == path }) {
			out = append(out, LeftOut{Path: filepath.Join(dir, e.Name), Reason: "lies beside the folders of the drives"})
		}
	}
	slices.SortFunc(out, func(a, b LeftOut) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (m *machine) addRoot(dir, name string) error {
	folder, err := openDir(dir, true)
	if err != nil {
		return err
	}
	m.open = append(m.open, folder)
	pruned, leftOut, kind, err := rootMounts(dir)
	if err != nil {
		return err
	}
	fold := m.platform == Windows || m.platform == Darwin
	t := &linkTree{folder: folder, confined: true, resolver: &resolver{
		tree: folder, platform: m.platform, volume: name, fold: fold, pruned: pruned, still: true,
		host: strings.TrimRight(filepath.ToSlash(dir), "/"),
	}}
	v := Volume{Name: name, FoldCase: fold, FS: rootFS(t, folder), Type: kind}
	m.volumes = append(m.volumes, v)
	for _, out := range leftOut {
		out.Path = Display(v, out.Path)
		m.leftOut = append(m.leftOut, out)
	}
	return nil
}

// A drive is a folder of the root that is a volume.
type drive struct{ name, folder string }

// detect finds the layout, or the drives of the platform that is asked for.
func detect(fsys tree, asked Platform) (Platform, []drive, error) {
	top, err := folders(fsys, "/")
	if err != nil {
		return Unknown, nil, err
	}
	if asked == Windows || asked == Unknown {
		if isWindows(fsys, "/", top) {
			return Windows, []drive{{"C:", "/"}}, nil
		}
		drives, system := findDrives(fsys, top)
		if system || asked == Windows && len(drives) > 0 && len(drives) == len(top) {
			return Windows, drives, nil
		}
		if asked == Windows {
			return Windows, []drive{{"C:", "/"}}, nil
		}
	}
	whole := []drive{{"", "/"}}
	if asked != Unknown {
		return asked, whole, nil
	}
	has := func(names ...string) bool {
		for _, n := range names {
			if _, ok := top[n]; !ok {
				return false
			}
		}
		return true
	}
	if has("SYSTEM") {
		if _, err := fsys.Lstat("/System/Library/CoreServices"); err == nil {
			return Darwin, whole, nil
		}
	}
	if has("LIBRARY", "USERS", "PRIVATE") {
		return Darwin, whole, nil
	}
	if has("ETC") {
		for _, n := range []string{"BIN", "SBIN", "USR", "VAR", "LIB", "HOME", "ROOT", "BOOT", "OPT", "PROC"} {
			if has(n) {
				return Linux, whole, nil
			}
		}
	}
	return Unknown, whole, nil
}

// folders are the folders, and links that may lead to some, of a folder by
// their names without regard to case.
func folders(fsys tree, dir string) (map[string]string, error) {
	list := make(map[string]string)
	for e, err := range fsys.ReadDir(context.Background(), dir) {
		if err != nil {
			return nil, err
		}
		if e.Type != Dir && e.Type != Link {
			continue
		}
		key := foldKey(Windows, e.Name)
		if old, ok := list[key]; !ok || e.Name < old {
			list[key] = e.Name
		}
	}
	return list, nil
}

// isWindows: a folder Windows or WINNT with System32 in it. An unreadable one
// decides nothing here; the scan will say what it could not read.
func isWindows(fsys tree, dir string, names map[string]string) bool {
	for _, n := range []string{"WINDOWS", "WINNT"} {
		real, ok := names[n]
		if !ok {
			continue
		}
		inner, err := folders(fsys, Join(dir, real))
		if _, ok := inner["SYSTEM32"]; ok && err == nil {
			return true
		}
	}
	return false
}

// findDrives lists folders named for drives, in the order of the letters, and
// says whether one of them holds a Windows system.
func findDrives(fsys tree, top map[string]string) (drives []drive, system bool) {
	for letter := 'A'; letter <= 'Z'; letter++ {
		for _, form := range []string{"%c", "%c:", "%c%%3A", `\\.\%c:`, "%%5C%%5C.%%5C%c%%3A"} {
			real, ok := top[fmt.Sprintf(form, letter)]
			if !ok {
				continue
			}
			if info, err := fsys.Lstat(Join("/", real)); err != nil || info.Type != Dir {
				continue // a link would lead out of what the user named
			}
			drives = append(drives, drive{fmt.Sprintf("%c:", letter), Join("/", real)})
			if names, err := folders(fsys, Join("/", real)); err == nil && isWindows(fsys, Join("/", real), names) {
				system = true
			}
		}
	}
	return drives, system
}
