package document

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// database is one made by statements, and its log: what the program wrote that
// has it open.
func database(t testing.TB, statements ...string) (db, wal string) {
	t.Helper()
	path := filepath.Join(sourcetest.TempDir(t), "made")
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range statements {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(body), string(log)
}

// chromiumMade is a history of three visits of two pages, and of a page of which
// no visit is left.
var chromiumMade = []string{
	`CREATE TABLE urls(id INTEGER PRIMARY KEY, url LONGVARCHAR, title LONGVARCHAR, visit_count INTEGER, typed_count INTEGER, last_visit_time INTEGER, hidden INTEGER)`,
	`CREATE TABLE visits(id INTEGER PRIMARY KEY, url INTEGER, visit_time INTEGER, from_visit INTEGER, transition INTEGER)`,
	`CREATE TABLE downloads(id INTEGER PRIMARY KEY, current_path TEXT, target_path TEXT, start_time INTEGER, received_bytes INTEGER, total_bytes INTEGER, state INTEGER, end_time INTEGER, referrer TEXT, mime_type TEXT)`,
	`CREATE TABLE downloads_url_chains(id INTEGER, chain_index INTEGER, url TEXT, PRIMARY KEY(id, chain_index))`,
	`INSERT INTO urls VALUES(1, 'https://example.com/', 'Example', 2, 1, 13350000002000000, 0), (2, 'http://evil.example:8080/em/a1.jpg', NULL, 1, 0, 13350000001000000, 1), (3, 'http://old/', 'Old', 7, 0, 13300000000000000, 0)`,
	`INSERT INTO visits VALUES(1, 1, 13350000000000000, 0, 0x02000001), (2, 2, 13350000001000000, 1, 0x80000000)`,
	`INSERT INTO downloads VALUES(1, 'C:\Users\anna\Downloads\x.crdownload', 'C:\Users\anna\Downloads\x.exe', 13350000001500000, 10, 20, 4, 0, 'http://ref/', 'application/octet-stream')`,
	`INSERT INTO downloads_url_chains VALUES(1, 0, 'http://short/'), (1, 1, 'http://evil.example/x.exe')`,
	`PRAGMA journal_mode=WAL`, `PRAGMA wal_autocheckpoint=0`,
	`INSERT INTO visits VALUES(3, 1, 13350000002000000, 2, 0)`,
}

const chromeFolder = `C:\Users\anna\AppData\Local\Google\Chrome\User Data\`

func chromeMachine(t testing.TB) *source.Mem {
	db, wal := database(t, chromiumMade...)
	return source.NewMem(source.Windows).
		Add(chromeFolder+`Default\History`, db).Add(chromeFolder+`Default\History-wal`, wal).
		Add(chromeFolder+`Last Version`, "120.0.6099.71").
		AddLink(`C:\Documents and Settings`, `C:\Users`)
}

func TestVisits(t *testing.T) {
	got := find(t, &visits, chromeMachine(t))
	label := chromeFolder + `Default\History: `
	want := []string{
		label + "2022-06-18T04:26:40Z http://old/",
		label + "2024-01-17T21:20:00Z https://example.com/",
		label + "2024-01-17T21:20:01Z http://evil.example:8080/em/a1.jpg",
		label + "2024-01-17T21:20:02Z https://example.com/",
	}
	if !slices.Equal(got.labels(), want) || !got.Complete || !got.Full || len(got.troubles) > 0 || len(got.Notes) != 1 {
		t.Fatalf("%q\n%+v", got.labels(), got.Listing)
	}
	for term, want := range map[string]string{
		"URL": "http://evil.example:8080/em/a1.jpg", "HostName": "evil.example", "PageTitle": "", "LastVisitDate": "2024-01-17T21:20:01Z",
		"FirstVisitDate": "2024-01-17T21:20:01Z", "VisitCount": "1", "VisitType": "Link|Server Redirect|Server_Redirect", "VisitFrom": "https://example.com/",
		"Typed": "false", "Hidden": "true", "BrowserName": "Chrome|Google Chrome", "BrowserVersion": "120.0.6099.71", "Profile": "Default", "Username": "anna",
	} {
		if s := strings.Join(got.values[label+"2024-01-17T21:20:01Z http://evil.example:8080/em/a1.jpg"][term], "|"); s != want {
			t.Errorf("%s: %q, want %q", term, s, want)
		}
	}
	if first := got.values[label+"2024-01-17T21:20:02Z https://example.com/"]["FirstVisitDate"]; !slices.Equal(first, []string{"2024-01-17T21:20:00Z"}) {
		t.Errorf("first visit %q", first)
	}
	if got.errs[want[0]]["FirstVisitDate"] == "" || got.values[want[0]]["VisitCount"][0] != "7" {
		t.Errorf("%v, %v", got.values[want[0]], got.errs[want[0]])
	}
}

func TestVisitVerdicts(t *testing.T) {
	checkVerdicts(t, &visits, chromeMachine(t), []verdictCase{
		{"URL contains /em/a1.jpg", "matched"},
		{"URL contains /em/a2.jpg", "clear"},
		{"HostName is EVIL.example\nLastVisitDate is 2024-01-17T21:20:01", "matched"},
		{"HostName is evil.example\nLastVisitDate is 2024-01-17T21:20:02", "clear"},
		{"HostName is example.com\nLastVisitDate is 2024-01-17T21:20:02", "matched"}, // in the log only
		{"VisitType is server_redirect\nHidden is true", "matched"},
		{"Username is anna", "matched"},
		{"Username is boris", "undetermined"}, // the folder stands in for the account
		{"BrowserName is Google Chrome\nVisitCount greater-than 6", "matched"},
		{"FirstBookmarkDate greater-than 2020-01-01T00:00:00", "undetermined"},
	})
	checkVerdicts(t, &visits, source.NewMem(source.Linux).AddDir("/home/anna"), []verdictCase{{"URL contains x", "clear"}})
	checkVerdicts(t, &visits, source.NewMem(source.Linux).AddDir("/etc"), []verdictCase{{"URL contains x", "undetermined"}})
	bad := chromeMachine(t).Add(chromeFolder+`Profile 1\History`, "SQLite format 3\x00 and no more")
	checkVerdicts(t, &visits, bad, []verdictCase{{"URL contains /em/a2.jpg", "undetermined"}, {"URL contains /em/a1.jpg", "matched"}})
}

// A log that is damaged may have held what was looked for.
func TestVisitsDamagedLog(t *testing.T) {
	m := chromeMachine(t)
	db, wal := database(t, chromiumMade...)
	wal = wal[:len(wal)-10] + strings.Repeat("x", 10)
	m.Add(chromeFolder+`Default\History`, db).Add(chromeFolder+`Default\History-wal`, wal)
	got := find(t, &visits, m)
	if got.Complete || got.Full || len(got.values) != 4 || len(got.troubles) != 1 {
		t.Errorf("%d rows, %+v, %q", len(got.values), got.Listing, got.troubles)
	}
}

func TestDownloads(t *testing.T) {
	checkVerdicts(t, &downloads, chromeMachine(t), []verdictCase{
		{"SourceURL is http://short/\nSourceURL is http://evil.example/x.exe\nFileName is x.exe", "matched"},
		{"TargetDirectory is C:\\Users\\anna\\Downloads\nState is interrupted\nBytesDownloaded is 10\nMaxBytes is 20", "matched"},
		{"TemporaryPath contains .crdownload\nReferrer is http://ref/\nMimeType contains octet\nStartDate is 2024-01-17T21:20:01", "matched"},
		{"FileName is y.exe", "clear"},
		{"DownloadType is Manual", "undetermined"},
	})
}

// The folders of users on every system, and the ways to them.
func TestHistoryPlaces(t *testing.T) {
	db, _ := database(t, chromiumMade[:7]...)
	places, _ := database(t, `CREATE TABLE moz_places(id INTEGER PRIMARY KEY, url TEXT, title TEXT, visit_count INTEGER, hidden INTEGER, typed INTEGER, last_visit_date INTEGER)`,
		`CREATE TABLE moz_historyvisits(id INTEGER PRIMARY KEY, from_visit INTEGER, place_id INTEGER, visit_date INTEGER, visit_type INTEGER)`,
		`CREATE TABLE moz_bookmarks(id INTEGER PRIMARY KEY, fk INTEGER, dateAdded INTEGER)`,
		`INSERT INTO moz_places VALUES(1, 'http://fox/', 'Fox', 1, 0, 1, 1700000000000000), (2, 'http://kept/', 'Kept', 0, 0, 0, NULL)`,
		`INSERT INTO moz_historyvisits VALUES(1, 0, 1, 1700000000000000, 5), (2, 0, 99, 1700000001000000, 1)`, `INSERT INTO moz_bookmarks VALUES(1, 2, 1600000000000000)`)
	apple, _ := database(t, `CREATE TABLE history_items(id INTEGER PRIMARY KEY, url TEXT, visit_count INTEGER)`,
		`CREATE TABLE history_visits(id INTEGER PRIMARY KEY, history_item INTEGER, visit_time REAL, title TEXT, redirect_source INTEGER)`,
		`INSERT INTO history_items VALUES(1, 'http://apple/', 1)`, `INSERT INTO history_visits VALUES(1, 1, 700000000.5, 'Apple', NULL)`)
	fox := []string{"2023-11-14T22:13:20Z http://fox/", "never visited http://kept/", "2023-11-14T22:13:21Z"}
	chrome := []string{"2022-06-18T04:26:40Z http://old/", "2024-01-17T21:20:00Z https://example.com/", "2024-01-17T21:20:01Z http://evil.example:8080/em/a1.jpg",
		"2024-01-17T21:20:02Z https://example.com/"} // the last visit of a page, of which no visit is there
	for name, c := range map[string]struct {
		m     *source.Mem
		want  map[string][]string
		terms map[string]string // of the first row
	}{
		"XP": {
			source.NewMem(source.Windows).Add(`C:\Documents and Settings\anna\Application Data\Mozilla\Firefox\Profiles\abc.default\places.sqlite`, places).
				Add(`C:\Documents and Settings\anna\Application Data\Mozilla\Firefox\Profiles\abc.default\compatibility.ini`, "[Compatibility]\r\nLastVersion=52.9.0_2018/2018\r\n"),
			map[string][]string{`C:\Documents and Settings\anna\Application Data\Mozilla\Firefox\Profiles\abc.default\places.sqlite`: fox},
			map[string]string{"BrowserName": "Firefox|Mozilla Firefox", "BrowserVersion": "52.9.0", "Profile": "abc.default", "Username": "anna", "VisitType": "Redirect Permanent|Redirect_Permanent", "Typed": "true"},
		},
		"Linux": {
			source.NewMem(source.Linux).Add("/etc/passwd", "anna:x:1000:1000::/srv/anna:/bin/sh\nroot:x:0:0::/root:/bin/sh\n").
				Add("/srv/anna/.config/google-chrome/Profile 2/History", db).
				Add("/root/.mozilla/firefox/profiles.ini", "[Profile0]\nName=x\nIsRelative=0\nPath=/data/fox\n\n[Profile1]\nIsRelative=1\nPath=own\n").
				Add("/data/fox/places.sqlite", places).Add("/root/.mozilla/firefox/own/times.json", "{}"),
			map[string][]string{"/srv/anna/.config/google-chrome/Profile 2/History": chrome, "/data/fox/places.sqlite": fox},
			nil,
		},
		"macOS": {
			source.NewMem(source.Darwin).Add("/Users/anna/Library/Safari/History.db", apple).
				Add("/Users/anna/Library/Application Support/com.operasoftware.Opera/History", db).
				Add("/Applications/Safari.app/Contents/version.plist", `<?xml version="1.0"?><plist version="1.0"><dict><key>CFBundleShortVersionString</key><string>17.1</string></dict></plist>`),
			map[string][]string{"/Users/anna/Library/Safari/History.db": {"2023-03-08T20:26:40.5Z http://apple/"}, "/Users/anna/Library/Application Support/com.operasoftware.Opera/History": chrome},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := find(t, &visits, c.m)
			var want []string
			for file, rows := range c.want {
				for _, r := range rows {
					want = append(want, file+": "+r)
				}
			}
			slices.Sort(want)
			if !slices.Equal(got.labels(), want) || !got.Full || len(got.troubles) > 0 {
				t.Fatalf("%q, want %q\n%+v %q", got.labels(), want, got.Listing, got.troubles)
			}
			for term, value := range c.terms {
				for file := range c.want {
					if s := strings.Join(got.values[file+": "+c.want[file][0]][term], "|"); s != value {
						t.Errorf("%s: %q, want %q", term, s, value)
					}
				}
			}
		})
	}
}

// What lies beside a database says what may be missing of it.
func TestHistoryBeside(t *testing.T) {
	const history = chromeFolder + `Default\History`
	for name, c := range map[string]struct {
		ending   string
		node     source.MemNode
		complete bool
		notes    int
		troubles int
	}{
		"a hot journal":          {"-journal", source.MemNode{Content: "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and pages"}, true, 2, 0},
		"a journal of no use":    {"-journal", source.MemNode{Content: strings.Repeat("\x00", 512)}, true, 1, 0},
		"an empty journal":       {"-journal", source.MemNode{}, true, 1, 0},
		"a log that is closed":   {"-wal", source.MemNode{Content: "x", OpenErr: fs.ErrPermission}, false, 0, 1},
		"a log that is no log":   {"-wal", source.MemNode{Content: strings.Repeat("x", 512)}, false, 0, 1},
		"a log that is empty":    {"-wal", source.MemNode{}, true, 0, 0},
		"a journal that is shut": {"-journal", source.MemNode{Content: "x", OpenErr: fs.ErrPermission}, true, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := find(t, &visits, chromeMachine(t).Put(history+c.ending, c.node))
			if got.Complete != c.complete || len(got.Notes) != c.notes || len(got.troubles) != c.troubles || len(got.values) < 4 {
				t.Errorf("%d rows, %+v, %q", len(got.values), got.Listing, got.troubles)
			}
		})
	}
}

// The registry tells whose a folder is, and of folders elsewhere; Chromium keeps
// copies of profiles.
func TestHistoryOwners(t *testing.T) {
	db, _ := database(t, chromiumMade[:7]...)
	m := hives(windowsAccounts()).
		Add(`C:\Users\boris\AppData\Local\Google\Chrome\User Data\Snapshots\119.0\Default\History`, db).
		Add(`C:\Users\guest\AppData\Local\Google\Chrome\User Data\Default\History`, db)
	got := tell(t, &visits, m).text
	for _, want := range []string{
		`C:\Users\boris\AppData\Local\Google\Chrome\User Data\Snapshots\119.0\Default\History: 2024`,
		"Username = boris | FINCH\\boris\n", "Username = guest ~",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%.1500s", want, got)
		}
	}
}

// What cannot be listed stands for rows of which nothing is known.
func TestHistoryGaps(t *testing.T) {
	closed := source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: fs.ErrPermission}
	for name, m := range map[string]*source.Mem{
		"a home that is closed":    source.NewMem(source.Linux).Put("/home/boris", closed),
		"homes that are closed":    source.NewMem(source.Linux).Put("/home", closed),
		"a history that is closed": source.NewMem(source.Linux).Put("/home/boris/.config/chromium/Default/History", source.MemNode{Content: "SQLite", OpenErr: fs.ErrPermission}),
		"another schema": source.NewMem(source.Linux).Add("/home/boris/.config/chromium/Default/History", func() string {
			db, _ := database(t, `CREATE TABLE urls(id INTEGER PRIMARY KEY, address TEXT)`)
			return db
		}()),
	} {
		t.Run(name, func(t *testing.T) {
			got := find(t, &visits, m)
			if len(got.gaps) != 1 || got.Full || got.Unlisted != 1 || len(got.troubles) != 1 {
				t.Errorf("%+v", got)
			}
		})
	}
}
