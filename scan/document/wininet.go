package document

import (
	"errors"
	"fmt"
	"strings"

	"iocscan/ioc/match"
	"iocscan/scan/internal/indexdat"
	"iocscan/scan/internal/webcache"
	"iocscan/scan/source"
)

// The files in which Internet Explorer and the first Edge remember: one database
// or several index.dat. Both have the same kinds of entries.

const (
	webCacheFile = "WebCacheV01.dat"
	indexFile    = "index.dat"
	// mostIndex is more than an index.dat grows to.
	mostIndex = 128 << 20
)

// wininetFile is the name that a loose file has among those of a profile; empty:
// it is none of Internet Explorer's.
func wininetFile(a source.Artifact) string {
	switch database, index := a.OfInternetExplorer(); {
	case database:
		return webCacheFile
	case index:
		return indexFile
	}
	return ""
}

// webCache opens the database; nil for one that is not of a browser.
func (h *historyFile) webCache() (*webcache.DB, error) {
	file, size, err := h.open(h.data.file)
	if err != nil {
		return nil, err
	}
	db, err := webcache.Open(h.ctx, progressReader{file, h.req.Progress}, size)
	if err != nil {
		return nil, err
	}
	if !db.IsWebCache() {
		h.note("an ESE database that is of no browser")
		return nil, nil
	}
	for _, n := range db.Notes() {
		h.list.stop(h.data.file.shown() + ": " + n)
	}
	return db, nil
}

// entries visits the entries of the containers that are asked for. What of one
// cannot be read does not keep the others from being read.
func entries(db *webcache.DB, of func(name string) bool, visit func(webcache.Container, webcache.Entry) bool) error {
	var faults []error
	more := true
	for _, c := range db.Containers() {
		if !of(c.Name) {
			continue
		}
		err := db.Entries(c, func(e webcache.Entry) bool {
			more = visit(c, e)
			return more
		})
		if !more {
			return nil
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func ofVisits(container string) bool {
	return container == "History" || strings.HasPrefix(container, "MSHist")
}

// index visits the entries of an index.dat. Damaged records do not keep the
// others from being read.
func (h *historyFile) index(visit func(indexdat.Entry) bool) error {
	b, err := h.data.file.read(mostIndex)
	if err != nil || len(b) == 0 {
		return err
	}
	h.req.Progress.addBytes(len(b))
	x, err := indexdat.Parse(b)
	if err != nil {
		return err
	}
	damaged, deleted := 0, 0
	var first error
	for e, err := range x.Entries() {
		if err != nil {
			if damaged++; first == nil {
				first = err
			}
			continue
		}
		if e.Deleted {
			deleted++
		}
		if !visit(e) {
			return nil
		}
	}
	if deleted > 0 {
		h.note(fmt.Sprintf("%d records that were deleted are among those that it has", deleted))
	}
	if damaged > 1 {
		return fmt.Errorf("%w, and %d more", first, damaged-1)
	}
	return first
}

const entryStandIn = match.StandIn("the name is that in the entry of the history")

// A wininetFamily is the data of the rows of one file: one for all rows of a
// browser and a user that lack the same.
type wininetFamily struct {
	h    *historyFile
	seen map[string]*browserData
}

func (h *historyFile) wininet() *wininetFamily {
	return &wininetFamily{h, map[string]*browserData{}}
}

// of is the data of an entry. The user whom it names counts where nothing
// better is known, as of a loose file.
func (f *wininetFamily) of(browser, user string, lacks []string) *browserData {
	const most = 1000 // names that a file can have
	key := browser + "\x00" + user + "\x00" + strings.Join(lacks, " ")
	if data := f.seen[key]; data != nil {
		return data
	}
	data := *f.h.data
	data.browser, data.lacks = browser, lacking(lacks...)
	if data.version.why == errLooseBrowser {
		data.version.why = errNotCarried
	}
	if user != "" && len(data.user.values) == 0 {
		data.user = fact{values: []string{user}, why: entryStandIn}
	}
	if len(f.seen) < most {
		f.seen[key] = &data
	}
	return &data
}

const internetExplorer = "Internet Explorer"

// browserOf tells by the place of a container whose it is. All programs that
// have none of their own use that of Internet Explorer.
func browserOf(c webcache.Container) string {
	if strings.Contains(strings.ToLower(c.Directory), "microsoft.microsoftedge_") {
		return "Edge"
	}
	return internetExplorer
}

// cutTerms are the terms of an entry of which less may be read than there is. The
// library reads long values that lie apart from their row to the end of their
// first segment, and some of them not at all, which looks as if there were none.
func cutTerms(e webcache.Entry, address, response []string) (cut []string) {
	const segment = 4000
	if n := len(e.URL); n == 0 || n >= segment {
		cut = append(cut, address...)
	}
	if n := len(e.Response); n == 0 || n >= segment {
		cut = append(cut, response...)
	}
	return cut
}
