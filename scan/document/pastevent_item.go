package document

import (
	"bytes"
	"errors"
	"slices"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
)

// A pastView is what one goroutine sees logged events through.
type pastView struct {
	event event // the record in work

	providers []string                // by number
	byID      map[uint64][]*boundKind // by number of the provider, and event id
	last      []byte                  // provider of the record before, as the record has it
	lastAt    int                     // its number; -1: none that matters
	item      pastEvent

	at      []dataPlace // by NameID: where the record's data has it
	gen     uint32
	indexed bool // at is that of the record in work
	forms   []regForm

	spans   map[string]*Span // of the records seen, by channel, folded; of those that matter
	channel []byte           // of the record before, as the record has it
	span    *Span            // that of the channel
	other   Span             // of all other channels
}

type dataPlace struct {
	gen   uint32
	field int32
}

// A boundKind is a kind of events with the names that its answers need as the
// numbers that the goroutine's reader knows them by.
type boundKind struct {
	*pastKind
	part    int  // of the run
	seen    bool // there was such an event
	test    []evtx.NameID
	answers []boundAnswer
}

type boundAnswer struct {
	get func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error
	ids []evtx.NameID
}

// A pastEvent is a record as an item of one of the documents.
type pastEvent struct {
	view *pastView
	kind *boundKind
	buf  []byte
}

func newPastView(parts []Part, req *Request) *pastView {
	var names []string
	for _, p := range parts {
		for _, k := range p.Document.past().kinds {
			names = append(names, k.only.names...)
			for _, a := range k.answers {
				names = append(names, a.names...)
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	v := &pastView{
		event: event{req: req, r: evtx.NewReader(names...), filter: req.Events.filter()},
		byID:  map[uint64][]*boundKind{}, lastAt: -1, spans: map[string]*Span{},
	}
	v.item.view = v
	for _, n := range names {
		for id := v.event.r.ID(n); int(id) >= len(v.at); {
			v.at = append(v.at, dataPlace{})
		}
	}
	for part, p := range parts {
		d := p.Document.past()
		for _, c := range d.Channels() {
			v.spans[ioc.Fold(c)] = &Span{}
		}
		for i := range d.kinds {
			k := v.boundKind(d, &d.kinds[i], part)
			key := uint64(v.provider(k.provider.name))<<32 | k.id
			v.byID[key] = append(v.byID[key], k)
		}
	}
	return v
}

// boundKind puts the answers of a kind at the places of the document's terms.
func (v *pastView) boundKind(d *pastDocument, k *pastKind, part int) *boundKind {
	b := &boundKind{pastKind: k, part: part, test: v.ids(k.only.names), answers: make([]boundAnswer, len(d.terms))}
	for i, f := range d.terms {
		if a, ok := k.answers[f.Term[len(d.name)+1:]]; ok {
			b.answers[i] = boundAnswer{a.get, v.ids(a.names)}
		}
	}
	return b
}

func (v *pastView) ids(names []string) []evtx.NameID {
	ids := make([]evtx.NameID, len(names))
	for i, n := range names {
		ids[i] = v.event.r.ID(n)
	}
	return ids
}

// provider is the number of a provider.
func (v *pastView) provider(name string) int {
	i := slices.Index(v.providers, name)
	if i < 0 {
		i = len(v.providers)
		v.providers = append(v.providers, name)
	}
	return i
}

// kinds are those that a record is of: looked up by what System says, before
// anything else of the record is read.
func (v *pastView) kinds(rec *evtx.Record) []*boundKind {
	p, ok := rec.Slot(evtx.ProviderName)
	if !ok {
		return nil
	}
	if len(v.last) == 0 || !bytes.Equal(v.last, p.Bytes) {
		v.last = append(v.last[:0], p.Bytes...)
		v.lastAt = slices.IndexFunc(v.providers, func(n string) bool { return ioc.EqualFold(n, p.String()) })
	}
	if v.lastAt < 0 {
		return nil
	}
	id, ok := rec.Uint(evtx.EventID)
	if !ok {
		return nil
	}
	found := v.byID[uint64(v.lastAt)<<32|id&0xffff]
	if len(found) > 0 {
		v.event.bind(rec)
		v.indexed = false
	}
	return found
}

// note enters the time of a record in the span of its channel.
func (v *pastView) note(rec *evtx.Record) {
	at, ok := rec.Time()
	if !ok || at <= 0 {
		return
	}
	c, _ := rec.Slot(evtx.Channel)
	if v.span == nil || !bytes.Equal(v.channel, c.Bytes) {
		v.channel = append(v.channel[:0], c.Bytes...)
		name := c.String()
		if v.span = v.spans[ioc.Fold(name)]; v.span == nil {
			v.span = &v.other
		}
	}
	v.span.Add(at)
}

func (v *pastView) bind(k *boundKind) *pastEvent {
	v.item.kind = k
	return &v.item
}

// Label implements match.Item.
func (e *pastEvent) Label() string { return e.view.event.Label() }

// Event is the whole record as JSON, for the report of a finding.
func (e *pastEvent) Event() []byte { return e.view.event.Event() }

// errNotLogged answers a term that the kind of event does not carry, or that
// the one event leaves open.
var errNotLogged = errors.New("the logged event does not tell it")

// Each implements match.Item.
func (e *pastEvent) Each(field int, yield func(ioc.Value) bool) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = panicError(x)
			e.view.event.req.trouble(e.Label(), err)
		}
	}()
	a := &e.kind.answers[field]
	if a.get == nil {
		return errNotLogged
	}
	e.buf = e.buf[:0]
	return a.get(e, a.ids, yield)
}

// value is that of the event's data with the name, the first of several.
func (e *pastEvent) value(id evtx.NameID) (evtx.Value, bool) {
	v := e.view
	if !v.indexed {
		v.index()
	}
	if p := v.at[id]; p.gen == v.gen {
		x := v.event.rec.Value(int(p.field))
		return x, x.Type != evtx.Null
	}
	return evtx.Value{}, false
}

// index notes where the record's data has the names that answers need.
func (v *pastView) index() {
	v.indexed = true
	if v.gen++; v.gen == 0 { // after 2^32 records
		clear(v.at)
		v.gen = 1
	}
	fields := v.event.rec.Fields()
	for i := range fields {
		if !fields[i].Data() || fields[i].Continues() {
			continue
		}
		if k := v.event.rec.Key(i); k != 0 && int(k) < len(v.at) && v.at[k].gen != v.gen {
			v.at[k] = dataPlace{v.gen, int32(i)}
		}
	}
}

// text is a value as text, until the next field is asked. known is false where
// the event has none: Sysmon and the security log write a dash, a question
// mark or words for what they could not find out.
func (e *pastEvent) text(id evtx.NameID) (s string, known bool) {
	v, ok := e.value(id)
	if !ok {
		return "", false
	}
	from := len(e.buf)
	e.buf = v.AppendText(e.buf)
	s = text(e.buf[from:])
	switch s {
	case "", "-", "?", "<unknown process>":
		return "", false
	}
	return s, true
}
