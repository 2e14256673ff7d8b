package scan_test

import (
	"os"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
)

// BenchmarkPastEvents searches logs for the 88 published rules for real-time
// events: the log that EVTX_LOG names, else those of the shared corpus.
func BenchmarkPastEvents(b *testing.B) {
	path, rules := os.Getenv("EVTX_LOG"), "../../shared/corpus/iocs/red_team_tool_countermeasures"
	if path == "" {
		path = "../../shared/corpus/evidence/evtx"
	}
	if !exists(path) || !exists(rules) {
		b.Skip("no shared corpus beside the repository")
	}
	coll, err := ioc.Load([]string{rules}, ioc.Options{MaxSize: 3 << 20})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var items uint64
	for b.Loop() {
		r := scanLogs(b, coll, path)
		items = r.Summary.Objects
		b.SetBytes(int64(r.Summary.BytesRead))
	}
	b.ReportMetric(float64(items), "events")
}

// BenchmarkPastDecode is what it is measured by: every value of every record of
// EVTX_LOG as text.
func BenchmarkPastDecode(b *testing.B) {
	path := os.Getenv("EVTX_LOG")
	if path == "" {
		b.Skip("EVTX_LOG names no log")
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		log, err := evtx.Open(f, info.Size())
		if err != nil {
			b.Fatal(err)
		}
		var text []byte
		if _, err = log.Each(b.Context(), 1, nil, func(*evtx.Reader) func(int, *evtx.Record) {
			return func(_ int, rec *evtx.Record) {
				for i := range rec.Fields() {
					text = rec.Value(i).AppendText(text[:0])
				}
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
}
