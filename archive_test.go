package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan"
)

// TestArchives scans the small machines as archives: a root as it is answers
// what the root answers, and what a collector took the same as far as it finds
// something, never that something is not there.
func TestArchives(t *testing.T) {
	windows, linux := filepath.Join("testdata", "roots", "windows"), filepath.Join("testdata", "roots", "linux")
	plain := func(path string) string { return path }
	for _, c := range []struct {
		file, root string
		place      func(path string) string // of a file of the root in the archive
		beside     map[string]string
		host       string
		selected   bool
		certain    []string // clear whatever else the host has: its system has no registry
	}{
		{file: "root.zip", root: windows, place: plain},
		{file: "root.tar", root: linux, place: plain},
		{file: "root.tar.gz", root: linux, place: func(path string) string { return "copy/" + path }},
		{
			file: "Collection-WS1.zip", root: windows, selected: true, host: "WS1",
			place:  func(path string) string { return "uploads/auto/C%3A/" + strings.ReplaceAll(path, "/.", "/%2E") },
			beside: map[string]string{"client_info.json": `{"Hostname": "WS1"}`, "results/Custom.json": "svchost32.exe"},
		},
		{
			file: "kape.zip", root: windows, selected: true,
			place: func(path string) string { return "C/" + path }, beside: map[string]string{"x_CopyLog.csv": "svchost32.exe"},
		},
		{
			file: "uac-db-linux-20240531081542.tar.gz", root: linux, selected: true, host: "db", certain: []string{"no-sensor.ioc", "run-key-and-file.ioc"},
			place: func(path string) string { return "[root]/" + path }, beside: map[string]string{"uac.log": "", "bodyfile/bodyfile.txt": "0|/x"},
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), c.file)
			files := map[string]string{}
			for path, content := range c.beside {
				files[path] = content
			}
			for path, content := range rootFiles(t, c.root) {
				files[c.place(path)] = content
			}
			if err := os.WriteFile(name, packed(t, c.file, files), 0o600); err != nil {
				t.Fatal(err)
			}
			iocs := []string{"testdata/ioc/example", "testdata/ioc/machine"}
			want := scanned(t, 1, append(iocs, "--root", c.root)...)
			for _, option := range []string{"--archive", "--image"} {
				got := scanned(t, 1, append(iocs, option, name)...)
				if s := got.Scan.Source; s.Kind != "archive" || s.Path != name || s.Platform != want.Scan.Source.Platform || got.Scan.Host != c.host {
					t.Errorf("source %+v, host %q", s, got.Scan.Host)
				}
				if d := cmp.Diff(archiveAnswers(want, c.selected, c.certain...), archiveAnswers(got, false)); d != "" {
					t.Errorf("%s (-root +archive):\n%s", option, d)
				}
				if len(got.Troubles) > 0 {
					t.Errorf("troubles: %v", got.Troubles)
				}
			}
			if r := scanned(t, 1, append(iocs, "--archive", name, "--hostname", "other")...); r.Scan.Host != "other" {
				t.Errorf("--hostname: %q", r.Scan.Host)
			}
		})
	}
}

// archiveAnswers are the verdicts and the objects of matches; of a selection,
// those that a root's answer has to become, but for the IOCs that are certain.
func archiveAnswers(r *scan.Result, selected bool, certain ...string) map[string][]string {
	out := make(map[string][]string)
	for _, i := range r.IOCs {
		answer := []string{string(i.Verdict)}
		for _, m := range i.Matches {
			for _, o := range m.Objects {
				answer = append(answer, o.Label)
			}
		}
		if selected && !slices.Contains(certain, filepath.Base(i.File)) && (i.Verdict == "clear" || i.Verdict == "matched" && len(answer) == 1) {
			answer = []string{"undetermined"}
		}
		out[filepath.Base(i.File)] = answer
	}
	return out
}

// rootFiles are the files below a folder by their paths with slashes.
func rootFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(os.DirFS(dir), path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// packed is an archive of the format that a name ends with.
func packed(t *testing.T, name string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasSuffix(name, ".zip") {
		z := zip.NewWriter(&b)
		for path, content := range files {
			w, err := z.Create(path)
			check(err)
			_, err = w.Write([]byte(content))
			check(err)
		}
		check(z.Close())
		return b.Bytes()
	}
	w := tar.NewWriter(&b)
	for path, content := range files {
		check(w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(content))}))
		_, err := w.Write([]byte(content))
		check(err)
	}
	check(w.Close())
	if !strings.HasSuffix(name, ".gz") {
		return b.Bytes()
	}
	var g bytes.Buffer
	z := gzip.NewWriter(&g)
	_, err := z.Write(b.Bytes())
	check(err)
	check(z.Close())
	return g.Bytes()
}
