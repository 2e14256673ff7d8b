package pe

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// samples are the corpus's PE files in memory, so that the disk is not
// measured.
func samples(b *testing.B) (list [][]byte, size int64) {
	b.Helper()
	for name, want := range facts(b) {
		if want.Error != "" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(shared, "evidence", filepath.FromSlash(name)))
		if err != nil {
			b.Fatal(err)
		}
		list, size = append(list, content), size+int64(len(content))
	}
	return list, size
}

// BenchmarkTables reads all tables of all samples once per turn, and
// BenchmarkEverything what needs the whole file too.
func BenchmarkTables(b *testing.B) {
	each(b, func(f *File) {
		_, _ = f.Imports()
		_, _ = f.Exports()
		_, _ = f.Versions()
		_, _ = f.Signatures()
	})
}

func BenchmarkEverything(b *testing.B) {
	each(b, func(f *File) { _ = everything(f) })
}

func each(b *testing.B, ask func(*File)) {
	list, size := samples(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range list {
			f, err := Open(bytes.NewReader(c), int64(len(c)))
			if err != nil {
				b.Fatal(err)
			}
			ask(f)
		}
	}
	b.ReportMetric(float64(b.N*len(list))/b.Elapsed().Seconds(), "files/s")
}
