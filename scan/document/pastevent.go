package document

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
	"iocscan/scan/source"
)

// A pastDocument is a document of events that sensors report as they happen,
// such as processEvent. It is answered from what Windows has logged: one event
// is one item, and what the event does not carry is unknown.
//
// That no such event is found says something only where the class of events is
// logged at all, so a listing without any item is not complete. Nor is it ever
// full: what a log holds depends on what it was told to hold, and since when.
type pastDocument struct {
	name, summary string

	// partial says why the logs never hold all events of the class; mostly
	// empty.
	partial string

	terms []match.Field
	kinds []pastKind
}

// A pastKind is one kind of logged event and what it carries.
type pastKind struct {
	provider *pastProvider
	id       uint64
	only     pastTest // without a function every event counts
	answers  map[string]pastAnswer
}

// A pastProvider is who logs events, and where.
type pastProvider struct {
	name    string // of the provider
	short   string // what people call it
	channel string
}

// A pastAnswer says how a term is answered from the values of an event's data
// that have the names, in their order.
type pastAnswer struct {
	get   func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error
	names []string
}

// A pastTest asks an event whether it is of the class at all.
type pastTest struct {
	holds func(e *pastEvent, ids []evtx.NameID) bool
	names []string
}

func (d *pastDocument) Name() string               { return d.name }
func (d *pastDocument) Summary() string            { return d.summary }
func (d *pastDocument) Needs() []source.Capability { return []source.Capability{source.Logs} }
func (d *pastDocument) Schema() match.Document {
	return match.Document{Name: d.name, Fields: slices.Clone(d.terms)}
}

// Platforms implements Selective: other systems log in other ways.
func (d *pastDocument) Platforms() []source.Platform { return []source.Platform{source.Windows} }

// Channels implements Logged: where its events are.
func (d *pastDocument) Channels() []string {
	var out []string
	for i := range d.kinds {
		if c := d.kinds[i].provider.channel; !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// Run implements Document.
func (d *pastDocument) Run(ctx context.Context, req *Request, workers int, newWorker func() Worker) (Listing, error) {
	l, err := RunJointly(ctx, []Part{{d, req, newWorker}}, workers)
	return l[0], err
}

// A Logged document is answered from events of some channels, among others.
type Logged interface {
	Document
	Channels() []string
}

// A Joint document is listed together with others in one pass over the logs.
type Joint interface {
	Logged

	// past keeps the interface to the documents that RunJointly knows.
	past() *pastDocument
}

func (d *pastDocument) past() *pastDocument { return d }

// A Part is a document of a joint run.
type Part struct {
	Document  Joint
	Request   *Request
	NewWorker func() Worker
}

// seen names the events that a document is made of, for people: "Sysmon 1, 5".
func (d *pastDocument) seen() string {
	var parts []string
	var last *pastProvider
	for i := range d.kinds {
		k := &d.kinds[i]
		if k.provider == last {
			parts[len(parts)-1] += fmt.Sprintf(", %d", k.id)
			continue
		}
		last = k.provider
		parts = append(parts, fmt.Sprintf("%s %d", k.provider.short, k.id))
	}
	return strings.Join(parts, "; ")
}

// conclude says what the listing is worth now that it has so many items.
func (d *pastDocument) conclude(l *Listing) {
	switch {
	case l.Objects == 0:
		l.stop("no such event is in the logs looked at; they would be " + d.seen())
	case d.partial != "":
		l.stop(d.partial)
	}
	l.Full = false
}
