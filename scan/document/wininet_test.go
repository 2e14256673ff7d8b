package document

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// indexDat is an index.dat of version 5.2 with records of a URL, a file and
// data, all in use.
func indexDat(records ...[3]string) string {
	b := make([]byte, 0x4000)
	copy(b, "Client UrlCache MMF Ver 5.2\x00")
	binary.LittleEndian.PutUint32(b[72:], 1)
	copy(b[80:], "ABCDEFGH")
	for i := 0x250; i < 0x4000; i++ {
		b[i] = 0xff
	}
	for _, r := range records {
		rec := make([]byte, 512)
		copy(rec, "URL \x04")
		binary.LittleEndian.PutUint64(rec[8:], 133500000000000000)  // 2024-01-17T21:20:00
		binary.LittleEndian.PutUint64(rec[16:], 133499964000000000) // an hour before
		rec[52], rec[60], rec[84] = 0x68, 0, 3
		copy(rec[0x68:], r[0])
		if r[1] != "" {
			rec[60] = 0xe0
			copy(rec[0xe0:], r[1])
		}
		rec[69] = 1 // at 0x100
		rec[72] = byte(len(r[2]))
		copy(rec[0x100:], r[2])
		b = append(b, rec...)
	}
	binary.LittleEndian.PutUint32(b[28:], uint32(len(b)))
	return string(b)
}

const (
	rssTitle = "\x10\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x10\x1fR\x00S\x00S\x00\x00\x00\x00\x00\x00\x00"
	ieFolder = `C:\Users\anna\AppData\Local\Microsoft\Windows\`
)

func ieMachine() *source.Mem {
	return source.NewMem(source.Windows).
		Add(ieFolder+`History\History.IE5\index.dat`, indexDat([3]string{"Visited: anna@http://evil.example/a?b@c", "", rssTitle})).
		Add(ieFolder+`History\History.IE5\MSHist012024011720240118\index.dat`, indexDat([3]string{":2024011720240118: anna@:Host: day.example", "", ""})).
		Add(ieFolder+`History\Low\History.IE5\MSHist012024011520240122\index.dat`, indexDat([3]string{":2024011520240122: anna@http://week.example/", "", ""})).
		Add(ieFolder+`Temporary Internet Files\Content.IE5\index.dat`, indexDat([3]string{"http://evil.example/x.js", "x[1].js", "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n"})).
		Add(`C:\Documents and Settings\bob\Cookies\index.dat`, indexDat([3]string{"Cookie:bob@evil.example/p", "bob@evil[1].txt", ""}))
}

func TestInternetExplorer(t *testing.T) {
	visited := find(t, &visits, ieMachine())
	all := ieFolder + `History\History.IE5\index.dat: 2024-01-17T20:20:00Z http://evil.example/a?b@c`
	day := ieFolder + `History\History.IE5\MSHist012024011720240118\index.dat: 2024-01-17T20:20:00Z :Host: day.example`
	week := ieFolder + `History\Low\History.IE5\MSHist012024011520240122\index.dat: 2024-01-17T21:20:00Z local time http://week.example/`
	want := []string{all, day, week}
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(visited.labels())); !slices.Equal(got, want) || !visited.Complete || !visited.Full || len(visited.troubles) > 0 {
		t.Fatalf("%q\n%+v", got, visited.Listing)
	}
	for _, c := range []struct{ label, term, want string }{
		{all, "URL", "http://evil.example/a?b@c"}, {all, "PageTitle", "RSS"}, {all, "VisitCount", "3"}, {all, "Username", "anna"},
		{all, "LastVisitDate", "2024-01-17T20:20:00Z"}, {all, "BrowserName", "Internet Explorer|Microsoft Internet Explorer"},
		{day, "HostName", "day.example"}, {day, "LastVisitDateLocal", "2024-01-17T21:20:00Z"}, {day, "Profile", ""},
		{week, "LastVisitDateLocal", "2024-01-17T21:20:00Z"},
	} {
		if s := strings.Join(visited.values[c.label][c.term], "|"); s != c.want {
			t.Errorf("%s of %s: %q, want %q", c.term, c.label, s, c.want)
		}
	}
	for label, term := range map[string]string{all: "LastVisitDateLocal", day: "Typed", week: "LastVisitDate"} {
		if visited.errs[label][term] == "" {
			t.Errorf("%s of %s is known", term, label)
		}
	}

	fetched := find(t, &downloads, ieMachine())
	if len(fetched.labels()) != 1 || !fetched.Complete {
		t.Fatalf("%q\n%+v", fetched.labels(), fetched.Listing)
	}
	cachedFile := fetched.labels()[0]
	for term, want := range map[string]string{
		"SourceURL": "http://evil.example/x.js", "FileName": "x[1].js", "MimeType": "text/javascript",
		"TargetDirectory": ieFolder + `Temporary Internet Files\Content.IE5\ABCDEFGH|` + ieFolder[2:] + `Temporary Internet Files\Content.IE5\ABCDEFGH`,
	} {
		if s := strings.Join(fetched.values[cachedFile][term], "|"); s != want {
			t.Errorf("%s: %q, want %q", term, s, want)
		}
	}

	kept := find(t, &cookies, ieMachine())
	if len(kept.labels()) != 1 || !kept.Complete {
		t.Fatalf("%q\n%+v", kept.labels(), kept.Listing)
	}
	one := kept.labels()[0]
	for term, want := range map[string]string{"HostName": "evil.example", "CookiePath": "/p", "FileName": "bob@evil[1].txt", "Username": "bob", "CookieValue": ""} {
		if s := strings.Join(kept.values[one][term], "|"); s != want {
			t.Errorf("%s: %q, want %q", term, s, want)
		}
	}
	if kept.errs[one]["CookieValue"] == "" {
		t.Error("the value of a cookie in a file of its own is known")
	}
}

// What is there and cannot be read leaves open what it may have had.
func TestInternetExplorerDamaged(t *testing.T) {
	whole := indexDat([3]string{"Visited: anna@http://a/", "", ""}, [3]string{"Visited: anna@http://b/", "", ""})
	for name, body := range map[string]string{
		`WebCache\WebCacheV01.dat`:      "no database",
		`WebCache\WebCacheV24.dat`:      strings.Repeat("\x00", 1<<16),
		`History\History.IE5\index.dat`: whole[:len(whole)-300],
	} {
		m := source.NewMem(source.Windows).Add(ieFolder+name, body)
		if got := find(t, &visits, m); len(got.troubles) != 1 {
			t.Errorf("%s: %q", name, got.troubles)
		}
		checkVerdicts(t, &visits, m, []verdictCase{{"URL contains http://none/", "undetermined"}})
	}
}

func TestInternetExplorerCorpus(t *testing.T) {
	file := filepath.Join(historyCorpus, "evidence/browser/fox-it-dissect.target/WebCacheV01.dat.gz")
	if _, err := os.Stat(file); os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	copied := filepath.Join(sourcetest.TempDir(t), "cache")
	copyHistory(t, file, copied)
	seen, troubles, list := historyRows(t, &visits, copied)
	if len(seen) != 20+21+18 || len(troubles) > 0 || !list.Complete {
		t.Errorf("%d visits, %q, %+v", len(seen), troubles, list)
	}
	if !slices.ContainsFunc(seen, func(v visit) bool {
		return v.url == "https://github.com/fox-it/dissect" && v.local == 133217228830630000 && v.at == 133217192830631676 && v.data.user.values[0] == "John"
	}) {
		t.Error("the visit of a day is not there")
	}
	fetched, troubles, _ := historyRows(t, &downloads, copied)
	if len(fetched) != 22+15+339+1 || len(troubles) > 0 {
		t.Errorf("%d downloads, %q", len(fetched), troubles)
	}
	unread := 0
	for i := range fetched {
		d := &fetched[i]
		if known := !slices.Contains(d.cut, "SourceURL"); known != (d.urls[0] != "") {
			t.Errorf("%q of %s is cut: %v", d.urls, d.target, d.cut)
		} else if !known {
			unread++
		}
	}
	if unread != 6 { // addresses that the library does not find are unknown
		t.Errorf("%d addresses are not read", unread)
	}
	if !slices.ContainsFunc(fetched, func(d download) bool {
		return d.target == `C:\Users\John\Downloads\archlinux-2023.02.01-x86_64.iso`
	}) {
		t.Error("the file that was kept is not there")
	}
	kept, troubles, _ := historyRows(t, &cookies, copied)
	if len(kept) != 10+18+7 || len(troubles) > 0 {
		t.Errorf("%d cookies, %q", len(kept), troubles)
	}
	if forms, troubles, _ := historyRows(t, &forms, copied); len(forms) > 0 || len(troubles) > 0 {
		t.Errorf("%d forms, %q", len(forms), troubles)
	}
	body, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	body[52] = 2 // left while it was in use
	if err := os.WriteFile(copied, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if seen, _, list := historyRows(t, &visits, copied); len(seen) != 20+21+18 || list.Complete {
		t.Errorf("of a database in use: %d visits, %+v", len(seen), list)
	}
}
