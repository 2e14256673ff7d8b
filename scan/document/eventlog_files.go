package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"iocscan/scan/internal/evtx"
	"iocscan/scan/source"
)

// An eventLog is a log being read. It is open until its last piece is done.
type eventLog struct {
	shown  string // as reported
	loose  bool   // named by the user: labels begin with the file
	why    error  // it cannot be read at all
	file   source.File
	evtx   *evtx.File
	lender *evtx.Lender

	mu     sync.Mutex
	left   int // pieces not done
	totals logTotals
}

// logTotals is what was read of a log and what was not.
type logTotals struct {
	evtx.Stats
	foreign, unread int
	stale           int   // chunks whose header is older than their records
	changed, cut    []int // chunks with a wrong checksum of their records, or that the file ends in
	err             error // of a place that could not be read
}

// logFolders are where Windows keeps its logs: since Vista, and before, in a
// format of its own.
var (
	logFolders    = []string{"/Windows/System32/winevt/Logs", "/WINNT/System32/winevt/Logs"}
	oldLogFolders = []string{"/Windows/System32/config", "/WINNT/System32/config"}
)

var (
	errOldLog = errors.New("an event log of the format before Windows Vista, which is not read")
	errNoLogs = errors.New(`the evidence has no event logs at \Windows\System32\winevt\Logs`)
)

// list opens one log after the other and hands out its chunks.
func (r *eventRun) list(ctx context.Context, l *Listing) {
	defer func() {
		if x := recover(); x != nil {
			err := panicError(x)
			r.req.trouble(r.Name(), err)
			l.stop(err.Error())
		}
	}()
	peek := &peeker{filter: r.req.Events.filter()}
	for _, f := range r.req.Events.Given {
		if ctx.Err() != nil {
			return
		}
		r.read(ctx, &eventLog{shown: f.Path, loose: true}, f.Open, peek)
	}
	if r.req.Events.Given != nil {
		return
	}
	found := false
	for _, v := range r.req.Source.Volumes() {
		for _, folder := range logFolders {
			found = r.folder(ctx, v, folder, ".evtx", peek, l) || found
		}
	}
	for _, v := range r.req.Source.Volumes() {
		for _, folder := range oldLogFolders {
			if !found {
				r.folder(ctx, v, folder, ".evt", peek, l)
			}
		}
	}
	if !found && r.unlisted.Load() == 0 {
		l.stop(errNoLogs.Error())
	}
}

// folder reads the logs of a folder. It reports whether there is one.
func (r *eventRun) folder(ctx context.Context, v source.Volume, name, ending string, peek *peeker, l *Listing) bool {
	dir, err := v.FS.Resolve(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err == nil {
		for e, listErr := range v.FS.ReadDir(ctx, dir) {
			if listErr != nil {
				err = listErr
				break
			}
			if n := len(e.Name) - len(ending); n < 0 || !strings.EqualFold(e.Name[n:], ending) || e.Type == source.Dir {
				continue
			}
			path := source.Join(dir, e.Name)
			log := &eventLog{shown: source.Display(v, path)}
			if ending == ".evt" {
				r.unreadable(ctx, log, errOldLog)
				continue
			}
			r.read(ctx, log, func() (source.File, error) { return open(v.FS, path) }, peek)
		}
	}
	if err != nil && ctx.Err() == nil {
		r.req.trouble(source.Display(v, name), err)
		l.stop(fmt.Sprintf("%s: %v", source.Display(v, name), err))
	}
	return true
}

// open opens a file of the evidence, whether or not its name is a link.
func open(fsys source.FS, path string) (source.File, error) {
	real, err := fsys.Resolve(path)
	if err != nil {
		return nil, err
	}
	return fsys.Open(real)
}

// read opens a log and hands its chunks to the workers, unless its records are
// of a channel that is not asked for.
func (r *eventRun) read(ctx context.Context, log *eventLog, open func() (source.File, error), peek *peeker) {
	select {
	case r.open <- struct{}{}:
	case <-ctx.Done():
		return
	}
	release := func() {
		if log.file != nil {
			log.file.Close()
		}
		<-r.open
	}
	if err := log.start(open); err != nil {
		release()
		r.unreadable(ctx, log, err)
		return
	}
	n := log.evtx.Chunks()
	if n == 0 || !peek.wants(log.evtx) {
		release()
		return
	}
	log.left = n
	r.mu.Lock()
	r.logs[log] = true
	r.mu.Unlock()
	pieces := make([]piece, 0, batchRows)
	for i := range n {
		if pieces = append(pieces, piece{log, i}); len(pieces) == cap(pieces) || i == n-1 {
			if !r.q.push(pieces) {
				return // cancelled: Run closes the log
			}
			pieces = pieces[:0]
		}
	}
}

func (log *eventLog) start(open func() (source.File, error)) error {
	f, err := open()
	if err != nil {
		return err
	}
	log.file = f
	info, err := f.Info()
	if err != nil {
		return err
	}
	if log.evtx, err = evtx.Open(f, info.Size); err != nil {
		return err
	}
	log.lender = evtx.NewLender(log.evtx)
	return nil
}

// unreadable has one item of which nothing is known stand for a log.
func (r *eventRun) unreadable(ctx context.Context, log *eventLog, err error) {
	if ctx.Err() != nil {
		return
	}
	r.req.trouble(log.shown, err)
	log.why = err
	r.q.push([]piece{{log, -1}})
}

// done counts a piece as read. With the last one the log is closed and what
// could not be read of it is told.
func (r *eventRun) done(log *eventLog) {
	if log.why != nil {
		return
	}
	log.mu.Lock()
	log.left--
	last := log.left == 0
	log.mu.Unlock()
	if !last {
		return
	}
	if err := log.totals.trouble(); err != nil {
		r.req.trouble(log.shown, err)
	}
	r.mu.Lock()
	if log.evtx.Header.Dirty || log.totals.stale > 0 {
		r.live++
	}
	delete(r.logs, log)
	r.mu.Unlock()
	log.file.Close()
	<-r.open
}

func (log *eventLog) add(f func(*logTotals)) {
	log.mu.Lock()
	defer log.mu.Unlock()
	f(&log.totals)
}

// count adds what was read of a chunk. It says why records may be lost, nil if
// none can be.
func (log *eventLog) count(chunk int, state evtx.State, c *evtx.Chunk, s evtx.Stats) error {
	changed, cut := c.Changed(), c.Magic && c.Free > c.Length
	log.add(func(t *logTotals) {
		t.Add(s)
		switch {
		case state == evtx.Foreign:
			t.foreign++
		case cut:
			t.cut = append(t.cut, chunk)
		case changed:
			t.changed = append(t.changed, chunk)
		case c.Stale():
			t.stale++
		}
	})
	switch {
	case state == evtx.Foreign:
		return errors.New("the beginning of a chunk is overwritten")
	case s.Undecodable > 0:
		return errors.New("records that cannot be decoded")
	case s.Missing > 0:
		return errors.New("records that the log counts are missing")
	case s.OverBudget:
		return errors.New("a chunk that takes too long to decode")
	case s.Gaps > 0 && (c.Claims() == 0 || !c.HeaderCRC):
		return errors.New("bytes between records that are no record")
	case changed:
		return errors.New("a chunk whose records have a wrong checksum: what it holds may have been something else")
	}
	return nil
}

// trouble says in words what could not be read.
func (t *logTotals) trouble() error {
	var parts []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	if len(t.changed) > 0 {
		parts = append(parts, "the records of "+chunkNumbers(t.changed)+" have a wrong checksum")
	}
	if len(t.cut) > 0 {
		parts = append(parts, "the file ends inside "+chunkNumbers(t.cut))
	}
	say(t.foreign, "chunk is overwritten at its beginning", "chunks are overwritten at their beginning")
	say(t.unread, "chunk could not be read", "chunks could not be read")
	say(t.Undecodable, "record could not be decoded", "records could not be decoded")
	say(t.Partial, "record is damaged inside", "records are damaged inside")
	say(t.Missing, "record is missing", "records are missing")
	say(t.GapBytes, "byte between records is no record", "bytes between records are no record")
	if t.OverBudget {
		parts = append(parts, "some chunk takes too long to decode")
	}
	if len(parts) > 0 && t.Records == 0 {
		parts = append(parts, "no record could be read")
	}
	switch {
	case len(parts) == 0:
		return nil
	case t.err != nil:
		return fmt.Errorf("%s: %w", strings.Join(parts, ", "), t.err)
	}
	return errors.New(strings.Join(parts, ", "))
}

// chunkNumbers names chunks, counted from 0, the first of them if they are many.
func chunkNumbers(chunks []int) string {
	const most = 8
	slices.Sort(chunks)
	if len(chunks) == 1 {
		return fmt.Sprintf("chunk %d", chunks[0])
	}
	var b strings.Builder
	for i, n := range chunks[:min(len(chunks), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	if more := len(chunks) - most; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return "chunks " + b.String()
}

// A peeker looks at the first sound record of a log, since all records of a
// log are mostly of one channel.
type peeker struct {
	r      *evtx.Reader // nil until it is needed
	filter eventFilter
	buf    []byte
}

// wants reports whether a log may have records that are asked for. One that
// collects the records of other machines has those of many channels; they
// carry what their writer rendered. The name of a file says nothing.
func (p *peeker) wants(f *evtx.File) bool {
	if p.filter.all {
		return true
	}
	if p.r == nil {
		p.r, p.buf = evtx.NewReader(), make([]byte, evtx.ChunkSize)
	}
	for i := range f.Chunks() {
		b, state, err := f.Read(i, p.buf)
		if err != nil || state != evtx.Present {
			continue
		}
		p.r.Start(b)
		for rec := p.r.Next(); rec != nil; rec = p.r.Next() {
			v, ok := rec.Slot(evtx.Channel)
			if rec.Fields(); !ok || rec.Err() != nil {
				continue
			}
			if _, rendered := rec.Slot(evtx.RenderedMessage); rendered {
				return true
			}
			if _, rendered := rec.Slot(evtx.RenderedChannel); rendered {
				return true
			}
			return p.filter.wantsChannel(v)
		}
	}
	return true
}
