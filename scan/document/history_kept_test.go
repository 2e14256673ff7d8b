package document

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/source"
)

const foxFolder = "/home/anna/.mozilla/firefox/x.default/"

// foxMachine is a profile of Firefox with all that it keeps.
func foxMachine(t *testing.T) *source.Mem {
	places, _ := database(t, `CREATE TABLE moz_places(id INTEGER PRIMARY KEY, url TEXT)`,
		`CREATE TABLE moz_anno_attributes(id INTEGER PRIMARY KEY, name TEXT)`,
		`CREATE TABLE moz_annos(id INTEGER PRIMARY KEY, place_id INTEGER, anno_attribute_id INTEGER, content TEXT, dateAdded INTEGER)`,
		`INSERT INTO moz_places VALUES(5, 'http://evil.example/a%20b.exe'), (6, 'http://evil.example/c')`,
		`INSERT INTO moz_anno_attributes VALUES(1, 'downloads/metaData'), (2, 'downloads/destinationFileURI'), (3, 'other'), (4, 'downloads/destinationFileName')`,
		`INSERT INTO moz_annos VALUES(1, 5, 1, '{"state":1,"endTime":1700000005000,"fileSize":4711}', 1700000005000000), (2, 5, 3, 'x', 1),
			(3, 5, 2, 'file:///home/anna/Downloads/a%20b.exe', 1700000000000000), (4, 6, 4, 'c.exe', 1), (5, 6, 1, '{broken', 1)`)
	old, _ := database(t, `CREATE TABLE moz_downloads(id INTEGER PRIMARY KEY, source TEXT, target TEXT, startTime INTEGER, state INTEGER, autoResume INTEGER)`,
		`INSERT INTO moz_downloads VALUES(1, 'http://old/x', 'file:///C:/x/y.zip', 1300000000000000, 3, 1)`)
	jar, _ := database(t, `CREATE TABLE moz_cookies(id INTEGER PRIMARY KEY, name TEXT, value TEXT, host TEXT, path TEXT, expiry INTEGER, lastAccessed INTEGER, creationTime INTEGER, isSecure INTEGER, isHttpOnly INTEGER)`,
		`INSERT INTO moz_cookies VALUES(1, 'sid', 'abc', '.evil.example', '/', 1800000000, 1700000001000000, 1700000000000000, 1, 0)`)
	filled, _ := database(t, `CREATE TABLE moz_formhistory(id INTEGER PRIMARY KEY, fieldname TEXT, value TEXT, timesUsed INTEGER, firstUsed INTEGER, lastUsed INTEGER, guid TEXT)`,
		`INSERT INTO moz_formhistory VALUES(1, 'searchbar-history', 'how to hide a file', 2, 1700000000000000, 1700000001000000, 'g1')`)
	return source.NewMem(source.Linux).Add(foxFolder+"places.sqlite", places).Add(foxFolder+"downloads.sqlite", old).
		Add(foxFolder+"cookies.sqlite", jar).Add(foxFolder+"formhistory.sqlite", filled).
		Add(foxFolder+"logins.json", `{"logins":[{"hostname":"https://evil.example","httpRealm":null,"formSubmitURL":"https://evil.example/go","usernameField":"u","passwordField":"p",`+
			`"encryptedUsername":"MDoE","encryptedPassword":"MDIE","guid":"{1}","encType":1,"timeCreated":1700000000000,"timeLastUsed":1700000002000,"timePasswordChanged":1700000000000,"timesUsed":3}]}`)
}

func TestKeptByFirefox(t *testing.T) {
	m := foxMachine(t)
	checkVerdicts(t, &downloads, m, []verdictCase{
		{"SourceURL is http://evil.example/a%20b.exe\nFileName is a b.exe\nTargetDirectory is /home/anna/Downloads\nState is finished\nMaxBytes is 4711", "matched"},
		{"FileName is a b.exe\nStartDate is 2023-11-14T22:13:20\nEndDate is 2023-11-14T22:13:25", "matched"},
		{"FileName is c.exe\nSourceURL contains /c", "matched"},
		{"SourceURL is http://old/x\nTargetDirectory is C:\\x\nState is canceled\nAutoResume is true\nStartDate is 2011-03-13T07:06:40", "matched"},
		{"SourceURL is http://none/", "clear"},
		{"MimeType is application/zip", "undetermined"},
	})
	checkVerdicts(t, &cookies, m, []verdictCase{
		{"HostName is evil.example\nHostName is .evil.example\nCookieName is sid\nCookieValue is abc\nCookiePath is /\nIsSecure is true\nIsHTTPOnly is false", "matched"},
		{"CreationDate is 2023-11-14T22:13:20\nLastAccessedDate is 2023-11-14T22:13:21\nExpirationDate is 2027-01-15T08:00:00", "matched"},
		{"FilePath is " + foxFolder[:len(foxFolder)-1] + "\nFileName is cookies.sqlite", "matched"},
		{"CookieName is sid2", "clear"},
		{"CookieFlags is x", "undetermined"},
	})
	checkVerdicts(t, &forms, m, []verdictCase{
		{"FormFieldName is searchbar-history\nFormFieldValue contains hide a file\nTimesUsed is 2\nFirstUsedDate is 2023-11-14T22:13:20\nGuid is g1", "matched"},
		{"HostName is evil.example\nFormSubmitURL contains /go\nUsernameFieldName is u\nPasswordFieldName is p\nEncryptedPassword is MDIE\nTimesUsed is 3\nLastUsedDate is 2023-11-14T22:13:22", "matched"},
		{"UsernameFieldValue is anna", "undetermined"}, // encrypted
		{"FormFieldValue is nothing", "clear"},
	})
	checkVerdicts(t, &forms, foxMachine(t).Add(foxFolder+"logins.json", "{"), []verdictCase{{"FormFieldValue is nothing", "undetermined"}})
}

func TestKeptByChromium(t *testing.T) {
	const folder = "/home/anna/.config/microsoft-edge/Default/"
	jar, _ := database(t, `CREATE TABLE cookies(creation_utc INTEGER, host_key TEXT, name TEXT, value TEXT, encrypted_value BLOB, path TEXT, expires_utc INTEGER, is_secure INTEGER, is_httponly INTEGER, last_access_utc INTEGER)`,
		`INSERT INTO cookies VALUES(13350000000000000, '.evil.example', 'sid', '', x'763130', '/', 13360000000000000, 1, 1, 13350000001000000), (13350000000000000, 'plain', 'a', 'b', '', '/', 0, 0, 0, 0)`)
	data, _ := database(t, `CREATE TABLE autofill(name TEXT, value TEXT, date_created INTEGER, date_last_used INTEGER, count INTEGER)`, `INSERT INTO autofill VALUES('email', 'anna@example.com', 1700000000, 1700000001, 4)`)
	logins, _ := database(t, `CREATE TABLE logins(origin_url TEXT, action_url TEXT, username_element TEXT, username_value TEXT, password_element TEXT, password_value BLOB, signon_realm TEXT, date_created INTEGER, times_used INTEGER)`,
		`INSERT INTO logins VALUES('https://evil.example/login', '', 'u', 'anna', 'p', x'01', 'https://evil.example/', 13350000000000000, 9)`)
	m := source.NewMem(source.Linux).Add(folder+"Network/Cookies", jar).Add(folder+"Web Data", data).Add(folder+"Login Data", logins)
	checkVerdicts(t, &cookies, m, []verdictCase{
		{"HostName is evil.example\nIsSecure is true\nIsHTTPOnly is true\nCreationDate is 2024-01-17T21:20:00\nBrowserName is Microsoft Edge", "matched"},
		{"CookieName is a\nCookieValue is b", "matched"},
		{"CookieName is sid\nCookieValue is b", "undetermined"},
		{"LastModifiedDate is 2024-01-17T21:20:00", "undetermined"},
	})
	checkVerdicts(t, &forms, m, []verdictCase{
		{"FormFieldValue is anna@example.com\nLastUsedDate is 2023-11-14T22:13:21\nTimesUsed is 4", "matched"},
		{"HostName is evil.example\nUsernameFieldValue is anna\nEncryptedPassword is AQ==\nHttpRealm is https://evil.example/\nTimesUsed is 9", "matched"},
	})
}

// jarOf are cookies of Safari on one page.
func jarOf(cookies ...cookie) []byte {
	var bodies [][]byte
	for _, c := range cookies {
		b := make([]byte, safariCookieHead)
		for i, s := range []string{c.host, c.name, c.path, c.value} {
			le.PutUint32(b[16+4*i:], uint32(len(b)))
			b = append(append(b, s...), 0)
		}
		if c.secure {
			b[8] |= 1
		}
		if c.httpOnly {
			b[8] |= 4
		}
		le.PutUint64(b[40:], math.Float64bits(800000000))
		le.PutUint64(b[48:], math.Float64bits(700000000.5))
		le.PutUint32(b, uint32(len(b)))
		bodies = append(bodies, b)
	}
	page := binary.BigEndian.AppendUint32(nil, safariPageMagic)
	page = le.AppendUint32(page, uint32(len(bodies)))
	at := len(page) + 4*len(bodies) + 4
	for _, b := range bodies {
		page = le.AppendUint32(page, uint32(at))
		at += len(b)
	}
	page = append(page, 0, 0, 0, 0)
	page = append(page, slices.Concat(bodies...)...)
	jar := binary.BigEndian.AppendUint32([]byte("cook"), 1)
	return append(binary.BigEndian.AppendUint32(jar, uint32(len(page))), page...)
}

var jarMade = []cookie{{host: ".evil.example", name: "sid", path: "/", value: "abc", secure: true}, {host: "b", name: "n", httpOnly: true}}

func TestKeptBySafari(t *testing.T) {
	const library = "/Users/anna/Library/"
	m := source.NewMem(source.Darwin).Add(library+"Cookies/Cookies.binarycookies", string(jarOf(jarMade...))).
		Add(library+"Safari/Downloads.plist", `<?xml version="1.0"?><plist version="1.0"><dict><key>DownloadHistory</key><array><dict><key>DownloadEntryURL</key><string>http://evil.example/x.dmg</string>`+
			`<key>DownloadEntryPath</key><string>/Users/anna/Downloads/x.dmg</string><key>DownloadEntryProgressTotalToLoad</key><integer>99</integer>`+
			`<key>DownloadEntryDateAddedKey</key><date>2023-11-14T22:13:20Z</date></dict></array></dict></plist>`)
	checkVerdicts(t, &cookies, m, []verdictCase{
		{"HostName is evil.example\nCookieName is sid\nCookieValue is abc\nCookiePath is /\nIsSecure is true\nIsHTTPOnly is false\nCreationDate is 2023-03-08T20:26:40\nExpirationDate is 2026-05-09T06:13:20", "matched"},
		{"CookieName is n\nIsHTTPOnly is true", "matched"},
		{"CookieName is none", "clear"},
	})
	checkVerdicts(t, &downloads, m, []verdictCase{
		{"SourceURL contains x.dmg\nFileName is x.dmg\nMaxBytes is 99\nStartDate is 2023-11-14T22:13:20", "matched"},
		{"FileName is y.dmg", "clear"},
	})
	m.Add(library+"Safari/Form Values", "locked")
	checkVerdicts(t, &forms, m, []verdictCase{{"FormFieldValue is x", "undetermined"}})
}

func FuzzSafariCookies(f *testing.F) {
	f.Add(jarOf(jarMade...))
	f.Add([]byte("cook\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, bytes := 0, 0
		_ = eachSafariCookie(b, func(c cookie) bool { // damage is an error, which is right
			n++
			bytes += len(c.host) + len(c.name) + len(c.path) + len(c.value)
			return true
		})
		if n*safariCookieHead > len(b)+safariCookieHead || bytes > 4*len(b)*max(1, n) {
			t.Errorf("%d cookies of %d bytes from %d bytes", n, bytes, len(b))
		}
	})
}

func TestPathOfURL(t *testing.T) {
	for url, want := range map[string]string{
		"file:///C:/a%20b/c.exe": `C:\a b\c.exe`, "file:///home/x%zz": "/home/x%zz", "file://server/share/x": `\\server\share\x`, `C:\x`: `C:\x`, "": "", "file://": `\\`,
	} {
		if got := pathOfURL(url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}

func TestTicksOfBrowsers(t *testing.T) {
	for name, c := range map[string]struct{ got, want int64 }{
		"Chromium":             {webkitTicks(13350000000000000), 133500000000000000},
		"Chromium in seconds":  {webkitTicks(1700000000), ticks("2023-11-14T22:13:20Z")},
		"none":                 {webkitTicks(0), 0},
		"beyond":               {webkitTicks(math.MaxInt64), 0},
		"before":               {unixTicks(-5), 0},
		"Firefox":              {unixTicks(1700000000000000), ticks("2023-11-14T22:13:20Z")},
		"Firefox, in millis":   {unixTicks(1700000000000), ticks("2023-11-14T22:13:20Z")},
		"Firefox, in seconds":  {unixTicks(1700000000), ticks("2023-11-14T22:13:20Z")},
		"Firefox beyond":       {unixTicks(math.MaxInt64 / 10), 0},
		"Safari":               {macTicks(700000000.5), ticks("2023-03-08T20:26:40.5Z")},
		"Safari, no number":    {macTicks(math.NaN()), 0},
		"Safari, out of range": {macTicks(math.Inf(-1)), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
}

func TestKindsOfVisits(t *testing.T) {
	for _, c := range []struct {
		got  []string
		want string
	}{
		{chromiumKinds(0x30000001), "Typed"}, {chromiumKinds(0x45000008), "Reload|Forward Back|Forward_Back|Home Page|Home_Page|Client Redirect|Client_Redirect"},
		{chromiumKinds(0xff), ""}, {chromiumKinds(-1), "Forward Back|Forward_Back|From Address Bar|From_Address_Bar|Home Page|Home_Page|Client Redirect|Client_Redirect|Server Redirect|Server_Redirect"},
		{geckoKinds(7), "Download"}, {geckoKinds(0), ""}, {geckoKinds(10), ""}, {geckoState(6), "Blocked Parental|Blocked_Parental"}, {geckoState(-1), ""},
	} {
		if s := strings.Join(c.got, "|"); s != c.want {
			t.Errorf("%s, want %s", s, c.want)
		}
	}
}
