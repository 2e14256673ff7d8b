package ext

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/image"
)

const corpusRoot = "../../../../shared/corpus"

// A listed is an object in the listing of an independent tool.
type listed struct {
	Path, Type          string
	Inode               uint64
	Size                int64
	Alloc               bool
	MTime, ATime, CTime *int64
	CRTime              *int64
	MD5, SHA256         string
}

type truth struct {
	File        string
	Filesystems []struct {
		Offset int64
		FSType string
		Blocks int64 `json:"block_count"`
		Size   int64 `json:"block_size"`
		Files  []listed
	}
}

// TestCorpus compares every ext volume of the shared corpus, in whatever
// container it is, with what The Sleuth Kit says.
func TestCorpus(t *testing.T) {
	listings, err := filepath.Glob(filepath.Join(corpusRoot, "truth/images/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(listings) == 0 {
		t.Skip("the shared corpus is not here")
	}
	volumes, files, deleted := 0, 0, 0
	for _, name := range listings {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var want truth
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(name, err)
		}
		for _, v := range want.Filesystems {
			if !strings.HasPrefix(v.FSType, "EXT") {
				continue
			}
			t.Run(strings.TrimPrefix(want.File, "images/"), func(t *testing.T) {
				r, size := corpusImage(t, want.File)
				f, err := Open(io.NewSectionReader(r, v.Offset, size-v.Offset), min(size-v.Offset, v.Blocks*v.Size))
				if err != nil {
					t.Fatal(err)
				}
				volumes++
				n, d := compare(t, f, v.Files)
				files, deleted = files+n, deleted+d
				if !strings.EqualFold(f.Type(), v.FSType) {
					t.Errorf("%s, want %s", f.Type(), v.FSType)
				}
			})
		}
	}
	if volumes < 14 || files < 100 || deleted < 5 {
		t.Errorf("only %d volumes, %d files and %d deleted entries compared", volumes, files, deleted)
	}
	t.Logf("%d volumes, %d files, %d deleted entries", volumes, files, deleted)
}

// corpusImage is the disk in a file of the corpus.
func corpusImage(t *testing.T, name string) (io.ReaderAt, int64) {
	t.Helper()
	path := filepath.Join(corpusRoot, "evidence", name)
	plain := !strings.Contains(path, ".E01") && !strings.Contains(path, ".qcow2") && !strings.Contains(path, ".vhd") &&
		!strings.Contains(path, ".vmdk") && !strings.Contains(path, "splitraw")
	if plain {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, ".gz") {
			b = gunzip(t, b)
		}
		return bytes.NewReader(b), int64(len(b))
	}
	if strings.HasSuffix(path, ".gz") {
		path = unpacked(t, path)
	}
	i, err := image.Open(path, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	return i, i.Size()
}

func gunzip(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return b
}

// unpacked puts a packed image and the other files of its series into a folder.
func unpacked(t *testing.T, path string) string {
	t.Helper()
	dir, base := t.TempDir(), filepath.Base(path)
	stem := strings.TrimRight(strings.TrimSuffix(base, ".gz"), "0123456789")
	series, err := filepath.Glob(filepath.Join(filepath.Dir(path), stem+"*.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range series {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".gz"))
		if err := os.WriteFile(to, gunzip(t, b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, strings.TrimSuffix(base, ".gz"))
}

// compare reads a whole volume.
func compare(t *testing.T, f *FS, want []listed) (files, deleted int) {
	t.Helper()
	all := walk(t, f)
	gone := make(map[string]fsys.Deleted)
	for d, err := range f.Deleted(context.Background()) {
		if err != nil {
			t.Error("deleted: ", err)
		}
		gone[all.names[d.Dir]+"/"+d.Name] = d
	}
	for _, w := range want {
		if strings.HasPrefix(w.Path, "/$OrphanFiles") {
			continue
		}
		if !w.Alloc {
			deleted++
			if d, ok := gone[w.Path]; !ok || d.ID != fsys.ID(w.Inode) {
				t.Errorf("deleted %s: %+v, %v", w.Path, d, ok)
			}
			delete(gone, w.Path)
			continue
		}
		got, ok := all.objects[w.Path]
		if !ok {
			t.Errorf("%s: not listed", w.Path)
			continue
		}
		delete(all.objects, w.Path)
		kind := map[string]fsys.Kind{"file": fsys.Regular, "dir": fsys.Dir, "link": fsys.Link}
		if k, ok := kind[w.Type]; ok && k != got.info.Kind || got.id != fsys.ID(w.Inode) || got.info.Kind != fsys.Dir && got.info.Size != w.Size {
			t.Errorf("%s: %+v, want %+v", w.Path, got, w)
		}
		for _, time := range []struct {
			what string
			want *int64
			got  int64
		}{{"modified", w.MTime, got.info.Modified}, {"accessed", w.ATime, got.info.Accessed}, {"changed", w.CTime, got.info.Changed}, {"created", w.CRTime, got.info.Created}} {
			if time.want != nil && time.got/1e7-11644473600 != *time.want {
				t.Errorf("%s: %s %d, want %d", w.Path, time.what, time.got/1e7-11644473600, *time.want)
			}
		}
		if w.MD5 == "" {
			continue
		}
		files++
		if got.md5 != w.MD5 || got.sha256 != w.SHA256 {
			t.Errorf("%s: MD5 %s, want %s", w.Path, got.md5, w.MD5)
		}
	}
	for path, o := range all.objects {
		t.Errorf("%s: not in the volume; %+v", path, o)
	}
	for path, d := range gone {
		t.Errorf("deleted %s: not in the volume; %+v", path, d)
	}
	return files, deleted
}

// A found is an object as this reader sees it.
type found struct {
	id          fsys.ID
	info        fsys.Info
	md5, sha256 string
	target      string
}

type tree struct {
	objects map[string]found
	names   map[fsys.ID]string // of folders
}

// walk reads everything that a volume holds; errors fail the test.
func walk(t *testing.T, f *FS) tree {
	t.Helper()
	all := tree{make(map[string]found), map[fsys.ID]string{f.Root(): ""}}
	var visit func(dir fsys.ID)
	visit = func(dir fsys.ID) {
		for e, err := range f.ReadDir(context.Background(), dir) {
			if err != nil {
				t.Errorf("%s: %v", all.names[dir], err)
				continue
			}
			path := all.names[dir] + "/" + e.Name
			o := found{id: e.ID}
			if o.info, err = f.Stat(e.ID); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if o.info.Kind != e.Kind {
				t.Errorf("%s: kind %d, as the folder says %d", path, o.info.Kind, e.Kind)
			}
			switch e.Kind {
			case fsys.Regular:
				c, err := f.Open(e.ID)
				if err != nil {
					t.Errorf("%s: %v", path, err)
					break
				}
				m, s := md5.New(), sha256.New()
				if n, err := io.Copy(io.MultiWriter(m, s), io.NewSectionReader(c, 0, c.Size())); err != nil || n != o.info.Size {
					t.Errorf("%s: %d bytes of %d, %v", path, n, o.info.Size, err)
				}
				o.md5, o.sha256 = hex.EncodeToString(m.Sum(nil)), hex.EncodeToString(s.Sum(nil))
			case fsys.Link:
				if o.target, err = f.Readlink(e.ID); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
			if _, twice := all.objects[path]; twice {
				t.Errorf("%s: listed twice", path)
			}
			all.objects[path] = o
			if e.Kind == fsys.Dir {
				all.names[e.ID] = path
				visit(e.ID)
			}
		}
	}
	visit(f.Root())
	return all
}
