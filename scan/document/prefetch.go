package document

import (
	"context"
	"iter"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/prefetch"
	"iocscan/scan/source"
)

// prefetches is PrefetchItem: what Windows noted of the starts of programs.
var prefetches = Table[prefetchFile]{
	name:    "PrefetchItem",
	summary: "starts of programs that Windows noted to speed up the next (prefetch files)",
	needs:   []source.Capability{source.Prefetch},
	label:   func(p *prefetchFile) string { return p.file.shown() },
	fields:  prefetchFields,
	collect: collectPrefetch,
	open:    openPrefetch,
}

// A prefetchFile is one file of \Windows\Prefetch, or a gap.
type prefetchFile struct {
	file artefact
	req  *Request
	gap  *gap

	parsed bool
	info   *prefetch.Info
	err    error // why info is not there
}

// load reads the file, once. What is damaged is not believed in part.
func (p *prefetchFile) load() (*prefetch.Info, error) {
	if p.parsed {
		return p.info, p.err
	}
	p.parsed = true
	data, err := p.file.read(prefetch.MaxFile)
	if err == nil {
		p.req.Progress.addBytes(len(data))
		p.info, err = prefetch.Parse(data)
	}
	if p.err = err; err != nil {
		p.req.trouble(p.file.shown(), err)
	}
	return p.info, p.err
}

// systemFolders hold a system of Windows.
var systemFolders = []string{"/Windows", "/WINNT"}

const noWindows = `the evidence has no folder \Windows`

// collectPrefetch lists the files. Servers, and systems on which prefetching
// is off, have none.
func collectPrefetch(ctx context.Context, req *Request, list *Listing) iter.Seq2[prefetchFile, error] {
	return func(yield func(prefetchFile, error) bool) {
		f := finder[prefetchFile]{ctx, req, list, yield, func(g *gap) prefetchFile { return prefetchFile{gap: g} }}
		if f.given(source.Prefetch, func(_ source.Artifact, a artefact) bool { return f.hand(prefetchFile{file: a, req: req}) }) {
			return
		}
		for _, v := range req.Source.Volumes() {
			for _, system := range systemFolders {
				if !f.folder(v, system+"/Prefetch", false, func(a artefact) bool {
					if name := source.Base(a.path); len(name) < 3 || !strings.EqualFold(name[len(name)-3:], ".pf") {
						return true
					}
					return f.hand(prefetchFile{file: a, req: req})
				}) {
					return
				}
			}
		}
		if !f.exists(systemFolders...) {
			list.stop(noWindows)
		}
		list.Full = list.Unlisted == 0
	}
}

// A prefetchItem is one goroutine's view of prefetch files.
type prefetchItem struct{ item[prefetchFile] }

func openPrefetch(_ context.Context, req *Request, t *Table[prefetchFile], workers int) session[prefetchFile] {
	return session[prefetchFile]{
		goroutines: workers,
		items: func() items[prefetchFile] {
			return &prefetchItem{item[prefetchFile]{table: t, req: req}}
		},
		close: func() {},
	}
}

func (i *prefetchItem) bind(row *prefetchFile) match.Item {
	if row.gap != nil {
		return row.gap
	}
	i.row = row
	return i
}

// Doubt implements match.Doubter: paths on volumes whose letter the file does
// not tell may have any.
func (i *prefetchItem) Doubt(field int, yield func(ioc.Value) bool) (err error) {
	defer i.guard(&err)
	var paths []string
	switch info, err := i.row.load(); {
	case err != nil:
		return nil // Each says so
	case i.table.fields[field].Term == prefetchLoaded:
		paths = info.Files
	case i.table.fields[field].Term == prefetchProgram:
		paths = programPaths(info)
	default:
		return nil
	}
	own, loose := i.row.file.vol.Name, i.row.file.loose != nil
	device := systemDevice(i.row.info)
	for _, p := range paths {
		on, below := splitDevice(p)
		if below == "" || !loose && (own == "" || ioc.EqualFold(on, device)) {
			continue
		}
		err = errLetter
		for letter := 'A'; letter <= 'Z'; letter++ {
			if drive := string(letter) + ":"; !strings.EqualFold(drive, own) && !yield(ioc.PathValue(drive+below)) {
				return err
			}
		}
	}
	return err
}
