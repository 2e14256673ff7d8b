package document

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/plist"
	"iocscan/scan/internal/sqlitefile"
)

// geckoDownloads puts downloads together from what Firefox notes of pages
// (toolkit/components/downloads/DownloadHistory.sys.mjs): where the file went,
// and how the download ended. Its beginning is when the former was noted.
func geckoDownloads(h *historyFile, hand func(download) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const notes, names, pages = "moz_annos", "moz_anno_attributes", "moz_places"
	if !db.Has(notes) || !db.Has(names) {
		return nil // of Firefox for phones, which keeps none there
	}
	for table, columns := range map[string][]string{notes: {"place_id", "anno_attribute_id", "content"}, names: {"name"}, pages: {"url"}} {
		if err := h.need(table, columns...); err != nil {
			return err
		}
	}
	h.lackTerms(cacheTerms...)
	h.lackTerms("Referrer", "TemporaryPath", "LastAccessedDate", "LastModifiedDate", "BytesDownloaded", "MimeType", "AutoResume")
	q := sqlitefile.Query{
		From:    notes,
		Joins:   []sqlitefile.Join{{As: "n", Table: names, By: "t.anno_attribute_id"}, {As: "p", Table: pages, By: "t.place_id"}},
		Columns: []string{"t.place_id", "n.name", "t.content", "p.url", "t.dateAdded"},
	}
	found, held := map[int64]*download{}, 0
	err = h.rows(q, func(row *sqlitefile.Row) bool {
		name, _ := row.Text(1)
		content, _ := row.Text(2)
		if name != "downloads/destinationFileURI" && name != "downloads/destinationFileName" && name != "downloads/metaData" {
			return true
		}
		id, _ := row.Int(0)
		d := found[id]
		if d == nil {
			d = &download{remembered: remembered{data: h.data}}
			d.urls = []string{d.take(row, 3, "SourceURL")}
			held += len(d.urls[0])
			found[id] = d
		}
		added, _ := row.Int(4)
		held += len(content)
		switch name {
		case "downloads/destinationFileURI":
			d.target = pathOfURL(content)
			d.started = unixTicks(added)
		case "downloads/destinationFileName":
			if d.target == "" {
				d.target = content
			}
		default:
			var end struct {
				State    *int64
				EndTime  float64
				FileSize float64
			}
			if json.Unmarshal([]byte(content), &end) == nil { // else it says nothing
				if end.State != nil {
					d.states = geckoState(*end.State)
				}
				d.ended = unixTicks(int64(min(max(0, end.EndTime), 1e15)))
				d.size = uint64(min(max(0, end.FileSize), 1e18))
			}
		}
		return len(found) <= mostDownloads && held <= mostHeld
	})
	if len(found) > mostDownloads || held > mostHeld {
		err = errDownloads
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if !hand(*found[id]) {
			return nil
		}
	}
	return err
}

var errNoList = errors.New("no list of downloads")

// safariDownloads reads the property list of Safari.
func safariDownloads(h *historyFile, hand func(download) bool) error {
	b, err := h.data.file.read(mostSmall)
	if err != nil {
		return err
	}
	d, err := plist.ParseDict(b)
	if err != nil {
		return err
	}
	list, ok := d["DownloadHistory"].([]any)
	if !ok {
		return errNoList
	}
	h.lackTerms(cacheTerms...)
	h.lackTerms("Referrer", "TemporaryPath", "LastAccessedDate", "LastModifiedDate", "MimeType", "State", "AutoResume")
	for _, e := range list {
		entry, ok := e.(plist.Dict)
		if !ok {
			continue
		}
		row := download{remembered: remembered{data: h.data}}
		url, _ := entry.Text("DownloadEntryURL")
		row.urls = []string{url}
		row.target, _ = entry.Text("DownloadEntryPath")
		row.received, row.size = plistSize(entry, "DownloadEntryProgressBytesSoFar"), plistSize(entry, "DownloadEntryProgressTotalToLoad")
		if t, ok := entry["DownloadEntryDateAddedKey"].(time.Time); ok {
			row.started = ioc.Ticks(t)
		}
		if t, ok := entry["DownloadEntryDateFinishedKey"].(time.Time); ok {
			row.ended = ioc.Ticks(t)
		}
		if !hand(row) {
			return nil
		}
	}
	return nil
}

func plistSize(d plist.Dict, key string) uint64 {
	switch n := d[key].(type) {
	case int64:
		return uint64(max(0, n))
	case uint64:
		return n
	case float64:
		return uint64(min(max(0, n), 1e18))
	}
	return 0
}
