package scan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"iocscan/ioc/match"
	"iocscan/scan/document"
)

// Status of a scan.
const (
	StatusComplete    = "complete"
	StatusTimeout     = "timeout"
	StatusInterrupted = "interrupted"
)

var errTimeout = errors.New("the time limit was reached")
var errInterrupted = errors.New("the scan was interrupted")

// Run scans and tells the sink. When ctx ends (an interruption) or the time
// limit is reached, what was found so far is reported all the same and the
// result's status says so; that is no error.
func (p *Plan) Run(ctx context.Context, sink Sink, progress *document.Progress) (*Result, error) {
	started := time.Now()
	if p.cfg.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.cfg.Timeout, errTimeout)
		defer cancel()
	}
	t := newTeller(sink)
	r := &run{Plan: p, header: p.cfg.Header, teller: t, progress: progress, docs: make([]Document, len(p.docs)), memories: map[string]*memory{}}
	hashFault := r.hashImage(ctx)
	header := r.header
	t.tell(func(s Sink) error { return s.Begin(&header) })
	if hashFault != nil {
		r.trouble("", p.cfg.Image.Path, hashFault)
	}

	refs := make([]IOCRef, len(p.cfg.Collection.Files))
	for i, f := range p.cfg.Collection.Files {
		refs[i] = IOCRef{File: f.Path, ID: f.ID, Name: f.Name}
	}
	r.host = match.NewHost(p.program, match.Options{
		MaxObjects: header.Scan.Options.MaxObjects,
		OnMatch: func(file int, m *match.Match) {
			found := &Match{IOC: refs[file], Match: *m}
			t.tell(func(s Sink) error { return s.Match(found) })
		},
	})
	for _, f := range p.Scope.Troubles {
		r.trouble("FileItem", f.Path, f.Err)
	}
	for i := range p.docs {
		switch d := &p.docs[i]; {
		case r.docs[i].Name != "": // looked at together with one before it
		case d.joint() != nil && ctx.Err() == nil:
			r.jointly(ctx, i)
		default:
			r.docs[i] = r.document(ctx, d)
		}
	}
	result := r.result(ctx, started)
	t.tell(func(s Sink) error { return s.End(result) })
	return result, t.close()
}

// run is one scan under way.
type run struct {
	*Plan
	header   Header
	host     *match.Host
	teller   *teller
	progress *document.Progress
	docs     []Document
	memories map[string]*memory // of documents, in a retrospective scan

	mu       sync.Mutex
	troubles troubles
}

// document looks at one document and says how far that went.
func (r *run) document(ctx context.Context, d *planned) Document {
	out := Document{Name: d.name, Status: d.status, Reason: d.reason, Notes: []string{}}
	switch {
	case d.table == nil && d.status == Complete:
		r.host.Complete(d.name, true, "")
		return out
	case d.table == nil:
		r.host.Incomplete(d.name, d.name+": "+d.reason)
		return out
	case ctx.Err() != nil:
		out.Status, out.Reason = Partial, cause(ctx).Error()
		r.host.Incomplete(d.name, d.name+": "+out.Reason)
		return out
	}
	l, err := d.table.Run(ctx, r.request(d), r.cfg.Header.Scan.Options.Jobs, r.newWorker(d))
	narrow(r.cfg.Source, d.table, &l)
	return r.listed(ctx, d.name, l, err)
}

// newWorker is what makes the workers for a document.
func (r *run) newWorker(d *planned) func() document.Worker {
	if r.interval == nil {
		return func() document.Worker { return worker{r.host.NewEvaluator(d.name)} }
	}
	of, _ := document.Remembers(d.table)
	m := &memory{Remembered: of, interval: r.interval, spans: map[string]*document.Span{}}
	r.memories[d.name] = m
	return func() document.Worker { return newIntervalWorker(worker{r.host.NewEvaluator(d.name)}, m) }
}

// listed says how far the look at a document went.
func (r *run) listed(ctx context.Context, name string, l document.Listing, err error) Document {
	if m := r.memories[name]; m != nil {
		m.conclude(&l)
	}
	out := Document{Name: name, Notes: []string{}}
	r.conclude(ctx, &out, l, err)
	n := r.host.Document(name)
	out.Scanned, out.Matched = n.Items, n.Matched
	return out
}

// conclude tells the host and the report how much of a document was listed.
func (r *run) conclude(ctx context.Context, out *Document, l document.Listing, err error) {
	troubles := r.troubles.of(out.Name)
	out.Notes = append(out.Notes, l.Notes...)
	switch {
	case ctx.Err() != nil:
		out.Status, out.Reason = Partial, cause(ctx).Error()
	case err != nil:
		out.Status, out.Reason = Partial, err.Error()
	case !l.Complete:
		out.Status, out.Reason = Partial, l.Why
	case l.Unlisted > 0:
		out.Status, out.Reason = Partial, fmt.Sprintf("%d places could not be listed", l.Unlisted)
	case troubles > 0:
		out.Status, out.Reason = Partial, fmt.Sprintf("%d times something could not be read", troubles)
	default:
		out.Status = Complete
	}
	if l.Complete && ctx.Err() == nil && err == nil {
		r.host.Complete(out.Name, l.Full, out.Name+" was not listed in full: the scan looked at a part of the host")
	} else {
		r.host.Incomplete(out.Name, out.Name+": "+out.Reason)
	}
}

func (r *run) request(d *planned) *document.Request {
	want := make([]bool, len(d.table.Schema().Fields))
	for _, f := range r.program.Fields(d.name) {
		want[f] = true
	}
	return &document.Request{
		Source: r.cfg.Source, Scope: r.Scope, MaxFileSize: r.cfg.Header.Scan.Options.MaxFileSize,
		Registry: r.cfg.Registry, Keys: r.Keys, Users: r.users, ShortRoots: r.shortRoots,
		Events: r.events, Past: r.past, Given: r.cfg.Given, ProcessData: r.cfg.Header.Scan.Options.ProcessData,
		Want: want, OwnFiles: r.cfg.OwnFiles, Progress: r.progress,
		Trouble: func(object string, err error) { r.trouble(d.name, object, err) },
	}
}

func (r *run) trouble(doc, object string, err error) {
	t := &Trouble{Document: doc, Object: object, Error: err.Error()}
	r.mu.Lock()
	kept := r.troubles.add(*t)
	r.mu.Unlock()
	if kept {
		r.teller.tell(func(s Sink) error { return s.Trouble(t) })
	}
}

// cause is why a scan ended early.
func cause(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return errTimeout
	}
	return errInterrupted
}

// worker lets an evaluator take the items of a document.
type worker struct{ *match.Evaluator }

func (w worker) Item(it match.Item) error { w.Eval(it); return nil }
func (w worker) Close() error             { w.Evaluator.Close(); return nil }
