package document

import (
	"errors"
	"strconv"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
)

// eventFields are the terms of EventLogItem. Not among them is reserved, which
// EVTX has not got. What System says costs nothing beside finding the record;
// the event's data is looked for when asked.
var eventFields = []eventField{
	{match.Field{Term: "EventLogItem/log", Kind: ioc.Text, Repeats: true, Identity: true}, slotText(evtx.Channel)},
	{match.Field{Term: "EventLogItem/EID", Kind: ioc.Int, Identity: true, Same: sameEventID}, eventID},
	{match.Field{Term: "EventLogItem/index", Kind: ioc.Int, Identity: true}, recordID},
	{match.Field{Term: "EventLogItem/source", Kind: ioc.Text, Repeats: true, Identity: true}, slotText(evtx.ProviderName, evtx.EventSourceName)},
	{match.Field{Term: "EventLogItem/type", Kind: ioc.Text, Repeats: true, Identity: true}, eventType},
	{match.Field{Term: "EventLogItem/categoryNum", Kind: ioc.Text, Repeats: true}, slotText(evtx.Task)},
	{match.Field{Term: "EventLogItem/genTime", Kind: ioc.Time, Identity: true}, genTime},
	{match.Field{Term: "EventLogItem/writeTime", Kind: ioc.Time}, writeTime},
	{match.Field{Term: "EventLogItem/machine", Kind: ioc.Text, Repeats: true, Identity: true}, slotText(evtx.Computer)},
	{match.Field{Term: "EventLogItem/user", Kind: ioc.Text, Repeats: true}, eventUser},
	{match.Field{Term: "EventLogItem/ExecutionProcessId", Kind: ioc.Int}, slotInt(evtx.ProcessID)},
	{match.Field{Term: "EventLogItem/ExecutionThreadId", Kind: ioc.Int}, slotInt(evtx.ThreadID)},
	{match.Field{Term: "EventLogItem/CorrelationActivityId", Kind: ioc.Text}, slotText(evtx.ActivityID)},
	{match.Field{Term: "EventLogItem/CorrelationRelatedActivityId", Kind: ioc.Text}, slotText(evtx.RelatedActivityID)},

	{match.Field{Term: "EventLogItem/category", Kind: ioc.Text, Cost: match.Open}, eventCategory},
	{match.Field{Term: "EventLogItem/unformattedMessage/string", Kind: ioc.Text, Cost: match.Open, Multi: true}, insertions},
	{match.Field{Term: "EventLogItem/message", Kind: ioc.Text, Cost: match.Open, Multi: true}, message},
	{match.Field{Term: "EventLogItem/blob", Kind: ioc.Text, Cost: match.Open, Multi: true}, eventBlob},
	{match.Field{Term: dataTerm + ioc.Open, Kind: ioc.Text, Cost: match.Open, Multi: true}, noName},
}

// dataField is the field of a name of the event's data.
func dataField(_ int, name string) eventField {
	return eventField{match.Field{Term: dataTerm + "/" + name, Kind: ioc.Text, Cost: match.Open, Multi: true}, noName}
}

// noName: the term is asked for by the names that stand in place of its
// asterisk, which are fields of their own.
func noName(*event, func(ioc.Value) bool) error { return nil }

// slotText answers with places of System.
func slotText(slots ...evtx.Slot) func(*event, func(ioc.Value) bool) error {
	return func(e *event, yield func(ioc.Value) bool) error {
		any := false
		for _, s := range slots {
			if v, ok := e.rec.Slot(s); ok {
				any = true
				if !e.forms(v, yield) {
					return nil
				}
			}
		}
		if any {
			return nil
		}
		return e.absent()
	}
}

var errNoNumber = errors.New("the record has something else in place of a number")

// slotInt answers with a number of System.
func slotInt(s evtx.Slot) func(*event, func(ioc.Value) bool) error {
	return func(e *event, yield func(ioc.Value) bool) error {
		v, ok := e.rec.Slot(s)
		if !ok {
			return e.absent()
		}
		n, ok := v.Uint()
		if !ok {
			return errNoNumber
		}
		yield(ioc.IntValue(n))
		return nil
	}
}

// eventID answers with the number of 16 bits and with that of 32 bits which
// has the qualifiers above it.
func eventID(e *event, yield func(ioc.Value) bool) error {
	v, ok := e.rec.Slot(evtx.EventID)
	if !ok {
		return e.absent()
	}
	n, ok := v.Uint()
	if !ok {
		return errNoNumber
	}
	short := n & 0xffff
	if !yield(ioc.IntValue(short)) {
		return nil
	}
	if q, _ := e.rec.Uint(evtx.Qualifiers); n == short {
		n |= q & 0xffff << 16
	}
	if n != short {
		yield(ioc.IntValue(n))
	}
	return nil
}

// sameEventID: a short and a full number of one event do not contradict.
func sameEventID(a, b string) bool {
	x, err1 := strconv.ParseUint(a, 0, 64)
	y, err2 := strconv.ParseUint(b, 0, 64)
	return err1 == nil && err2 == nil && x&0xffff == y&0xffff && (x>>16 == 0 || y>>16 == 0)
}

// recordID is the number that Windows shows.
func recordID(e *event, yield func(ioc.Value) bool) error {
	yield(ioc.IntValue(e.rec.EventRecordID()))
	return nil
}

// The standard keywords of audits and levels, from winmeta.xml of the Windows
// SDK. The words are those of the interface before Windows Vista, which the
// term comes from; the Event Viewer turns those of audits round.
const (
	auditFailure = 0x10_0000_0000_0000
	auditSuccess = 0x20_0000_0000_0000
)

var levelWords = [...]string{"Information", "Critical", "Error", "Warning", "Information", "Verbose"}

// eventType answers with the word for the level, of an audit with its outcome.
func eventType(e *event, yield func(ioc.Value) bool) error {
	keywords, _ := e.rec.Uint(evtx.Keywords)
	switch {
	case keywords&auditFailure != 0:
		_ = yield(ioc.TextValue("Failure Audit")) && yield(ioc.TextValue("Audit Failure"))
		return nil
	case keywords&auditSuccess != 0:
		_ = yield(ioc.TextValue("Success Audit")) && yield(ioc.TextValue("Audit Success"))
		return nil
	}
	v, ok := e.rec.Slot(evtx.Level)
	if !ok {
		return e.absent()
	}
	n, ok := v.Uint()
	switch {
	case !ok:
		return errNoNumber
	case n < uint64(len(levelWords)):
		yield(ioc.TextValue(levelWords[n]))
	default: // a level of the provider's own
		e.text(v, yield)
	}
	return nil
}

var errNoTime = errors.New("the record has something else in place of a time")

func genTime(e *event, yield func(ioc.Value) bool) error {
	v, ok := e.rec.Slot(evtx.TimeCreated)
	if !ok {
		return e.absent()
	}
	t, ok := v.Ticks()
	if !ok {
		return errNoTime
	}
	yield(ioc.TicksValue(t))
	return nil
}

// writeTime is that of the record's head, which programs that write logs
// without Windows leave empty.
func writeTime(e *event, yield func(ioc.Value) bool) error {
	if t := e.rec.Ticks; t != 0 && t < 1<<63 {
		yield(ioc.TicksValue(int64(t)))
		return nil
	}
	return genTime(e, yield)
}

var errNoTables = errors.New("the text is not in the record but in the message files of its source")

// eventCategory is text that only the writer of the log can have put in.
func eventCategory(e *event, yield func(ioc.Value) bool) error {
	v, ok := e.rec.Slot(evtx.RenderedTask)
	if !ok {
		return errNoTables
	}
	e.text(v, yield)
	return nil
}

func insertions(e *event, yield func(ioc.Value) bool) error {
	e.data(func(v evtx.Value) bool { return v.Type == evtx.Null || e.text(v, yield) })
	return e.absent()
}

// messageNote goes with what was found without the text of the message.
const messageNote = match.StandIn("found in the insertion strings; the text of the message is not in the record")

var errMessage error = messageNote // made once: it is the answer of most records

// message is the text where the log carries it, as forwarded events do, or the
// one that the provider's message table makes of the record. Else the insertion
// strings stand for it, joined by blanks and each alone.
func message(e *event, yield func(ioc.Value) bool) error {
	if v, ok := e.rec.Slot(evtx.RenderedMessage); ok {
		e.text(v, yield)
		return nil
	}
	if any, err := e.built(yield); any {
		return err
	}
	n := 0
	b := e.joined[:0]
	e.data(func(v evtx.Value) bool {
		if n++; n > 1 {
			b = append(b, ' ')
		}
		b = e.append(b, v)
		return true
	})
	e.joined = b
	if n > 0 && !e.appended(b, yield) {
		return errMessage
	}
	if n > 1 && e.edges() {
		e.data(func(v evtx.Value) bool { return v.Type == evtx.Null || e.text(v, yield) })
	}
	return errMessage
}

// eventBlob is the binary data of events of the older interface, in
// hexadecimal.
func eventBlob(e *event, yield func(ioc.Value) bool) error {
	e.rec.Named(e.r.ID("Binary"), func(i int) bool { return e.forms(e.rec.Value(i), yield) })
	return e.absent()
}
