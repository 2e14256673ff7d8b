package document

import (
	"context"
	"errors"
	"slices"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// wire is Network: what was seen on the wire, which no host keeps. What a
// host keeps of it stands in: names that were asked for and pages that were
// visited. That can confirm and never deny.
var wire = networkDocument{
	terms: []match.Field{
		{Term: "Network/DNS", Kind: ioc.Text, Same: any2, Identity: true},
		{Term: "Network/URI", Kind: ioc.Text, Same: any2, Identity: true},
		{Term: "Network/HTTP_Referrer", Kind: ioc.Text, Same: any2},
	},
	from: []networkOrigin{
		{&names, match.StandIn("the resolver's cache or the hosts file has the name; that it was looked up on the network is not told"), map[string][]string{
			"DNS": {"Host", "RecordName", "RecordData/Host"}}},
		{&visits, match.StandIn("a browser's history has it; that it was seen on the network is not told"), map[string][]string{
			"DNS": {"HostName"}, "URI": {"URL"}, "HTTP_Referrer": {"VisitFrom"}}},
		{&lookupEvents, match.StandIn("an event log says that the name was looked up; that it was seen on the network is not told"), map[string][]string{
			"DNS": {"hostname"}}},
		{&urlEvents, match.StandIn("an event log says that BITS was to transfer it; that it was seen on the network is not told"), map[string][]string{
			"DNS": {"hostname"}, "URI": {"requestUrl"}}},
	},
}

// A networkDocument is made of the items of other documents.
type networkDocument struct {
	terms []match.Field
	from  []networkOrigin
}

// A networkOrigin is a document whose items stand in, with the note on what is
// found by them and, by terms of Network, the terms that answer.
type networkOrigin struct {
	document Document
	note     error // a match.StandIn
	terms    map[string][]string
}

func (d *networkDocument) Name() string { return "Network" }
func (d *networkDocument) Summary() string {
	return "names and addresses of pages that caches, histories and event logs have, in place of what was seen on the network"
}
func (d *networkDocument) Needs() []source.Capability { return []source.Capability{source.Files} }

// NeedsOn implements Demanding: loose logs of Windows are enough.
func (d *networkDocument) NeedsOn(p source.Platform) []source.Capability {
	if p == source.Windows {
		return []source.Capability{source.Logs}
	}
	return d.Needs()
}

func (d *networkDocument) Schema() match.Document {
	return match.Document{Name: d.Name(), Fields: slices.Clone(d.terms)}
}

// Channels are those of the logs that stand in.
func (d *networkDocument) Channels() []string {
	return slices.Concat(lookupEvents.Channels(), urlEvents.Channels())
}

const networkWhy = "no host keeps what was seen on the network: caches, histories and event logs stand in for it and can only confirm"

// Run implements Document.
func (d *networkDocument) Run(ctx context.Context, req *Request, workers int, newWorker func() Worker) (Listing, error) {
	l := Listing{Complete: true}
	var errs []error
	for i := range d.from {
		o := &d.from[i]
		if !o.offered(req.Source) {
			continue
		}
		fields := o.fields(d.terms)
		remembered, _ := Remembers(o.document)
		part := *req
		part.Want = nil
		got, err := o.document.Run(ctx, &part, workers, func() Worker {
			return &networkWorker{newWorker(), networkItem{origin: o, fields: fields, times: remembered.Times}}
		})
		l.Objects += got.Objects
		l.Unlisted += got.Unlisted
		l.Notes = append(l.Notes, got.Notes...)
		errs = append(errs, err)
	}
	l.stop(networkWhy)
	return l, errors.Join(errs...)
}

// offered reports whether a source has what the document needs.
func (o *networkOrigin) offered(s source.Source) bool {
	if on := Platforms(o.document); on != nil && !slices.Contains(on, s.Platform()) {
		return false
	}
	return !slices.ContainsFunc(NeedsOn(o.document, s.Platform()), func(c source.Capability) bool { return !s.Has(c) })
}

// fields are, by field of Network, those of the document that answer it.
func (o *networkOrigin) fields(terms []match.Field) [][]int {
	have := o.document.Schema().Fields
	out := make([][]int, len(terms))
	for i, t := range terms {
		for _, name := range o.terms[t.Term[len("Network/"):]] {
			out[i] = append(out[i], slices.IndexFunc(have, func(f match.Field) bool { return f.Term == o.document.Name()+"/"+name }))
		}
	}
	return out
}

// A networkWorker hands on the items of another document.
type networkWorker struct {
	Worker
	item networkItem
}

// Item implements Worker. What could not be listed of another document is told
// by its notes and troubles: Network is not listed to its end in any case.
func (w *networkWorker) Item(it match.Item) error {
	if _, ok := it.(match.Folder); ok {
		return nil
	}
	w.item.inner = it
	return w.Worker.Item(&w.item)
}

// A networkItem is an item of another document that stands in.
type networkItem struct {
	inner  match.Item
	origin *networkOrigin
	fields [][]int
	times  []int
}

func (i *networkItem) Label() string { return i.inner.Label() }

// Dated implements Dated.
func (i *networkItem) Dated() (match.Item, []int) { return i.inner, i.times }

// Each implements match.Item.
func (i *networkItem) Each(field int, yield func(ioc.Value) bool) error {
	more := true
	for _, f := range i.fields[field] {
		if !more {
			break
		}
		// Whether or not all values are told, what is not found is unknown.
		_ = i.inner.Each(f, func(v ioc.Value) bool {
			more = yield(v)
			return more
		})
	}
	return i.origin.note
}
