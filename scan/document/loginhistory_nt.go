package document

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
)

// listLogons puts sessions together from the event logs of Windows. How logs
// are found and opened is EventLogItem's; each is read by one goroutine in the
// order of its records, since the end of a session is in a record of its own.
//
// As with other documents of logged events the listing is never full: what a
// log holds depends on what it was told to hold, and since when.
func listLogons(ctx context.Context, req *Request, list *Listing) iter.Seq2[login, error] {
	return func(yield func(login, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		own := *req
		own.Events = req.Past
		r := &eventRun{
			eventDocument: &events, req: &own, q: newQueue[piece](1),
			open: make(chan struct{}, mostOpenLogs), logs: map[*eventLog]bool{},
		}
		defer context.AfterFunc(ctx, func() { r.q.close(true) })()
		found, listed := Listing{Complete: true}, make(chan struct{})
		go func() {
			defer close(listed)
			r.list(ctx, &found)
			r.q.close(false)
		}()
		defer func() {
			cancel()
			<-listed
			for log := range r.logs {
				log.file.Close()
			}
		}()
		h := &logonHost{
			loginHost: loginHost{etc: etc{ctx: ctx}, list: list, yield: yield},
			view:      newPastView([]Part{{Document: logonEvents}}, &own), buf: make([]byte, evtx.ChunkSize),
		}
		pieces := make([]piece, 0, batchRows)
		for !h.done {
			if pieces = r.q.pop(pieces[:0]); len(pieces) == 0 {
				break
			}
			for _, p := range pieces {
				if p.chunk <= 0 { // with the first piece of a log all of it is read
					h.log(p.log)
				}
				r.done(p.log)
			}
		}
		if h.done {
			return
		}
		<-listed
		if !found.Complete {
			list.stop(found.Why)
		}
		if r.live > 0 {
			list.Notes = append(list.Notes, liveNote(r.live))
		}
		h.conclude(&own)
	}
}

// A logonHost puts sessions together from one log after the other.
type logonHost struct {
	loginHost
	view *pastView
	buf  []byte

	// open is that of one of the systems that the log has records of, which
	// are several where it collects those of others.
	systems map[string]map[string]*login
	system  []byte // as the record has it
}

// mostSystems bounds the systems of one log whose sessions are put together.
const mostSystems = 1 << 8

// of turns to the sessions of the system that a record is of.
func (h *logonHost) of(rec *evtx.Record) {
	v, _ := rec.Slot(evtx.Computer)
	if h.systems != nil && bytes.Equal(h.system, v.Bytes) {
		return
	}
	h.system = append(h.system[:0], v.Bytes...)
	name := v.String()
	name = ioc.Fold(name[:min(len(name), mostLogonText)])
	if h.systems[name] == nil {
		if h.systems == nil || len(h.systems) >= mostSystems {
			h.leaveAll()
			h.systems = map[string]map[string]*login{}
		}
		h.systems[name] = map[string]*login{}
	}
	h.open = h.systems[name]
}

// leaveAll hands out the sessions of all systems: no more is to be had of them.
func (h *logonHost) leaveAll() {
	for _, name := range slices.Sorted(maps.Keys(h.systems)) {
		h.open = h.systems[name]
		h.leave(unlogged)
	}
	h.systems = nil
}

// begin is bounded over all systems.
func (h *logonHost) begin(key string, row *login) {
	n := 0
	for _, open := range h.systems {
		n += len(open)
	}
	if n < mostLogins {
		h.open[key] = row
		return
	}
	if row.end == 0 {
		row.endErr = errTooManyOpen
	}
	h.add(row)
}

// conclude says what the listing is worth.
func (h *logonHost) conclude(req *Request) {
	h.list.Spans = map[string]Span{}
	for _, c := range logonEvents.Channels() {
		if s := h.view.spans[ioc.Fold(c)]; s.First > 0 {
			h.list.Spans[c] = *s
		} else if c == security.channel && req.Events.Given == nil {
			h.list.stop("the logs looked at have no records of the channel " + c)
		}
	}
	logonEvents.conclude(h.list)
}

// log reads a log from its oldest record to the newest.
func (h *logonHost) log(log *eventLog) {
	if log.why != nil {
		h.lose(log, log.why)
		return
	}
	h.view.event.req.Progress.at(&log.shown)
	n := log.evtx.Chunks()
	oldest := log.evtx.Oldest()
	for i := range n {
		if h.done = h.done || h.ctx.Err() != nil; h.done {
			return
		}
		if err := h.chunk(log, (oldest+i)%n); err != nil {
			h.lose(log, err)
		}
	}
	h.leaveAll()
}

// lose: the trouble is told with the log as a whole. Ends may have been there.
func (h *logonHost) lose(log *eventLog, err error) {
	h.list.stop(fmt.Sprintf("%s: %v", log.shown, err))
	h.leaveAll()
}

// unlogged: many sessions end without a word, and others go on.
func unlogged(row *login) {
	if row.end == 0 {
		row.endErr = errNotCarried
	}
}

// chunk takes the records of a chunk. An error says why some may be lost.
func (h *logonHost) chunk(log *eventLog, at int) (lost error) {
	v := h.view
	defer func() {
		if x := recover(); x != nil {
			lost = panicError(x)
			v.event.req.trouble(log.shown, lost)
		}
	}()
	b, state, err := log.evtx.Read(at, h.buf)
	switch state {
	case evtx.Empty:
		return nil
	case evtx.Unread:
		log.add(func(t *logTotals) { t.unread++; t.err = err })
		return err
	}
	v.event.req.Progress.addBytes(len(b))
	v.event.log, v.event.r.Lender = log, log.lender
	c := v.event.r.Start(b)
	for rec := v.event.r.Next(); rec != nil && !h.done; rec = v.event.r.Next() {
		if !v.event.filter.wants(rec) {
			continue
		}
		v.note(rec)
		for _, k := range v.kinds(rec) {
			h.take(logonRecord{v.bind(k), k.test}, log.shown, rec)
		}
	}
	return log.count(at, state, &c, v.event.r.Stats())
}

// take puts a record to the session that it is of.
func (h *logonHost) take(e logonRecord, path string, rec *evtx.Record) {
	kind := logonKinds[logonKey{e.kind.provider, e.kind.id}]
	at, _ := rec.Time()
	at = max(at, 0)
	h.of(rec)
	if kind.step == systemStarts {
		h.leave(func(open *login) {
			switch {
			case open.end != 0:
			case at > 0:
				open.ends(at, errCrash)
			default:
				unlogged(open)
			}
		})
		return
	}
	row := e.row(kind)
	row.files, row.logon.record = []string{path}, rec.EventRecordID()
	session, known := e.number(kind.session)
	key := fmt.Sprintf("%s %d", kind.keys, session)
	open := h.open[key]
	switch {
	case kind.step == logonPoint:
		if row.start = at; !row.failed {
			row.endErr = errNotCarried
		}
		h.add(row)
	case kind.step == logonBegins:
		row.start = at
		if !known {
			row.endErr = errNotCarried
			h.add(row)
			return
		}
		if open != nil { // its end was not logged, or it is from before a start that was not
			delete(h.open, key)
			unlogged(open)
			h.add(open)
		}
		h.begin(key, row)
	case !known:
		row.ends(at, nil)
		h.add(row)
	default:
		if open == nil {
			open = row
		}
		open.ends(at, nil)
		if kind.step == logonEnds {
			delete(h.open, key)
			h.add(open)
		} else if open == row { // the end proper may follow
			h.begin(key, row)
		}
	}
}
