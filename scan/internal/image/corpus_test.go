package image

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const corpusRoot = "../../../../shared/corpus"

// memFile and memFolder are files in memory. Names are those of the corpus
// without the ending of the compression there.
type memFile struct{ *bytes.Reader }

func (memFile) Close() error { return nil }

type memFolder map[string][]byte

func (m memFolder) Open(name string) (File, error) {
	b, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return memFile{bytes.NewReader(b)}, nil
}

func (m memFolder) Names() ([]string, error) {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	return names, nil
}

func (m memFolder) options() Options {
	return Options{Folder: func(string) Folder { return m }}
}

type truth struct {
	RawSHA256 string `json:"raw_sha256"`
	RawSize   int64  `json:"raw_size"`
}

func corpusTruth(t *testing.T) map[string]truth {
	t.Helper()
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
	return all
}

// corpusFolder reads the files of the corpus that begin like one of it: an
// image and its segments.
func corpusFolder(t *testing.T, file string) (memFolder, string) {
	t.Helper()
	path := filepath.Join(corpusRoot, "evidence", filepath.FromSlash(file))
	base := filepath.Base(path)
	stem := strings.SplitN(base, ".", 3)
	near, err := filepath.Glob(filepath.Join(filepath.Dir(path), strings.Join(stem[:len(stem)-1], ".")+"*"))
	if err != nil || len(near) == 0 {
		t.Fatal(near, err)
	}
	folder := memFolder{}
	for _, n := range near {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(n)
		if plain, ok := strings.CutSuffix(name, ".gz"); ok && name != "corrupt1.gz" {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err == nil {
				b, err = io.ReadAll(z)
			}
			if err != nil {
				t.Fatal(n, err)
			}
			name = plain
		}
		folder[name] = b
	}
	if base != "corrupt1.gz" {
		base = strings.TrimSuffix(base, ".gz")
	}
	return folder, base
}

// notTruth are files whose truth says something else, and why.
var notTruth = map[string]string{
	"images/log2timeline-dfvfs/bogus.001":                    "raw", // a part of nothing, read as it is
	"images/log2timeline-dfvfs/corrupt1.gz":                  "gzip file",
	"images/log2timeline-dfvfs/ext2.split.E02.gz":            "segment 2",
	"images/log2timeline-dfvfs/ext2.splitraw.001.gz":         "not the first segment",
	"images/log2timeline-dfvfs/image-differential.vhd.gz":    "differencing VHD",
	"images/google-osv-scalibr/qcow2/testdata/invalid.qcow2": "called qcow2",
	"images/fox-it-dissect.hypervisor/sesparse.vmdk.gz":      "seSparse",
}

func TestCorpus(t *testing.T) {
	formats := map[string]int{}
	for file, want := range corpusTruth(t) {
		folder, base := corpusFolder(t, file)
		m, err := Open(base, folder.options())
		if refusal := notTruth[file]; refusal != "" && refusal != "raw" {
			if err == nil || !strings.Contains(err.Error(), refusal) {
				t.Errorf("%s: %v, want an error with %q", file, err, refusal)
			}
			if strings.Contains(refusal, "VHD") && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s: %v is not ErrUnsupported", file, err)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		formats[m.Format]++
		md, sha, sum := md5.New(), sha1.New(), sha256.New()
		n, err := io.Copy(io.MultiWriter(md, sha, sum), io.NewSectionReader(m, 0, m.Size()))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if notTruth[file] == "raw" {
			continue
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want.RawSHA256 || n != m.Size() || want.RawSize != 0 && want.RawSize != n {
			t.Errorf("%s: %s: %d bytes %s, want %d bytes %s", file, m.Format, n, got, want.RawSize, want.RawSHA256)
		}
		if got := hex.EncodeToString(md.Sum(nil)); m.MD5 != "" && m.MD5 != got {
			t.Errorf("%s: MD5 %s, stored %s", file, got, m.MD5)
		}
		if got := hex.EncodeToString(sha.Sum(nil)); m.SHA1 != "" && m.SHA1 != got {
			t.Errorf("%s: SHA-1 %s, stored %s", file, got, m.SHA1)
		}
		if strings.HasPrefix(m.Format, "EWF") && m.MD5 == "" {
			t.Errorf("%s: no stored MD5", file)
		}
		t.Logf("%s: %s %v %v", file, m.Format, m.Segments, m.Notes)
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, f := range []string{"raw", "raw in 2 segments", "EWF", "EWF in 2 segments", "VHD (dynamic)", "VHDX", "VMDK (monolithicSparse)", "VMDK (streamOptimized)", "QCOW2"} {
		if formats[f] == 0 {
			t.Errorf("no %s among %v", f, formats)
		}
	}
}
