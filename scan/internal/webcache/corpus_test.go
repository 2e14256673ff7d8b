package webcache

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const corpus = "../../../../shared/corpus"

// cache is WebCacheV01.dat of the corpus.
func cache(t testing.TB) []byte {
	f, err := os.Open(filepath.Join(corpus, "evidence/browser/fox-it-dissect.target/WebCacheV01.dat.gz"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What libesedb says of the database is what this package says.
func TestCorpus(t *testing.T) {
	b := cache(t)
	j, err := os.ReadFile(filepath.Join(corpus, "truth/browser.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	var truth struct {
		Tables     map[string]int
		Containers map[string]string
		Samples    map[string]struct{ URLs []string } `json:"url_samples"`
	}
	if err := json.Unmarshal(j, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all["browser/fox-it-dissect.target/WebCacheV01.dat.gz"], &truth); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(truth.Containers) == 0 || len(db.Containers()) != len(truth.Containers) {
		t.Fatalf("%d containers, want %d", len(db.Containers()), len(truth.Containers))
	}
	urls := 0
	for _, c := range db.Containers() {
		if want := truth.Containers[strconv.FormatUint(c.ID, 10)]; c.Name != want {
			t.Errorf("container %d is %s, want %s", c.ID, c.Name, want)
		}
		var found []string
		want, there := truth.Tables[c.table()]
		if err := db.Entries(c, func(e Entry) bool { found = append(found, e.URL); return true }); (err == nil) != there {
			t.Errorf("%s: %v", c.table(), err)
		}
		if len(found) != want {
			t.Errorf("%s: %d rows, want %d", c.table(), len(found), want)
		}
		for _, url := range truth.Samples[c.table()+" ("+c.Name+")"].URLs {
			// The samples of other readers are cut at some length.
			if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, url) }) {
				t.Errorf("%s: no %s", c.table(), url)
			}
			urls++
		}
	}
	cookies, want := 0, 0
	if err := db.Cookies(func(Cookie) bool { cookies++; return true }); err != nil {
		t.Error(err)
	}
	for table, rows := range truth.Tables {
		if strings.HasPrefix(table, "CookieEntryEx_") {
			want += rows
		}
	}
	if cookies != want || urls == 0 {
		t.Errorf("%d cookies, want %d; %d URLs", cookies, want, urls)
	}
	t.Logf("%d URLs compared, notes %q, %d reads left of %d", urls, db.Notes(), db.pages.left, newPages(t.Context(), nil, int64(len(b))).left)
}

func TestContent(t *testing.T) {
	b := cache(t)
	db, err := Open(t.Context(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var title, place string
	var d Download
	for _, c := range db.Containers() {
		if !slices.Contains([]string{"History", "Content", "iedownload"}, c.Name) {
			continue
		}
		err := db.Entries(c, func(e Entry) bool {
			switch {
			case c.Name == "History" && strings.HasSuffix(e.URL, "@https://github.com/fox-it/dissect"):
				title = Title(e.Response)
			case c.Name == "iedownload":
				d = DownloadOf(e.Response)
			case c.Name == "Content" && e.File == "dissect[1].htm":
				place = c.Folder(e)
			}
			return true
		})
		if err != nil {
			t.Error(err)
		}
	}
	if !strings.HasPrefix(title, "GitHub - fox-it/dissect: This project is a meta package") {
		t.Errorf("title %q", title)
	}
	if want := `C:\Users\John\AppData\Local\Microsoft\Windows\INetCache\Low\IE\08CUFRSB`; place != want {
		t.Errorf("cached in %q, want %q", place, want)
	}
	want := Download{
		Source:   "https://mirror.cj2.nl/archlinux/iso/2023.02.01/archlinux-2023.02.01-x86_64.iso",
		Referrer: "https://mirror.cj2.nl/archlinux/iso/2023.02.01/", Type: "application/octet-stream",
		Partial: `C:\Users\John\AppData\Local\Microsoft\Windows\INetCache\Low\IE\08CUFRSB\archlinux-2023.02.01-x86_64[1].iso`,
		Target:  `C:\Users\John\Downloads\archlinux-2023.02.01-x86_64.iso`,
	}
	if d != want {
		t.Errorf("download %+v", d)
	}
	ms := Cookie{}
	if err := db.Cookies(func(c Cookie) bool { ms = c; return c.Name != "PreferencesMsn" }); err != nil || ms.Host != "msn.com" || ms.Path != "/" || ms.Modified != 133217192572254951 {
		t.Errorf("%+v, %v", ms, err)
	}
}

// Damage ends in an error or in fewer rows, never in a panic, and what is lost
// with a page of a table is told.
func TestDamage(t *testing.T) {
	b := cache(t)
	total := func(b []byte) (rows int, err error) {
		db, err := Open(t.Context(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return 0, err
		}
		for _, c := range db.Containers() {
			if db.tables[c.table()] == nil {
				continue // some are listed before they are made
			}
			if fault := db.Entries(c, func(Entry) bool { rows++; return true }); fault != nil {
				err = fault
			}
		}
		if fault := db.Cookies(func(Cookie) bool { rows++; return true }); fault != nil {
			err = fault
		}
		return rows, err
	}
	whole, err := total(b)
	if err != nil || whole == 0 {
		t.Fatal(whole, err)
	}
	bad := bytes.Clone(b)
	lost := 0
	for page := int64(2); page < int64(len(b))/pageSize; page++ {
		at := bad[page*pageSize:][:pageSize]
		if bytes.Equal(at[:pageSize/2], make([]byte, pageSize/2)) {
			continue
		}
		clear(at)
		if rows, err := total(bad); rows < whole {
			lost++
			if err == nil {
				t.Errorf("page %d is zero: %d rows of %d and no error", page, rows, whole)
			}
		}
		copy(at, b[page*pageSize:])
	}
	if lost < 10 {
		t.Errorf("only %d pages matter", lost)
	}
	if _, err := total(b[:len(b)/2]); err == nil {
		t.Error("half a file is no error")
	}
	seed := uint32(1)
	for range 60 {
		for range 2000 {
			seed = seed*1664525 + 1013904223
			bad[seed%uint32(len(bad))] ^= byte(seed >> 24)
		}
		total(bad)
		copy(bad, b)
	}
}
