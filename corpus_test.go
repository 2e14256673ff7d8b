package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iocscan/scan"
)

// realIOCs are the published collections of the shared corpus; its synthetic
// files are no part of them.
func realIOCs(t *testing.T) []string {
	t.Helper()
	top := filepath.Join("..", "shared", "corpus", "iocs")
	entries, err := os.ReadDir(top)
	if err != nil {
		t.Skip("the shared corpus is absent: ", err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "synthetic" {
			out = append(out, filepath.Join(top, e.Name()))
		}
	}
	return out
}

// TestRealCollection scans with 500 published IOC files: all are usable, each
// has a verdict, and nothing in the program breaks.
func TestRealCollection(t *testing.T) {
	iocs := realIOCs(t)
	for _, c := range []struct {
		name    string
		args    []string
		matched []string // by hand; nil: not known
	}{
		// Three copies of one IOC look for kernel32.dll or win.ini.
		{"windows machine", []string{"--root", "testdata/roots/windows"},
			[]string{"openioc-to-stix/examples/find_windows.ioc.xml", "pyioc/server/iocs/10.83-16/windows.ioc", "rubyioc/test/find_windows.ioc"}},
		// One asks that two things be absent, a file and a registry key.
		{"linux machine", []string{"--root", "testdata/roots/linux"}, []string{"python-openioc/v10/full.ioc"}},
		{"libraries of a real system", []string{"--root", "/usr/lib", "--max-file-size", "64K", "--timeout", "20s"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := os.Stat(c.args[1]); err != nil {
				t.Skip(err)
			}
			args := append([]string{"scan", "--format", "json"}, append(c.args, iocs...)...)
			status, stdout, stderr := inProcess(t, args...)
			if status != 1 && status != 3 {
				t.Fatalf("exit status %d: %s", status, stderr)
			}
			r := decoded(t, []byte(stdout))
			if r.Scan.Status == "timeout" {
				t.Log("ended by its time limit")
			}
			if r.Summary.IOCs != 500 || r.Summary.Rejected != 0 || r.Summary.Excluded != 0 {
				t.Errorf("summary %+v", r.Summary)
			}
			checkSound(t, r)
			matched := []string{}
			for _, i := range r.IOCs {
				if i.Verdict == "matched" {
					matched = append(matched, strings.TrimPrefix(filepath.ToSlash(i.File), "../shared/corpus/iocs/"))
				}
			}
			if c.matched != nil && !slices.Equal(matched, c.matched) {
				t.Errorf("matched: %q", matched)
			}
			t.Logf("%+v", r.Summary)
		})
	}
}

// checkSound: a report says nothing that contradicts itself, and no code broke.
func checkSound(t *testing.T, r *scan.Result) {
	t.Helper()
	for _, i := range r.IOCs {
		switch {
		case i.Verdict == "matched" && (i.MatchCount == 0 || len(i.Matches) == 0):
			t.Errorf("%s: matched without a match", i.File)
		case i.Verdict != "matched" && (i.MatchCount > 0 || len(i.Matches) > 0):
			t.Errorf("%s: %s with %d matches", i.File, i.Verdict, i.MatchCount)
		case i.Verdict == "undetermined" && len(i.Unchecked) == 0:
			t.Errorf("%s: undetermined, and nothing is unchecked", i.File)
		case i.Verdict == "clear" && len(i.Unchecked) > 0:
			// A condition that could not have changed anything.
		case i.Verdict == "":
			t.Errorf("%s: no verdict", i.File)
		}
		for _, u := range i.Unchecked {
			if u.Reason == "" {
				t.Errorf("%s: %s is unchecked without a reason", i.File, u.Term)
			}
			if strings.Contains(u.Reason, "panic") {
				t.Errorf("%s: %s", i.File, u.Reason)
			}
		}
		for _, m := range i.Matches {
			if m.Text == "" {
				t.Errorf("%s: a match without words", i.File)
			}
		}
	}
	for _, x := range r.Troubles {
		if strings.Contains(x.Error, "panic") || strings.Contains(x.Error, "runtime error") {
			t.Errorf("trouble %+v", x)
		}
	}
}

// TestHostileTree: every file of the hostile tree is found by its MD5 and by a
// text in it, and nothing hangs.
func TestHostileTree(t *testing.T) {
	maker := filepath.Join("..", "shared", "bench", "make_hostile.py")
	if _, err := os.Stat(maker); err != nil {
		t.Skip("the shared maker is absent: ", err)
	}
	dest := filepath.Join(t.TempDir(), "hostile")
	if out, err := exec.Command("python3", maker, dest).CombinedOutput(); err != nil {
		t.Skipf("%s: %v %s", maker, err, out)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dest, "t", "unlistable"), 0o700) })
	expect, err := os.ReadFile(filepath.Join(dest, "expect.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	iocs := t.TempDir()
	files := 0
	for row := range strings.Lines(string(expect)) {
		cell := strings.Split(strings.TrimSpace(row), "\t")
		md5 := cell[len(cell)-1]
		if md5 == "-" {
			continue
		}
		locked := strings.Contains(row, "unreadable.exe") || strings.Contains(row, "unlistable")
		if locked && os.Geteuid() != 0 {
			continue
		}
		files++
		write(t, filepath.Join(iocs, fmt.Sprintf("md5-%02d.ioc", files)), simpleIOC("md5", "FileItem/Md5sum", "is", md5))
	}
	marks := strings.Fields("plain newline quote latin1 utf8 rtl esc html csv spaces dash upper longname deep beyond hard unreadable inside sparse")
	for _, m := range marks {
		write(t, filepath.Join(iocs, "mark-"+m+".ioc"), simpleIOC("mark", "FileItem/StringList/string", "contains", "MARK-"+m))
	}
	r := scanned(t, 1, iocs, "--root", filepath.Join(dest, "t"), "--max-file-size", "1M")
	checkSound(t, r)
	if len(r.Troubles) > 0 && os.Geteuid() == 0 {
		t.Logf("troubles %+v", r.Troubles)
	}
	for _, i := range r.IOCs {
		name := filepath.Base(i.File)
		want := "matched"
		switch {
		case name == "mark-sparse.ioc": // larger than the limit
			want = "undetermined"
		case os.Geteuid() != 0 && (name == "mark-unreadable.ioc" || name == "mark-inside.ioc"):
			want = "undetermined"
		}
		if i.Verdict != want {
			t.Errorf("%s: %s, not %s", name, i.Verdict, want)
		}
		// A hard link is two files; the empty one is alone.
		if n := len(i.Matches); want == "matched" && n != 1 && !(n == 2 && strings.Contains(i.Matches[0].Objects[0].Label, "hard")) {
			t.Errorf("%s: %d matches", name, n)
		}
	}
	if d := r.Documents[0]; d.Scanned < uint64(bytes.Count(expect, []byte("\n"))) {
		t.Errorf("%d objects seen, fewer than the tree has", d.Scanned)
	}
}
