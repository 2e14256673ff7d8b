package indexdat

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// made is a file of records of one URL each, of which the last is deleted.
func made(version string, urls ...string) []byte {
	b := make([]byte, blocksAt)
	copy(b, signature+version+"\x00")
	le.PutUint32(b[foldersAt:], 1)
	copy(b[foldersAt+8:], "ABCDEFGH")
	at, from := 52, 0x68
	if version == "4.7" {
		at = 56
	}
	for i, url := range urls {
		r := make([]byte, 3*blockSize)
		copy(r, "URL ")
		le.PutUint32(r[4:], 3)
		le.PutUint64(r[8:], 130000000000000000)
		le.PutUint64(r[16:], 130000000010000000)
		le.PutUint64(r[32:], 77)
		le.PutUint32(r[at:], uint32(from))
		copy(r[from:], url)
		le.PutUint32(r[at+8:], 0xf0)
		copy(r[0xf0:], "a[1].htm")
		le.PutUint32(r[at+16:], 0x100)
		le.PutUint32(r[at+20:], 32)
		copy(r[0x100:], "\x10\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x10\x1fR\x00S\x00S\x00\x00\x00")
		le.PutUint16(r[at+28:], 33<<9|2<<5|24)
		le.PutUint16(r[at+30:], 13<<11|5<<5|7)
		le.PutUint32(r[at+32:], uint32(i+1))
		for n := range 3 {
			if block := (len(b)-blocksAt)/blockSize + n; i < len(urls)-1 || i == 0 {
				b[bitmapAt+block/8] |= 1 << (block % 8)
			}
		}
		b = append(b, r...)
	}
	le.PutUint32(b[sizeAt:], uint32(len(b)))
	return b
}

func entries(t testing.TB, b []byte) (all []Entry, errs []error) {
	x, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range x.Entries() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, e)
	}
	return all, errs
}

func TestEntries(t *testing.T) {
	for _, version := range []string{"5.2", "4.7"} {
		all, errs := entries(t, made(version, "Visited: anna@http://a/", "http://b/", "http://old/"))
		if len(all) != 3 || len(errs) > 0 {
			t.Fatalf("%s: %+v, %v", version, all, errs)
		}
		e := all[1]
		if e.URL != "http://b/" || e.File != "a[1].htm" || e.Folder != "ABCDEFGH" || e.Hits != 2 || e.Deleted || e.Size != 77 ||
			e.Modified != 130000000000000000 || e.Accessed != 130000000010000000 || e.Synched != 130061847140000000 || Title(e.Data) != "RSS" {
			t.Errorf("%s: %+v, title %q", version, e, Title(e.Data))
		}
		if !all[2].Deleted || all[0].Deleted {
			t.Errorf("%s: deleted %v, %v", version, all[0].Deleted, all[2].Deleted)
		}
	}
}

func TestDamaged(t *testing.T) {
	b := made("5.2", "http://a/", "http://b/", "http://c/")
	le.PutUint32(b[blocksAt+4:], 1<<31) // more blocks than there are
	if all, errs := entries(t, b); len(all) != 2 || len(errs) != 1 || !errors.Is(errs[0], errRecord) {
		t.Errorf("%+v, %v", all, errs)
	}
	b = made("5.2", "http://a/", "http://b/")
	if all, errs := entries(t, b[:len(b)-blockSize]); len(all) != 1 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "cut short") {
		t.Errorf("%+v, %v", all, errs)
	}
	for _, b := range [][]byte{nil, make([]byte, blocksAt), made("9.9")} {
		if _, err := Parse(b); err == nil {
			t.Error("no error")
		}
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text, of, user, url string
		days                int
	}{
		{"Visited: anna@http://u@h/", OfVisit, "anna", "http://u@h/", 0},
		{":2023022420230225: John@:Host: archlinux.org", OfPeriod, "John", ":Host: archlinux.org", 1},
		{":2023022020230227: J@file:///C:/a@b", OfPeriod, "J", "file:///C:/a@b", 7},
		{"Cookie:john@bing.com/", OfCookie, "john", "bing.com/", 0},
		{"Visited: http://u@h/", OfVisit, "", "http://u@h/", 0},
		{"http://u@h/", OfCache, "", "http://u@h/", 0},
	} {
		if of, user, url, days := Split(c.text); of != c.of || user != c.user || url != c.url || days != c.days {
			t.Errorf("%s: %s, %s, %s, %d", c.text, of, user, url, days)
		}
	}
}

// What libmsiecf finds is found, its remains of deleted records included.
func TestCorpus(t *testing.T) {
	const corpus = "../../../../shared/corpus"
	j, err := os.ReadFile(filepath.Join(corpus, "truth/browser.json"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	var all map[string]struct {
		Format string
		URLs   []string `json:"url_strings"`
	}
	if err == nil {
		err = json.Unmarshal(j, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for name, truth := range all {
		if truth.Format != "msiecf" {
			continue
		}
		files++
		b, err := os.ReadFile(filepath.Join(corpus, "evidence", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		found, errs := entries(t, b)
		if len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
		for _, url := range truth.URLs {
			// The list was made by looking for texts in the file: some have the
			// bytes before them, and some are of the properties of a page.
			at := max(strings.Index(url, "http"), 0)
			if strings.HasPrefix(url, "Visited:") {
				at = 0
			}
			if !slices.ContainsFunc(found, func(e Entry) bool { return e.URL == url[at:] || strings.Contains(string(e.Data), url[at:]) }) {
				t.Errorf("%s: no %s", name, url)
			}
		}
		t.Logf("%s: %d records", name, len(found))
	}
	if files != 2 {
		t.Errorf("%d files", files)
	}
}

func FuzzEntries(f *testing.F) {
	f.Add(made("5.2", "Visited: anna@http://a/", "http://b/")[blocksAt:])
	f.Add(made("4.7", "Cookie:a@b/")[blocksAt:])
	f.Add([]byte("REDR\x01\x00\x00\x00........http://r/\x00" + strings.Repeat("\x00", 128)))
	head := made("5.2")
	f.Fuzz(func(t *testing.T, blocks []byte) {
		x, err := Parse(append(slices.Clone(head), blocks...))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for e := range x.Entries() {
			Split(e.URL)
			Title(e.Data)
			if n++; n > len(blocks)/blockSize+1 {
				t.Fatalf("%d records in %d bytes", n, len(blocks))
			}
		}
	})
}
