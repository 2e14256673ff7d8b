package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// A Table is a document whose items are rows of type T.
type Table[T any] struct {
	name, summary string
	needs         []source.Capability
	needsOn       map[source.Platform][]source.Capability // in place of needs
	label         func(*T) string
	fields        []Field[T]

	// collect lists the rows. An error beside a row's zero value is something
	// that no row stands for: the listing is then not complete.
	collect lister[T]

	// on has, in place of collect, a lister for the evidence of each system
	// that can be listed.
	on map[source.Platform]lister[T]

	// open prepares a run of so many workers; nil: one goroutine for each, and
	// the fields are all there is to see.
	open func(ctx context.Context, req *Request, t *Table[T], workers int) session[T]
}

type lister[T any] func(context.Context, *Request, *Listing) iter.Seq2[T, error]

// A session is what the goroutines of one run share.
type session[T any] struct {
	goroutines int
	items      func() items[T] // what one goroutine sees rows through; called on one goroutine
	close      func()
}

// A Field is a term and how a row answers it. A value is valid only until
// yield returns, so that it may lie in a buffer.
type Field[T any] struct {
	match.Field
	get func(row *T, yield func(ioc.Value) bool) error
}

// items are one goroutine's view of rows, one at a time.
type items[T any] interface {
	bind(row *T) match.Item
	close()
}

func (t *Table[T]) Name() string               { return t.name }
func (t *Table[T]) Summary() string            { return t.summary }
func (t *Table[T]) Needs() []source.Capability { return slices.Clone(t.needs) }

// NeedsOn implements Demanding.
func (t *Table[T]) NeedsOn(p source.Platform) []source.Capability {
	if needs, ok := t.needsOn[p]; ok {
		return slices.Clone(needs)
	}
	return t.Needs()
}

// Platforms implements Selective.
func (t *Table[T]) Platforms() []source.Platform { return slices.Sorted(maps.Keys(t.on)) }

// lister is what lists the evidence of a platform; nil: nothing does.
func (t *Table[T]) lister(p source.Platform) lister[T] {
	if t.collect != nil {
		return t.collect
	}
	return t.on[p]
}

func (t *Table[T]) Schema() match.Document {
	d := match.Document{Name: t.name}
	for _, f := range t.fields {
		d.Fields = append(d.Fields, f.Field)
	}
	return d
}

// field is the number of a term.
func (t *Table[T]) field(term string) int {
	return slices.IndexFunc(t.fields, func(f Field[T]) bool { return f.Term == term })
}

// item is a row as the engine sees it. A panic while a field is read is a
// Trouble of the object; the field is then unknown.
type item[T any] struct {
	table *Table[T]
	req   *Request
	row   *T
}

func (i *item[T]) bind(row *T) match.Item { i.row = row; return i }
func (i *item[T]) close()                 {}

func (i *item[T]) Label() (label string) {
	defer func() {
		if p := recover(); p != nil {
			label = i.table.name
			i.req.trouble(label, panicError(p))
		}
	}()
	return i.table.label(i.row)
}

func (i *item[T]) Each(field int, yield func(ioc.Value) bool) (err error) {
	defer i.guard(&err)
	return i.table.fields[field].get(i.row, yield)
}

// guard is deferred around everything that reads evidence.
func (i *item[T]) guard(err *error) {
	if p := recover(); p != nil {
		*err = panicError(p)
		i.req.trouble(i.Label(), *err)
	}
}

func panicError(p any) error { return fmt.Errorf("fault of the scanner: panic: %v", p) }

// Run implements Document.
func (t *Table[T]) Run(ctx context.Context, req *Request, workers int, newWorker func() Worker) (Listing, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := t.session(ctx, req, max(1, workers))
	defer s.close()
	workers = s.goroutines
	q := newQueue[T](workers)
	stop := context.AfterFunc(ctx, func() { q.close(true) })
	defer stop()

	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		view := s.items()
		wg.Go(func() {
			if errs[i] = t.work(ctx, req, q, view, newWorker); errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	l := Listing{Complete: true}
	t.list(ctx, req, q, &l)
	q.close(false)
	wg.Wait()
	err := errors.Join(errs...)
	if cause := context.Cause(ctx); cause != nil && err == nil {
		l.stop(cause.Error())
	} else if err != nil {
		l.stop(err.Error())
	}
	l.Full = l.Full && l.Complete
	return l, err
}

func (t *Table[T]) session(ctx context.Context, req *Request, workers int) session[T] {
	if t.open != nil {
		return t.open(ctx, req, t, workers)
	}
	return session[T]{
		goroutines: workers,
		items:      func() items[T] { return &item[T]{table: t, req: req} },
		close:      func() {},
	}
}

// list fills the queue until the rows end or the run is cancelled.
func (t *Table[T]) list(ctx context.Context, req *Request, q *queue[T], l *Listing) {
	defer func() {
		if p := recover(); p != nil {
			err := panicError(p)
			req.trouble(t.name, err)
			l.stop(err.Error())
		}
	}()
	collect := t.lister(req.Source.Platform())
	if collect == nil {
		l.stop(fmt.Sprintf("not supported on evidence of platform %q", req.Source.Platform()))
		return
	}
	batch := make([]T, 0, batchRows)
	for row, err := range collect(ctx, req, l) {
		if err != nil {
			if ctx.Err() == nil {
				req.trouble(t.name, err)
			}
			l.stop(err.Error())
			continue
		}
		if batch = append(batch, row); len(batch) == cap(batch) {
			if !q.push(batch) {
				return
			}
			batch = batch[:0]
		}
	}
	q.push(batch)
}

// work is the life of one goroutine.
func (t *Table[T]) work(ctx context.Context, req *Request, q *queue[T], view items[T], newWorker func() Worker) (err error) {
	defer view.close()
	w := newWorker()
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
		err = errors.Join(err, w.Close())
	}()
	rows := make([]T, 0, batchRows)
	for {
		if rows = q.pop(rows[:0]); len(rows) == 0 {
			return nil
		}
		for i := range rows {
			if ctx.Err() != nil {
				return nil
			}
			if err := w.Item(view.bind(&rows[i])); err != nil {
				return err
			}
			req.Progress.addObjects(1)
		}
		clear(rows)
	}
}
