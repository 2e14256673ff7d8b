package source_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"iocscan/scan/internal/evtx/evtxtest"
	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

const taskXML = `<?xml version="1.0"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions/></Task>`

func TestFindArtifacts(t *testing.T) {
	var log evtxtest.Log
	log.Chunk(1)
	hive := regftest.Hive{Root: regftest.Key{Name: "ROOT"}}.Bytes()
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(taskXML)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	job := make([]byte, 100)
	copy(job, "\x01\x06\x01\x00")
	job[20], job[22] = 0x46, 0x50
	old := slices.Clone(hive)
	old[28] = 1 // the type of a log
	const unread = ": not read by this version"
	dir := sourcetest.TempDir(t)
	for _, c := range []struct {
		name, content string
		offers        source.Capability
		why           string // empty: read
	}{
		{"a.bin", string(log.Bytes()), source.Logs, ""},
		{"NTUSER.DAT", string(hive), source.Hives, ""},
		{"new.pf", "MAM\x04\x00\x00\x00\x00", source.Prefetch, ""},
		{"old.pf", "\x17\x00\x00\x00SCCA", source.Prefetch, ""},
		{"task", taskXML, source.Tasks, ""},
		{"wide", string(wide), source.Tasks, ""},
		{"x.job", string(job), source.Tasks, ""},
		{"NTUSER.DAT.LOG1", string(old), 0, "transaction log of a registry hive: read with the hive that it lies beside"},
		{"History", "SQLite format 3\x00 and more", source.Histories, ""},
		{"History-wal", "\x37\x7f\x06\x82 and more", 0, "log of a SQLite database: read with the database that it lies beside"},
		{"SRUDB.dat", "\x00\x00\x00\x00\xef\xcd\xab\x89" + strings.Repeat("\x00", 228) + "\x00\x10\x00\x00", 0, "ESE database" + unread},
		{"WebCacheV01.dat", "\x00\x00\x00\x00\xef\xcd\xab\x89" + strings.Repeat("\x00", 228) + "\x00\x80\x00\x00", source.Histories, ""},
		{"index.dat", "Client UrlCache MMF Ver 5.2\x00", source.Histories, ""},
		{"App.evt", "\x30\x00\x00\x00LfLe", 0, "event log before Windows Vista" + unread},
		{"svc.exe", "MZ\x90", 0, "program" + unread},
		{"x.xml", "<Task>of something else</Task>", 0, "not recognised"},
		{"short.job", string(job[:60]), 0, "not recognised"},
		{"empty", "", 0, "not recognised"},
	} {
		file := filepath.Join(dir, c.name)
		if err := os.WriteFile(file, []byte(c.content), 0o666); err != nil {
			t.Fatal(err)
		}
		found, err := source.FindArtifacts([]string{file, file})
		if err != nil || len(found) != 1 || found[0].Path != file {
			t.Fatalf("%s: %+v, %v", c.name, found, err)
		}
		if why := found[0].Why(); why != c.why {
			t.Errorf("%s: %q, want %q", c.name, why, c.why)
		}
		var offers []source.Capability
		if c.why == "" {
			offers = []source.Capability{c.offers}
		}
		if got := found.Offers(); !slices.Equal(got, offers) {
			t.Errorf("%s: offers %v, want %v", c.name, got, offers)
		}
	}
	found, err := source.FindArtifacts([]string{dir})
	if err != nil || len(found) != 18 || len(found.Of(source.Tasks)) != 3 || len(found.Of(source.Prefetch).Files()) != 2 {
		t.Errorf("%d files, %d tasks, %v", len(found), len(found.Of(source.Tasks)), err)
	}
	if _, err := source.FindArtifacts([]string{filepath.Join(dir, "absent")}); err == nil {
		t.Error("a path that is not there is taken")
	}
}

// A file that cannot be looked at may be of any kind that is there, and of none
// that is not.
func TestArtifactsUnreadable(t *testing.T) {
	dir := sourcetest.TempDir(t)
	file := filepath.Join(dir, "x.pf")
	if err := os.WriteFile(file, []byte("MAM\x04"), 0o666); err != nil {
		t.Fatal(err)
	}
	found, err := source.FindArtifacts([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	found = append(found, source.Artifact{LooseFile: source.LooseFile{Path: "lost", Err: os.ErrPermission}})
	if got := found.Of(source.Prefetch); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	if got := found.Of(source.Logs); got != nil {
		t.Errorf("%+v", got)
	}
	if got := found.Offers(); !slices.Equal(got, []source.Capability{source.Prefetch}) {
		t.Errorf("%v", got)
	}
}
