package source

import (
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const imageCorpus = "../../../shared/corpus"

// A listing is what The Sleuth Kit says of an image.
type listing struct {
	File        string
	Filesystems []struct {
		Offset int64
		Type   string `json:"fstype"`
		Files  []listedFile
	}
}

type listedFile struct {
	Path        string
	Size        int64
	Alloc       bool
	Type        string
	MD5, SHA256 string
	ReadError   string `json:"read_error"`
	ADS         []struct {
		Name string
		Size int64
	}
}

// mostHashed is the largest file of which the truth has hashes.
const mostHashed = 300 << 20

func (f listedFile) line() string {
	s := f.Type + " " + f.Path
	if f.Type == "file" {
		if s += fmt.Sprintf(" %d", f.Size); f.Size <= mostHashed {
			s += " " + f.MD5 + " " + f.SHA256
		}
	}
	for _, a := range slices.SortedFunc(slices.Values(f.ADS), func(a, b struct {
		Name string
		Size int64
	}) int {
		return strings.Compare(a.Name, b.Name)
	}) {
		s += fmt.Sprintf(" :%s=%d", a.Name, a.Size)
	}
	return s
}

// unpackImage is the path of an image of the corpus, unpacked with the other
// segments of its series if it is packed.
func unpackImage(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(imageCorpus, "evidence", name)
	plain, packed := strings.CutSuffix(path, ".gz")
	if !packed {
		return path
	}
	// Not t.TempDir, which Wine cannot empty.
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		for _, name := range names {
			err = errors.Join(err, os.Remove(name))
		}
		if err = errors.Join(err, os.Remove(dir)); err != nil {
			t.Error(err)
		}
	})
	series, err := filepath.Glob(strings.TrimRight(plain, "0123456789") + "*.gz")
	if err != nil || len(series) == 0 {
		t.Fatal(name, err)
	}
	for _, from := range series {
		in, err := os.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		z, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.Create(filepath.Join(dir, strings.TrimSuffix(filepath.Base(from), ".gz")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(out, z); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, filepath.Base(plain))
}

// volumeAt is the volume of the file system that begins at a byte of the disk.
func volumeAt(src Source, d *DiskImage, offset int64) (Volume, bool) {
	for _, p := range d.Parts {
		if p.Start == offset && p.Mount == "" {
			for _, v := range src.Volumes() {
				if v.Name == p.Name && v.Type == p.Kind {
					return v, true
				}
			}
		}
	}
	return Volume{}, false
}

// describeAll describes every object of a volume in the form of the truth.
func describeAll(t testing.TB, v Volume) []string {
	t.Helper()
	var out []string
	var walk func(dir string)
	walk = func(dir string) {
		for e, err := range v.FS.ReadDir(context.Background(), dir) {
			if err != nil {
				out = append(out, fmt.Sprintf("error %s: %v", dir, err))
				continue
			}
			path := Join(dir, e.Name)
			out = append(out, describeOne(v, path, e.Type))
			if e.Type == Dir {
				walk(path)
			}
		}
	}
	walk("/")
	if v.Deleted == nil {
		return out
	}
	for d, err := range v.Deleted(context.Background()) {
		switch {
		case err != nil:
			out = append(out, "error in no folder: "+err.Error())
		case d.InUse:
			v.FS = d.FS
			out = append(out, describeOne(v, Join(d.Folder, d.Name), d.Type))
		}
	}
	return out
}

func describeOne(v Volume, path string, typ Type) string {
	info, err := v.FS.Lstat(path)
	if err != nil {
		return fmt.Sprintf("error %s: %v", path, err)
	}
	f := listedFile{Path: path, Type: "other", Size: info.Size}
	if info.Type != typ {
		return fmt.Sprintf("error %s: type %d in the listing, %d by itself", path, typ, info.Type)
	}
	switch info.Type {
	case Dir:
		f.Type = "dir"
	case Link:
		f.Type = "link"
	case Regular, Cloud:
		f.Type = "file"
		in, err := v.FS.Open(path)
		if err != nil {
			return fmt.Sprintf("error %s: %v", path, err)
		}
		defer in.Close()
		m, s := md5.New(), sha256.New()
		n, err := io.Copy(io.MultiWriter(m, s), in)
		if err != nil || n != info.Size {
			return fmt.Sprintf("error %s: %d of %d bytes: %v", path, n, info.Size, err)
		}
		f.MD5, f.SHA256 = fmt.Sprintf("%x", m.Sum(nil)), fmt.Sprintf("%x", s.Sum(nil))
	}
	if timer, ok := v.FS.(NameTimer); ok {
		if times, err := timer.NameTimes(path); err != nil || times.Created == 0 {
			return fmt.Sprintf("error %s: times of the name %+v, %v", path, times, err)
		}
	}
	if streamer, ok := v.FS.(Streamer); ok {
		list, err := streamer.Streams(path)
		if err != nil {
			return fmt.Sprintf("error %s: %v", path, err)
		}
		for _, s := range list {
			f.ADS = append(f.ADS, struct {
				Name string
				Size int64
			}{s.Name, s.Size})
		}
	}
	return f.line()
}

// unlike are the differences that stay, each with what they come from.
var unlike = []struct{ image, object, why string }{
	{"fat_lfn_test.raw", "/SHORT.TXT", "the checksum of its long name is not that of the short one, so the long name is not its"},
	{"fat_lfn_test.raw", "/long_name_test.txt", "see above"},
	{"exfat_lin_part.raw", " /testtesttesttest", "The Sleuth Kit cuts a name of 255 characters short"},
	{"bdetogo.raw", "/Read Me.url", "the image ends before it; its content is an error here and there"},
	{"bdetogo.raw", "BitLockerToGo.exe.mui", "likewise"},
	{"bdetogo.raw", "/COV 0000. ", "likewise; The Sleuth Kit shows the first of them only"},
	{"bdetogo.raw", "/PAD 0", "placeholders, which The Sleuth Kit does not show"},
}

func alike(image, line string) bool {
	for _, u := range unlike {
		if strings.Contains(image, u.image) && strings.Contains(line, u.object) {
			return true
		}
	}
	return false
}

// TestImageCorpus holds every file of every image that the truth lists against
// it: path, type, size, content and streams.
func TestImageCorpus(t *testing.T) {
	lists, err := filepath.Glob(filepath.Join(imageCorpus, "truth/images/*.json"))
	if err != nil || len(lists) == 0 {
		t.Skip("the shared corpus is not here")
	}
	images, files := 0, 0
	for _, name := range lists {
		b, err := os.ReadFile(name)
		var want listing
		if err == nil {
			err = json.Unmarshal(b, &want)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		images++
		t.Run(strings.TrimPrefix(want.File, "images/"), func(t *testing.T) {
			src, d, err := OpenImage(unpackImage(t, want.File), ImageOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			for _, system := range want.Filesystems {
				v, ok := volumeAt(src, d, system.Offset)
				if !ok {
					if len(system.Files) > 0 {
						t.Errorf("no volume at %d: %+v", system.Offset, d.Parts)
					}
					continue
				}
				left := map[string]bool{}
				for _, f := range system.Files {
					if f.Alloc && !virtual(f.Path) {
						left[f.line()] = true
						files++
					}
				}
				for _, got := range describeAll(t, v) {
					if !left[got] && !alike(want.File, got) {
						t.Errorf("got  %s", got)
					}
					delete(left, got)
				}
				for _, f := range slices.Sorted(maps.Keys(left)) {
					if !alike(want.File, f) {
						t.Errorf("want %s", f)
					}
				}
			}
		})
	}
	if images < 49 || files < 4000 {
		t.Errorf("only %d images with %d files", images, files)
	}
	t.Logf("%d images with %d files", images, files)
}

// virtual: made up by The Sleuth Kit.
func virtual(path string) bool {
	switch path {
	case "/$MBR", "/$FAT1", "/$FAT2", "/$OrphanFiles", "/$UPCASE_TABLE", "/$ALLOC_BITMAP", "/$VOLUME_GUID":
		return true
	}
	return strings.HasSuffix(path, " (Volume Label Entry)")
}
