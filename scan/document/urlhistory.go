package document

import (
	"iocscan/ioc"
	"iocscan/ioc/match"
)

// A visit is one visit of a page, with what the history says of the page as a
// whole: how often it was visited, its title. A page of which the history has
// no visit, or no more the last one, is a row by itself, without a type.
type visit struct {
	remembered
	url, title string
	at         int64  // FILETIME ticks; 0: never visited (a bookmark), or not noted
	local      int64  // the same on the clock of the machine, where that is all that is noted; 0: none
	first      int64  // 0: not noted
	bookmarked int64  // 0: never
	count      uint64 // visits of the page
	kinds      []string
	referrer   string // URL of the page that led here
	typed      bool
	hidden     bool
}

// visitLabel tells visits of one page apart by their times.
func visitLabel(v *visit) string {
	when := "never visited"
	if v.at != 0 {
		when = ioc.TicksValue(v.at).String()
	} else if v.local != 0 {
		when = ioc.TicksValue(v.local).String() + " local time"
	}
	return v.remembered.label(when, v.url)
}

const urlHistory = "UrlHistoryItem"

// visitFields are the terms of UrlHistoryItem. Not among them, and so reported
// as not supported, are pictures of pages (Thumbnail) and the words of pages
// (IndexedContent), which browsers have not kept in their histories for years.
var visitFields = append([]Field[visit]{
	visitField(match.Field{Term: "URL", Kind: ioc.Text, Identity: true}, textOf(func(v *visit) string { return v.url })),
	visitField(match.Field{Term: "HostName", Kind: ioc.Text, Identity: true}, textOf(func(v *visit) string { return hostOf(v.url) })),
	visitField(match.Field{Term: "PageTitle", Kind: ioc.Text, Identity: true}, textOf(func(v *visit) string { return v.title })),
	visitField(match.Field{Term: "LastVisitDate", Kind: ioc.Time, Identity: true}, historyTime(func(v *visit) int64 { return v.at })),
	visitField(match.Field{Term: "LastVisitDateLocal", Kind: ioc.Time}, historyTime(func(v *visit) int64 { return v.local })),
	visitField(match.Field{Term: "FirstVisitDate", Kind: ioc.Time}, func(v *visit, yield func(ioc.Value) bool) error {
		if v.first == 0 && v.at != 0 {
			return errNotCarried
		}
		return historyTime(func(v *visit) int64 { return v.first })(v, yield)
	}),
	visitField(match.Field{Term: "FirstBookmarkDate", Kind: ioc.Time}, historyTime(func(v *visit) int64 { return v.bookmarked })),
	visitField(match.Field{Term: "VisitCount", Kind: ioc.Int, Identity: true}, historyCount(func(v *visit) uint64 { return v.count })),
	visitField(match.Field{Term: "VisitType", Kind: ioc.Text, Multi: true, Repeats: true, Identity: true}, historyTexts(func(v *visit) []string { return v.kinds })),
	visitField(match.Field{Term: "VisitFrom", Kind: ioc.Text}, textOf(func(v *visit) string { return v.referrer })),
	visitField(match.Field{Term: "Typed", Kind: ioc.Bool}, historyTruth(func(v *visit) bool { return v.typed })),
	visitField(match.Field{Term: "Hidden", Kind: ioc.Bool}, historyTruth(func(v *visit) bool { return v.hidden })),
}, browserFields[visit](urlHistory)...)

func visitField(f match.Field, get func(*visit, func(ioc.Value) bool) error) Field[visit] {
	return historyField[visit](urlHistory, f, get)
}
