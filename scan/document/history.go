package document

import (
	"context"
	"errors"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// browserData is one file or database in which a browser keeps what it
// remembers of a user. The rows that are read from it share it.
type browserData struct {
	file    artefact
	browser string // such as "Chrome"; empty: not known, as of a loose file
	version fact
	profile string // as the browser names the profile's folder; empty: the browser has no profiles, or not known
	user    fact   // whose profile it is: the ways in which the account is written

	// lacks are the terms, without the document, whose values this data does
	// not hold though a row may have them. They are unknown.
	lacks map[string]bool
	// standsIn says of terms that their values only resemble what the term means.
	standsIn map[string]match.StandIn
}

// lacking is the set of the terms, for browserData.lacks.
func lacking(terms ...string) map[string]bool {
	set := make(map[string]bool, len(terms))
	for _, t := range terms {
		set[t] = true
	}
	return set
}

var (
	errLooseOwner   = errors.New("whose browser the file is from is not known")
	errCutText      = errors.New("only the beginning of the text is looked at")
	errLooseBrowser = errors.New("which browser the file is from is not known")
)

// remembered is what rows of all histories begin with: where they are from, or
// the gap that the row is.
type remembered struct {
	data *browserData
	gap  *gap
	cut  []string // terms of which only the beginning of a text is there; mostly none
}

func (r *remembered) from() *remembered { return r }

// A recollection is a row of a history.
type recollection[T any] interface {
	*T
	from() *remembered
}

// historyItem is one goroutine's view of rows of histories.
type historyItem[T any, R recollection[T]] struct{ item[T] }

func (i *historyItem[T, R]) bind(row *T) match.Item {
	if g := R(row).from().gap; g != nil {
		return g
	}
	i.row = row
	return i
}

func openHistory[T any, R recollection[T]](_ context.Context, req *Request, t *Table[T], workers int) session[T] {
	return session[T]{
		goroutines: workers,
		items:      func() items[T] { return &historyItem[T, R]{item[T]{table: t, req: req}} },
		close:      func() {},
	}
}

// historyField is a term that data of browsers may lack.
func historyField[T any, R recollection[T]](document string, f match.Field, get func(*T, func(ioc.Value) bool) error) Field[T] {
	term := f.Term
	f.Term = document + "/" + term
	return field(f, func(row *T, yield func(ioc.Value) bool) error {
		from := R(row).from()
		data := from.data
		if data.lacks[term] {
			return errNotCarried
		}
		err := get(row, yield)
		if err == nil && slices.Contains(from.cut, term) {
			return errCutText
		}
		if note, ok := data.standsIn[term]; ok && err == nil {
			return note
		}
		return err
	})
}

// browserFields are the terms that all histories share: whose row it is.
func browserFields[T any, R recollection[T]](document string) []Field[T] {
	return []Field[T]{
		historyField[T, R](document, match.Field{Term: "BrowserName", Kind: ioc.Text, Multi: true, Repeats: true, Identity: true, Same: any2}, func(row *T, yield func(ioc.Value) bool) error {
			data := R(row).from().data
			if data.browser == "" {
				return errLooseBrowser
			}
			for _, name := range namesOfBrowser(data.browser) {
				if !yield(ioc.TextValue(name)) {
					break
				}
			}
			return nil
		}),
		historyField[T, R](document, match.Field{Term: "BrowserVersion", Kind: ioc.Text, Repeats: true}, factOf(func(row *T) *fact { return &R(row).from().data.version })),
		historyField[T, R](document, match.Field{Term: "Profile", Kind: ioc.Text, Repeats: true, Identity: true}, func(row *T, yield func(ioc.Value) bool) error {
			data := R(row).from().data
			if data.file.loose != nil && data.profile == "" {
				return errLoosePlace
			}
			if data.profile != "" {
				yield(ioc.TextValue(data.profile))
			}
			return nil
		}),
		historyField[T, R](document, match.Field{Term: "Username", Kind: ioc.Text, Repeats: true, Identity: true, Same: any2}, factOf(func(row *T) *fact { return &R(row).from().data.user })),
	}
}

// namesOfBrowser are the ways in which a browser is called, with its maker and
// without.
func namesOfBrowser(name string) []string {
	if full, ok := fullBrowserNames[name]; ok {
		return []string{name, full}
	}
	return []string{name}
}

var fullBrowserNames = map[string]string{
	"Chrome": "Google Chrome", "Edge": "Microsoft Edge", "Firefox": "Mozilla Firefox", "Safari": "Apple Safari",
	"Internet Explorer": "Microsoft Internet Explorer", "Brave": "Brave Browser", "Yandex": "Yandex Browser",
}

// historyTime is a term with a moment of a row; 0: it has none.
func historyTime[T any](of func(*T) int64) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		if ticks := of(row); ticks != 0 {
			yield(ioc.TicksValue(ticks))
		}
		return nil
	}
}

func historyCount[T any](of func(*T) uint64) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		yield(ioc.IntValue(of(row)))
		return nil
	}
}

func historyTruth[T any](of func(*T) bool) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		yield(ioc.BoolValue(of(row)))
		return nil
	}
}

func historyTexts[T any](of func(*T) []string) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		for _, s := range of(row) {
			if s != "" && !yield(ioc.TextValue(s)) {
				break
			}
		}
		return nil
	}
}

// label is the row's own words behind the file that it is from.
func (r *remembered) label(words ...string) string {
	const most = 500
	var b strings.Builder
	b.WriteString(r.data.file.shown())
	b.WriteString(": ")
	for i, w := range words {
		if i > 0 && w != "" {
			b.WriteByte(' ')
		}
		b.WriteString(cutText(w, most))
	}
	return b.String()
}

// cutText is the beginning of a text, to so many bytes.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// hostOf is the host that a URL names; empty where it names none. Internet
// Explorer notes hosts that were visited as if they were pages.
func hostOf(url string) string {
	if host, ok := strings.CutPrefix(url, ":Host: "); ok {
		return host
	}
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if strings.HasPrefix(rest, "[") { // IPv6
		host, _, _ := strings.Cut(rest[1:], "]")
		return host
	}
	host, _, _ := strings.Cut(rest, ":")
	return host
}

// historyNeeds is what all histories need of a source.
var historyNeeds = []source.Capability{source.Histories}
