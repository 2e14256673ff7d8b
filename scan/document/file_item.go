package document

import (
	"context"
	"errors"
	"io"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// A fileItem is one worker's view of a file: its buffers, and what has been
// found out about the row in work.
type fileItem struct {
	item[file]
	standIn standIn
	buf     []byte // of the path forms

	path string
	told map[string]bool // troubles of this object

	stated  bool
	info    source.Info
	infoErr error

	owned    bool
	owner    source.Owner
	ownerErr error

	names   nameState
	streams streamState
	pe      peState

	content  reading
	have     digestSet // those that content holds for this row
	readErr  error
	size     int64
	file     source.File // kept open while the engine may read again
	digestOf []digestSet // by field
}

// openFiles reads many contents at once where that makes MD5s cheaper.
func openFiles(ctx context.Context, req *Request, t *Table[file], workers int) session[file] {
	s := session[file]{goroutines: workers, close: func() {}}
	var l *lanes
	if hasLanes() && req.wants(t.field(digestTerms[digestMD5])) {
		l = newLanes(workers)
		s.goroutines, s.close = min(workers*lanesPerWorker, mostLanes), l.close
	}
	s.items = func() items[file] { return newFileItem(ctx, req, t, l) }
	return s
}

func newFileItem(ctx context.Context, req *Request, t *Table[file], l *lanes) *fileItem {
	i := &fileItem{item: item[file]{table: t, req: req}}
	i.standIn.of = i
	i.content = reading{ctx: ctx, max: req.MaxFileSize, progress: req.Progress, lanes: l}
	i.streams.content = reading{ctx: ctx, max: req.MaxFileSize, progress: req.Progress}
	i.digestOf = make([]digestSet, len(t.fields))
	for n := range t.fields {
		for d, term := range digestTerms {
			if t.fields[n].Term == term {
				i.digestOf[n] = setOf(digest(d))
			}
		}
		for d, term := range streamDigestTerms {
			if t.fields[n].Term == term && req.wants(n) {
				i.streams.want |= setOf(digest(d))
			}
		}
	}
	return i
}

// reset forgets the last row.
func (i *fileItem) reset() {
	i.close()
	i.path, i.stated, i.owned = "", false, false
	i.streams.asked, i.names.asked = false, false
	i.have, i.readErr, i.size = 0, nil, -1
	clear(i.told)
}

func (i *fileItem) close() {
	i.closeContent()
	i.pe.close()
}

func (i *fileItem) closeContent() {
	if i.file != nil {
		i.file.Close() // read-only: nothing to lose
		i.file = nil
	}
}

// tell reports a trouble of the object, each once.
func (i *fileItem) tell(err error) {
	if i.content.ctx.Err() != nil && errors.Is(err, i.content.ctx.Err()) {
		return // the end of the scan is no trouble of a file
	}
	if i.told[err.Error()] {
		return
	}
	if i.told == nil {
		i.told = map[string]bool{}
	}
	i.told[err.Error()] = true
	i.req.trouble(labelOfFile(i.row), err)
}

// Read implements match.ContentItem.
func (i *fileItem) Read(want []int, blocks func([]byte)) (err error) {
	defer i.guard(&err)
	var need digestSet
	for _, f := range want {
		need |= i.digestOf[f]
	}
	return i.read(need, blocks, blocks != nil)
}

// read reads the content if it has to; keep leaves the file open.
func (i *fileItem) read(need digestSet, blocks func([]byte), keep bool) error {
	f := i.row
	switch {
	case !f.hasContent():
		return match.ErrNoContent
	case f.why != nil:
		return f.why
	case i.readErr != nil:
		return i.readErr
	}
	if need &^= i.have; need == 0 && blocks == nil && (!keep || i.file != nil) {
		return nil
	}
	if i.readErr = i.readContent(need, blocks, keep); i.readErr != nil {
		i.closeContent()
		i.have = 0
		i.tell(i.readErr)
	}
	return i.readErr
}

func (i *fileItem) readContent(need digestSet, blocks func([]byte), keep bool) error {
	f := i.row
	if f.typ == source.Cloud {
		return source.ErrOffline // not opened, so that nothing is fetched
	}
	if f.info != nil && i.content.max > 0 && f.info.Size > i.content.max {
		return errTooLarge
	}
	i.closeContent()
	if f.deleted != nil && f.deleted.Reused {
		return source.ErrReused
	}
	file, err := f.in.vol.FS.Open(f.path())
	if err != nil {
		return err
	}
	i.file = file
	if need != 0 || blocks != nil || i.size < 0 {
		if i.content.max == 0 || i.content.max > longFile {
			i.showLong(file)
		}
		size, err := i.content.read(file, need, blocks)
		if err != nil {
			return err
		}
		if need != setOf(digestMD54K) || blocks != nil {
			i.size = size
		}
		i.have |= need
	}
	if !keep {
		i.closeContent()
	}
	return nil
}

// longFile takes long enough to read for its name to be worth showing.
const longFile = 64 << 20

func (i *fileItem) showLong(f source.File) {
	if i.req.Progress == nil {
		return
	}
	if info, err := f.Info(); err == nil && info.Size > longFile {
		shown := i.row.shown()
		i.req.Progress.at(&shown)
	}
}

// ReadAt implements match.ContentItem.
func (i *fileItem) ReadAt(p []byte, off int64) (n int, err error) {
	defer i.guard(&err)
	if err := i.content.ctx.Err(); err != nil {
		return 0, err
	}
	if err := i.read(0, nil, true); err != nil {
		return 0, err
	}
	if off >= i.size {
		return 0, io.EOF
	}
	short := false
	if int64(len(p)) > i.size-off {
		p, short = p[:i.size-off], true
	}
	n, err = i.file.ReadAt(p, off)
	if err == io.EOF && n == len(p) {
		err = nil
	}
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// Size implements match.ContentItem.
func (i *fileItem) Size() int64 { return max(0, i.size) }

// digestField answers a hash of the content, reading it if Read has not.
func digestField(d digest) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		err := f.item.read(setOf(d), nil, false)
		if errors.Is(err, match.ErrNoContent) {
			return nil
		}
		if err != nil {
			return err
		}
		yield(ioc.DigestValue(f.item.content.raw(d)))
		return nil
	}
}
