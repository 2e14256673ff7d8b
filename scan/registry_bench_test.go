package scan_test

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"iocscan/ioc"
	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/source"
)

// BenchmarkRegistry scans all keys of the largest hive of the shared corpus
// for a path, a key, a text and a raw value.
func BenchmarkRegistry(b *testing.B) {
	packed, err := os.Open("../../shared/corpus/evidence/registry/mkorman90-regipy/SYSTEM_WIN_10_1709.gz")
	if err != nil {
		b.Skip("the shared corpus is absent: ", err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		b.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	hive, iocs := filepath.Join(dir, "SYSTEM"), filepath.Join(dir, "a.ioc")
	criteria := `<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="a" last-modified="2024-03-11T09:00:00"><definition><Indicator id="b" operator="OR">`
	for _, c := range [][2]string{{"Path", `CurrentControlSet\Services\ghost\ImagePath`}, {"KeyPath", `Services\ghost`}, {"Text", "ghost.exe"}, {"Value", "Z2hvc3Q="}} {
		criteria += `<IndicatorItem id="` + c[0] + `" condition="contains"><Context document="RegistryItem" search="RegistryItem/` + c[0] + `" type="mir"/><Content type="string">` + c[1] + `</Content></IndicatorItem>`
	}
	criteria += `</Indicator></definition></ioc>`
	for name, text := range map[string][]byte{hive: body, iocs: []byte(criteria)} {
		if err := os.WriteFile(name, text, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	coll, err := ioc.Load([]string{iocs}, ioc.Options{MaxSize: 3 << 20})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		cfg := scan.Config{Collection: coll, Source: source.OpenArtifacts(hive, source.Hives)}
		cfg.Registry = source.NewRegistry(cfg.Source, source.RegistryOptions{Given: []source.GivenHive{{File: hive}}})
		cfg.Header.Scan.Options.Jobs = 2
		p, err := scan.NewPlan(context.Background(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		r, err := p.Run(context.Background(), silent{}, &document.Progress{})
		if err != nil {
			b.Fatal(err)
		}
		if n := r.Documents[0].Scanned; n < 99_000 {
			b.Fatalf("%d items", n)
		}
		cfg.Registry.Close()
	}
}
