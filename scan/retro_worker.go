package scan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/document"
)

// A memory is what is learned of a document's items while those of the interval
// are picked out: how far back each origin reaches.
type memory struct {
	document.Remembered
	*interval

	mu      sync.Mutex
	spans   map[string]*document.Span
	in      uint64 // items of the interval
	undated uint64 // items of which it is not known whether they are
}

// mostOrigins bounds the origins that are told apart, of which lying evidence
// could have any number.
const (
	mostOrigins  = 1000
	otherOrigins = "all others"
)

// An intervalWorker hands on the items of the interval: those with any time in
// it. One that has none in it, but a time that could not be read, stands for
// something of which nothing is known.
type intervalWorker struct {
	document.Worker
	memory *memory
	spans  map[string]*document.Span
	last   *document.Span // of the item before
	origin []byte         // its origin, and that of the one in work
	next   []byte
	in     uint64
	out    uint64

	// state of the item in work, for onTime and onOrigin, which are made once
	hit      bool
	span     document.Span
	onTime   func(ioc.Value) bool
	onOrigin func(ioc.Value) bool
}

func newIntervalWorker(w document.Worker, m *memory) *intervalWorker {
	i := &intervalWorker{Worker: w, memory: m, spans: map[string]*document.Span{}}
	i.onTime = func(v ioc.Value) bool {
		at := v.Ticks()
		i.span.Add(at)
		i.hit = i.hit || m.has(at)
		return true
	}
	i.onOrigin = func(v ioc.Value) bool {
		i.next = append(append(i.next, ' '), v.Str...)
		return false
	}
	return i
}

// Item implements document.Worker.
func (w *intervalWorker) Item(it match.Item) error {
	if _, ok := it.(match.Folder); ok {
		return w.Worker.Item(it)
	}
	w.hit, w.span = false, document.Span{}
	var unread error
	dated, times := it, w.memory.Times
	if of, ok := it.(document.Dated); ok {
		dated, times = of.Dated()
	}
	for _, f := range times {
		if err := dated.Each(f, w.onTime); err != nil && !document.NotCarried(err) {
			unread = err
		}
	}
	w.note(it)
	switch {
	case w.hit:
		w.in++
		return w.Worker.Item(it)
	case unread != nil:
		w.out++
		return w.Worker.Item(&undated{it, fmt.Errorf("it is not known whether it is of the interval: %w", unread)})
	}
	return nil
}

// note enters the times of the item in the span of its origin.
func (w *intervalWorker) note(it match.Item) {
	if w.span.First == 0 {
		return
	}
	w.next = w.next[:0]
	for _, f := range w.memory.Origin {
		_ = it.Each(f, w.onOrigin) // what is not told names no origin
	}
	if w.last == nil || string(w.next) != string(w.origin) {
		w.origin = append(w.origin[:0], w.next...)
		if w.last = w.spans[string(w.origin)]; w.last == nil {
			if len(w.spans) >= mostOrigins {
				w.origin = append(w.origin[:0], otherOrigins...)
			}
			if w.last = w.spans[string(w.origin)]; w.last == nil {
				w.last = &document.Span{}
				w.spans[string(w.origin)] = w.last
			}
		}
	}
	w.last.Add(w.span.First)
	w.last.Add(w.span.Last)
}

// Close implements document.Worker.
func (w *intervalWorker) Close() error {
	m := w.memory
	m.mu.Lock()
	m.in += w.in
	m.undated += w.out
	for origin, s := range w.spans {
		m.add(strings.TrimSpace(origin), *s)
	}
	m.mu.Unlock()
	return w.Worker.Close()
}

func (m *memory) add(origin string, s document.Span) {
	if m.spans[origin] == nil {
		m.spans[origin] = &document.Span{}
	}
	m.spans[origin].Add(s.First)
	m.spans[origin].Add(s.Last)
}

// undated is match.Folder: an item that may not be of the interval.
type undated struct {
	match.Item
	why error
}

func (u *undated) Err() error                           { return u.why }
func (u *undated) Each(int, func(ioc.Value) bool) error { return u.why }
func (u *undated) Possible(field int, p *ioc.Pattern) bool {
	possible := false
	err := u.Item.Each(field, func(v ioc.Value) bool {
		possible = possible || p.Match(v) != ioc.False
		return !possible
	})
	return possible || err != nil
}

var _ match.Folder = (*undated)(nil)

// conclude says what a listing is worth for the interval, and which part of it
// each origin covers. What has nothing left of the beginning of the interval
// cannot say that something was not there.
func (m *memory) conclude(l *document.Listing) {
	l.Unlisted += m.undated
	if m.in == 0 {
		l.Notes = append(l.Notes, "nothing of the interval was found")
	}
	if m.Mixed {
		return
	}
	if m.Last {
		l.Notes = append(l.Notes, "only the last times of each are kept: what happened in the interval and again later is not seen")
		return
	}
	if l.Spans != nil {
		clear(m.spans)
		for origin, s := range l.Spans {
			m.add(origin, s)
		}
	}
	end := m.now // of what there is memory of at all
	if end == 0 {
		for _, s := range m.spans {
			end = max(end, s.Last)
		}
	}
	covered, short := false, ""
	for _, origin := range slices.Sorted(maps.Keys(m.spans)) {
		s := m.spans[origin]
		name, part := cmp.Or(origin, "the records"), m.part(s, end)
		switch {
		case part == "":
			covered, part = true, "covers the interval"
		case short == "":
			short = name
		}
		l.Notes = append(l.Notes, fmt.Sprintf("%s: from %s to %s, %s", name, second(s.First), second(s.Last), part))
	}
	switch {
	case len(m.spans) == 0:
		m.stop(l, "there is no record of any time, so nothing covers the interval")
	case !covered:
		m.stop(l, "nothing covers the whole interval")
	case m.Every && short != "":
		m.stop(l, short+" does not cover the whole interval")
	}
}

// part says which part of the interval something covers of which there is
// memory up to some end; empty: all of it. That it has nothing new is no end,
// as long as others have.
func (m *memory) part(s *document.Span, end int64) string {
	switch {
	case s.First > m.to:
		return "begins after the interval"
	case m.now == 0 && end < m.from:
		return "ends before the interval"
	case s.First > m.from && m.now == 0 && end < m.to:
		return "covers the interval from " + second(s.First) + " to " + second(end)
	case s.First > m.from:
		return "covers the interval from " + second(s.First)
	case m.now == 0 && end < m.to:
		return "covers the interval to " + second(end)
	}
	return ""
}

// second is an instant for people.
func second(ticks int64) string { return ioc.TicksTime(ticks).Format(time.RFC3339) }

func (*memory) stop(l *document.Listing, why string) {
	if l.Full = false; l.Complete {
		l.Complete, l.Why = false, why
	}
}
