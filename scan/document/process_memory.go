package document

import (
	"context"
	"errors"
	"fmt"
	"io"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

const (
	// memoryGap is the number of zeros that stand between regions that do not
	// touch, so that no text runs from one into the other.
	memoryGap = 16
	// mostMemory bounds what is read of one process.
	mostMemory = 16 << 30
)

var errTooMuchMemory = errors.New("maps more than 16 GiB that can be read")

// A processView is one goroutine's view of processes. The content of a process
// is what can be read of its memory, region after region.
type processView struct {
	item[process]
	ctx   context.Context
	block []byte

	open  addressSpace
	spans []span
	size  int64
	err   error
	asked bool
	got   bool // something could be read

	off       []bool // by field: the user does not want it looked at
	noStrings bool   // likewise the strings
	mapped    *mappedFiles
	file      *fileItem // that mapped files are looked at with; nil: none was
}

// A span is a readable region and its place in the content.
type span struct {
	off, size int64
	address   uint64
}

func openProcesses(ctx context.Context, req *Request, t *Table[process], workers int) session[process] {
	off := switchedOff(t.fields, req.ProcessData)
	mapped := &mappedFiles{ctx: ctx, req: req, fields: t.fields, known: map[mappedKey]*mappedFile{}}
	return session[process]{
		goroutines: workers,
		items: func() items[process] {
			return &processView{item: item[process]{table: t, req: req}, ctx: ctx, off: off, noStrings: off[t.field(memoryStringTerm)], mapped: mapped}
		},
		close: func() {},
	}
}

func (v *processView) bind(row *process) match.Item {
	v.close()
	v.spans, v.size, v.err, v.asked, v.got = v.spans[:0], 0, nil, false, false
	v.item.bind(row)
	row.view = v
	return v
}

func (v *processView) close() {
	if v.open != nil {
		v.open.Close() // read-only: nothing to lose
		v.open = nil
	}
}

// Each implements match.Item.
func (v *processView) Each(field int, yield func(ioc.Value) bool) error {
	if v.off[field] {
		return errSwitchedOff
	}
	return v.item.Each(field, yield)
}

// prepare finds what there is to read.
func (v *processView) prepare() error {
	if v.asked {
		return v.err
	}
	v.asked = true
	if v.err = v.findSpans(); v.err != nil {
		v.close()
	}
	return v.err
}

func (v *processView) findSpans() (err error) {
	p := v.row
	if v.open, err = p.host.memory(p.pid); err != nil {
		v.open = nil
		if errors.Is(err, errNoProcess) {
			err = match.ErrNoContent
		}
		return err
	}
	list, err := p.regions()
	if err != nil {
		return err
	}
	end := uint64(0)
	for _, r := range list {
		if !r.readable || r.size == 0 || r.size > mostMemory {
			if r.readable && r.size > mostMemory {
				return errTooMuchMemory
			}
			continue
		}
		if r.start != end && v.size > 0 {
			v.size += memoryGap
		}
		v.spans = append(v.spans, span{v.size, int64(r.size), r.start})
		v.size, end = v.size+int64(r.size), r.start+r.size
		if v.size > mostMemory {
			return errTooMuchMemory
		}
	}
	return nil
}

// Read implements match.ContentItem. There is no other content field than the
// strings.
func (v *processView) Read(_ []int, blocks func([]byte)) (err error) {
	defer v.guard(&err)
	if v.noStrings {
		return errSwitchedOff
	}
	if err := v.prepare(); err != nil || blocks == nil {
		return err
	}
	if v.block == nil {
		v.block = make([]byte, blockSize)
	}
	for off := int64(0); off < v.size; {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		n, err := v.readAt(v.block[:min(blockSize, v.size-off)], off)
		if errors.Is(err, errNoProcess) {
			return match.ErrNoContent // nothing of it is left
		}
		if err != nil {
			return err
		}
		blocks(v.block[:n])
		v.req.Progress.addBytes(n)
		off += int64(n)
	}
	if v.size > 0 && !v.got {
		return fmt.Errorf("%w: none of its memory", errHidden)
	}
	return nil
}

// ReadAt implements match.ContentItem.
func (v *processView) ReadAt(p []byte, off int64) (n int, err error) {
	defer v.guard(&err)
	if err := v.prepare(); err != nil {
		return 0, err
	}
	if off >= v.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > v.size-off
	n, err = v.readAt(p[:min(int64(len(p)), v.size-off)], off)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// readAt fills all of p. Pages that the system does not give, such as guards
// and what the process has let go meanwhile, are zeros.
func (v *processView) readAt(p []byte, off int64) (int, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, err
	}
	clear(p)
	end := off + int64(len(p))
	for i := v.spanAt(off); i < len(v.spans) && v.spans[i].off < end; i++ {
		s := v.spans[i]
		from, to := max(off, s.off), min(end, s.off+s.size)
		if from >= to {
			continue
		}
		if err := v.readSpan(p[from-off:to-off], s.address+uint64(from-s.off)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// readSpan reads as much as there is, page by page where the whole is refused.
func (v *processView) readSpan(p []byte, address uint64) error {
	const page = 4096
	for len(p) > 0 {
		n, err := v.open.ReadAt(p, int64(address))
		if errors.Is(err, errNoProcess) {
			return err
		}
		if n > 0 {
			v.got = true
		} else {
			n = min(len(p), page-int(address%page))
		}
		p, address = p[n:], address+uint64(n)
	}
	return nil
}

// spanAt is the first span that ends behind an offset.
func (v *processView) spanAt(off int64) int {
	low, high := 0, len(v.spans)
	for low < high {
		mid := (low + high) / 2
		if s := v.spans[mid]; s.off+s.size > off {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// Size implements match.ContentItem.
func (v *processView) Size() int64 { return v.size }

func memoryStrings(p *process, yield func(ioc.Value) bool) error {
	v := p.view
	err := v.Read(nil, nil)
	if errors.Is(err, match.ErrNoContent) {
		return nil
	}
	if err != nil {
		return err
	}
	return eachString(v.ctx, v, v.size, yield)
}
