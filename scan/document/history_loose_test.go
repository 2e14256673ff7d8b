package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/source/sourcetest"
)

// A loose database is known by its tables; whose it is, is not known.
func TestHistoryLoose(t *testing.T) {
	dir := sourcetest.TempDir(t)
	db, wal := database(t, chromiumMade...)
	other, _ := database(t, `CREATE TABLE notes(id INTEGER PRIMARY KEY, url TEXT)`)
	for name, content := range map[string]string{"export": db, "export-wal": wal, "other": other, "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rows, troubles, list := historyRows(t, &visits, dir)
	if len(rows) != 4 || len(troubles) > 0 || list.Full || !list.Complete {
		t.Fatalf("%d rows, %q, %+v", len(rows), troubles, list)
	}
	notes := strings.Join(list.Notes, "\n")
	if len(list.Notes) != 2 || !strings.Contains(notes, "write-ahead log") || !strings.Contains(notes, "of no browser") {
		t.Errorf("notes %q", notes)
	}
	for i := range rows {
		if got := visitLabel(&rows[i]); !strings.HasPrefix(got, filepath.Join(dir, "export")+": ") {
			t.Errorf("label %s", got)
		}
		for _, f := range visitFields {
			n := 0
			err := f.get(&rows[i], func(ioc.Value) bool { n++; return true })
			switch strings.TrimPrefix(f.Term, urlHistory+"/") {
			case "BrowserName", "BrowserVersion", "Profile", "Username":
				if err == nil || n > 0 {
					t.Errorf("%s: %d values, %v", f.Term, n, err)
				}
			case "URL", "HostName", "VisitCount":
				if err != nil || n != 1 {
					t.Errorf("%s: %d values, %v", f.Term, n, err)
				}
			}
		}
	}
}
