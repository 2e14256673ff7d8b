package document

import (
	"context"
	"errors"
	"iter"

	"iocscan/scan/internal/sqlitefile"
)

// cookies is CookieHistoryItem: what servers had browsers keep.
var cookies = Table[cookie]{
	name:    cookieHistory,
	summary: "cookies that browsers keep",
	needs:   historyNeeds,
	label:   cookieLabel,
	fields:  cookieFields,
	collect: func(ctx context.Context, req *Request, list *Listing) iter.Seq2[cookie, error] {
		return listHistory(ctx, req, list, cookieHistory, cookieFields, cookieFiles)
	},
	open: openHistory[cookie],
}

var cookieFiles = []kept[cookie]{
	{chromium, "Network/Cookies", "cookies", chromiumCookies}, // since version 96
	{chromium, "Cookies", "cookies", chromiumCookies},
	{chromium, "Extension Cookies", "cookies", chromiumCookies},
	{gecko, "cookies.sqlite", "moz_cookies", geckoCookies},
	{safari, "Cookies.binarycookies", "", safariCookies},
	{wininet, webCacheFile, "", webCacheCookies},
	{wininet, "WebCacheV16.dat", "", webCacheCookies},
	{wininet, "WebCacheV24.dat", "", webCacheCookies},
	{wininet, indexFile, "", indexCookies},
}

var errCookieLocked = errors.New("the value is encrypted with a key of the user's")

// chromiumCookies: values are encrypted since version 33, but for those that
// were there before and on systems without a keeper of keys.
func chromiumCookies(h *historyFile, hand func(cookie) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "cookies"
	if err := h.need(table, "host_key", "name", "value", "creation_utc"); err != nil {
		return err
	}
	secure, httpOnly := "is_secure", "is_httponly"
	if !db.Has(table, secure) { // before version 66
		secure, httpOnly = "secure", "httponly"
	}
	h.lackTerms("CookieFlags", "LastVisitDate")
	h.lack(table, map[string]string{
		"CookiePath": "path", "ExpirationDate": "expires_utc", "LastAccessedDate": "last_access_utc", "LastModifiedDate": "last_update_utc",
		"IsSecure": secure, "IsHTTPOnly": httpOnly,
	})
	q := sqlitefile.Query{From: table, Columns: []string{
		"t.host_key", "t.name", "t.value", "t.encrypted_value", "t.path",
		"t.creation_utc", "t.expires_utc", "t.last_access_utc", "t.last_update_utc", "t." + secure, "t." + httpOnly,
	}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		c := cookie{remembered: remembered{data: h.data}}
		c.host = c.take(row, 0, "HostName")
		c.name = c.take(row, 1, "CookieName")
		c.value = c.take(row, 2, "CookieValue")
		if locked, _ := row.Text(3); c.value == "" && locked != "" {
			c.valueErr = errCookieLocked
		}
		c.path = c.take(row, 4, "CookiePath")
		for i, at := range []*int64{&c.created, &c.expires, &c.accessed, &c.modified} {
			n, _ := row.Int(5 + i)
			*at = webkitTicks(n)
		}
		c.secure, c.httpOnly = isSet(row, 9), isSet(row, 10)
		return hand(c)
	})
}

func isSet(row *sqlitefile.Row, i int) bool { n, _ := row.Int(i); return n != 0 }

// geckoCookies: the end of a cookie's life is in seconds, since version 140 in
// milliseconds; all other times are in microseconds.
func geckoCookies(h *historyFile, hand func(cookie) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "moz_cookies"
	if err := h.need(table, "host", "name", "value"); err != nil {
		return err
	}
	h.lackTerms("CookieFlags", "LastVisitDate")
	h.lack(table, map[string]string{
		"CookiePath": "path", "ExpirationDate": "expiry", "LastAccessedDate": "lastAccessed", "CreationDate": "creationTime", "LastModifiedDate": "updateTime",
		"IsSecure": "isSecure", "IsHTTPOnly": "isHttpOnly",
	})
	q := sqlitefile.Query{From: table, Columns: []string{
		"t.host", "t.name", "t.value", "t.path", "t.creationTime", "t.expiry", "t.lastAccessed", "t.updateTime", "t.isSecure", "t.isHttpOnly",
	}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		c := cookie{remembered: remembered{data: h.data}}
		c.host = c.take(row, 0, "HostName")
		c.name = c.take(row, 1, "CookieName")
		c.value = c.take(row, 2, "CookieValue")
		c.path = c.take(row, 3, "CookiePath")
		for i, at := range []*int64{&c.created, &c.expires, &c.accessed, &c.modified} {
			n, _ := row.Int(4 + i)
			*at = unixTicks(n)
		}
		c.secure, c.httpOnly = isSet(row, 8), isSet(row, 9)
		return hand(c)
	})
}
