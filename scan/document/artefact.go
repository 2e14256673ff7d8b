package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// An artefact is a file of the evidence that rows are read from.
type artefact struct {
	vol   source.Volume
	path  string // below the volume; of a loose file its name
	typ   source.Type
	loose *source.LooseFile // nil: none
}

// looseArtefact is a file that the user names. Where it was in the evidence is
// not known, and its times are those of a copy.
func looseArtefact(f source.LooseFile) artefact {
	return artefact{path: "/" + filepath.Base(f.Path), loose: &f}
}

func (a *artefact) shown() string {
	if a.loose != nil {
		return a.loose.Path
	}
	return source.Display(a.vol, a.path)
}

// errLoosePlace answers where a loose file was in the evidence.
var errLoosePlace = errors.New("where in the evidence the file was is not known")

// stat describes the file that the path leads to.
func (a *artefact) stat() (source.Info, error) {
	if a.loose != nil {
		f, err := a.loose.Open()
		if err != nil {
			return source.Info{}, err
		}
		defer f.Close()
		info, err := f.Info()
		return source.Info{Type: info.Type, Size: info.Size}, err
	}
	real, err := a.vol.FS.Resolve(a.path)
	if err != nil {
		return source.Info{}, err
	}
	return a.vol.FS.Lstat(real)
}

func (a *artefact) open() (source.File, error) {
	if a.loose != nil {
		return a.loose.Open()
	}
	return open(a.vol.FS, a.path)
}

// read is the whole content, which must not be longer than most bytes.
func (a *artefact) read(most int64) ([]byte, error) {
	f, err := a.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		return nil, fmt.Errorf("larger than %d bytes", most)
	}
	return b, err
}

// A gap is match.Folder: it stands for rows that could not be listed.
type gap struct {
	label string
	why   error
}

func (g *gap) Label() string                        { return g.label }
func (g *gap) Err() error                           { return g.why }
func (g *gap) Each(int, func(ioc.Value) bool) error { return g.why }
func (g *gap) Possible(int, *ioc.Pattern) bool      { return true }

// A finder lists the files of folders that a system keeps for a purpose.
type finder[T any] struct {
	ctx   context.Context
	req   *Request
	list  *Listing
	yield func(T, error) bool
	stand func(*gap) T // the row of a gap
}

// hand yields a row. It reports whether to go on, as all methods do.
func (f *finder[T]) hand(row T) bool {
	f.list.Objects++
	return f.yield(row, nil)
}

// standFor has a row stand for what is in a place that could not be listed.
func (f *finder[T]) standFor(shown string, why error) bool {
	f.req.trouble(shown, why)
	f.list.Unlisted++
	return f.yield(f.stand(&gap{shown, why}), nil)
}

// given visits the loose files that the user gives in place of the source's own.
// It reports false where there are none. The listing is then not full: nobody
// says that they are all.
func (f *finder[T]) given(c source.Capability, visit func(source.Artifact, artefact) bool) bool {
	files := f.req.Given.Of(c)
	if files == nil {
		return false
	}
	for _, a := range files {
		if a.Err != nil {
			if !f.standFor(a.Path, a.Err) {
				break
			}
		} else if !visit(a, looseArtefact(a.LooseFile)) {
			break
		}
	}
	return true
}

// mostNested is more than any of the folders is nested.
const mostNested = 64

// folder visits the files and links in a folder, deep: and below it. One that
// does not exist is empty.
func (f *finder[T]) folder(v source.Volume, name string, deep bool, visit func(artefact) bool) bool {
	dir, err := v.FS.Resolve(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		return f.standFor(source.Display(v, name), err)
	}
	return f.below(v, dir, deep, mostNested, visit)
}

func (f *finder[T]) below(v source.Volume, dir string, deep bool, levels int, visit func(artefact) bool) bool {
	shown := source.Display(v, dir)
	if levels == 0 {
		return f.standFor(shown, fmt.Errorf("more than %d folders deep", mostNested))
	}
	f.req.Progress.at(&shown)
	var folders []string
	var fault error
	for e, err := range v.FS.ReadDir(f.ctx, dir) {
		if err != nil {
			fault = err
			break
		}
		path := source.Join(dir, e.Name)
		switch {
		case e.Type != source.Dir:
			if !visit(artefact{vol: v, path: path, typ: e.Type}) {
				return false
			}
		case deep:
			folders = append(folders, path)
		}
	}
	switch {
	case f.ctx.Err() != nil:
		var none T
		f.yield(none, context.Cause(f.ctx))
		return false
	case fault != nil && !f.standFor(shown, fault):
		return false
	}
	for _, path := range folders {
		if !f.below(v, path, deep, levels-1, visit) {
			return false
		}
	}
	return true
}

// exists reports whether some volume has one of the folders, such as the one
// that makes it a system's. What cannot be told counts as there.
func (f *finder[T]) exists(names ...string) bool {
	for _, v := range f.req.Source.Volumes() {
		for _, name := range names {
			if _, err := v.FS.Resolve(name); !errors.Is(err, fs.ErrNotExist) {
				return true
			}
		}
	}
	return false
}
