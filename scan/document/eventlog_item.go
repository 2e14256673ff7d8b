package document

import (
	"errors"
	"strconv"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
)

// An event is one record as the engine sees it. A worker has one, which is
// bound to one record after the other.
type event struct {
	*eventDocument
	req    *Request
	shared *eventShared
	filter eventFilter
	log    *eventLog
	r      *evtx.Reader
	rec    *evtx.Record
	whole  evtx.Whole

	ids         []evtx.NameID // by field: the name asked for
	unnamed     []bool        // by field: Data elements without a name are asked for
	asked       []bool        // by NameID: it is among ids; those without a name are 0
	wanted      []namedData   // of the record: what has a name that is asked for
	hasWanted   bool
	buf, joined []byte
	maker       messageMaker
	users       userAnswers
	fold        foldedTexts
}

// namedData is a field of the record and the name that it has, 0 for none.
type namedData struct {
	name  evtx.NameID
	field int
}

// errDamaged answers what a damaged record may have had.
var errDamaged = errors.New("the record is damaged")

func (e *event) bindNames() {
	e.ids, e.unnamed = make([]evtx.NameID, len(e.names)), make([]bool, len(e.names))
	for i, name := range e.names {
		if name != "" {
			e.ids[i], e.unnamed[i] = e.r.ID(name), ioc.EqualFold(name, "Data")
			e.ask(e.ids[i])
			if e.unnamed[i] {
				e.ask(0)
			}
		}
	}
}

func (e *event) ask(id evtx.NameID) {
	for int(id) >= len(e.asked) {
		e.asked = append(e.asked, false)
	}
	e.asked[id] = true
}

func (e *event) bind(rec *evtx.Record) { e.rec, e.hasWanted = rec, false }

// Label implements match.Item: channel and record id, of a loose log behind
// its file.
func (e *event) Label() string { return string(e.AppendLabel(nil)) }

// AppendLabel implements match.LabelAppender.
func (e *event) AppendLabel(dst []byte) (label []byte) {
	defer func() {
		if x := recover(); x != nil {
			label = append(dst, e.log.shown...)
			e.req.trouble(e.log.shown, panicError(x))
		}
	}()
	b := dst
	if e.log.loose {
		b = append(append(b, e.log.shown...), ": "...)
	}
	if v, ok := e.rec.Slot(evtx.Channel); ok {
		b = append(v.AppendText(b), ' ')
	}
	return strconv.AppendUint(append(b, "record "...), e.rec.EventRecordID(), 10)
}

// Each implements match.Item.
func (e *event) Each(field int, yield func(ioc.Value) bool) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = panicError(x)
			e.req.trouble(e.Label(), err)
		}
	}()
	if e.names[field] != "" {
		return e.named(field, yield)
	}
	return e.fields[field].get(e, yield)
}

// Event is the whole record as JSON, for the report of a finding.
func (e *event) Event() (json []byte) {
	defer func() {
		if x := recover(); x != nil {
			json = nil
			e.req.trouble(e.Label(), panicError(x))
		}
	}()
	whole, err := e.whole.Event(e.rec)
	if err != nil {
		e.req.trouble(e.Label(), err)
		return nil
	}
	return whole.JSON
}

// absent is the answer where the record has no value: none, or unknown because
// it is damaged.
func (e *event) absent() error {
	if e.rec.Err() != nil {
		return errDamaged
	}
	return nil
}

// text yields a value as it is written. It reports whether to go on.
func (e *event) text(v evtx.Value, yield func(ioc.Value) bool) bool {
	if e.fold.on {
		if e.fold.numbers || v.IsText() {
			e.fold.texts = v.AppendFolded(append(e.fold.texts, match.Mark))
		}
		return true
	}
	e.buf = v.AppendText(e.buf[:0])
	return yield(ioc.TextValue(text(e.buf)))
}

// forms yields a value and other ways in which it is written: the elements of
// an array, decimal for hexadecimal numbers, GUIDs without braces.
func (e *event) forms(v evtx.Value, yield func(ioc.Value) bool) (more bool) {
	if v.Type&evtx.Array != 0 {
		more = true
		v.Elems(func(v evtx.Value) bool {
			more = e.forms(v, yield)
			return more
		})
		return more
	}
	from := len(e.fold.texts) + 1
	if !e.text(v, yield) {
		return false
	}
	if e.fold.on && !e.fold.numbers {
		return true
	}
	switch v.Type {
	case evtx.Hex32, evtx.Hex64, evtx.Size, evtx.Handle:
		if n, ok := v.Uint(); ok {
			e.buf = strconv.AppendUint(e.buf[:0], n, 10)
			return yield(ioc.TextValue(text(e.buf)))
		}
	case evtx.GUID:
		written := e.buf
		if e.fold.on {
			written = e.fold.texts[from:]
		}
		if n := len(written); n > 2 && written[0] == '{' {
			return yield(ioc.TextValue(text(written[1 : n-1])))
		}
	}
	return true
}

// named yields the values of the event's data that have the name asked for.
func (e *event) named(field int, yield func(ioc.Value) bool) error {
	if !e.hasWanted {
		e.hasWanted, e.wanted = true, e.wanted[:0]
		fields := e.rec.Fields()
		for i := range fields {
			if fields[i].Data() && !fields[i].Continues() {
				if k := e.rec.Key(i); int(k) < len(e.asked) && e.asked[k] {
					e.wanted = append(e.wanted, namedData{k, i})
				}
			}
		}
	}
	id, unnamed := e.ids[field], e.unnamed[field]
	for _, d := range e.wanted {
		if d.name != id && (d.name != 0 || !unnamed) {
			continue
		}
		if v := e.rec.Value(d.field); v.Type != evtx.Null && !e.forms(v, yield) {
			return nil
		}
	}
	return e.absent()
}

// data yields the values of the event's data in order, each alone.
func (e *event) data(yield func(evtx.Value) bool) {
	fields := e.rec.Fields()
	more := true
	for i := range fields {
		if !fields[i].Data() || fields[i].Continues() {
			continue
		}
		v := e.rec.Value(i)
		if v.Type&evtx.Array == 0 {
			more = yield(v)
		} else {
			v.Elems(func(v evtx.Value) bool {
				more = yield(v)
				return more
			})
		}
		if !more {
			return
		}
	}
}

// lostRecords is match.Folder: records that there may have been and that could
// not be read.
type lostRecords struct {
	log string
	why error
}

func (l *lostRecords) Label() string                        { return l.log }
func (l *lostRecords) Err() error                           { return l.why }
func (l *lostRecords) Each(int, func(ioc.Value) bool) error { return l.why }
func (l *lostRecords) Possible(_ int, _ *ioc.Pattern) bool  { return true }

var _ match.Folder = (*lostRecords)(nil)
