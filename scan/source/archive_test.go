package source_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// archives are the ways to write a tree as an archive.
var archives = []struct {
	name  string
	write func(testing.TB, []sourcetest.Node) []byte
}{
	{"stored.zip", func(t testing.TB, tree []sourcetest.Node) []byte { return writeZip(t, zip.Store, tree) }},
	{"deflated.zip", func(t testing.TB, tree []sourcetest.Node) []byte { return writeZip(t, zip.Deflate, tree) }},
	{"plain.tar", writeTar},
	{"packed.tar.gz", func(t testing.TB, tree []sourcetest.Node) []byte { return gzipped(t, writeTar(t, tree)) }},
}

var written = time.Date(2024, 5, 31, 8, 15, 42, 0, time.UTC)

func writeZip(t testing.TB, method uint16, tree []sourcetest.Node) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range tree {
		h := &zip.FileHeader{Name: strings.TrimPrefix(n.Path, "/"), Method: method, Modified: written}
		content := n.Content
		switch n.Type {
		case source.Dir:
			h.Name += "/"
			h.SetMode(fs.ModeDir | 0o755)
		case source.Link:
			h.SetMode(fs.ModeSymlink | 0o777)
			content = n.Target
		case source.FIFO:
			h.SetMode(fs.ModeNamedPipe | 0o600)
		default:
			h.SetMode(0o640)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeTar(t testing.TB, tree []sourcetest.Node) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range tree {
		h := &tar.Header{Name: "." + n.Path, Mode: 0o640, Uid: 1000, Gid: 100, ModTime: written, Format: tar.FormatGNU}
		switch n.Type {
		case source.Dir:
			h.Name, h.Typeflag, h.Mode = h.Name+"/", tar.TypeDir, 0o755
		case source.Link:
			h.Typeflag, h.Linkname = tar.TypeSymlink, n.Target
		case source.FIFO:
			h.Typeflag = tar.TypeFifo
		default:
			h.Typeflag, h.Size = tar.TypeReg, int64(len(n.Content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatalf("%q: %v", n.Path, err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, n.Content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// openArchive writes an archive and opens it.
func openArchive(t *testing.T, name string, data []byte, platform source.Platform) (source.Source, *source.Archive) {
	t.Helper()
	path := filepath.Join(sourcetest.TempDir(t), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	src, a, err := source.OpenArchive(path, source.ArchiveOptions{Platform: platform})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return src, a
}

func TestArchive(t *testing.T) {
	for _, form := range archives {
		for _, platform := range []source.Platform{source.Linux, source.Windows, source.Darwin} {
			t.Run(form.name+" "+string(platform), func(t *testing.T) {
				sourcetest.Run(t, sourcetest.Maker{
					Make: func(t *testing.T, tree []sourcetest.Node) (source.FS, string) {
						src, _ := openArchive(t, form.name, form.write(t, tree), platform)
						return src.Volumes()[0].FS, "/"
					},
					NoOddNames: platform == source.Windows,
					NoUnread:   true,
				})
			})
		}
	}
}
