package document

import (
	"context"
	"errors"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// A program is a file that a configuration names to be run or loaded: by a
// path, or by a command line, which may leave open where the path ends and
// which folder is meant. It is looked for when something of it is first asked.
// One that is not there has no hash, no signature and no times.
type program struct {
	of     *programFinder
	line   string // as configured
	tries  []try  // in the order in which the system looks
	likely int    // the try that is told where no file decides
	sure   bool   // likely can be told without a file

	lost      error // it cannot be told where it is
	elsewhere error // not nil: the tries are not all places where it may be

	asked bool
	found int // the try that has a file; -1: none
	err   error
	row   file
	item  *fileItem // of the worker that has the row
}

// A try is one way to read a command line.
type try struct {
	path      string // where to look, in the evidence's own notation
	written   string // the path as configured; empty: it cannot be told apart
	arguments string
}

// errWherePathEnds answers of a command line what depends on where its path
// ends. CreateProcess decides that by the files that are there.
const errWherePathEnds = match.StandIn("the path has blanks and no quotes, and no file tells where it ends")

// find reports whether there is a file.
func (p *program) find() (bool, error) {
	if !p.asked {
		p.asked = true
		p.found, p.err = p.look()
	}
	return p.found >= 0, p.err
}

func (p *program) look() (int, error) {
	if p.lost != nil {
		return -1, p.lost
	}
	if !p.of.files {
		return -1, errNotCarried
	}
	for n := range p.tries {
		row, err := p.of.locate(p.tries[n].path)
		if missing(err) || err == nil && !row.hasContent() {
			continue
		}
		if err != nil { // it may be the one
			if !errors.Is(err, source.ErrEscapes) { // which is no fault of the evidence
				p.of.req.trouble(p.line, err)
			}
			return -1, err
		}
		p.row = row
		return n, nil
	}
	return -1, p.elsewhere
}

// choice is the try to tell.
func (p *program) choice() (t *try, err error) {
	if len(p.tries) == 0 {
		return &try{written: p.line}, nil
	}
	if len(p.tries) == 1 {
		return &p.tries[0], nil
	}
	if found, _ := p.find(); found {
		return &p.tries[p.found], nil
	}
	if !p.sure {
		err = errWherePathEnds
	}
	return &p.tries[p.likely], err
}

// paths are the path as written and, on Windows, in full where that is known.
func (p *program) paths(yield func(ioc.Value) bool) error {
	t, err := p.choice()
	if t.written != "" && !yield(ioc.PathValue(t.written)) {
		return nil
	}
	if full := p.full(t); full != "" && full != t.written {
		yield(ioc.PathValue(full))
	}
	return err
}

// full is the path of a try, which a bare name has only where a file was found.
func (p *program) full(t *try) string {
	if p.of.platform != source.Windows || t.path == "" || p.elsewhere != nil && !(p.asked && p.found >= 0) {
		return ""
	}
	return t.path
}

func (p *program) arguments(yield func(ioc.Value) bool) error {
	t, err := p.choice()
	if t.arguments != "" {
		yield(ioc.TextValue(t.arguments))
	}
	return err
}

// command is the line as configured.
func (p *program) command(yield func(ioc.Value) bool) error {
	if p.line != "" {
		yield(ioc.TextValue(p.line))
	}
	return nil
}

// open makes the file the one that the worker looks at. It reports whether
// there is a file.
func (p *program) open() (bool, error) {
	found, err := p.find()
	if found && p.item.row != &p.row {
		p.item.bind(&p.row)
	}
	return found, err
}

// each answers a field of the file, by its number in FileItem.
func (p *program) each(field int, yield func(ioc.Value) bool) error {
	found, err := p.open()
	if !found || err != nil {
		return err
	}
	if p.item.digestOf[field] != 0 {
		if err := p.item.read(p.of.digests, nil, false); err != nil { // all at once
			return err
		}
	}
	return files.fields[field].get(&p.row, yield)
}

// A programFinder finds the programs of a system.
type programFinder struct {
	ctx      context.Context
	req      *Request
	platform source.Platform
	files    bool // the source has file systems
	volumes  []*volume
	windows  string    // the folder of Windows as displayed; empty: not known
	digests  digestSet // those that are asked for
}

// newPrograms finds out about a source. asked are the terms that are asked of
// the document.
func newPrograms[T any](ctx context.Context, req *Request, fields []Field[T]) *programFinder {
	h := &programFinder{ctx: ctx, req: req, platform: req.Source.Platform(), files: req.Source.Has(source.Files)}
	for n := range fields {
		if d, ok := digestOf(fields[n].Term); ok && req.wants(n) {
			h.digests |= setOf(d)
		}
	}
	for n, v := range req.Source.Volumes() {
		vol := &volume{Volume: v, number: n, platform: h.platform}
		vol.offer()
		h.volumes = append(h.volumes, vol)
	}
	if h.platform == source.Windows {
		h.findWindows()
	}
	return h
}

// locate describes what a path leads to.
func (h *programFinder) locate(path string) (file, error) {
	v, at, err := source.Locate(h.req.Source, path)
	if err != nil {
		return file{}, err
	}
	for _, vol := range h.volumes {
		if vol.Name != v.Name {
			continue
		}
		info, err := vol.FS.Lstat(at)
		return file{in: newFolder(vol, source.Parent(at)), name: source.Base(at), typ: info.Type, info: &info}, err
	}
	return file{}, source.ErrEscapes
}

// digestOf is the digest of a program that a term asks for, by its end.
func digestOf(term string) (digest, bool) {
	if strings.HasPrefix(term, "FileItem/StreamList/") || strings.Contains(term, "/FileItem/StreamList/") {
		return 0, false
	}
	for _, n := range [...]struct {
		name string
		d    digest
	}{{"md5sum", digestMD5}, {"md54ksum", digestMD54K}, {"sha1sum", digestSHA1}, {"sha256sum", digestSHA256}, {"sha512sum", digestSHA512}} {
		if strings.HasSuffix(ioc.Fold(term), n.name) {
			return n.d, true
		}
	}
	return 0, false
}
