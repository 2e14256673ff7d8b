package document

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"iocscan/ioc/match"
	"iocscan/scan/internal/sqlitefile"
)

// visits is UrlHistoryItem: the pages that users visited.
var visits = Table[visit]{
	name:    urlHistory,
	summary: "visits of pages, by the histories of browsers",
	needs:   historyNeeds,
	label:   visitLabel,
	fields:  visitFields,
	collect: func(ctx context.Context, req *Request, list *Listing) iter.Seq2[visit, error] {
		return listHistory(ctx, req, list, urlHistory, visitFields, visitFiles)
	},
	open: openHistory[visit],
}

// visitFiles are where browsers keep visits.
var visitFiles = []kept[visit]{
	{chromium, "History", "urls", chromiumVisits.read},
	{chromium, "Archived History", "", chromiumVisits.read}, // before version 37: what is older than three months
	{gecko, "places.sqlite", "moz_places", geckoVisits.read},
	{safari, "History.db", "history_items", safariVisits.read},
	{safari, "History.plist", "", func(*historyFile, func(visit) bool) error { return errOldSafari }}, // before OS X 10.10
	{wininet, webCacheFile, "", webCacheVisits},
	{wininet, "WebCacheV16.dat", "", webCacheVisits},
	{wininet, "WebCacheV24.dat", "", webCacheVisits},
	{wininet, indexFile, "", indexVisits},
}

var errOldSafari = errors.New("a history of Safari before version 8 is not read by this version")

// A visitSchema says how a family of browsers names its tables and columns. A
// column that a version lacks is as if it were null.
type visitSchema struct {
	visits, page, at, from, kind, visitTitle string // page and from are rows of pages and visits
	pages, url, title, typed, hidden         string
	counts, lasts                            []string // visits of a page are the sum, its last is the latest

	bookmarks, bookmarked, bookmarkedAt string // empty: none in the database

	ticks func(*sqlitefile.Row, int) int64
	kinds func(int64) []string
	lacks []string
}

var (
	chromiumVisits = &visitSchema{
		visits: "visits", page: "url", at: "visit_time", from: "from_visit", kind: "transition",
		pages: "urls", url: "url", title: "title", typed: "typed_count", hidden: "hidden",
		counts: []string{"visit_count"}, lasts: []string{"last_visit_time"},
		ticks: func(r *sqlitefile.Row, i int) int64 { n, _ := r.Int(i); return webkitTicks(n) },
		kinds: chromiumKinds, lacks: []string{"FirstBookmarkDate"},
	}
	// Firefox for phones counts visits here and those of other devices apart.
	geckoVisits = &visitSchema{
		visits: "moz_historyvisits", page: "place_id", at: "visit_date", from: "from_visit", kind: "visit_type",
		pages: "moz_places", url: "url", title: "title", typed: "typed", hidden: "hidden",
		counts:    []string{"visit_count", "visit_count_local", "visit_count_remote"},
		lasts:     []string{"last_visit_date", "last_visit_date_local", "last_visit_date_remote"},
		bookmarks: "moz_bookmarks", bookmarked: "fk", bookmarkedAt: "dateAdded",
		ticks: func(r *sqlitefile.Row, i int) int64 { n, _ := r.Int(i); return unixTicks(n) },
		kinds: geckoKinds,
	}
	safariVisits = &visitSchema{
		visits: "history_visits", page: "history_item", at: "visit_time", from: "redirect_source", visitTitle: "title",
		pages: "history_items", url: "url", counts: []string{"visit_count"},
		ticks: func(r *sqlitefile.Row, i int) int64 { s, _ := r.Float(i); return macTicks(s) },
		lacks: []string{"Typed", "Hidden", "VisitType", "FirstBookmarkDate"},
	}
)

const firstVisitStandIn = match.StandIn("the oldest visit that the history still has")

// read hands on the visits, and then the pages of which the last visit is not
// among them: bookmarks, and pages of which the browser forgot visits.
func (s *visitSchema) read(h *historyFile, hand func(visit) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	if err := h.need(s.pages, s.url); err != nil {
		return err
	}
	s.tellLacks(h)
	r := &visitReader{visitSchema: s, h: h, hand: hand}
	if s.bookmarks != "" && h.wants("FirstBookmarkDate") && db.Has(s.bookmarks, s.bookmarked, s.bookmarkedAt) {
		r.bookmarked = r.earliest("FirstBookmarkDate", s.bookmarks, s.bookmarked, s.bookmarkedAt)
	}
	if db.Has(s.visits) { // a database that was cut down to its pages has none
		if err := h.need(s.visits, s.page, s.at); err != nil {
			return err
		}
		if h.wants("FirstVisitDate") {
			r.firsts = r.earliest("FirstVisitDate", s.visits, s.page, s.at)
		}
		if err = r.visits(); r.stopped {
			return nil
		}
	}
	if r.unlisted != nil {
		return errors.Join(err, r.unlisted)
	}
	return errors.Join(err, r.pages()) // damage in one table says nothing of the other
}

func (s *visitSchema) tellLacks(h *historyFile) {
	h.lack(s.pages, map[string]string{"Typed": s.typed, "Hidden": s.hidden})
	if s.kind != "" {
		h.lack(s.visits, map[string]string{"VisitType": s.kind})
	}
	h.lack(s.visits, map[string]string{"VisitFrom": s.from})
	if s.bookmarks != "" {
		h.lack(s.bookmarks, map[string]string{"FirstBookmarkDate": s.bookmarkedAt})
	}
	for _, term := range append(s.lacks, "LastVisitDateLocal") {
		h.data.lacks[term] = true
	}
	h.data.standsIn = map[string]match.StandIn{"FirstVisitDate": firstVisitStandIn}
}

// A visitReader reads one database.
type visitReader struct {
	*visitSchema
	h       *historyFile
	hand    func(visit) bool
	stopped bool

	firsts, bookmarked map[int64]int64 // ticks by row of the page
	listed             rowSet          // pages of which the last visit was handed on
	unlisted           error           // why that is not known
	words              map[int64][]string
	forgotten          *browserData // of visits of which the page is lost
}

// mostPages bounds what is remembered of pages while their visits are read.
const mostPages = 1 << 20

// earliest is, by the row that a column points to, the earliest of the times.
// Where they cannot all be told the data lacks the term.
func (r *visitReader) earliest(term, table, by, at string) map[int64]int64 {
	first := map[int64]int64{}
	err := r.h.rows(sqlitefile.Query{From: table, Columns: []string{"t." + by, "t." + at}}, func(row *sqlitefile.Row) bool {
		page, ok := row.Int(0)
		ticks := r.ticks(row, 1)
		if !ok || ticks == 0 {
			return true
		}
		if t, ok := first[page]; !ok || ticks < t {
			first[page] = ticks
		}
		return len(first) <= mostPages
	})
	if err == nil && len(first) > mostPages {
		err = fmt.Errorf("table %s: more than %d pages", table, mostPages)
	}
	if err != nil {
		r.h.req.trouble(r.h.data.file.shown(), fmt.Errorf("%s: %w", term, err))
		r.h.data.lacks[term] = true
		return nil
	}
	return first
}

// The columns that both queries begin with.
const (
	colURL = iota
	colTitle
	colTyped
	colHidden
	colCounts
)

// pageColumns are what is asked of a page.
func (s *visitSchema) pageColumns(as string) []string {
	list := []string{as + "." + s.url, as + "." + s.title, as + "." + s.typed, as + "." + s.hidden}
	for _, c := range append(append([]string{}, s.counts...), s.lasts...) {
		list = append(list, as+"."+c)
	}
	return list
}

// page is what a row says of the page, and when it was visited last.
func (r *visitReader) page(row *sqlitefile.Row, id int64) (v visit, last int64) {
	v.data = r.h.data
	v.url = v.take(row, colURL, "URL", "HostName")
	v.title = v.take(row, colTitle, "PageTitle")
	typed, _ := row.Int(colTyped)
	hidden, _ := row.Int(colHidden)
	v.typed, v.hidden = typed > 0, hidden != 0
	for i := range r.counts {
		if n, ok := row.Int(colCounts + i); ok && n > 0 {
			v.count += uint64(n)
		}
	}
	for i := range r.lasts {
		last = max(last, r.ticks(row, colCounts+len(r.counts)+i))
	}
	v.first, v.bookmarked = r.firsts[id], r.bookmarked[id]
	return v, last
}

func (r *visitReader) visits() error {
	q := sqlitefile.Query{From: r.visitSchema.visits, Joins: []sqlitefile.Join{{As: "p", Table: r.visitSchema.pages, By: "t." + r.visitSchema.page}}}
	q.Columns = r.pageColumns("p")
	own := len(q.Columns)
	q.Columns = append(q.Columns, "t."+r.visitSchema.page, "t."+r.at, "t."+r.kind, "t."+r.visitTitle)
	if r.h.wants("VisitFrom") && !r.h.data.lacks["VisitFrom"] {
		q.Joins = append(q.Joins, sqlitefile.Join{As: "f", Table: q.From, By: "t." + r.from}, sqlitefile.Join{As: "g", Table: r.visitSchema.pages, By: "f." + r.visitSchema.page})
		q.Columns = append(q.Columns, "g."+r.url)
	}
	return r.h.rows(q, func(row *sqlitefile.Row) bool {
		id, _ := row.Int(own)
		v, last := r.page(row, id)
		if v.url == "" {
			v.data = r.lost()
		}
		v.at = r.ticks(row, own+1)
		if n, ok := row.Int(own + 2); ok && r.visitSchema.kinds != nil {
			v.kinds = r.wordsOf(n)
		}
		if r.visitTitle != "" {
			v.title = v.take(row, own+3, "PageTitle")
		}
		if len(q.Joins) > 1 {
			v.referrer = v.take(row, own+4, "VisitFrom")
		}
		if v.at >= last && r.unlisted == nil {
			r.unlisted = r.listed.add(id)
		}
		r.stopped = !r.hand(v)
		return !r.stopped
	})
}

// lost is the data of visits of which the page is not in the history.
func (r *visitReader) lost() *browserData {
	if r.forgotten == nil {
		d := *r.h.data
		d.lacks = lacking("URL", "HostName", "PageTitle", "VisitCount", "Typed", "Hidden")
		for term := range r.h.data.lacks {
			d.lacks[term] = true
		}
		r.forgotten = &d
	}
	return r.forgotten
}

// wordsOf remembers the words of kinds of visits, of which there are few.
func (r *visitReader) wordsOf(n int64) []string {
	words, ok := r.words[n]
	if !ok {
		if words = r.visitSchema.kinds(n); len(r.words) < 1000 {
			if r.words == nil {
				r.words = map[int64][]string{}
			}
			r.words[n] = words
		}
	}
	return words
}

func (r *visitReader) pages() error {
	q := sqlitefile.Query{From: r.visitSchema.pages, Columns: r.pageColumns("t")}
	own := len(q.Columns)
	q.Columns = append(q.Columns, "t.rowid")
	return r.h.rows(q, func(row *sqlitefile.Row) bool {
		id, ok := row.Int(own)
		if ok && r.listed.has(id) {
			return true
		}
		v, last := r.page(row, id)
		v.at = last
		return r.hand(v)
	})
}

// take is a text of a row. Of one that is too long only the beginning is kept,
// and the terms that it answers say so.
func (r *remembered) take(row *sqlitefile.Row, i int, terms ...string) string {
	s, cut := row.Text(i)
	if cut {
		r.cut = append(r.cut, terms...)
	}
	return s
}

// A rowSet is a set of row numbers, which mostly lie close together.
type rowSet map[int64]uint64

func (s *rowSet) add(n int64) error {
	if *s == nil {
		*s = rowSet{}
	}
	(*s)[n>>6] |= 1 << (n & 63)
	if len(*s) > mostPages {
		return errors.New("the numbers of pages lie too far apart")
	}
	return nil
}

func (s rowSet) has(n int64) bool { return s[n>>6]>>(n&63)&1 != 0 }
