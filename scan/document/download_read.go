package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"iocscan/scan/internal/sqlitefile"
)

// downloads is FileDownloadHistoryItem: files that browsers fetched.
var downloads = Table[download]{
	name:    downloadHistory,
	summary: "files that users fetched, by the histories of browsers",
	needs:   historyNeeds,
	label:   downloadLabel,
	fields:  downloadFields,
	collect: func(ctx context.Context, req *Request, list *Listing) iter.Seq2[download, error] {
		return listHistory(ctx, req, list, downloadHistory, downloadFields, downloadFiles)
	},
	open: openHistory[download],
}

var downloadFiles = []kept[download]{
	{chromium, "History", "downloads", chromiumDownloads},
	{gecko, "places.sqlite", "moz_annos", geckoDownloads},
	{gecko, "downloads.sqlite", "moz_downloads", oldGeckoDownloads}, // before version 26
	{safari, "Downloads.plist", "", safariDownloads},
	{wininet, webCacheFile, "", webCacheDownloads},
	{wininet, "WebCacheV16.dat", "", webCacheDownloads},
	{wininet, "WebCacheV24.dat", "", webCacheDownloads},
	{wininet, indexFile, "", indexDownloads},
}

// cacheTerms are known of what lies in caches only.
var cacheTerms = []string{"DownloadType", "FullHttpHeader", "CacheFlags", "CacheHitCount", "LastCheckedDate", "LastCacheSynchDate"}

func (h *historyFile) lackTerms(terms ...string) {
	if h.data.lacks == nil {
		h.data.lacks = map[string]bool{}
	}
	for _, t := range terms {
		h.data.lacks[t] = true
	}
}

// chromiumStates are Chromium's (components/history/core/browser/download_constants.h);
// the number 3 was given twice by a fault of its.
var chromiumStates = map[int64][]string{0: {"In Progress", "IN_PROGRESS"}, 1: {"Complete", "COMPLETE"}, 2: {"Cancelled", "CANCELLED"}, 3: {"Interrupted", "INTERRUPTED"}, 4: {"Interrupted", "INTERRUPTED"}}

// geckoStates are Firefox's (nsIDownloadManager.idl), from 0 on.
var geckoStates = []string{"Downloading", "Finished", "Failed", "Canceled", "Paused", "Queued", "Blocked Parental", "Scanning", "Dirty", "Blocked Policy"}

func geckoState(n int64) []string {
	if n < 0 || n >= int64(len(geckoStates)) {
		return nil
	}
	return bothWays(nil, geckoStates[n])
}

// chromiumDownloads: before version 26 the table has one address and one path;
// since, the redirects are in a table of their own.
func chromiumDownloads(h *historyFile, hand func(download) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "downloads"
	path := "target_path"
	if !db.Has(table, path) {
		path = "full_path"
	}
	if err := h.need(table, "id", path, "start_time"); err != nil {
		return err
	}
	h.lackTerms(cacheTerms...)
	h.lackTerms("LastModifiedDate", "AutoResume") // Chromium has the server's own words for the former, of any form
	h.lack(table, map[string]string{
		"Referrer": "referrer", "TemporaryPath": "current_path", "EndDate": "end_time", "LastAccessedDate": "last_access_time",
		"BytesDownloaded": "received_bytes", "MaxBytes": "total_bytes", "MimeType": "mime_type", "State": "state",
	})
	chains, err := h.chains()
	if err != nil {
		return err
	}
	q := sqlitefile.Query{From: table, Columns: []string{
		"t.id", "t.url", "t." + path, "t.current_path", "t.referrer", "t.start_time", "t.end_time", "t.last_access_time",
		"t.received_bytes", "t.total_bytes", "t.state", "t.mime_type", "t.tab_url",
	}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		d := download{remembered: remembered{data: h.data}}
		id, _ := row.Int(0)
		d.urls = chains[id]
		if url := d.take(row, 1, "SourceURL"); url != "" {
			d.urls = append(d.urls, url)
		}
		d.target = d.take(row, 2, "FileName", "TargetDirectory")
		if partial := d.take(row, 3, "TemporaryPath"); partial != d.target {
			d.partial = partial
		}
		d.referrer = d.take(row, 4, "Referrer")
		if d.referrer == "" {
			d.referrer = d.take(row, 12, "Referrer")
		}
		for i, at := range []*int64{&d.started, &d.ended, &d.accessed} {
			n, _ := row.Int(5 + i)
			*at = webkitTicks(n)
		}
		d.received, d.size = size(row, 8), size(row, 9)
		state, ok := row.Int(10)
		if ok {
			d.states = chromiumStates[state]
		}
		d.mime = d.take(row, 11, "MimeType")
		return hand(d)
	})
}

func size(row *sqlitefile.Row, i int) uint64 {
	n, _ := row.Int(i)
	return uint64(max(0, n))
}

// mostDownloads bounds what is held of a database while its downloads are put
// together from parts that lie apart.
const mostDownloads = 1 << 18

// chains are the addresses by which each download came.
func (h *historyFile) chains() (map[int64][]string, error) {
	const table = "downloads_url_chains"
	if !h.db.Has(table, "id", "url") {
		return nil, nil
	}
	chains := map[int64][]string{}
	n, bytes := 0, 0
	err := h.rows(sqlitefile.Query{From: table, Columns: []string{"t.id", "t.url"}}, func(row *sqlitefile.Row) bool {
		id, _ := row.Int(0)
		url, _ := row.Text(1)
		chains[id] = append(chains[id], url)
		n, bytes = n+1, bytes+len(url)
		return n <= mostDownloads && bytes <= mostHeld
	})
	if n > mostDownloads || bytes > mostHeld {
		err = fmt.Errorf("table %s: more than %d addresses, or %d bytes of them", table, mostDownloads, mostHeld)
	}
	return chains, err
}

const mostHeld = 64 << 20

// oldGeckoDownloads reads the table of Firefox before version 26.
func oldGeckoDownloads(h *historyFile, hand func(download) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "moz_downloads"
	if err := h.need(table, "source", "target", "startTime"); err != nil {
		return err
	}
	h.lackTerms(cacheTerms...)
	h.lackTerms("LastAccessedDate", "LastModifiedDate")
	h.lack(table, map[string]string{
		"TemporaryPath": "tempPath", "EndDate": "endTime", "State": "state", "Referrer": "referrer",
		"BytesDownloaded": "currBytes", "MaxBytes": "maxBytes", "MimeType": "mimeType", "AutoResume": "autoResume",
	})
	q := sqlitefile.Query{From: table, Columns: []string{
		"t.source", "t.target", "t.tempPath", "t.startTime", "t.endTime", "t.state", "t.referrer", "t.currBytes", "t.maxBytes", "t.mimeType", "t.autoResume",
	}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		d := download{remembered: remembered{data: h.data}}
		d.urls = []string{d.take(row, 0, "SourceURL")}
		d.target = pathOfURL(d.take(row, 1, "FileName", "TargetDirectory"))
		d.partial = pathOfURL(d.take(row, 2, "TemporaryPath"))
		started, _ := row.Int(3)
		ended, _ := row.Int(4)
		d.started, d.ended = unixTicks(started), unixTicks(ended)
		if state, ok := row.Int(5); ok {
			d.states = geckoState(state)
		}
		d.referrer = d.take(row, 6, "Referrer")
		d.received, d.size = size(row, 7), size(row, 8)
		d.mime = d.take(row, 9, "MimeType")
		resumes, _ := row.Int(10)
		d.resumes = resumes != 0
		return hand(d)
	})
}

var errDownloads = errors.New("more downloads, or more of them, than a browser keeps")

// pathOfURL is the path of a file: address in the notation of its system; what
// is no such address is a path already.
func pathOfURL(s string) string {
	rest, ok := strings.CutPrefix(s, "file://")
	if !ok {
		return s
	}
	rest = unescapeURL(rest)
	if len(rest) > 2 && rest[0] == '/' && rest[2] == ':' {
		return strings.ReplaceAll(rest[1:], "/", `\`)
	}
	if !strings.HasPrefix(rest, "/") { // of a server
		return strings.ReplaceAll(`\\`+rest, "/", `\`)
	}
	return rest
}

// unescapeURL takes the escapes of URLs that are valid.
func unescapeURL(s string) string {
	hex := func(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0 {
			b.WriteByte(byte(hex(s[i+1])<<4 | hex(s[i+2])))
			i += 2
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
