package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"iocscan/scan/internal/archive"
	"iocscan/scan/internal/fsys"
)

// ArchiveOptions say how an archive is presented.
type ArchiveOptions struct {
	Platform Platform // Unknown: what the archive shows
}

// An Archive is what can be told of an archive as a whole.
type Archive struct {
	Path      string
	Format    string // zip, tar, tar.gz
	Collector string // what made it: Velociraptor, KAPE, UAC; empty: not recognised
	Host      string // the host that it was taken from, by the collector's own notes; empty: they do not say
	Notes     []string
}

// IsArchive reports whether a file is a zip, tar or gzip file, by its beginning.
func IsArchive(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = archive.Identify(f)
	if errors.Is(err, archive.ErrFormat) || errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, nil
}

// OpenArchive opens a zip, tar or tar.gz file as a copy of a system: one of the
// forms that collectors give their archives, or a system's root as it is. All
// is read where it lies, nothing is unpacked to disk.
//
// Velociraptor writes uploads/ACCESSOR/PATH with names in which characters are
// written as %XX; KAPE writes a folder for each drive, C/Windows; UAC writes a
// folder [root]. Whatever else is in such an archive is in LeftOut. Shadow
// copies are volumes of their own, named HarddiskVolumeShadowCopy1: and so on.
//
// What a collector took is a selection, so that nothing can be called absent
// from its host; see Selection.
//
// A tar.gz is read to its end to open it; ctx may end that.
func OpenArchive(ctx context.Context, path string, opt ArchiveOptions) (Source, *Archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open archive: %w", err)
	}
	src, a, err := openArchive(ctx, f, path, opt)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("open archive %s: %w", path, err)
	}
	return src, a, nil
}

func openArchive(ctx context.Context, f *os.File, path string, opt ArchiveOptions) (*archived, *Archive, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, ErrNotRegular
	}
	r := &stoppable{f, ctx}
	defer func() { r.ctx = nil }()
	in, err := archive.Open(r, info.Size())
	if err == nil {
		err = ctx.Err() // an archive that was read in part only is not to be told as damaged
	}
	if err != nil {
		return nil, nil, err
	}
	if in, err = unwrap(in); err != nil {
		return nil, nil, err
	}
	a := &Archive{Path: path, Format: in.Format, Notes: slices.Clone(in.Notes)}
	if in.Damage != nil {
		a.Notes = append(a.Notes, "the archive is damaged, and what else may be in it is not known: "+in.Damage.Error())
	}
	m := &archived{machine: &machine{kind: "archive", name: path, open: []io.Closer{f}}}
	l := &layout{Archive: a, in: in, asked: opt.Platform}
	if isVelociraptor(in) {
		err = l.velociraptor()
	} else {
		err = l.plain()
	}
	if err != nil {
		return nil, nil, err
	}
	m.platform, m.leftOut = l.platform, l.leftOut()
	for _, v := range l.volumes {
		m.volumes = append(m.volumes, v.show(m.platform))
	}
	m.has = m.holds(l.selection != "")
	if m.selection = l.selection; m.selection != "" {
		a.Notes = append(a.Notes, m.selection)
		m.leftOut = append(m.leftOut, LeftOut{Path: path, Reason: m.selection, Volume: true})
	}
	m.notes, m.host = a.Notes, a.Host
	return m, a, nil
}

// stoppable can be told to end, until it has no context.
type stoppable struct {
	io.ReaderAt
	ctx context.Context
}

func (s *stoppable) ReadAt(p []byte, off int64) (int, error) {
	if s.ctx != nil && s.ctx.Err() != nil {
		return 0, s.ctx.Err()
	}
	return s.ReaderAt.ReadAt(p, off)
}

// unwrap opens the archive that Velociraptor puts into another to encrypt it
// with a password, where it did not need to.
func unwrap(in *archive.Archive) (*archive.Archive, error) {
	var inner *archive.Entry
	for i := range in.Entries {
		switch e := &in.Entries[i]; e.Name {
		case "data.zip":
			inner = e
		case "metadata.json":
		default:
			return in, nil
		}
	}
	if inner == nil {
		return in, nil
	}
	c, err := inner.Open()
	if err != nil {
		return nil, fmt.Errorf("its content is in data.zip: %w", err)
	}
	nested, err := archive.Open(c, c.Size())
	if err != nil {
		return nil, fmt.Errorf("its content is in data.zip: %w", err)
	}
	return nested, nil
}

// archived is an archive as a source.
type archived struct {
	*machine
	selection, host string
}

// Has does not assume what a selection may lack.
func (m *archived) Has(c Capability) bool {
	if m.selection == "" {
		return m.machine.Has(c)
	}
	return slices.Contains(m.has, c)
}

// holds are the capabilities that the archive shows.
func (m *archived) holds(selected bool) []Capability {
	has := []Capability{Files}
	if m.platform == Windows && hasHives(m.volumes) {
		has = append(has, Hives)
	}
	if !selected && m.platform == Linux && hasProc(m.volumes[0].FS) {
		has = append(has, Live)
	}
	for _, c := range []struct {
		of      Capability
		folders []string
	}{
		{Logs, []string{"/Windows/System32/winevt/Logs", "/Windows/System32/config/AppEvent.Evt", "/WINNT/System32/config/AppEvent.Evt"}},
		{Prefetch, []string{"/Windows/Prefetch", "/WINNT/Prefetch"}},
		{Tasks, []string{"/Windows/System32/Tasks", "/Windows/Tasks", "/WINNT/Tasks"}},
	} {
		for _, v := range m.volumes {
			if slices.ContainsFunc(c.folders, func(p string) bool { _, err := v.FS.Resolve(p); return err == nil }) && !slices.Contains(has, c.of) {
				has = append(has, c.of)
			}
		}
	}
	return has
}

// Selection says why a source holds only some of its host's files, as the
// archive of a collector does: what is not in it may still be on the host.
// Empty: it is taken for the whole.
func Selection(src Source) string {
	switch s := src.(type) {
	case *archived:
		return s.selection
	case given:
		return Selection(s.Source)
	}
	return ""
}

// HostName is the host that a source was taken from, where the source says so.
func HostName(src Source) string {
	switch s := src.(type) {
	case *archived:
		return s.host
	case *machine:
		if s.kind == "host" {
			return s.name
		}
	case given:
		return HostName(s.Source)
	}
	return ""
}

// An archiveVolume is a file system of an archive.
type archiveVolume struct {
	name string // "C:", or empty
	fsys fsys.FileSystem
}

func (v archiveVolume) show(platform Platform) Volume {
	out := Volume{Name: v.name, FoldCase: platform == Windows || platform == Darwin}
	folder := newImageTree(v.fsys)
	tree := &linkTree{folder: folder, confined: true, resolver: &resolver{
		tree: folder, platform: platform, volume: v.name, fold: out.FoldCase, still: true,
	}}
	if out.FS = tree; platform != Windows {
		out.FS = withOwners(tree)
	}
	return out
}

const selected = "an archive of what a collector took: files that are not in it may still be on the host"

// mostLeftOut bounds the list of what is not looked at.
const mostLeftOut = 1000

// A layout finds the volumes in an archive.
type layout struct {
	*Archive
	in    *archive.Archive
	asked Platform

	platform  Platform
	volumes   []archiveVolume
	selection string
	out       []LeftOut
	seen      map[string]bool
}

// leave puts a place of the archive on the list of what is not looked at.
func (l *layout) leave(place, reason string, evidence bool) {
	if l.seen == nil {
		l.seen = make(map[string]bool)
	}
	key := reason + "\x00" + place
	if len(l.out) >= mostLeftOut {
		key = "" // one more line stands for all
		place, reason = "", "more places of the archive than are listed here"
	}
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	l.out = append(l.out, LeftOut{Path: l.Path + "/" + place, Reason: reason, Volume: evidence})
}

func (l *layout) leftOut() []LeftOut {
	slices.SortStableFunc(l.out, func(a, b LeftOut) int { return strings.Compare(a.Path, b.Path) })
	return l.out
}

// add puts an entry into a tree and tells what has no place there.
func (l *layout) add(t *archive.Tree, parts []string, e *archive.Entry) error {
	earlier, err := t.Add(parts, e)
	if err != nil {
		return err
	}
	if earlier != nil {
		l.leave(earlier.Name, "an entry of an archive that has another of the same name", true)
	}
	return nil
}
