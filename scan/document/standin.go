package document

import (
	"context"
	"slices"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// A stander is a document whose items stand in for those of another, with the
// note on what is found by them and, by the last parts of the other's terms,
// those of its own that answer.
type stander struct {
	document Document
	note     error // a match.StandIn
	terms    map[string][]string
}

// offered reports whether a source has what the document needs.
func (s *stander) offered(src source.Source) bool { return offeredBy(s.document, src) }

func offeredBy(d Document, src source.Source) bool {
	if on := Platforms(d); on != nil && !slices.Contains(on, src.Platform()) {
		return false
	}
	return !slices.ContainsFunc(NeedsOn(d, src.Platform()), func(c source.Capability) bool { return !src.Has(c) })
}

// fields are, by field of the document that it stands in for, its own.
func (s *stander) fields(document string, terms []match.Field) [][]int {
	have := s.document.Schema().Fields
	out := make([][]int, len(terms))
	for i, t := range terms {
		for _, name := range s.terms[t.Term[len(document)+1:]] {
			out[i] = append(out[i], slices.IndexFunc(have, func(f match.Field) bool { return f.Term == s.document.Name()+"/"+name }))
		}
	}
	return out
}

// run hands its items to the workers of the document it stands in for.
func (s *stander) run(ctx context.Context, document string, terms []match.Field, req *Request, workers int, newWorker func() Worker) (Listing, error) {
	fields := s.fields(document, terms)
	remembered, _ := Remembers(s.document)
	own := *req
	own.Want = nil
	return s.document.Run(ctx, &own, workers, func() Worker {
		return &standerWorker{newWorker(), standerItem{of: s, fields: fields, times: remembered.Times}}
	})
}

// join adds what stands in to a listing.
func (l *Listing) join(got Listing) {
	l.Objects += got.Objects
	l.Unlisted += got.Unlisted
	l.Notes = append(l.Notes, got.Notes...)
}

// A standerWorker hands on the items of another document.
type standerWorker struct {
	Worker
	item standerItem
}

// Item implements Worker. What could not be listed may have been anything, since
// its fields are those of another document.
func (w *standerWorker) Item(it match.Item) error {
	if f, ok := it.(match.Folder); ok {
		return w.Worker.Item(&lostRecords{f.Label(), f.Err()})
	}
	w.item.inner = it
	return w.Worker.Item(&w.item)
}

// A standerItem is an item of another document.
type standerItem struct {
	inner  match.Item
	of     *stander
	fields [][]int
	times  []int
}

func (i *standerItem) Label() string { return i.inner.Label() }

// Dated implements Dated.
func (i *standerItem) Dated() (match.Item, []int) { return i.inner, i.times }

// Event is the whole record, where the item is one.
func (i *standerItem) Event() []byte {
	if e, ok := i.inner.(interface{ Event() []byte }); ok {
		return e.Event()
	}
	return nil
}

// Each implements match.Item.
func (i *standerItem) Each(field int, yield func(ioc.Value) bool) error {
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
	return i.of.note
}
