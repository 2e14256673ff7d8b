package document

import (
	"errors"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

// A Remembered says which times of a document's items are when something
// happened to them, and what of an item names where the memory of it is kept,
// such as the channel of an event log.
type Remembered struct {
	Times  []int // fields
	Origin []int // fields; empty: the document is one memory as a whole

	// Every: the items are all that is kept at each origin, so that an origin
	// that reaches back no further than some moment says nothing of what was
	// before. Else any origin can have had an item.
	Every bool

	// Last: the evidence keeps the last times of a thing, not all that it had.
	Last bool

	// Mixed: the items are of many memories, whose reach is not told together.
	Mixed bool
}

// itemTimes are the documents whose items have times, by terms below them. Not
// among the times are those that someone wrote into a thing: when a program was
// linked or signed, when a cookie is to expire.
var itemTimes = []struct {
	document string
	times    []string
	origin   []string
	every    bool
	last     bool
}{
	{document: "EventLogItem", times: []string{"genTime", "writeTime"}, origin: []string{"log"}, every: true},
	{document: "UrlHistoryItem", times: []string{"LastVisitDate", "FirstVisitDate"}, origin: []string{"BrowserName", "Username", "Profile"}},
	{document: "FileDownloadHistoryItem", times: []string{"StartDate", "EndDate", "LastModifiedDate", "LastAccessedDate", "LastCheckedDate"}, origin: []string{"BrowserName", "Username", "Profile"}},
	{document: "CookieHistoryItem", times: []string{"CreationDate", "LastAccessedDate", "LastModifiedDate"}, last: true},
	{document: "FormHistoryItem", times: []string{"CreationDate", "FirstUsedDate", "LastUsedDate", "PasswordChangedDate"}, last: true},
	{document: "LoginHistoryItem", times: []string{"StartTime", "EndTime"}, origin: []string{"RecordType"}},
	{document: "ShellHistoryItem", times: []string{"Timestamp"}, origin: []string{"Username"}},
	{document: "FileItem", times: []string{"Created", "Modified", "Accessed", "Changed"}, last: true},
	{document: "RegistryItem", times: []string{"Modified"}, last: true},
	{document: "PrefetchItem", times: []string{"Created", "LastRun"}, last: true},
	{document: "TaskItem", times: []string{"CreationDate", "MostRecentRunTime"}, last: true},
	{document: "ProcessItem", times: []string{"startTime"}, last: true},
	{document: "UserItem", times: []string{"LastLogin"}, last: true},
}

// Remembers says what the items of a document remember of the past; ok is false
// where they have no times.
func Remembers(d Document) (r Remembered, ok bool) {
	fields := d.Schema().Fields
	find := func(names ...string) (out []int) {
		for _, name := range names {
			for i, f := range fields {
				if ioc.EqualFold(f.Term, d.Name()+"/"+name) {
					out = append(out, i)
				}
			}
		}
		return out
	}
	if _, past := d.(Joint); past { // where they come from is told in the Listing
		r.Times = find("timestamp")
		return r, len(r.Times) > 0
	}
	if _, made := d.(*networkDocument); made { // each of its items has times of its own, see Dated
		return Remembered{Mixed: true}, true
	}
	if state, ok := d.(*retroDocument); ok {
		if !state.own {
			return Remembered{Mixed: true}, true
		}
		return Remembers(state.Document)
	}
	for _, m := range itemTimes {
		if ioc.EqualFold(m.document, d.Name()) {
			r = Remembered{Times: find(m.times...), Origin: find(m.origin...), Every: m.every, Last: m.last}
			return r, len(r.Times) > 0
		}
	}
	return r, false
}

// A Dated item has the times of another, which it is made of.
type Dated interface {
	Dated() (item match.Item, times []int) // fields of the other
}

// NotCarried reports whether an error of a field says that the source passes no
// such value on for any item, which leaves the item's other times to count.
func NotCarried(err error) bool { return errors.Is(err, errNotCarried) }

// A Span is from when to when there are records of something, in ticks.
type Span struct{ First, Last int64 }

// Add makes the span reach a moment.
func (s *Span) Add(at int64) {
	if s.First == 0 || at < s.First {
		s.First = at
	}
	s.Last = max(s.Last, at)
}
