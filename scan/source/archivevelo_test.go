package source_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// What Velociraptor tells of uploads: those that were cut off cannot be hashed,
// and those without their holes get them back.
func TestVelociraptorUploads(t *testing.T) {
	src, a := openArchive(t, "c.zip", writeZip(t, zip.Deflate, []sourcetest.Node{
		file("/client_info.json", `{"Hostname": "WS1"}`),
		file("/uploads.json", strings.Join([]string{
			`{"_Components": ["uploads", "ntfs", "\\\\.\\C:", "$J"], "file_size": "30", "uploaded_size": 8}`,
			`{"_Components": ["uploads", "ntfs", "\\\\.\\C:", "$J.idx"], "file_size": 1, "uploaded_size": 1, "Type": "idx"}`,
			`{"_Components": ["uploads", "ntfs", "\\\\.\\C:", "lost"], "file_size": 30, "uploaded_size": 8}`,
			`{"_Components": ["uploads", "ntfs", "\\\\.\\C:", "lost.idx"], "Type": "idx"}`,
			`{"_Components": ["uploads", "auto", "C:", "cut"], "file_size": 1000, "uploaded_size": 3}`,
			`{"_Components": ["uploads", "auto", "C:", "whole"], "file_size": 5, "uploaded_size": 5}`,
			`{"_Components": ["uploads", "auto", "C:", "pack.idx"], "file_size": 4, "uploaded_size": 4}`,
		}, "\n")),
		file("/uploads/ntfs/%5C%5C.%5CC%3A/$J", "aaaabbbb"),
		file("/uploads/ntfs/%5C%5C.%5CC%3A/$J.idx", `{"ranges": [{"original_offset": "10", "file_length": 4, "length": 10},
			{"file_offset": 4, "original_offset": 20, "file_length": 4, "length": 10}]}`),
		file("/uploads/ntfs/%5C%5C.%5CC%3A/lost", "xxxxxxxx"),
		file("/uploads/ntfs/%5C%5C.%5CC%3A/unlisted", "cccc"),
		file("/uploads/ntfs/%5C%5C.%5CC%3A/unlisted.idx", `{"ranges": [{"length": 4}, {"original_offset": 4, "file_length": 4, "length": 4}]}`),
		file("/uploads/auto/C%3A/cut", "cut"),
		file("/uploads/auto/C%3A/whole", "whole"),
		file("/uploads/auto/C%3A/pack.idx", "pack"),
		file("/uploads/auto/C%3A/%2E%2E/up", "up"),
		file("/uploads/auto/C%3A/a%2Fb", "slash"),
	}), source.Unknown)
	c := src.Volumes()[0].FS
	for name, want := range map[string]string{
		"/$J":    strings.Repeat("\x00", 10) + "aaaa" + strings.Repeat("\x00", 6) + "bbbb" + strings.Repeat("\x00", 6),
		"/whole": "whole", "/pack.idx": "pack", "/unlisted": "\x00\x00\x00\x00cccc",
	} {
		if got := sourcetest.ReadAll(t, c, name); got != want {
			t.Errorf("%s: %q", name, got)
		}
		if info, err := c.Lstat(name); err != nil || info.Size != int64(len(want)) {
			t.Errorf("%s: %d bytes, %v", name, info.Size, err)
		}
	}
	for name, want := range map[string]string{"/cut": "only 3 of its 1000 bytes", "/lost": "not in the archive"} {
		if _, err := c.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if info, err := c.Lstat("/cut"); err != nil || info.Size != 1000 {
		t.Errorf("cut: %d bytes, %v", info.Size, err)
	}
	if _, ok := sourcetest.List(t, c, "/")["$J.idx"]; ok {
		t.Error("a list of holes is shown as a file")
	}
	for _, name := range []string{"uploads/auto/C%3A/%2E%2E/up", "uploads/auto/C%3A/a%2Fb"} {
		if !slices.ContainsFunc(src.LeftOut(), func(l source.LeftOut) bool { return l.Path == a.Path+"/"+name && l.Volume }) {
			t.Errorf("%s is not left out: %+v", name, src.LeftOut())
		}
	}
}

// The archive of a collection with a password is another one around it.
func TestVelociraptorContainer(t *testing.T) {
	inner := writeZip(t, zip.Deflate, []sourcetest.Node{
		file("/client_info.json", `{"Hostname": "WS1"}`), file("/uploads/auto/C%3A/Windows/System32/x", "x"),
	})
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		outer := writeZip(t, method, []sourcetest.Node{file("/metadata.json", "[]"), file("/data.zip", string(inner))})
		src, a := openArchive(t, "c.zip", outer, source.Unknown)
		if got := sourcetest.ReadAll(t, src.Volumes()[0].FS, "/Windows/System32/x"); got != "x" || a.Host != "WS1" {
			t.Errorf("method %d: %q, host %q", method, got, a.Host)
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "data.zip", Method: 99, Flags: 1, CompressedSize64: 4, UncompressedSize64: 4})
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("????"))
	z.Close()
	path := filepath.Join(sourcetest.TempDir(t), "locked.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := source.OpenArchive(t.Context(), path, source.ArchiveOptions{}); err == nil || !strings.Contains(err.Error(), "data.zip") || !strings.Contains(err.Error(), "password") {
		t.Errorf("with a password: %v", err)
	}
}

// Opening ends when it is told to.
func TestOpenArchiveStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(sourcetest.TempDir(t), "root.tar.gz")
	if err := os.WriteFile(path, gzipped(t, writeTar(t, []sourcetest.Node{file("/etc/passwd", "")})), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := source.OpenArchive(ctx, path, source.ArchiveOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

// Names that lead elsewhere, names that come twice, and an archive that was cut.
func TestArchiveHostile(t *testing.T) {
	data := writeTar(t, []sourcetest.Node{
		file("/etc/passwd", "first"), file("/usr/x", "x"), file("/etc/passwd", "second"), file("/../../etc/shadow", "up"),
		{Path: "/out", Type: source.Link, Target: "../../../../../etc/passwd"},
		{Path: "/loop", Type: source.Link, Target: "loop"},
	})
	src, a := openArchive(t, "root.tar", data, source.Unknown)
	v := src.Volumes()[0]
	if got := sourcetest.ReadAll(t, v.FS, "/etc/passwd"); got != "second" {
		t.Errorf("of two files of one name: %q", got)
	}
	if at, err := v.FS.Resolve("/out"); at != "/etc/passwd" || err != nil {
		t.Errorf("a link upwards leads to %q, %v", at, err)
	}
	if _, err := v.FS.Resolve("/loop"); err == nil {
		t.Error("a loop: no error")
	}
	if _, err := v.FS.Resolve("/etc/shadow"); err == nil {
		t.Error("a name that leads up is found")
	}
	reasons := map[string]bool{}
	for _, l := range src.LeftOut() {
		reasons[strings.TrimPrefix(l.Path, a.Path+"/")] = l.Volume
	}
	if !reasons["./../../etc/shadow"] || !reasons["./etc/passwd"] {
		t.Errorf("left out: %+v", src.LeftOut())
	}
	if source.Selection(src) != "" {
		t.Error("a root is a selection")
	}

	cut, a := openArchive(t, "root.tar", data[:len(data)-2048], source.Linux)
	if len(a.Notes) == 0 || !strings.Contains(a.Notes[0], "damaged") {
		t.Errorf("notes of a cut archive: %q", a.Notes)
	}
	errs := 0
	for _, err := range cut.Volumes()[0].FS.ReadDir(t.Context(), "/etc") {
		if err != nil {
			errs++
		}
	}
	if errs != 1 {
		t.Errorf("%d errors of a folder in a cut archive, want 1", errs)
	}
	if _, err := cut.Volumes()[0].FS.Resolve("/etc/none"); err == nil || strings.Contains(err.Error(), "not exist") {
		t.Errorf("a name that may have been cut off: %v", err)
	}
}
