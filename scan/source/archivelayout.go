package source

import (
	"context"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"iocscan/scan/internal/archive"
	"iocscan/scan/internal/fsys"
)

// maxWrapped bounds the folders that may be around a system.
const maxWrapped = 4

// plain finds a system in an archive whose names are paths: those of KAPE and
// UAC, and of a root as it is.
func (l *layout) plain() error {
	t := archive.NewTree(l.in.Format)
	t.Damage = l.in.Damage
	if err := l.fill(t); err != nil {
		return err
	}
	var at []string
	for range maxWrapped {
		in, err := t.Below(at...)
		if err != nil {
			return err
		}
		top := newImageTree(in)
		if _, dir := t.Has(append(at[:len(at):len(at)], uacRoot)...); dir {
			return l.uac(t, at)
		}
		if found, err := l.system(t, at, top); found || err != nil {
			return err
		}
		inner, ok := single(top)
		if !ok {
			break
		}
		at = append(at, inner)
	}
	l.images()
	l.platform = l.asked
	v := archiveVolume{fsys: t}
	if l.asked == Windows {
		v.name = "C:"
	}
	l.volumes = []archiveVolume{v}
	return nil
}

// images tells the disk images in an archive without a system, as KAPE packs
// those that it makes.
func (l *layout) images() {
	for i := range l.in.Entries {
		name := l.in.Entries[i].Name
		if end := strings.ToLower(filepath.Ext(name)); end == ".vhdx" || end == ".vhd" {
			l.leave(name, "a disk image, which is not looked into here: --image reads it once it is unpacked", true)
		}
	}
}

// system finds a root or folders of drives in a folder of the archive.
func (l *layout) system(t *archive.Tree, at []string, top *imageTree) (found bool, err error) {
	platform, drives, err := detect(listed{top}, Unknown)
	if err != nil {
		return false, err
	}
	logged := hasName(top, "_CopyLog.csv", "_SkipLog.csv", "_ConsoleLog.txt")
	if platform == Unknown {
		var ok bool
		if drives, ok = onlyDrives(top, logged); !ok {
			return false, nil
		}
		platform = Windows
	} else if l.asked != Unknown && l.asked != platform {
		if platform, drives, err = detect(listed{top}, l.asked); err != nil {
			return false, err
		}
	}
	l.platform = platform
	if drives[0].folder != "/" {
		l.selection = selected
		if logged {
			l.Collector = "KAPE"
		}
		l.beside(top, at, drives, "lies beside the folders of the drives")
	}
	for _, d := range drives {
		parts, err := archive.Split(d.folder)
		if err != nil {
			return false, err
		}
		f, err := t.Below(append(at[:len(at):len(at)], parts...)...)
		if err != nil {
			return false, err
		}
		l.volumes = append(l.volumes, archiveVolume{d.name, f})
	}
	return true, nil
}

// fill puts all entries where their names say.
func (l *layout) fill(t *archive.Tree) error {
	type link struct{ from, to []string }
	var links []link
	for i := range l.in.Entries {
		e := &l.in.Entries[i]
		parts, err := archive.Split(e.Name)
		if err != nil {
			l.leave(e.Name, err.Error(), true)
			continue
		}
		if err := l.add(t, parts, e); err != nil {
			return err
		}
		if e.Of != "" {
			if of, err := archive.Split(e.Of); err == nil {
				links = append(links, link{parts, of})
			}
		}
	}
	for _, k := range links {
		t.Link(k.from, k.to) // one that leads nowhere says so when it is asked for
	}
	return nil
}

// listed is a tree whose damage does not keep a layout from being found.
type listed struct{ *imageTree }

func (t listed) ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range t.imageTree.ReadDir(ctx, name) {
			if err == nil && !yield(e, nil) {
				return
			}
		}
	}
}

// hasName reports whether the top has a file whose name ends so.
func hasName(t *imageTree, endings ...string) bool {
	for e, err := range t.ReadDir(context.Background(), "/") {
		for _, end := range endings {
			if err == nil && e.Type == Regular && strings.HasSuffix(e.Name, end) {
				return true
			}
		}
	}
	return false
}

// single is the name of the one thing in an archive's top, if it is a folder.
func single(t *imageTree) (name string, ok bool) {
	n := 0
	for e, err := range t.ReadDir(context.Background(), "/") {
		if err != nil {
			continue
		}
		if n++; n > 1 || e.Type != Dir {
			return "", false
		}
		name = e.Name
	}
	return name, n == 1
}

// onlyDrives are the drives of a system of which not even Windows was taken: all
// folders are named for drives, as no collector writes them in small letters, or
// a collector's log lies beside them.
func onlyDrives(t *imageTree, logged bool) ([]drive, bool) {
	top, err := folders(listed{t}, "/")
	if err != nil {
		return nil, false
	}
	drives, _ := findDrives(listed{t}, top)
	small := slices.ContainsFunc(drives, func(d drive) bool { return strings.ToUpper(d.folder) != d.folder && len(d.folder) == 2 })
	return drives, len(drives) > 0 && (logged || len(drives) == len(top) && !small)
}

// uacRoot is the folder in which UAC puts copies of files.
const uacRoot = "[root]"

// uac is an archive of UAC, whose own files lie beside the folder of copies.
func (l *layout) uac(t *archive.Tree, at []string) error {
	l.Collector, l.selection = "UAC", selected
	in := func(names ...string) []string { return append(at[:len(at):len(at)], names...) }
	f, err := t.Below(in(uacRoot)...)
	if err != nil {
		return err
	}
	host, system := uacName(filepath.Base(l.Path))
	for _, place := range []string{"network", "system"} {
		if name := line(t, in("live_response", place, "hostname.txt")...); name != "" {
			host = name
			break
		}
	}
	l.Host = host
	if l.platform = l.asked; l.platform == Unknown {
		if l.platform, _, err = detect(listed{newImageTree(f)}, Unknown); err != nil {
			return err
		}
		if l.platform == Unknown {
			l.platform = system
		}
	}
	l.volumes = []archiveVolume{{"", f}}
	if l.platform == Windows {
		l.volumes[0].name = "C:"
	}
	top, err := t.Below(at...)
	if err != nil {
		return err
	}
	l.beside(newImageTree(top), at, []drive{{"", "/" + uacRoot}}, "lies beside the copies of files")
	return nil
}

// beside tells what is in a folder of the archive next to the volumes.
func (l *layout) beside(t *imageTree, at []string, drives []drive, reason string) {
	for e, err := range t.ReadDir(context.Background(), "/") {
		if err == nil && !slices.ContainsFunc(drives, func(d drive) bool { return d.folder == Join("/", e.Name) }) {
			l.leave(strings.Join(append(at[:len(at):len(at)], e.Name), "/"), reason, false)
		}
	}
}

// uacName takes the name of UAC's archives apart: uac-HOST-SYSTEM-TIME.tar.gz.
func uacName(file string) (host string, p Platform) {
	for _, end := range []string{".gz", ".tar", ".zip"} {
		file = strings.TrimSuffix(file, end)
	}
	rest, ok := strings.CutPrefix(file, "uac-")
	parts := strings.Split(rest, "-")
	n := len(parts)
	if !ok || n < 3 || len(parts[n-1]) != len("20060102150405") || strings.Trim(parts[n-1], "0123456789") != "" {
		return "", Unknown
	}
	switch parts[n-2] {
	case "linux", "android", "chromeos", "esxi":
		p = Linux
	case "macos":
		p = Darwin
	}
	return strings.Join(parts[:n-2], "-"), p
}

// maxLine bounds the line that a collector's file with the host's name has.
const maxLine = 256

// line is the first line of a small file; empty where there is none.
func line(t *archive.Tree, place ...string) string {
	c, err := t.OpenAt(place...)
	if err != nil {
		return ""
	}
	text, _ := read(c, maxLine)
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(first)
}

// read is the beginning of content, at most so many bytes.
func read(c fsys.Content, limit int64) (string, error) {
	b := make([]byte, min(limit, c.Size()))
	n, err := c.ReadAt(b, 0)
	if n == len(b) {
		err = nil
	}
	return string(b[:n]), err
}
