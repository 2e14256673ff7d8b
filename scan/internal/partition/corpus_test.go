package partition_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/internal/image"
	"iocscan/scan/internal/partition"
)

const corpusRoot = "../../../../shared/corpus"

type memFile struct{ *bytes.Reader }

func (memFile) Close() error { return nil }

// oneFile is a folder that holds one file of the corpus.
type oneFile struct {
	name string
	data []byte
}

func (f oneFile) Names() ([]string, error) { return []string{f.name}, nil }

func (f oneFile) Open(name string) (image.File, error) {
	if name != f.name {
		return nil, fs.ErrNotExist
	}
	return memFile{bytes.NewReader(f.data)}, nil
}

type truth struct {
	VolumeSystem string `json:"volume_system"`
	Filesystems  []struct {
		Offset int64
		FSType string
	}
	Partitions []struct {
		Desc       string
		Start, Len int64
		Alloc      bool
	}
	Listing string
}

// otherKind are volumes that the other tool calls something else, and why
// that is not so.
var otherKind = map[string]partition.Kind{
	"images/log2timeline-dfvfs/bdetogo.raw": partition.BitLocker, // the FAT32 that others see is made up
}

// sectors4096 has a table that only fits sectors of that size; the other tool
// assumes 512.
const sectors4096 = "images/msuhanov-dfir_ntfs/mbr-4096-p1e0.bin.gz"

func TestCorpus(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(corpusRoot, "truth/images.json"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	var all map[string]truth
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	tables, kinds := 0, map[partition.Kind]int{}
	for file, want := range all {
		if want.Listing == "" || strings.Contains(file, ".split") {
			continue
		}
		if b, err = os.ReadFile(filepath.Join(corpusRoot, "truth", want.Listing)); err == nil {
			err = json.Unmarshal(b, &want)
		}
		if err != nil {
			t.Fatal(file, err)
		}
		m := open(t, file)
		got, err := partition.List(m, m.Size())
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if file == sectors4096 {
			if p := got.Partitions; got.Sector != 4096 || len(p) != 1 || p[0].Start != 4096 || p[0].Size != 125*4096 || len(got.Notes) != 0 {
				t.Errorf("%s: %+v", file, got)
			}
			continue
		}
		scheme := map[string]partition.Scheme{"": partition.None, "DOS": partition.MBR, "GPT": partition.GPT}[want.VolumeSystem]
		if got.Scheme != scheme || len(got.Notes) > 0 {
			t.Errorf("%s: %s %q, want %s", file, got.Scheme, got.Notes, scheme)
		}
		type extent struct{ Start, Size int64 }
		var a, b []extent
		for _, p := range got.Partitions {
			a = append(a, extent{p.Start, p.Size})
		}
		for _, p := range want.Partitions {
			if p.Alloc {
				b = append(b, extent{p.Start * 512, p.Len * 512})
			}
		}
		if scheme == partition.None {
			b = []extent{{0, m.Size()}}
		} else {
			tables++
		}
		if d := cmp.Diff(b, a); d != "" {
			t.Errorf("%s: want -, got +\n%s", file, d)
		}
		for _, v := range want.Filesystems {
			kind, err := partition.Identify(io.NewSectionReader(m, v.Offset, m.Size()-v.Offset), m.Size()-v.Offset)
			wanted := partition.Kind(strings.ToLower(v.FSType))
			if other, ok := otherKind[file]; ok {
				wanted = other
			}
			if v.FSType != "" && kind != wanted || err != nil {
				t.Errorf("%s at %d: %s, %v; want %s", file, v.Offset, kind, err, wanted)
			}
			kinds[kind]++
		}
	}
	if tables < 8 || len(kinds) < 9 {
		t.Errorf("%d tables, %v", tables, kinds)
	}
	t.Log(tables, kinds)
}

func open(t *testing.T, file string) *image.Image {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusRoot, "evidence", file))
	name, packed := strings.CutSuffix(filepath.Base(file), ".gz")
	if err == nil && packed {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			b, err = io.ReadAll(z)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := image.Open(name, image.Options{Folder: func(string) image.Folder { return oneFile{name, b} }})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
