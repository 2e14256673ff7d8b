package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan"
)

// These benchmarks measure whole scans of a tree that is too large for the
// repository. IOCSCAN_BENCH names a folder with the tree in tree/ and, in
// known/, names.txt, md5.txt, sha1.txt and sha256.txt, one value a line.
//
//	IOCSCAN_BENCH=DIR go test -run xxx -bench Scan -benchtime 3x .
//
// Beside other programs, time the built binary as a whole process, in turn
// with theirs.

func benchFolder(b *testing.B) string {
	b.Helper()
	dir := os.Getenv("IOCSCAN_BENCH")
	if dir == "" {
		b.Skip("IOCSCAN_BENCH names no folder")
	}
	return dir
}

// benchIOC writes an IOC file that asks for any of the contents.
func benchIOC(b *testing.B, path string, items [][3]string) {
	b.Helper()
	var s strings.Builder
	s.WriteString(`<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="` + filepath.Base(path) + `"><short_description>bench</short_description>` +
		`<definition><Indicator operator="OR" id="top">` + "\n")
	for i, it := range items {
		fmt.Fprintf(&s, `<IndicatorItem id="%08x-0000-4000-8000-000000000000" condition="%s"><Context document="FileItem" search="FileItem/%s" type="mir"/>`+
			`<Content type="string">%s</Content></IndicatorItem>`+"\n", i, it[1], it[0], it[2])
	}
	s.WriteString(`</Indicator></definition></ioc>`)
	if err := os.WriteFile(path, []byte(s.String()), 0o600); err != nil {
		b.Fatal(err)
	}
}

// knownIOCs writes the lists of known values as IOC files of 5,000 each.
func knownIOCs(b *testing.B, known string, terms map[string]string) string {
	b.Helper()
	dir := b.TempDir()
	for term, list := range terms {
		f, err := os.Open(filepath.Join(known, list))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		var items [][3]string
		n := 0
		flush := func() {
			benchIOC(b, filepath.Join(dir, fmt.Sprintf("%s-%d.ioc", term, n)), items)
			items, n = items[:0], n+1
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if items = append(items, [3]string{term, "is", lines.Text()}); len(items) == 5000 {
				flush()
			}
		}
		flush()
	}
	return dir
}

func benchScan(b *testing.B, iocs, root string, args ...string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		full := append([]string{"iocscan", "scan", iocs, "--root", root, "--format", "json"}, args...)
		if status := run(context.Background(), full, strings.NewReader(""), io.Discard, os.Stderr); status == scan.ExitError {
			b.Fatal("the scan failed")
		}
	}
}

func BenchmarkScanNames(b *testing.B) {
	dir := benchFolder(b)
	benchScan(b, knownIOCs(b, filepath.Join(dir, "known"), map[string]string{"FileName": "names.txt"}), filepath.Join(dir, "tree"))
}

func BenchmarkScanMD5(b *testing.B) {
	dir := benchFolder(b)
	benchScan(b, knownIOCs(b, filepath.Join(dir, "known"), map[string]string{"Md5sum": "md5.txt"}), filepath.Join(dir, "tree"))
}

func BenchmarkScanThreeHashes(b *testing.B) {
	dir := benchFolder(b)
	benchScan(b, knownIOCs(b, filepath.Join(dir, "known"), map[string]string{
		"Md5sum": "md5.txt", "Sha1sum": "sha1.txt", "Sha256sum": "sha256.txt",
	}), filepath.Join(dir, "tree"))
}

// manyIOCs writes files of ten conditions: names, paths, sizes, MD5s.
func manyIOCs(b *testing.B, files int) string {
	b.Helper()
	dir := b.TempDir()
	r := rand.New(rand.NewPCG(7, 7))
	word := func(n int) string {
		s := make([]byte, n)
		for i := range s {
			s[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[r.IntN(36)]
		}
		return string(s)
	}
	for f := range files {
		var items [][3]string
		for range 3 {
			items = append(items, [3]string{"FileName", "is", word(10) + ".exe"},
				[3]string{"FullPath", "contains", `\` + word(6) + `\` + word(8)},
				[3]string{"Md5sum", "is", fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())})
		}
		items = append(items, [3]string{"SizeInBytes", "is", fmt.Sprint(1e9 + r.IntN(1e9))})
		benchIOC(b, filepath.Join(dir, fmt.Sprintf("%05d.ioc", f)), items)
	}
	return dir
}

// BenchmarkScanManyIOCs compares the scan with one IOC file of each kind of
// condition with that of 10,000; nothing else than loading may differ.
func BenchmarkScanManyIOCs(b *testing.B) {
	dir := benchFolder(b)
	for _, n := range []int{1, 10_000} {
		iocs := manyIOCs(b, n)
		b.Run(fmt.Sprintf("%d/load", n), func(b *testing.B) { benchScan(b, iocs, b.TempDir()) })
		b.Run(fmt.Sprintf("%d/scan", n), func(b *testing.B) { benchScan(b, iocs, filepath.Join(dir, "tree")) })
	}
}
