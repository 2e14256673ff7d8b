package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"iocscan/scan/internal/image"
)

// sectors is a device that refuses to be read but in whole sectors.
type sectors struct {
	io.ReaderAt
	size int64
}

func (s sectors) ReadAt(p []byte, off int64) (int, error) {
	if off%4096 != 0 || len(p)%4096 != 0 || len(p) == 0 {
		return 0, fmt.Errorf("read of %d bytes at %d", len(p), off)
	}
	return s.ReaderAt.ReadAt(p, off)
}

func (s sectors) Size() int64  { return s.size }
func (s sectors) Close() error { return nil }

func TestAlignedReader(t *testing.T) {
	content := make([]byte, 3*4096+512) // the last sector is not whole
	for i := range content {
		content[i] = byte(i * 7 >> 3)
	}
	r := &alignedReader{sectors{bytes.NewReader(content), 0}, 4096, int64(len(content))}
	for _, c := range []struct{ off, n int }{{0, 4096}, {1, 1}, {4095, 2}, {0, len(content)}, {5000, 7000}, {3 * 4096, 512}, {len(content) - 1, 1}, {7, 0}} {
		got := make([]byte, c.n)
		if n, err := r.ReadAt(got, int64(c.off)); n != c.n || err != nil || !bytes.Equal(got, content[c.off:c.off+c.n]) {
			t.Errorf("%d bytes at %d: %d, %v", c.n, c.off, n, err)
		}
	}
	got := make([]byte, 100)
	if n, err := r.ReadAt(got, int64(len(content))-10); n != 10 || err != io.EOF || !bytes.Equal(got[:10], content[len(content)-10:]) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if n, err := r.ReadAt(got, 1<<40); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d, %v", n, err)
	}
	r.size += 4096 // the device is shorter than it says
	if n, err := r.ReadAt(got, int64(len(content))-10); n != 10 || err == nil {
		t.Errorf("a device that ends early: %d, %v", n, err)
	}
}

// TestRawVolume reads the files of a volume past the system, as it does where
// one is held, and compares them with what the source of the image gives.
func TestRawVolume(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "corpus", "evidence", "images", "Velocidex-go-ewf", "test.ntfs.dd.E01")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the shared corpus is not here")
	}
	disk, err := image.Open(path, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	opened := 0
	r := &rawVolume{open: func() (rawDevice, error) {
		opened++
		return &sectorDevice{alignedReader{sectors{disk, 0}, 4096, disk.Size()}}, nil
	}}
	src, _, err := OpenImage(path, ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	v := src.Volumes()[0].FS
	files := 0
	var wg sync.WaitGroup
	for e, err := range v.ReadDir(t.Context(), "/") {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type != Regular || strings.HasPrefix(e.Name, "$") {
			continue
		}
		files++
		wg.Go(func() {
			want, err := v.Open("/" + e.Name)
			if err != nil {
				t.Error(err)
				return
			}
			defer want.Close()
			f, err := r.opened("/"+e.Name, fs.ErrPermission, func(error) bool { return true })
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			a, err1 := io.ReadAll(want)
			b, err2 := io.ReadAll(f)
			if !bytes.Equal(a, b) || err1 != nil || err2 != nil {
				t.Errorf("%s: %d bytes and %d, %v, %v", e.Name, len(a), len(b), err1, err2)
			}
			if n, ok := f.(Noter); !ok || n.Note() == "" {
				t.Errorf("%s: nothing says how it was read", e.Name)
			}
		})
	}
	wg.Wait()
	if files == 0 || opened != 1 {
		t.Errorf("%d files, the device was opened %d times", files, opened)
	}
	if _, err := r.Open("/not there"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

type sectorDevice struct{ alignedReader }

func (*sectorDevice) Close() error { return nil }

// TestRawVolumeRefused: what was wrong in the usual way stays told, and the
// device is not asked twice.
func TestRawVolumeRefused(t *testing.T) {
	inUse, rights := errors.New("in use"), errors.New("it takes the rights of an administrator")
	asked := 0
	r := &rawVolume{open: func() (rawDevice, error) { asked++; return nil, rights }}
	for range 2 {
		if _, err := r.opened("/f", inUse, func(err error) bool { return err == inUse }); !errors.Is(err, inUse) || !errors.Is(err, rights) {
			t.Errorf("refused: %v", err)
		}
	}
	if asked != 1 {
		t.Errorf("the device was asked for %d times", asked)
	}
	other := errors.New("bad sector")
	if _, err := r.opened("/f", other, func(err error) bool { return err == inUse }); err != other {
		t.Errorf("another error: %v", err)
	}
	if _, err := (*rawVolume)(nil).opened("/f", inUse, func(error) bool { return true }); err != inUse {
		t.Errorf("a folder that is no volume: %v", err)
	}
	damaged := &rawVolume{open: func() (rawDevice, error) {
		return &sectorDevice{alignedReader{bytes.NewReader(nil), 4096, 1 << 20}}, nil
	}}
	if _, err := damaged.Open("/f"); err == nil {
		t.Error("a volume without a file system was opened")
	}
	if err := errors.Join(r.Close(), damaged.Close()); err != nil {
		t.Error(err)
	}
}
