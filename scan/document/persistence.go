package document

import (
	"context"
	"errors"
	"iter"

	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// persisted is PersistenceItem: what a system starts by itself, at its own
// start, at that of a session or of another program.
var persisted = Table[persistence]{
	name:    "PersistenceItem",
	summary: "what Windows starts by itself: services, keys of the registry, startup folders, tasks",
	needs:   []source.Capability{source.Hives},
	label:   func(p *persistence) string { return p.label },
	fields:  persistenceFields,
	on:      map[source.Platform]lister[persistence]{source.Windows: listPersistence},
	open:    openPersistence,
}

// The kinds of items. The first two are the words of the terms that such items
// have; nothing published gives those of the others.
const (
	ofService    = "Service"
	ofServiceDLL = "ServiceDll"
	ofRegistry   = "Registry"
	ofLink       = "Link" // a shortcut in a startup folder
	ofFile       = "File" // another file there
	ofTask       = "Task"
)

// A persistence is one file that is started in one way, or a gap.
type persistence struct {
	label   string
	kind    string
	value   *regValue // that names it; nil for files and tasks
	service *service  // nil for all others
	link    string    // the shortcut, as displayed
	program *program  // nil: none is named
	lost    error     // which one it is cannot be told
	gap     *gap
}

func (p *persistence) all() []*program {
	switch {
	case p.service != nil:
		return p.service.all()
	case p.program != nil:
		return []*program{p.program}
	}
	return nil
}

// A persistenceList lists the items of one system.
type persistenceList struct {
	ctx      context.Context
	req      *Request
	list     *Listing
	yield    func(persistence, error) bool
	done     bool // nobody wants more
	keys     *regKeys
	programs *programFinder
}

var errNoStartup = errors.New("startup folders and tasks: the source does not offer file systems")

func listPersistence(ctx context.Context, req *Request, list *Listing) iter.Seq2[persistence, error] {
	return func(yield func(persistence, error) bool) {
		l := &persistenceList{ctx: ctx, req: req, list: list, yield: yield, programs: newPrograms(ctx, req, persistenceFields)}
		var err error
		if l.keys, err = newRegKeys(req, list, l.fault); err != nil {
			l.fault(err)
			return
		}
		l.services()
		l.registry()
		if req.Source.Has(source.Files) {
			l.folders()
			l.tasks()
		} else {
			l.fault(errNoStartup)
		}
		list.Full = !l.done && l.keys.whole() && list.Unlisted == 0
	}
}

// fault says that items may be missing.
func (l *persistenceList) fault(err error) {
	if !l.done {
		l.done = !l.yield(persistence{}, err)
	}
}

// add hands out an item. It reports whether to go on.
func (l *persistenceList) add(p persistence) bool {
	if l.done = l.done || l.ctx.Err() != nil; l.done {
		return false
	}
	l.list.Objects++
	l.done = !l.yield(p, nil)
	return !l.done
}

// A persistenceItem is one goroutine's view of items: the files that they name,
// and the values that name them.
type persistenceItem struct {
	*programView[persistence]
	value *regItem
}

func openPersistence(ctx context.Context, req *Request, t *Table[persistence], workers int) session[persistence] {
	return session[persistence]{
		goroutines: workers,
		items: func() items[persistence] {
			return &persistenceItem{
				newProgramView(ctx, req, t, (*persistence).all),
				&regItem{item: item[regValue]{table: &registry, req: req}, short: req.ShortRoots},
			}
		},
		close: func() {},
	}
}

func (i *persistenceItem) bind(row *persistence) match.Item {
	if row.gap != nil {
		return row.gap
	}
	if row.value != nil {
		i.value.bind(row.value)
	}
	return i.programView.bind(row)
}
