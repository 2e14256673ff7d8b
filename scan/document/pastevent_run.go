package document

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
)

// A pastRun is one pass over the logs for some documents. How logs are found,
// opened and handed out by chunks is EventLogItem's.
type pastRun struct {
	eventRun
	parts   []Part
	objects []atomic.Uint64 // by part

	// Guarded by mu: from when to when a channel, folded, has records, and of
	// which parts it has events.
	spans map[string]Span
	has   map[pastPlace]bool
}

type pastPlace struct {
	part    int
	channel string
}

// RunJointly lists documents in one pass over the logs. The requests differ in
// what is wanted and whom troubles are told; source and events are those of
// the first.
func RunJointly(ctx context.Context, parts []Part, workers int) ([]Listing, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers = max(1, workers)
	req := *parts[0].Request
	req.Events = req.Past
	req.Trouble = func(object string, err error) {
		for i := range parts {
			parts[i].Request.trouble(object, err)
		}
	}
	r := &pastRun{
		eventRun: eventRun{
			eventDocument: &events, req: &req, q: newQueue[piece](workers),
			open: make(chan struct{}, mostOpenLogs), logs: map[*eventLog]bool{},
		},
		parts: parts, objects: make([]atomic.Uint64, len(parts)), spans: map[string]Span{}, has: map[pastPlace]bool{},
	}
	stop := context.AfterFunc(ctx, func() { r.q.close(true) })
	defer stop()

	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			if errs[i] = r.work(ctx); errs[i] != nil {
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
	l.Unlisted = r.unlisted.Load()
	out := make([]Listing, len(parts))
	for i := range parts {
		out[i] = l
		out[i].Notes = slices.Clone(l.Notes)
		out[i].Objects = r.objects[i].Load()
		out[i].Spans = map[string]Span{}
		for _, c := range parts[i].Document.Channels() {
			if name := ioc.Fold(c); r.has[pastPlace{i, name}] {
				out[i].Spans[c] = r.spans[name]
			}
		}
		parts[i].Document.past().conclude(&out[i])
	}
	return out, err
}

// work is the life of one goroutine.
func (r *pastRun) work(ctx context.Context) (err error) {
	docs := make([]Worker, len(r.parts))
	for i := range docs {
		docs[i] = r.parts[i].NewWorker()
	}
	v := newPastView(r.parts, r.req)
	defer func() {
		for _, d := range docs {
			err = errors.Join(err, d.Close())
		}
		r.addSpans(v)
	}()
	buf := make([]byte, evtx.ChunkSize)
	pieces := make([]piece, 0, batchRows)
	for {
		if pieces = r.q.pop(pieces[:0]); len(pieces) == 0 {
			return nil
		}
		for _, p := range pieces {
			if ctx.Err() != nil {
				return nil
			}
			if err := r.take(v, p, buf, docs); err != nil {
				return err
			}
			r.done(p.log)
		}
	}
}

// addSpans enters what one goroutine has seen.
func (r *pastRun) addSpans(v *pastView) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for channel, s := range v.spans {
		if s.First > 0 {
			all := r.spans[channel]
			all.Add(s.First)
			all.Add(s.Last)
			r.spans[channel] = all
		}
	}
	for _, kinds := range v.byID {
		for _, k := range kinds {
			if k.seen {
				r.has[pastPlace{k.part, ioc.Fold(k.provider.channel)}] = true
			}
		}
	}
}

// take reads one chunk. What may have been in it and is lost is handed to each
// document as one item of which nothing is known.
func (r *pastRun) take(v *pastView, p piece, buf []byte, docs []Worker) error {
	lost := p.log.why
	if lost == nil {
		r.req.Progress.at(&p.log.shown)
		var err error
		if lost, err = r.chunk(v, p, buf, docs); err != nil {
			return err
		}
	}
	if lost == nil {
		return nil
	}
	r.unlisted.Add(1)
	for _, d := range docs {
		if err := d.Item(&lostRecords{p.log.shown, lost}); err != nil {
			return err
		}
	}
	return nil
}

// chunk hands out the records of a chunk that are events of some document. It
// says why some may be lost; the error is the worker's.
func (r *pastRun) chunk(v *pastView, p piece, buf []byte, docs []Worker) (lost, failed error) {
	defer func() {
		if x := recover(); x != nil {
			lost = panicError(x)
			r.req.trouble(p.log.shown, lost)
		}
	}()
	b, state, err := p.log.evtx.Read(p.chunk, buf)
	switch state {
	case evtx.Empty:
		return nil, nil
	case evtx.Unread:
		p.log.add(func(t *logTotals) { t.unread++; t.err = err })
		return err, nil
	}
	r.req.Progress.addBytes(len(b))
	v.event.log, v.event.r.Lender = p.log, p.log.lender
	c := v.event.r.Start(b)
records:
	for rec := v.event.r.Next(); rec != nil; rec = v.event.r.Next() {
		if !v.event.filter.wants(rec) {
			continue
		}
		v.note(rec)
		for _, k := range v.kinds(rec) {
			e := v.bind(k)
			if k.only.holds != nil && !k.only.holds(e, k.test) {
				continue
			}
			k.seen = true
			r.objects[k.part].Add(1)
			r.req.Progress.addObjects(1)
			if failed = docs[k.part].Item(e); failed != nil {
				break records
			}
		}
	}
	return p.log.count(p.chunk, state, &c, v.event.r.Stats()), failed
}
