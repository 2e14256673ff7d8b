package document

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// Loose files are the rows, and nothing of the source is.
func TestLooseArtefacts(t *testing.T) {
	dir := sourcetest.TempDir(t)
	const name = "Updater"
	xml := `<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><RegistrationInfo><Author>anna</Author></RegistrationInfo></Task>`
	for file, content := range map[string]string{name: xml, "x.pf": "MAM\x04 and damaged"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	given, err := source.FindArtifacts([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	given = append(given, source.Artifact{LooseFile: source.LooseFile{Path: "lost", Err: os.ErrPermission}})
	src := source.NewMem(source.Windows).Add(`C:\Windows\System32\Tasks\Own`, xml).Add(`C:\Windows\Prefetch\OWN.EXE-1.pf`, "x")
	req := &Request{Source: src, Given: given}

	list := Listing{Complete: true}
	var rows []taskRow
	for row, err := range tasks.lister(source.Windows)(t.Context(), req, &list) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if len(rows) != 2 || list.Full || !list.Complete || list.Unlisted != 1 {
		t.Fatalf("%d rows, %+v", len(rows), list)
	}
	if got := rows[0].label(); got != filepath.Join(dir, name) || rows[0].virtual != `\`+name {
		t.Errorf("label %q, place %q", got, rows[0].virtual)
	}
	if task, err := rows[0].load(); err != nil || task.Author != "anna" {
		t.Errorf("%+v, %v", task, err)
	}
	if rows[1].gap == nil || !errors.Is(rows[1].gap.why, os.ErrPermission) {
		t.Errorf("%+v stands for the file that cannot be looked at", rows[1])
	}

	list = Listing{Complete: true}
	n := 0
	for row, err := range prefetches.lister(source.Windows)(t.Context(), req, &list) {
		if n++; n > 1 || err != nil {
			continue
		}
		info, err := row.file.stat()
		if row.file.shown() != filepath.Join(dir, "x.pf") || err != nil || info.Size != 16 || info.Created != 0 {
			t.Errorf("%s: %+v, %v", row.file.shown(), info, err)
		}
		if _, err := row.load(); err == nil {
			t.Error("a damaged file is believed")
		}
	}
	if n != 2 || list.Full {
		t.Errorf("%d rows, %+v", n, list)
	}
}
