package document

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

const historyCorpus = "../../../shared/corpus"

// browserTruth is what another reader of SQLite says of a database.
type browserTruth struct {
	Format  string
	Error   string
	Counts  map[string]int
	Samples map[string][]string
	Visits  []struct {
		URL    string `json:"url"`
		Title  string
		Count  uint64  `json:"visit_count"`
		Webkit int64   `json:"visit_time_webkit_us"`
		Unix   int64   `json:"visit_date_unix_us"`
		Mac    float64 `json:"visit_time_mac_s"`
	} `json:"last_visits"`
	Downloads []string `json:"download_paths"`
}

// browserTruths are the databases of the corpus, by their copies.
func browserTruths(t *testing.T) map[string]browserTruth {
	b, err := os.ReadFile(filepath.Join(historyCorpus, "truth/browser.json"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	var all map[string]browserTruth
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	dir := sourcetest.TempDir(t)
	out := map[string]browserTruth{}
	for name, truth := range all {
		if truth.Format != "sqlite" {
			continue
		}
		copied := filepath.Join(dir, strings.ReplaceAll(strings.TrimSuffix(name, ".gz"), "/", "_"))
		copyHistory(t, filepath.Join(historyCorpus, "evidence", filepath.FromSlash(name)), copied)
		out[copied] = truth
	}
	return out
}

func copyHistory(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var r io.Reader = in
	if path.Ext(from) == ".gz" {
		if r, err = gzip.NewReader(in); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// historyRows are the rows that a document has from a loose database.
func historyRows[T any](t *testing.T, d *Table[T], file string) (rows []T, gaps []string, list Listing) {
	t.Helper()
	given, err := source.FindArtifacts([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	list = Listing{Complete: true}
	req := &Request{Source: source.NewMem(source.Unknown, ""), Given: given, Trouble: func(o string, err error) { gaps = append(gaps, err.Error()) }}
	for row, err := range d.collect(t.Context(), req, &list) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows, gaps, list
}

func TestVisitsOfCorpus(t *testing.T) {
	databases := 0
	for file, truth := range browserTruths(t) {
		rows, troubles, _ := historyRows(t, &visits, file)
		name := filepath.Base(file)
		if strings.Contains(truth.Error, "i.url") {
			if len(troubles) != 1 || !strings.Contains(troubles[0], "no column url") {
				t.Errorf("%s: %q", name, troubles)
			}
			continue
		}
		if len(troubles) > 0 {
			t.Errorf("%s: %q", name, troubles)
		}
		urls, at := map[string]bool{}, map[string]map[int64]*visit{}
		var n int
		for i := range rows {
			r := &rows[i]
			urls[r.url] = true
			if at[r.url] == nil {
				at[r.url] = map[int64]*visit{}
			}
			at[r.url][r.at] = r
			if r.at != 0 {
				n++
			}
		}
		want := truth.Counts["visits"] + truth.Counts["moz_historyvisits"] + truth.Counts["history_visits"]
		if want > 0 {
			databases++
		}
		if n < want {
			t.Errorf("%s: %d visits, want %d", name, n, want)
		}
		if pages := truth.Counts["urls"] + truth.Counts["moz_places"] + truth.Counts["history_items"]; len(urls) != pages {
			t.Errorf("%s: %d pages, want %d", name, len(urls), pages)
		}
		for _, table := range []string{"urls", "moz_places", "history_items"} {
			for _, u := range truth.Samples[table] {
				if !urls[whole(urls, u)] {
					t.Errorf("%s: %s is missing", name, u)
				}
			}
		}
		for _, v := range truth.Visits {
			ticks := v.Webkit * 10
			if v.Unix != 0 {
				ticks = v.Unix*10 + epochTicks
			}
			if v.Mac != 0 {
				ticks = macTicks(v.Mac)
			}
			// Several addresses may begin with one that is cut.
			r := at[v.URL][ticks]
			for u := range at {
				if r == nil && len(v.URL) >= 200 && strings.HasPrefix(u, v.URL) {
					r = at[u][ticks]
				}
			}
			if r == nil || r.count != v.Count || r.title != v.Title && v.Title != "" {
				t.Errorf("%s: visit of %s at %s: %+v", name, v.URL, ioc.TicksTime(ticks), r)
			}
		}
	}
	// One of them is of Firefox for phones, of which the truth has no last visits.
	if databases != 26 {
		t.Errorf("%d databases with visits", databases)
	}
}

func TestDownloadsOfCorpus(t *testing.T) {
	n := 0
	for file, truth := range browserTruths(t) {
		rows, troubles, _ := historyRows(t, &downloads, file)
		name := filepath.Base(file)
		if len(troubles) > 0 {
			t.Errorf("%s: %q", name, troubles)
		}
		urls, paths := map[string]bool{}, map[string]bool{}
		for _, d := range rows {
			paths[d.target] = true
			for _, u := range d.urls {
				urls[u] = true
			}
		}
		if want := truth.Counts["downloads"] + truth.Counts["moz_downloads"]; len(rows) != want && truth.Counts["moz_annos"] == 0 {
			t.Errorf("%s: %d downloads, want %d", name, len(rows), want)
		}
		n += len(rows)
		for _, p := range truth.Downloads {
			if !paths[p] {
				t.Errorf("%s: %s is missing among %v", name, p, paths)
			}
		}
		for _, u := range append(truth.Samples["downloads_url_chains"], truth.Samples["moz_downloads"]...) {
			if !urls[u] {
				t.Errorf("%s: %s is missing", name, u)
			}
		}
	}
	if n < 12 {
		t.Errorf("%d downloads", n)
	}
}

func TestCookiesOfCorpus(t *testing.T) {
	files := 0
	for file, truth := range browserTruths(t) {
		rows, troubles, _ := historyRows(t, &cookies, file)
		name := filepath.Base(file)
		if want := truth.Counts["cookies"] + truth.Counts["moz_cookies"]; len(rows) != want || len(troubles) > 0 {
			t.Errorf("%s: %d cookies, want %d, %q", name, len(rows), want, troubles)
		}
		hosts := map[string]bool{}
		for _, c := range rows {
			hosts[c.host] = true
			if c.name == "" && c.value == "" && c.valueErr == nil || c.created < ticks("2005-01-01T00:00:00Z") {
				t.Errorf("%s: %+v", name, c)
			}
		}
		for _, h := range append(truth.Samples["cookies"], truth.Samples["moz_cookies"]...) {
			if !hosts[h] {
				t.Errorf("%s: %s is missing", name, h)
			}
		}
		if len(rows) > 0 {
			files++
		}
	}
	if files != 4 {
		t.Errorf("%d files with cookies", files)
	}
}

func TestFormsOfCorpus(t *testing.T) {
	n := 0
	for file, truth := range browserTruths(t) {
		rows, troubles, _ := historyRows(t, &forms, file)
		if len(rows) != truth.Counts["autofill"] || len(troubles) > 0 {
			t.Errorf("%s: %d entries, want %d, %q", filepath.Base(file), len(rows), truth.Counts["autofill"], troubles)
		}
		for _, f := range rows {
			if n++; f.field == "" || f.value == "" || f.times == 0 || f.first < ticks("2005-01-01T00:00:00Z") || f.first > ticks("2030-01-01T00:00:00Z") {
				t.Errorf("%+v", f)
			}
		}
	}
	if n != 3 {
		t.Errorf("%d entries", n)
	}
}

// whole is the address that a sample, which is cut, begins with.
func whole(urls map[string]bool, sample string) string {
	for u := range urls {
		if len(sample) >= 200 && strings.HasPrefix(u, sample) {
			return u
		}
	}
	return sample
}
