package document

import (
	"errors"
	"strings"

	"iocscan/scan/internal/indexdat"
	"iocscan/scan/internal/webcache"
)

// Visits. An entry is the last visit of a page; the others are a number.

var (
	wininetVisitLacks = []string{"VisitType", "VisitFrom", "Typed", "Hidden", "FirstVisitDate", "FirstBookmarkDate"}
	// Of weeks it is not noted in UTC, of all time and of cookies not on the
	// clock of the machine.
	wininetNoLocal = append([]string{"LastVisitDateLocal"}, wininetVisitLacks...)
	wininetWeek    = append([]string{"LastVisitDate"}, wininetVisitLacks...)
)

func webCacheVisits(h *historyFile, hand func(visit) bool) error {
	db, err := h.webCache()
	if db == nil || err != nil {
		return err
	}
	f := h.wininet()
	return entries(db, ofVisits, func(c webcache.Container, e webcache.Entry) bool {
		v := f.visit(browserOf(c), e.URL, e.Modified, e.Accessed)
		v.title, v.count = webcache.Title(e.Response), e.Count
		v.cut = cutTerms(e, []string{"URL", "HostName", "Username"}, []string{"PageTitle"})
		return hand(v)
	})
}

func indexVisits(h *historyFile, hand func(visit) bool) error {
	f := h.wininet()
	return h.index(func(e indexdat.Entry) bool {
		if of, _, _, _ := indexdat.Split(e.URL); of != indexdat.OfVisit && of != indexdat.OfPeriod {
			return true
		}
		v := f.visit(internetExplorer, e.URL, e.Modified, e.Accessed)
		v.title, v.count = indexdat.Title(e.Data), uint64(e.Hits)
		return hand(v)
	})
}

func (f *wininetFamily) visit(browser, address string, modified, accessed int64) visit {
	of, user, url, days := indexdat.Split(address)
	v := visit{url: url, at: accessed, local: modified}
	lacks := wininetVisitLacks
	switch {
	case of != indexdat.OfPeriod:
		v.local, lacks = 0, wininetNoLocal
	case days != 1:
		v.at, lacks = 0, wininetWeek
	}
	v.data = f.of(browser, user, lacks)
	return v
}

// Downloads: what the user kept, and what lies in the cache.

var (
	wininetDownloadLacks = append([]string{"StartDate", "EndDate", "LastModifiedDate", "BytesDownloaded", "MaxBytes", "State", "AutoResume"}, cacheTerms...)
	wininetCacheLacks    = []string{"Referrer", "TemporaryPath", "StartDate", "EndDate", "BytesDownloaded", "MaxBytes", "State", "CacheFlags", "DownloadType", "AutoResume"}
)

func webCacheDownloads(h *historyFile, hand func(download) bool) error {
	db, err := h.webCache()
	if db == nil || err != nil {
		return err
	}
	f := h.wininet()
	of := func(name string) bool { return name == "iedownload" || name == "Content" }
	return entries(db, of, func(c webcache.Container, e webcache.Entry) bool {
		if c.Name == "iedownload" {
			d := fetched(e.URL, e.Response)
			d.accessed = e.Accessed
			d.cut = cutTerms(e, nil, []string{"SourceURL", "Referrer", "FileName", "TargetDirectory", "TemporaryPath", "MimeType"})
			d.data = f.of(browserOf(c), "", wininetDownloadLacks)
			return hand(d)
		}
		d := cached(e.URL, e.Redirect, e.File, c.Folder(e), e.Response)
		d.accessed, d.modified, d.checked, d.synched, d.hits = e.Accessed, e.Modified, e.Checked, e.Synched, e.Count
		d.cut = cutTerms(e, []string{"SourceURL"}, []string{"FullHttpHeader", "MimeType"})
		d.data = f.of(browserOf(c), "", wininetCacheLacks)
		return hand(d)
	})
}

func indexDownloads(h *historyFile, hand func(download) bool) error {
	f := h.wininet()
	lacks := append([]string{"LastCacheSynchDate"}, wininetCacheLacks...)
	folder, _ := splitTarget(h.data.file.shown())
	loose := h.data.file.loose != nil
	if loose { // where the file was is not known
		lacks = append(lacks, "TargetDirectory")
	}
	return h.index(func(e indexdat.Entry) bool {
		if of, _, _, _ := indexdat.Split(e.URL); of != indexdat.OfCache {
			return true
		}
		if strings.HasPrefix(e.URL, "iedownload:") {
			d := fetched(e.URL, e.Data)
			d.accessed = e.Accessed
			d.data = f.of(internetExplorer, "", wininetDownloadLacks)
			return hand(d)
		}
		place := folder
		if e.Folder != "" {
			place += `\` + e.Folder
		}
		if loose {
			place = ""
		}
		d := cached(e.URL, "", e.File, place, e.Data)
		d.accessed, d.modified, d.checked, d.hits = e.Accessed, e.Modified, e.Synched, uint64(e.Hits)
		d.data = f.of(internetExplorer, "", lacks)
		return hand(d)
	})
}

// fetched is what an entry of the list of downloads tells.
func fetched(url string, response []byte) download {
	t := webcache.DownloadOf(response)
	if t.Source == "" {
		t.Source = url // which is a number only
	}
	return download{urls: []string{t.Source}, referrer: t.Referrer, target: t.Target, partial: t.Partial, mime: t.Type}
}

// cached is what an entry of a cache tells. folder is of the evidence's system.
func cached(url, redirect, file, folder string, response []byte) download {
	d := download{urls: []string{url, redirect}, target: file, header: strings.TrimSpace(strings.ToValidUTF8(string(response), "\ufffd"))}
	if file != "" {
		d.folder = folder
	}
	for line := range strings.Lines(d.header) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(name), "content-type") {
			d.mime = strings.TrimSpace(value)
			break
		}
	}
	return d
}

// Cookies. Until Windows 10 version 1709 each lies in a file of its own, of
// which the entry has the name and the host; what is in the file is not read.

var (
	wininetCookieLacks = []string{"CookieName", "CookieValue", "CookieFlags", "LastVisitDate", "IsSecure", "IsHTTPOnly", "CreationDate"}
	webCacheLacks      = []string{"CookieFlags", "LastVisitDate", "LastAccessedDate", "CreationDate"}
)

func webCacheCookies(h *historyFile, hand func(cookie) bool) error {
	db, err := h.webCache()
	if db == nil || err != nil {
		return err
	}
	f := h.wininet()
	more := true
	err = entries(db, func(name string) bool { return name == "Cookies" }, func(c webcache.Container, e webcache.Entry) bool {
		_, user, url, _ := indexdat.Split(e.URL)
		k := cookieFile(url, strings.TrimRight(c.Directory, `\`)+`\`+e.File)
		k.accessed, k.modified, k.expires = e.Accessed, e.Modified, e.Expires
		k.cut = cutTerms(e, []string{"HostName", "CookiePath"}, nil)
		k.data = f.of(browserOf(c), user, wininetCookieLacks)
		more = hand(k)
		return more
	})
	if !more {
		return nil
	}
	return errors.Join(err, db.Cookies(func(c webcache.Cookie) bool {
		const secure, httpOnly = 1, 0x2000 // INTERNET_COOKIE_IS_SECURE, INTERNET_COOKIE_HTTPONLY
		k := cookie{host: c.Host, path: c.Path, name: c.Name, value: c.Value, expires: c.Expires, modified: c.Modified}
		k.secure, k.httpOnly = c.Flags&secure != 0, c.Flags&httpOnly != 0
		k.data = f.of(internetExplorer, "", webCacheLacks)
		return hand(k)
	}))
}

func indexCookies(h *historyFile, hand func(cookie) bool) error {
	f := h.wininet()
	folder, _ := splitTarget(h.data.file.shown())
	return h.index(func(e indexdat.Entry) bool {
		of, user, url, _ := indexdat.Split(e.URL)
		if of != indexdat.OfCookie {
			return true
		}
		k := cookieFile(url, folder+`\`+e.File)
		k.accessed, k.modified, k.expires = e.Accessed, e.Modified, e.Expires
		k.data = f.of(internetExplorer, user, wininetCookieLacks)
		return hand(k)
	})
}

func cookieFile(url, file string) cookie {
	host, path, _ := strings.Cut(url, "/")
	return cookie{host: host, path: "/" + path, text: file}
}
