package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
	"iocscan/scan/source"
)

// eventDocument is EventLogItem: the records of the event logs of Windows.
//
// It is no Table: a log is handed to the workers by chunks, and whoever has a
// chunk goes through its records, so that no record passes between goroutines
// and one log serves all processors.
type eventDocument struct {
	fields []eventField
	names  []string // of the event's data that fields ask for, by field; empty for the others
}

// An eventField is a term and how a record answers it. A value is valid only
// until yield returns.
type eventField struct {
	match.Field
	get func(e *event, yield func(ioc.Value) bool) error
}

const dataTerm = "EventLogItem/EventData"

var events = eventDocument{fields: eventFields, names: make([]string, len(eventFields))}

func (d *eventDocument) Name() string               { return "EventLogItem" }
func (d *eventDocument) Summary() string            { return "records of the event logs of Windows" }
func (d *eventDocument) Needs() []source.Capability { return []source.Capability{source.Logs} }

func (d *eventDocument) Schema() match.Document {
	out := match.Document{Name: d.Name()}
	for _, f := range d.fields {
		out.Fields = append(out.Fields, f.Field)
	}
	return out
}

// With implements Opener.
func (d *eventDocument) With(terms []string) Document {
	out := &eventDocument{slices.Clone(d.fields), slices.Clone(d.names)}
	seen := map[string]bool{}
	for _, term := range terms {
		if len(term) <= len(dataTerm) || !ioc.EqualFold(term[:len(dataTerm)+1], dataTerm+"/") || strings.HasSuffix(term, ioc.Open) {
			continue
		}
		name := term[len(dataTerm)+1:]
		if key := ioc.Fold(name); !seen[key] {
			seen[key] = true
			out.fields = append(out.fields, dataField(len(out.fields), name))
			out.names = append(out.names, name)
		}
	}
	return out
}

// mostOpenLogs bounds the logs that are open at once.
const mostOpenLogs = 64

// A piece of a log is what a worker takes: a chunk, or (chunk -1) what stands
// for a log that cannot be read at all.
type piece struct {
	log   *eventLog
	chunk int
}

// eventRun is one run of the document.
type eventRun struct {
	*eventDocument
	req      *Request
	shared   *eventShared
	q        *queue[piece]
	open     chan struct{}
	objects  atomic.Uint64
	unlisted atomic.Uint64

	mu   sync.Mutex
	logs map[*eventLog]bool // open
	live int                // logs that were not closed
}

// Run implements Document.
func (d *eventDocument) Run(ctx context.Context, req *Request, workers int, newWorker func() Worker) (Listing, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers = max(1, workers)
	r := &eventRun{
		eventDocument: d, req: req, shared: newEventShared(ctx, req), q: newQueue[piece](workers),
		open: make(chan struct{}, mostOpenLogs), logs: map[*eventLog]bool{},
	}
	stop := context.AfterFunc(ctx, func() { r.q.close(true) })
	defer stop()

	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			if errs[i] = r.work(ctx, newWorker); errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	l := Listing{Complete: true}
	r.list(ctx, &l)
	r.q.close(false)
	wg.Wait()
	for log := range r.logs { // the run was cancelled
		log.file.Close()
	}
	err := errors.Join(errs...)
	if cause := context.Cause(ctx); cause != nil && err == nil {
		l.stop(cause.Error())
	} else if err != nil {
		l.stop(err.Error())
	}
	if r.live > 0 {
		l.Notes = append(l.Notes, liveNote(r.live))
	}
	l.Objects, l.Unlisted = r.objects.Load(), r.unlisted.Load()
	l.Full = l.Complete && l.Unlisted == 0 && req.Events.whole()
	return l, err
}

// liveNote: nothing is lost by it.
func liveNote(logs int) string {
	if logs == 1 {
		return "1 event log was not closed, as those of a running system are not; its records were found without the counts of its headers"
	}
	return fmt.Sprintf("%d event logs were not closed, as those of a running system are not; their records were found without the counts of their headers", logs)
}

// work is the life of one goroutine.
func (r *eventRun) work(ctx context.Context, newWorker func() Worker) (err error) {
	w := newWorker()
	defer func() { err = errors.Join(err, w.Close()) }()
	e := &event{eventDocument: r.eventDocument, req: r.req, shared: r.shared, r: evtx.NewReader(r.names...), filter: r.req.Events.filter()}
	e.bindNames()
	e.fold.yield = e.foldText
	pieces := make([]piece, 0, batchRows)
	for {
		if pieces = r.q.pop(pieces[:0]); len(pieces) == 0 {
			return nil
		}
		for _, p := range pieces {
			if ctx.Err() != nil {
				return nil
			}
			if err := r.take(e, p, w); err != nil {
				return err
			}
			r.done(p.log)
		}
	}
}

// take reads one chunk. What may have been in it and is lost is handed out as
// one item of which nothing is known.
func (r *eventRun) take(e *event, p piece, w Worker) error {
	lost := p.log.why
	if lost == nil {
		r.req.Progress.at(&p.log.shown)
		var err error
		if lost, err = r.chunk(e, p, w); err != nil {
			return err
		}
	}
	if lost == nil {
		return nil
	}
	r.unlisted.Add(1)
	return w.Item(&lostRecords{p.log.shown, lost})
}

// chunk hands out the records of a chunk. It says why some may be lost; the
// error is the worker's.
func (r *eventRun) chunk(e *event, p piece, w Worker) (lost, failed error) {
	defer func() {
		if x := recover(); x != nil {
			lost = panicError(x)
			r.req.trouble(p.log.shown, lost)
		}
	}()
	b, state, err := p.log.evtx.Read(p.chunk, e.r.Buffer())
	switch state {
	case evtx.Empty:
		return nil, nil
	case evtx.Unread:
		p.log.add(func(t *logTotals) { t.unread++; t.err = err })
		return err, nil
	}
	r.req.Progress.addBytes(len(b))
	e.log, e.r.Lender = p.log, p.log.lender
	n := 0
	c := e.r.Start(b)
	for rec := e.r.Next(); rec != nil; rec = e.r.Next() {
		if !e.filter.wants(rec) {
			continue
		}
		n++
		e.bind(rec)
		if failed = w.Item(e); failed != nil {
			break
		}
	}
	r.objects.Add(uint64(n))
	r.req.Progress.addObjects(n)
	return p.log.count(p.chunk, state, &c, e.r.Stats()), failed
}
