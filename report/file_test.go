package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"iocscan/scan"
)

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFileAppearsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, strings.Repeat("x", 250)+".json")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	other, err := Create(filepath.Join(dir, "y.json"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "new")
	if got := content(t, path); got != "old" {
		t.Errorf("before Commit the report is %q", got)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	other.Discard()
	f.Discard()
	if got := content(t, path); got != "new" || names(t, dir) != filepath.Base(path) {
		t.Errorf("after Commit the report is %q, the folder has %s", got, names(t, dir))
	}
	if err := f.Commit(); err == nil {
		t.Error("a second Commit says nothing")
	}
}

func TestFileDiscard(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.json")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "half")
	f.Discard()
	if got := names(t, dir); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestStreamFileIsThereAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	if err := os.WriteFile(path, []byte("an older and longer report"), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := FormatJSONL.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	r := canonical()
	sink := JSONL(f)
	head := beginning(r.Header)
	m := scan.Match{IOC: scan.IOCRef{File: "a"}, Match: r.IOCs[0].Matches[0]}
	if err := errors.Join(sink.Begin(&head), sink.Match(&m)); err != nil {
		t.Fatal(err)
	}
	// As another process finds it while the scanner runs, or after its death.
	var k keep
	if err := Replay(strings.NewReader(content(t, path)), &k); err != nil || k.matches != 1 {
		t.Errorf("error %v, %d matches", err, k.matches)
	}
	f.Discard()
	if content(t, path) == "" {
		t.Error("Discard took what was found")
	}
}

func TestFileErrorsNameTheReport(t *testing.T) {
	dir := t.TempDir()
	for _, create := range []func(string) (*File, error){Create, CreateStream} {
		missing := filepath.Join(dir, "none", "r.json")
		if _, err := create(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
			t.Errorf("no such folder: %v", err)
		}
		if _, err := create(dir); err == nil || !strings.Contains(err.Error(), dir+" is a folder") {
			t.Errorf("a folder: %v", err)
		}
	}
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is a thing of Linux")
	}
	f, err := Create("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	if f.temp != f.target {
		t.Errorf("a device would be replaced: %s", f.temp)
	}
	if _, err := io.WriteString(f, "x"); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/dev/full") {
		t.Errorf("a full disk: %v", err)
	}
}

func TestFileFollowsLink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.json"), filepath.Join(dir, "link.json")
	if err := os.WriteFile(real, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	f, err := Create(link)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "new")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if content(t, real) != "new" {
		t.Error("the link was replaced")
	}
}

// fullAfter fails once n bytes were written, as a full disk does.
type fullAfter struct {
	n   int
	err error
}

func (f *fullAfter) Write(p []byte) (int, error) {
	if len(p) > f.n {
		n := f.n
		f.n = 0
		return n, f.err
	}
	f.n -= len(p)
	return len(p), nil
}

// Each format says so wherever its writer fails.
func TestSinksGiveErrors(t *testing.T) {
	full := errors.New("disk full")
	for name, make := range map[string]func(io.Writer) scan.Sink{
		"json": JSON, "jsonl": JSONL, "csv": CSV,
		"human": func(w io.Writer) scan.Sink { return Human(w, HumanOptions{}) },
	} {
		size := len(told(t, canonical(), make))
		for _, n := range []int{0, 1, size / 3, size / 2, size - 1, size} {
			r := canonical()
			sink := Multi(make(&fullAfter{n, full}))
			replayTold(t, r, sink)
			failed := sink.Failures()
			if n == size {
				if len(failed) != 0 {
					t.Errorf("%s, %d bytes: %v", name, n, failed)
				}
			} else if len(failed) != 1 || !errors.Is(failed[0].Err, full) {
				t.Errorf("%s, %d of %d bytes: %v", name, n, size, failed)
			}
		}
	}
}

func TestMultiGoesOn(t *testing.T) {
	full := errors.New("disk full")
	var whole bytes.Buffer
	m := Multi(JSONL(&fullAfter{2000, fmt.Errorf("write: %w", syscall.EPIPE)}), JSONL(&fullAfter{2000, full}), JSONL(&whole))
	replayTold(t, canonical(), m)
	if f := m.Failures(); len(f) != 1 || f[0].Sink != 1 || f[0].Err != full {
		t.Errorf("failures %v", f)
	}
	sameText(t, told(t, canonical(), JSONL), whole.Bytes())
}

// A stream that a kill cuts must be cut between lines wherever possible.
type lineWriter struct{ t *testing.T }

func (w lineWriter) Write(p []byte) (int, error) {
	if bytes.Count(p, []byte("\n")) != 1 || p[len(p)-1] != '\n' {
		w.t.Errorf("not a line: %q", p)
	}
	return len(p), nil
}

func TestStreamWritesLines(t *testing.T) { replayTold(t, canonical(), JSONL(lineWriter{t})) }

// chunks remembers the largest piece it was handed.
type chunks struct{ largest int }

func (c *chunks) Write(p []byte) (int, error) {
	c.largest = max(c.largest, len(p))
	return len(p), nil
}

func TestJSONIsNotBuiltInMemory(t *testing.T) {
	r := canonical()
	for len(r.IOCs[1].Matches) < 1<<14 {
		r.IOCs[1].Matches = append(r.IOCs[1].Matches, r.IOCs[1].Matches...)
	}
	var c chunks
	if err := JSON(&c).End(r); err != nil {
		t.Fatal(err)
	}
	if c.largest > 2*chunk {
		t.Errorf("a piece of %d bytes", c.largest)
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		path string
		want Format
		err  string
	}{
		{"r.json", FormatJSON, ""}, {"R.JSON", FormatJSON, ""}, {"a.b/r.jsonl", FormatJSONL, ""}, {"r.ndjson", FormatJSONL, ""},
		{"r.csv", FormatCSV, ""}, {"r.txt", FormatHuman, ""}, {"r.log", FormatHuman, ""},
		{"r.html", "", "comes later"}, {"r.htm", "", "comes later"}, {"r", "", "no format"}, {"r.xml", "", "no format"}, {"json", "", "no format"},
	} {
		got, err := ForPath(c.path)
		if got != c.want || (c.err == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), c.path)) {
			t.Errorf("%s: %q, %v", c.path, got, err)
		}
	}
	for _, f := range []Format{FormatHuman, FormatJSON, FormatJSONL, FormatCSV} {
		if got, err := ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if s, err := New(f, io.Discard, HumanOptions{}); s == nil || err != nil {
			t.Errorf("%s: no sink: %v", f, err)
		}
	}
	if _, err := ParseFormat("html"); err != ErrHTML {
		t.Errorf("html: %v", err)
	}
	if _, err := ParseFormat("yaml"); err == nil {
		t.Error("yaml is no format")
	}
	if s, err := New(FormatHTML, io.Discard, HumanOptions{}); s != nil || err != ErrHTML {
		t.Errorf("html: %v", err)
	}
}
