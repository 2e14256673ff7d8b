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

	"github.com/google/go-cmp/cmp"

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
	src, a, err := source.OpenArchive(t.Context(), path, source.ArchiveOptions{Platform: platform})
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

// file is a node with a content.
func file(path, content string) sourcetest.Node { return sourcetest.Node{Path: path, Content: content} }

func TestArchiveLayout(t *testing.T) {
	velociraptor := func(more ...sourcetest.Node) []sourcetest.Node {
		return append([]sourcetest.Node{
			file("/client_info.json", `{"Hostname": "DESKTOP-7", "OS": "windows"}`),
			file("/uploads.json", ""),
			file("/results/Windows.KapeFiles.Targets%2FUploads.json", "{}"),
		}, more...)
	}
	for _, c := range []struct {
		name      string
		file      string
		tree      []sourcetest.Node
		asked     source.Platform
		platform  source.Platform
		collector string
		host      string
		volumes   string
		files     map[string]string // as displayed → content
		leftOut   string            // what has to be among it, below the archive
	}{
		{
			name: "Velociraptor on Windows", file: "Collection-DESKTOP-7.zip",
			tree: velociraptor(
				file("/uploads/auto/C%3A/Windows/System32/evil.exe", "evil"),
				file("/uploads/auto/C%3A/Users/100%25 %2Ehidden/a%3Fb", "odd"),
				file("/uploads/ntfs/%5C%5C.%5CC%3A/$MFT", "mft"),
				file("/uploads/lazy_ntfs/%5C%5C.%5Cd%3A/data", "d"),
				file("/uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy12/Windows/System32/evil.exe", "earlier"),
				file("/uploads/data/whatever", "x"),
			),
			platform: source.Windows, collector: "Velociraptor", host: "DESKTOP-7", volumes: "C: D: HarddiskVolumeShadowCopy12:",
			files: map[string]string{
				`C:\Windows\System32\evil.exe`: "evil", `C:\Users\100% .hidden\a?b`: "odd", `C:\$MFT`: "mft", `D:\data`: "d",
				`HarddiskVolumeShadowCopy12:\Windows\System32\evil.exe`: "earlier",
			},
			leftOut: "client_info.json results uploads.json uploads/data/whatever",
		},
		{
			name: "Velociraptor on Linux", file: "c.zip",
			tree: []sourcetest.Node{
				file("/client_info.json", `{"client_id": "C.1", "os_info": {"hostname": "web01", "system": "linux"}}`),
				file("/collection_context.json", "{}"),
				file("/uploads/auto/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
				file("/uploads/file/tmp/%2Ex", "hidden"),
			},
			platform: source.Linux, collector: "Velociraptor", host: "web01", volumes: "",
			files: map[string]string{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/tmp/.x": "hidden"}, leftOut: "collection_context.json",
		},
		{
			name: "KAPE", file: "2024-05-31T081542_DESKTOP-7.zip",
			tree: []sourcetest.Node{
				file("/C/Windows/System32/config/x", "1"), file("/C/$Extend/$J", "2"), file("/D/f", "3"),
				file("/2024-05-31T08_15_42_CopyLog.csv", "log"),
			},
			platform: source.Windows, collector: "KAPE", volumes: "C: D:",
			files:   map[string]string{`C:\Windows\System32\config\x`: "1", `C:\$Extend\$J`: "2", `D:\f`: "3"},
			leftOut: "2024-05-31T08_15_42_CopyLog.csv",
		},
		{
			name: "KAPE without a system, in a folder", file: "x.zip",
			tree:     []sourcetest.Node{file("/DESKTOP-7/E/docs/f", "1"), file("/DESKTOP-7/_CopyLog.csv", "log")},
			platform: source.Windows, collector: "KAPE", volumes: "E:", files: map[string]string{`E:\docs\f`: "1"}, leftOut: "DESKTOP-7/_CopyLog.csv",
		},
		{
			name: "UAC", file: "uac-db-01-linux-20240531081542.tar.gz",
			tree: []sourcetest.Node{
				file("/[root]/etc/hostname", "db-01\n"), file("/[root]/var/log/auth.log", "log"), file("/bodyfile/bodyfile.txt", "0|"),
				file("/live_response/process/ps.txt", "ps"), file("/uac.log", "log"),
			},
			platform: source.Linux, collector: "UAC", host: "db-01", volumes: "",
			files: map[string]string{"/etc/hostname": "db-01\n", "/var/log/auth.log": "log"}, leftOut: "bodyfile live_response uac.log",
		},
		{
			name: "UAC of macOS, renamed", file: "case4.tar.gz",
			tree: []sourcetest.Node{
				file("/[root]/System/Library/CoreServices/x", "1"), file("/[root]/private/etc/passwd", "2"),
				file("/live_response/network/hostname.txt", "imac\n"), file("/uac.log", ""),
			},
			platform: source.Darwin, collector: "UAC", host: "imac", volumes: "",
			files: map[string]string{"/private/etc/passwd": "2", "/System/Library/CoreServices/x": "1"},
		},
		{
			name: "a root", file: "root.tar", tree: []sourcetest.Node{file("/etc/passwd", "p"), file("/usr/bin/x", "x")},
			platform: source.Linux, volumes: "", files: map[string]string{"/etc/passwd": "p", "/usr/bin/x": "x"},
		},
		{
			name: "a root in a folder", file: "root.tar.gz", tree: []sourcetest.Node{file("/evidence/Windows/System32/x", "x")},
			platform: source.Windows, volumes: "C:", files: map[string]string{`C:\Windows\System32\x`: "x"},
		},
		{
			name: "files", file: "files.zip", tree: []sourcetest.Node{file("/a/b", "1"), file("/c", "2")},
			platform: source.Unknown, volumes: "", files: map[string]string{"/a/b": "1", "/c": "2"},
		},
		{
			name: "an image of KAPE's", file: "files.zip", tree: []sourcetest.Node{file("/x.VHDX", "1")},
			platform: source.Unknown, volumes: "", files: map[string]string{"/x.VHDX": "1"}, leftOut: "x.VHDX",
		},
		{
			name: "files of Windows", file: "files.zip", tree: []sourcetest.Node{file("/a/b", "1")}, asked: source.Windows,
			platform: source.Windows, volumes: "C:", files: map[string]string{`C:\a\b`: "1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := writeZip(t, zip.Deflate, c.tree)
			if strings.Contains(c.file, ".tar") {
				if data = writeTar(t, c.tree); strings.HasSuffix(c.file, ".gz") {
					data = gzipped(t, data)
				}
			}
			src, a := openArchive(t, c.file, data, c.asked)
			if src.Kind() != "archive" || src.Platform() != c.platform || a.Collector != c.collector || a.Host != c.host {
				t.Errorf("kind %s, platform %q, collector %q, host %q", src.Kind(), src.Platform(), a.Collector, a.Host)
			}
			var volumes []string
			for _, v := range src.Volumes() {
				volumes = append(volumes, v.Name)
			}
			if got := strings.Join(volumes, " "); got != c.volumes {
				t.Errorf("volumes %q, want %q", got, c.volumes)
			}
			found := make(map[string]string)
			for _, v := range src.Volumes() {
				walkArchive(t, v, "/", found)
			}
			if d := cmp.Diff(c.files, found); d != "" {
				t.Error(d)
			}
			var left []string
			for _, l := range src.LeftOut() {
				left = append(left, strings.TrimPrefix(strings.TrimPrefix(l.Path, a.Path), "/"))
			}
			for _, name := range strings.Fields(c.leftOut) {
				if !strings.Contains("\n"+strings.Join(left, "\n")+"\n", "\n"+name+"\n") {
					t.Errorf("%s is not left out: %q", name, left)
				}
			}
			if selected := source.Selection(src) != ""; selected != (c.collector != "") {
				t.Errorf("selection: %t", selected)
			}
			if selected := source.Selection(source.With(src, source.Logs)) != ""; selected != (c.collector != "") {
				t.Errorf("selection beside loose files: %t", selected)
			}
		})
	}
}

// walkArchive reads all files of a volume.
func walkArchive(t *testing.T, v source.Volume, dir string, found map[string]string) {
	t.Helper()
	for name, e := range sourcetest.List(t, v.FS, dir) {
		path := source.Join(dir, name)
		switch e.Type {
		case source.Dir:
			walkArchive(t, v, path, found)
		case source.Regular:
			found[source.Display(v, path)] = sourcetest.ReadAll(t, v.FS, path)
		}
	}
}
