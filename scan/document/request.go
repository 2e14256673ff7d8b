package document

import (
	"context"
	"errors"
	"sync/atomic"

	"iocscan/ioc/match"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// A Document lists the items of one OpenIOC document.
type Document interface {
	Name() string               // such as FileItem
	Summary() string            // what its items are, for people
	Needs() []source.Capability // all of them
	Schema() match.Document     // its terms; the numbers of fields are places in it

	// Run hands every item in scope to one of the workers, each of which
	// belongs to one goroutine. Order does not matter. An error is that of a
	// worker and ends the run; what cannot be read is told as Trouble and in
	// the Listing.
	Run(ctx context.Context, req *Request, workers int, newWorker func() Worker) (Listing, error)
}

// A Worker takes items one after the other. An item, and every value it
// yields, is valid only during the call.
type Worker interface {
	Item(match.Item) error
	Close() error
}

// An Opener is a document with open terms, such as EventLogItem/EventData/*,
// that stand for any name.
type Opener interface {
	Document
	// With is the document with fields for those of the terms that are open;
	// the fields it has keep their numbers.
	With(terms []string) Document
}

// A Selective is a document that can be listed from the evidence of some
// systems and not, or not yet, from that of others.
type Selective interface {
	Document
	Platforms() []source.Platform // nil: all
}

// Platforms are the systems whose evidence a document can be listed from; nil:
// all. On any other the document is unavailable, which says nothing about
// whether such a system has things of the kind.
func Platforms(d Document) []source.Platform {
	if s, ok := d.(Selective); ok {
		return s.Platforms()
	}
	return nil
}

// A Demanding document needs other things of the evidence of one system than
// of that of another: services are files on Linux and keys on Windows.
type Demanding interface {
	Document
	NeedsOn(source.Platform) []source.Capability
}

// NeedsOn are what a document needs of a source with evidence of a platform.
func NeedsOn(d Document, p source.Platform) []source.Capability {
	if s, ok := d.(Demanding); ok {
		return s.NeedsOn(p)
	}
	return d.Needs()
}

// A Request is what a scan wants of a document.
type Request struct {
	Source      source.Source
	Scope       *scope.Scope     // FileItem: where to look
	Registry    *source.Registry // RegistryItem: what is looked at
	Keys        *scope.Keys      // RegistryItem: where to look
	Users       []string         // SIDs that IOCs name
	ShortRoots  bool             // IOCs may write HKLM for HKEY_LOCAL_MACHINE
	Events      Events           // EventLogItem: which records
	Past        Events           // documents of past events: which records
	Given       source.Artifacts // PrefetchItem, TaskItem: loose files in place of the source's own
	ProcessData []string         // ProcessItem: of ProcessData, those that are looked at; empty: all
	MaxFileSize int64            // bytes; larger content is not read; 0: no limit
	Want        []bool           // by field number: some IOC asks for it; nil: all
	OwnFiles    []string         // paths on the running host that the scanner writes or reads itself; left out

	// Trouble takes what could not be read: the object as displayed, and why.
	// It is called by several goroutines at once.
	Trouble  func(object string, err error)
	Progress *Progress // may be nil
}

func (r *Request) wants(field int) bool { return r.Want == nil || r.Want[field] }

func (r *Request) trouble(object string, err error) {
	if r.Trouble != nil {
		r.Trouble(object, err)
	}
}

// Progress is read while a scan runs.
type Progress struct {
	objects, bytes atomic.Uint64
	current        atomic.Pointer[string]
}

// Objects is the number of items looked at.
func (p *Progress) Objects() uint64 { return p.objects.Load() }

// Bytes is the number of bytes of content read.
func (p *Progress) Bytes() uint64 { return p.bytes.Load() }

// Current is the place that is being looked at, as displayed.
func (p *Progress) Current() string {
	if s := p.current.Load(); s != nil {
		return *s
	}
	return ""
}

// Read tells of bytes that were read outside any document.
func (p *Progress) Read(n int) { p.addBytes(n) }

func (p *Progress) addObjects(n int) {
	if p != nil {
		p.objects.Add(uint64(n))
	}
}

func (p *Progress) addBytes(n int) {
	if p != nil {
		p.bytes.Add(uint64(n))
	}
}

// at takes a pointer so that telling the place allocates nothing.
func (p *Progress) at(place *string) {
	if p != nil {
		p.current.Store(place)
	}
}

// A Listing says how much of a document was listed.
type Listing struct {
	Objects uint64 // items handed out; stand-ins for what could not be listed not counted
	Own     uint64 // objects of the scanner itself that were left out

	// Complete: the listing came to its end, and everything in scope was
	// handed out, as an item or as a match.Folder that stands for it.
	Complete bool
	// Full: complete, nothing was unlistable, and the scope was the whole
	// host. Only then is the absence of an item a fact.
	Full bool
	// Unlisted is the number of match.Folder items handed out.
	Unlisted uint64
	// Notes are what was done to read the evidence, such as a replay of logs.
	Notes []string
	// Spans are from when to when there are records, items or not, in the
	// channels that some item came from; nil where items come from no channel.
	Spans map[string]Span
	// Why says what keeps the listing from being complete; mostly empty.
	Why string
}

func (l *Listing) stop(why string) {
	if l.Complete = false; l.Why == "" {
		l.Why = why
	}
}

// errNotCarried answers a field whose value the thing has on its own system
// and the source does not pass on. It is no Trouble of the object: all objects
// of the source share it.
var errNotCarried = errors.New("not to be had from this source")
