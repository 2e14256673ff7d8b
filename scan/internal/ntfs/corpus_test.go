package ntfs_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/image"
	"iocscan/scan/internal/ntfs"
)

const corpusRoot = "../../../../shared/corpus"

const maxHashed = 300 << 20 // by the other tool

type truthFile struct {
	Path          string
	Inode         int64
	Size          int64
	Alloc         bool
	Type          string
	Mtime, Crtime int64
	MD5, SHA1     string
	SHA256        string
	Meta          *bool
	ReadError     string `json:"read_error"`
	ADS           []struct {
		Name string
		Size int64
	}
}

type truth struct {
	File        string
	Filesystems []struct {
		Offset     int64
		Type       string `json:"fstype"`
		BlockSize  int64  `json:"block_size"`
		BlockCount int64  `json:"block_count"`
		Files      []truthFile
	}
}

// unzipped is a folder whose gzip files look as if they were not.
type unzipped struct {
	dir   string
	plain image.Folder
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func (u unzipped) Names() ([]string, error) {
	names, err := u.plain.Names()
	for i := range names {
		names[i] = strings.TrimSuffix(names[i], ".gz")
	}
	return names, err
}

func (u unzipped) Open(name string) (image.File, error) {
	b, err := os.ReadFile(filepath.Join(u.dir, name+".gz"))
	if err != nil {
		return u.plain.Open(name)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if b, err = io.ReadAll(z); err != nil {
		return nil, err
	}
	return inMemory{bytes.NewReader(b)}, nil
}

func openImage(t *testing.T, file string) *image.Image {
	t.Helper()
	m, err := image.Open(filepath.Join(corpusRoot, "evidence", strings.TrimSuffix(file, ".gz")), image.Options{
		Folder: func(dir string) image.Folder { return unzipped{dir, image.OS(dir)} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// unix is a time as the other tool gives it, which wraps what is before 1970.
func unix(ticks int64) uint32 { return uint32((uint64(ticks) - 116444736000000000) / 1e7) }

// describe says of an object what the truth says, in the same words.
func describe(v fsys.NTFS, path string, e fsys.Entry) (string, error) {
	info, err := v.Stat(e.ID)
	if err != nil {
		return "", err
	}
	if info.Kind != e.Kind {
		return "", fmt.Errorf("kind %d in the index, %d in the record", e.Kind, info.Kind)
	}
	if info.Links == 0 || !strings.HasPrefix(info.SID, "S-1-") && !strings.Contains(path, "/$") {
		return "", fmt.Errorf("%d links, owner %q", info.Links, info.SID)
	}
	if _, err := v.NameTimes(e.ID); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %d %d", path, e.ID&0xffffffff, unix(info.Modified), unix(info.Created))
	if info.Kind == fsys.Regular {
		c, err := v.Open(e.ID)
		if err != nil {
			return "", err
		}
		m, s := md5.New(), sha256.New()
		if n, err := io.Copy(io.MultiWriter(m, s), io.NewSectionReader(c, 0, c.Size())); err != nil || n != info.Size {
			return "", fmt.Errorf("%d of %d bytes: %w", n, info.Size, err)
		}
		if fmt.Fprintf(&b, " %d", info.Size); info.Size <= maxHashed {
			fmt.Fprintf(&b, " %x %x", m.Sum(nil), s.Sum(nil))
		}
	}
	streams, err := v.Streams(e.ID)
	if err != nil {
		return "", err
	}
	sizes := map[string]int64{}
	for _, s := range streams {
		sizes[s.Name] = s.Size
		if s.Name == "$Bad" {
			continue // the whole volume, as a hole
		}
		c, err := v.OpenStream(e.ID, s.Name)
		if err != nil {
			return "", err
		}
		if n, err := io.Copy(io.Discard, io.NewSectionReader(c, 0, c.Size())); err != nil || n != s.Size {
			return "", fmt.Errorf("stream %s: %d of %d bytes: %w", s.Name, n, s.Size, err)
		}
	}
	fmt.Fprint(&b, " ", sizes)
	return b.String(), nil
}

func (f truthFile) String() string {
	s := fmt.Sprintf("%s %d %d %d", f.Path, f.Inode, f.Mtime, f.Crtime)
	if f.Type == "file" {
		if s += fmt.Sprintf(" %d", f.Size); f.Size <= maxHashed {
			s += fmt.Sprintf(" %s %s", f.MD5, f.SHA256)
		}
	}
	sizes := map[string]int64{}
	for _, a := range f.ADS {
		sizes[a.Name] = a.Size
	}
	return s + fmt.Sprint(" ", sizes)
}

// TestCorpus compares every allocated file of every NTFS volume of the corpus
// with what The Sleuth Kit says of it.
func TestCorpus(t *testing.T) {
	lists, err := filepath.Glob(filepath.Join(corpusRoot, "truth/images/*.json"))
	if err != nil || len(lists) == 0 {
		t.Skip("the shared corpus is not here")
	}
	volumes, files := 0, 0
	for _, list := range lists {
		b, err := os.ReadFile(list)
		var want truth
		if err == nil {
			err = json.Unmarshal(b, &want)
		}
		if err != nil {
			t.Fatal(list, err)
		}
		for _, system := range want.Filesystems {
			if system.Type != "NTFS" {
				continue
			}
			volumes++
			t.Run(fmt.Sprintf("%s %d", want.File, system.Offset), func(t *testing.T) {
				m := openImage(t, want.File)
				size := m.Size() - system.Offset
				v, err := ntfs.Open(io.NewSectionReader(m, system.Offset, size), size)
				if err != nil {
					t.Fatal(err)
				}
				left := map[string]bool{}
				dirs := map[fsys.ID]string{v.Root(): ""}
				check := func(path string, e fsys.Entry) {
					got, err := describe(v, path, e)
					if err != nil {
						t.Errorf("%s: %v", path, err)
					} else if !left[got] {
						t.Errorf("got  %s", got)
					}
					delete(left, got)
				}
				for _, f := range system.Files {
					if f.Alloc && f.Type != "other" {
						left[f.String()] = true
						files++
					}
				}
				walk(t, v, v.Root(), "", func(path string, e fsys.Entry) {
					dirs[e.ID] = path
					check(path, e)
				})
				for d, err := range v.Deleted(t.Context()) {
					if err != nil {
						t.Error("deleted: ", err)
						continue
					}
					if _, err := v.Stat(d.ID); err != nil {
						t.Errorf("deleted %q: %v", d.Name, err)
					}
					// The other tool takes a file in use that no folder lists
					// for one that is there.
					if path, ok := dirs[d.Dir]; ok && d.ID>>47&1 == 0 {
						check(path+"/"+d.Name, d.Entry)
					}
				}
				for f := range left {
					t.Errorf("want %s", f)
				}
			})
		}
	}
	t.Logf("%d files in %d volumes", files, volumes)
	if volumes < 11 || files < 2400 {
		t.Errorf("%d volumes, %d files", volumes, files)
	}
}

func walk(t testing.TB, v fsys.NTFS, dir fsys.ID, path string, visit func(string, fsys.Entry)) {
	for e, err := range v.ReadDir(t.Context(), dir) {
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		visit(path+"/"+e.Name, e)
		if e.Kind == fsys.Dir {
			walk(t, v, e.ID, path+"/"+e.Name, visit)
		}
	}
}
