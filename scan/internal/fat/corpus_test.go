package fat

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

const corpusDir = "../../../../shared/corpus"

type truthFile struct {
	Path     string `json:"path"`
	Size     int64  `json:"size"`
	Alloc    bool   `json:"alloc"`
	Type     string `json:"type"`
	Modified int64  `json:"mtime"`
	Created  int64  `json:"crtime"`
	SHA256   string `json:"sha256"`
	Fault    string `json:"read_error"`
}

type truth struct {
	File    string `json:"file"`
	Systems []struct {
		Offset int64       `json:"offset"`
		Type   string      `json:"fstype"`
		Files  []truthFile `json:"files"`
	} `json:"filesystems"`
}

// truths are those of images that are in no container, or in one that takes a
// few lines to open.
func truths(t *testing.T) []truth {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(corpusDir, "truth", "images", "*.json"))
	if len(names) == 0 {
		t.Skip("no shared corpus beside the repository")
	}
	var list []truth
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var one truth
		if err := json.Unmarshal(b, &one); err != nil {
			t.Fatal(name, err)
		}
		raw := slices.Contains([]string{".raw", ".dd", ".img", ".bin", ".vmdk"}, filepath.Ext(strings.TrimSuffix(one.File, ".gz")))
		if raw && slices.ContainsFunc(one.Systems, func(s struct {
			Offset int64       `json:"offset"`
			Type   string      `json:"fstype"`
			Files  []truthFile `json:"files"`
		}) bool {
			return strings.Contains(s.Type, "FAT")
		}) {
			list = append(list, one)
		}
	}
	return list
}

func corpusImage(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusDir, "evidence", name))
	if err != nil {
		t.Skip("no shared corpus beside the repository: ", err)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.HasPrefix(b, []byte("KDMV")) {
		b = unpack(b)
	}
	return b
}

// unpack is the disk in a monolithic sparse VMDK.
func unpack(b []byte) []byte {
	at := func(off int) int { return int(le.Uint64(b[off:])) }
	grain, perTable := at(20)*sector, int(le.Uint32(b[44:]))
	disk := make([]byte, at(12)*sector)
	for i := 0; i*grain < len(disk); i++ {
		table := int(le.Uint32(b[at(56)*sector+i/perTable*4:])) * sector
		if table == 0 {
			continue
		}
		if from := int(le.Uint32(b[table+i%perTable*4:])) * sector; from > sector {
			copy(disk[i*grain:(i+1)*grain], b[from:])
		}
	}
	return disk
}

func open(t testing.TB, b []byte) fsys.FileSystem {
	t.Helper()
	s, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tree lists all files and folders by path, like truth does.
func tree(t testing.TB, s fsys.FileSystem) (map[string]truthFile, []string) {
	t.Helper()
	all := map[string]truthFile{}
	var faults []string
	visited := map[fsys.ID]bool{}
	var walk func(string, fsys.ID)
	walk = func(at string, dir fsys.ID) {
		if visited[dir] {
			return
		}
		visited[dir] = true
		for e, err := range s.ReadDir(context.Background(), dir) {
			if err != nil {
				faults = append(faults, at+": "+err.Error())
				continue
			}
			name := at + "/" + e.Name
			all[name] = describe(t, s, name, e.ID)
			if e.Kind == fsys.Dir {
				walk(name, e.ID)
			}
		}
	}
	walk("", s.Root())
	return all, faults
}

func describe(t testing.TB, s fsys.FileSystem, name string, id fsys.ID) truthFile {
	t.Helper()
	info, err := s.Stat(id)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	f := truthFile{Path: name, Size: info.Size, Alloc: true, Type: "file", Modified: seconds(info.Modified), Created: seconds(info.Created)}
	if info.Kind == fsys.Dir {
		f.Type = "dir"
		return f
	}
	f.SHA256, f.Fault = hash(s, id)
	return f
}

func hash(s fsys.FileSystem, id fsys.ID) (sum, fault string) {
	c, err := s.Open(id)
	if err != nil {
		return "", err.Error()
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(c, 0, c.Size())); err != nil {
		return "", err.Error()
	}
	return hex.EncodeToString(h.Sum(nil)), ""
}

func seconds(ticks int64) int64 {
	if ticks == 0 {
		return 0
	}
	return ioc.TicksTime(ticks).Unix()
}

// otherName is where truth goes by a long name that belongs to another short
// one, as the sum tells.
var otherName = map[string]string{"/long_name_test.txt": "/SHORT.TXT"}

// local turns a time into the one of truth where only the zone differs: truth
// leaves out how far local time is ahead of UTC.
func local(got, want int64) int64 {
	if d := got - want; d%900 == 0 && -16*3600 <= d && d < 16*3600 {
		return want
	}
	return got
}

// more are files that truth leaves out: BitLocker To Go makes extensions that
// begin with a blank, and the folder whose name has 256 letters has 0 of them by
// its entry, which holds a byte for them.
func more(name string) bool {
	return strings.Contains(name, ". ") || len(name) == 257 && strings.HasSuffix(name, "tttt")
}

func TestCorpus(t *testing.T) {
	for _, one := range truths(t) {
		whole := corpusImage(t, one.File)
		for _, want := range one.Systems {
			if !strings.Contains(want.Type, "FAT") {
				continue
			}
			t.Run(one.File, func(t *testing.T) {
				s := open(t, whole[want.Offset:])
				if !strings.EqualFold(s.Type(), want.Type) {
					t.Errorf("%s, want %s", s.Type(), want.Type)
				}
				got, faults := tree(t, s)
				for _, f := range faults {
					t.Log(f)
				}
				expect := map[string]truthFile{}
				for _, f := range want.Files {
					f.Path = cmp.Or(otherName[f.Path], f.Path)
					ours := !strings.HasPrefix(f.Path, "/$") && f.Type != "other" && !strings.Contains(f.Path, "Volume Label Entry")
					if f.Alloc && ours {
						if f.Type == "dir" {
							f.Size = 0
						}
						expect[f.Path] = f
					}
				}
				for _, name := range slices.Sorted(maps.Keys(expect)) {
					f, ok := got[name]
					if !ok {
						t.Errorf("%s is missing", name)
						continue
					}
					w := expect[name]
					if (f.Fault != "") != (w.Fault != "") {
						t.Errorf("%s: %q, want %q", name, f.Fault, w.Fault)
					}
					f.Fault, w.Fault = "", ""
					if f.Created == w.Created+1 { // truth leaves out the odd second
						f.Created--
					}
					if s.Type() == "exfat" {
						f.Modified, f.Created = local(f.Modified, w.Modified), local(f.Created, w.Created)
					}
					if f != w {
						t.Errorf("%s:\n got %+v\nwant %+v", name, f, w)
					}
				}
				for _, name := range slices.Sorted(maps.Keys(got)) {
					if _, ok := expect[name]; !ok && !more(name) {
						t.Errorf("%s is too much: %+v", name, got[name])
					}
				}
				var gone []string
				for d, err := range s.Deleted(t.Context()) {
					if err != nil {
						t.Log("deleted: ", err)
						continue
					}
					if d.Dir&lost == 0 { // truth does not go into deleted folders
						gone = append(gone, d.Name)
					}
				}
				var wantGone []string
				for _, f := range want.Files {
					if !f.Alloc {
						wantGone = append(wantGone, filepath.Base(f.Path))
					}
				}
				slices.Sort(gone)
				slices.Sort(wantGone)
				if !slices.Equal(gone, wantGone) {
					t.Errorf("deleted %q, want %q", gone, wantGone)
				}
			})
		}
	}
}

func TestCorpusNotes(t *testing.T) {
	// It has too few clusters for FAT32 by their count, so truth does not list it.
	got, faults := tree(t, open(t, corpusImage(t, "images/msuhanov-dfir_ntfs/fat32_small.raw.gz")))
	if names := slices.Sorted(maps.Keys(got)); len(faults) > 0 || !slices.Equal(names, []string{"/test", "/test/1.TXT", "/test/2.TXT"}) {
		t.Errorf("%q, %q", names, faults)
	}
	notes := open(t, corpusImage(t, "images/log2timeline-dfvfs/bdetogo.raw")).(*system).Notes()
	if len(notes) != 2 || !strings.Contains(notes[0], "BitLocker") || !strings.Contains(notes[1], "of which 824320 are there") {
		t.Errorf("%q", notes)
	}
}
