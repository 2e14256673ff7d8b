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
	keys        []evtx.NameID // by field of the record: what it is called
	hasKeys     bool
	buf, joined []byte
	maker       messageMaker
}

// errDamaged answers what a damaged record may have had.
var errDamaged = errors.New("the record is damaged")

func (e *event) bindNames() {
	e.ids, e.unnamed = make([]evtx.NameID, len(e.names)), make([]bool, len(e.names))
	for i, name := range e.names {
		if name != "" {
			e.ids[i], e.unnamed[i] = e.r.ID(name), ioc.EqualFold(name, "Data")
		}
	}
}

func (e *event) bind(rec *evtx.Record) { e.rec, e.hasKeys = rec, false }

// Label implements match.Item: channel and record id, of a loose log behind
// its file.
func (e *event) Label() (label string) {
	defer func() {
		if x := recover(); x != nil {
			label = e.log.shown
			e.req.trouble(label, panicError(x))
		}
	}()
	b := e.buf[:0]
	if e.log.loose {
		b = append(append(b, e.log.shown...), ": "...)
	}
	if v, ok := e.rec.Slot(evtx.Channel); ok {
		b = append(v.AppendText(b), ' ')
	}
	b = strconv.AppendUint(append(b, "record "...), e.rec.EventRecordID(), 10)
	e.buf = b
	return string(b)
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
	if !e.text(v, yield) {
		return false
	}
	switch v.Type {
	case evtx.Hex32, evtx.Hex64, evtx.Size, evtx.Handle:
		if n, ok := v.Uint(); ok {
			e.buf = strconv.AppendUint(e.buf[:0], n, 10)
			return yield(ioc.TextValue(text(e.buf)))
		}
	case evtx.GUID:
		if n := len(e.buf); n > 2 && e.buf[0] == '{' {
			return yield(ioc.TextValue(text(e.buf[1 : n-1])))
		}
	}
	return true
}

// named yields the values of the event's data that have the name asked for.
func (e *event) named(field int, yield func(ioc.Value) bool) error {
	fields := e.rec.Fields()
	if !e.hasKeys {
		e.hasKeys, e.keys = true, e.keys[:0]
		for i := range fields {
			k := evtx.NameID(0)
			if fields[i].Data() && !fields[i].Continues() {
				k = e.rec.Key(i)
			}
			e.keys = append(e.keys, k)
		}
	}
	id, unnamed := e.ids[field], e.unnamed[field]
	for i, k := range e.keys {
		switch {
		case k == 0 && (!unnamed || !fields[i].Data() || fields[i].Continues()):
			continue
		case k != 0 && k != id:
			continue
		}
		if v := e.rec.Value(i); v.Type != evtx.Null && !e.forms(v, yield) {
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
