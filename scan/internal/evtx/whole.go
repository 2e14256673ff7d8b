package evtx

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Whole gives complete records for a report. Unlike a Reader it is slow, so
// it is asked for records that matter only, best for those of a chunk in a
// row. It is not safe for concurrent use.
//
// An event has the shape in which the library (www.velocidex.com/golang/evtx)
// gives it. Most are written from our own values; those that hold something
// without a rule are built by the library behind a guard, compared with our
// values, and built from those where the library cannot or where it lost one.
type Whole struct {
	// NoLibrary builds all events from our own values.
	NoLibrary bool

	plain  plainWriter
	reader *Reader
	gen    uint32
	buf    []byte
	chunk  *libraryChunk
}

// An Event is a complete record.
type Event struct {
	// JSON is {"Event": {"System": …, "EventData": …}} with the members in the
	// order of the event. Attributes are members, the text of an element that
	// has attributes is Value, Data elements are members by their name, a name
	// that occurs more than once has a list.
	JSON json.RawMessage

	// Library: made by the library; else from our own values, and Reason, if
	// the library was asked, says why.
	Library bool
	Reason  string

	// Changed are values whose form in the library was replaced by the exact
	// one, Lost those that it lacks or has differently, Extra those that only
	// it has.
	Changed, Lost, Extra []Difference
}

// Event is the whole of the Reader's current record. An error means that it is
// too large to be written out.
func (w *Whole) Event(rec *Record) (Event, error) {
	if !w.NoLibrary {
		if json, ok := w.plain.event(rec); ok {
			return Event{JSON: slices.Clone(json)}, nil
		}
		if w.plain.lossy {
			return ownEvent(rec, errLossy)
		}
	}
	return w.compared(rec)
}

// ownEvent is the event from our own values.
func ownEvent(rec *Record, why error) (e Event, err error) {
	e.Reason = why.Error()
	if e.JSON, err = rec.tree().appendJSON(nil); err != nil {
		return e, fmt.Errorf("record %d: %w", rec.Number, err)
	}
	return e, nil
}

// compared is the event by the library if that has all of the record.
func (w *Whole) compared(rec *Record) (Event, error) {
	rec.Fields()
	var e Event
	err := errNoLibrary
	if !w.NoLibrary {
		err = w.fromLibrary(rec, &e)
	}
	if err == nil {
		e.Library = true
		return e, nil
	}
	own, err := ownEvent(rec, err)
	e.JSON, e.Reason = own.JSON, own.Reason
	return e, err
}

var (
	errLossy     = errors.New("the library would lose a value")
	errNoLibrary = errors.New("the library is not used")
	errNoRecord  = errors.New("the library cannot read the record")
)

func (w *Whole) fromLibrary(rec *Record, e *Event) error {
	r := rec.r
	if w.reader != r || w.gen != r.gen {
		w.reader, w.gen = r, r.gen
		w.buf = append(w.buf[:0], r.buf[:ChunkSize]...)
		w.chunk = newLibraryChunk(w.buf)
	}
	d, err := w.chunk.event(rec.Offset)
	if err != nil {
		return err
	}
	if d == nil {
		return errNoRecord
	}
	n, err := new(treeMaker).make("", d)
	if err != nil {
		return err
	}
	e.Changed, e.Lost, e.Extra = rec.reconcile(n)
	switch {
	case len(e.Lost) > 0:
		return fmt.Errorf("the library loses %d values, the first is %s", len(e.Lost), e.Lost[0].Name)
	case len(e.Extra) > 0:
		return fmt.Errorf("the library has %d values that we have not, the first is %s", len(e.Extra), e.Extra[0].Name)
	}
	e.JSON, err = n.appendJSON(nil)
	return err
}
