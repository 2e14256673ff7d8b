package scan_test

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/source"
)

// hashed scans an image of the project with the hashes that it is said to have
// stored.
func hashed(t *testing.T, ctx context.Context, md5, sha1 string) (*scan.Result, *document.Progress) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "image", "stick.img.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "stick.img")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	const text = `<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="x" last-modified="2024-03-11T09:00:00"><definition><Indicator operator="OR" id="t">` +
		`<IndicatorItem id="i" condition="is"><Context document="FileItem" search="FileItem/FileName" type="mir"/><Content type="string">no such name</Content></IndicatorItem>` +
		`</Indicator></definition></ioc>`
	coll := &ioc.Collection{Files: []*ioc.File{ioc.Parse("x.ioc", []byte(text))}}
	src, disk, err := source.OpenImage(path, source.ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	disk.MD5, disk.SHA1 = md5, sha1
	plan, err := scan.NewPlan(t.Context(), scan.Config{Collection: coll, Source: src, Image: disk})
	if err != nil {
		t.Fatal(err)
	}
	progress := &document.Progress{}
	r, err := plan.Run(ctx, noSink{}, progress)
	if err != nil {
		t.Fatal(err)
	}
	return r, progress
}

func TestHashImage(t *testing.T) {
	r, progress := hashed(t, t.Context(), "", "")
	if r.Scan.Source.SHA256 == nil || len(*r.Scan.Source.SHA256) != 64 || r.Summary.ExitStatus != scan.ExitClear || progress.Bytes() != 98304 {
		t.Fatalf("%+v, %+v, %d bytes", r.Scan.Source, r.Summary, progress.Bytes())
	}
	for _, n := range r.Scan.Source.Notes {
		if strings.Contains(n, "stored") {
			t.Errorf("note %q of an image without hashes", n)
		}
	}

	r, _ = hashed(t, t.Context(), strings.Repeat("0", 32), "")
	if r.Summary.ExitStatus != scan.ExitIncomplete || len(r.Troubles) != 1 || r.Troubles[0].Document != "" || !strings.Contains(r.Troubles[0].Error, "it is not what was acquired") {
		t.Errorf("wrong MD5: status %d, %+v", r.Summary.ExitStatus, r.Troubles)
	}
	if r.IOCs[0].Verdict != "clear" {
		t.Errorf("verdict %s", r.IOCs[0].Verdict)
	}

	r, _ = hashed(t, t.Context(), "", strings.Repeat("0", 40))
	if len(r.Troubles) != 1 || !strings.Contains(r.Troubles[0].Error, "the SHA-1 of the disk is ") {
		t.Errorf("wrong SHA-1: %+v", r.Troubles)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _ = hashed(t, ctx, "", "")
	if r.Scan.Source.SHA256 != nil || r.Scan.Status != scan.StatusInterrupted || len(r.Troubles) != 0 {
		t.Errorf("interrupted: %+v, %s, %+v", r.Scan.Source, r.Scan.Status, r.Troubles)
	}
}
