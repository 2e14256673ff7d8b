//go:build linux

package source_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// TestImageSuite runs the suite of sources on images that the system's own
// programs make.
func TestImageSuite(t *testing.T) {
	for _, c := range []struct {
		name  string
		tools []string
		make  func(t *testing.T, dir, image string) // an image of what is in dir
		maker sourcetest.Maker
	}{
		{"ext4", []string{"mke2fs"}, func(t *testing.T, dir, image string) {
			command(t, "mke2fs", "-q", "-t", "ext4", "-N", "8192", "-d", dir, image, "32M")
		}, sourcetest.Maker{NoUnread: true}},
		{"ext2", []string{"mke2fs"}, func(t *testing.T, dir, image string) {
			command(t, "mke2fs", "-q", "-t", "ext2", "-b", "1024", "-N", "8192", "-d", dir, image, "32M")
		}, sourcetest.Maker{NoUnread: true}},
		{"fat32", []string{"mkfs.vfat", "mcopy"}, func(t *testing.T, dir, image string) {
			command(t, "mkfs.vfat", "-C", "-F", "32", "-s", "1", image, "40960")
			command(t, "mcopy", "-s", "-i", image, filepath.Join(dir, "t"), "::")
		}, sourcetest.Maker{NoUnread: true, NoLinks: true, NoFIFO: true, NoOddNames: true, Deep: 5}},
		{"ntfs", []string{"mkfs.ntfs", "ntfs-3g", "fusermount"}, func(t *testing.T, dir, image string) {
			if err := os.Truncate(create(t, image), 32<<20); err != nil {
				t.Fatal(err)
			}
			command(t, "mkfs.ntfs", "-q", "-F", "-Q", image)
			at := sourcetest.TempDir(t)
			command(t, "ntfs-3g", image, at)
			err := os.CopyFS(filepath.Join(at, "t"), os.DirFS(filepath.Join(dir, "t")))
			command(t, "fusermount", "-u", at)
			if err != nil {
				t.Fatal(err)
			}
		}, sourcetest.Maker{NoUnread: true, NoLinks: true, NoFIFO: true, NoOddNames: true, Deep: 10}},
		{"iso9660", []string{"genisoimage"}, func(t *testing.T, dir, image string) {
			command(t, "genisoimage", "-quiet", "-R", "-D", "-o", image, dir)
		}, sourcetest.Maker{NoUnread: true, NoLinks: true, NoFIFO: true, NoOddNames: true, Deep: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, tool := range c.tools {
				if _, err := exec.LookPath(tool); err != nil {
					t.Skip("no program to make the image: ", err)
				}
			}
			c.maker.Make = func(t *testing.T, tree []sourcetest.Node) (source.FS, string) {
				dir := sourcetest.TempDir(t)
				below := filepath.Join(dir, "t")
				if err := os.Mkdir(below, 0o755); err != nil {
					t.Fatal(err)
				}
				sourcetest.Write(t, below, "/t", tree)
				image := filepath.Join(sourcetest.TempDir(t), "image")
				c.make(t, dir, image)
				src, _, err := source.OpenImage(image, source.ImageOptions{Platform: source.Linux})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { src.Close() })
				return src.Volumes()[0].FS, "/t"
			}
			sourcetest.Run(t, c.maker)
		})
	}
}

func create(t *testing.T, name string) string {
	t.Helper()
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// command runs a program; one that this system does not let do its work, as
// without the right to mount, skips the test.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Skipf("%s: %v: %s", name, err, out)
	}
}
