package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan"
)

// BenchmarkImage hashes and lists every file of a disk image and of a folder
// with the same files. IOCSCAN_BENCH names a folder with disk.ntfs (or another
// image called disk.*) and the folder disk:
//
//	truncate -s 3G disk.ntfs && mkfs.ntfs -qFQ disk.ntfs
//	ntfs-3g disk.ntfs mnt && cp -r disk/. mnt/ && fusermount -u mnt
//	IOCSCAN_BENCH=DIR go test -run xxx -bench Image -benchtime 3x .
//
// Both have to lie in the system's cache, or neither.
func BenchmarkImage(b *testing.B) {
	dir := benchFolder(b)
	images, err := filepath.Glob(filepath.Join(dir, "disk.*"))
	if err != nil || len(images) == 0 {
		b.Skip("no disk.* in ", dir)
	}
	for _, ask := range []struct{ name, term, content string }{
		{"hash", "Md5sum", strings.Repeat("0", 32)},
		{"list", "FileName", "no such name"},
	} {
		ioc := filepath.Join(b.TempDir(), "x.ioc")
		benchIOC(b, ioc, [][3]string{{ask.term, "is", ask.content}})
		run := func(name, option, evidence string) {
			b.Run(ask.name+" "+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					args := []string{"iocscan", "scan", ioc, option, evidence, "--format", "json"}
					if status := run(b.Context(), args, strings.NewReader(""), io.Discard, os.Stderr); status != scan.ExitClear {
						b.Fatalf("status %d", status)
					}
				}
			})
		}
		if _, err := os.Stat(filepath.Join(dir, "disk")); err == nil {
			run("folder", "--root", filepath.Join(dir, "disk"))
		}
		for _, image := range images {
			run(filepath.Base(image), "--image", image)
		}
	}
}
