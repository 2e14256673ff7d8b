package evtx

import (
	"bytes"
	"os"
	"runtime"
	"sync/atomic"
	"testing"

	velocidex "www.velocidex.com/golang/evtx"
)

// benchLog is the log to measure on: the file that EVTX_LOG names, such as the
// one that ../shared/bench/make_big_evtx.py makes from the shared corpus, else
// the dense chunks of the shared corpus repeated to 63 MB.
func benchLog(b *testing.B) []byte {
	b.Helper()
	if p := os.Getenv("EVTX_LOG"); p != "" {
		log, err := os.ReadFile(p)
		if err != nil {
			b.Fatal(err)
		}
		return log
	}
	var dense [][]byte
	for _, name := range corpusLogs(b) {
		f := openCorpus(b, name)
		for i := range f.Chunks() {
			buf := make([]byte, ChunkSize)
			if c, state, err := f.Read(i, buf); err == nil && state == Present {
				if h := parseChunk(buf, len(c)); h.Sound() && h.Free > 58000 {
					dense = append(dense, buf)
				}
			}
		}
	}
	log := make([]byte, fileHeaderSize, fileHeaderSize+960*ChunkSize)
	copy(log, fileMagic)
	for i := range 960 {
		log = append(log, dense[i%len(dense)]...)
	}
	return log
}

// conditions are twenty usual ones, 17 of which no event id narrows.
type conditions struct {
	names  []string
	byName map[NameID]func(*conditions, Value) bool
	any    []Needle
	buf    []byte
	hits   int
}

func newConditions() *conditions {
	c := &conditions{names: []string{"Image", "ParentImage", "CommandLine", "Hashes", "ServiceName", "TargetUserName", "LogonType", "IpAddress"}}
	for _, s := range []string{"powershell", "mimikatz", `\admin$`, "evil.example.com"} {
		c.any = append(c.any, NewNeedle(s))
	}
	return c
}

func (c *conditions) bind(r *Reader) {
	text := func(f func(b []byte) bool) func(*conditions, Value) bool {
		return func(c *conditions, v Value) bool {
			c.buf = v.AppendFolded(c.buf[:0])
			return f(c.buf)
		}
	}
	has := func(s string) func([]byte) bool {
		return func(b []byte) bool { return bytes.Contains(b, []byte(s)) }
	}
	ends := func(s string) func([]byte) bool {
		return func(b []byte) bool { return bytes.HasSuffix(b, []byte(s)) }
	}
	c.byName = map[NameID]func(*conditions, Value) bool{
		r.ID("Image"): text(ends(`\rundll32.exe`)), r.ID("ParentImage"): text(ends(`\winword.exe`)),
		r.ID("CommandLine"): text(has("-enc")), r.ID("Hashes"): text(has("d41d8cd98f00b204e9800998ecf8427e")),
		r.ID("ServiceName"):    text(has("psexesvc")),
		r.ID("TargetUserName"): text(func(b []byte) bool { return string(b) == "administrator" }),
		r.ID("LogonType"):      func(_ *conditions, v Value) bool { n, ok := v.Uint(); return ok && n == 10 },
		r.ID("IpAddress"):      text(func(b []byte) bool { return bytes.HasPrefix(b, []byte("10.")) }),
	}
}

func (c *conditions) test(rec *Record) {
	hit := func(ok bool) {
		if ok {
			c.hits++
		}
	}
	id, _ := rec.FullEventID()
	hit(uint16(id) == 4688)
	hit(uint16(id) == 1)
	hit(id == 0xc0002719)
	if v, ok := rec.Slot(Channel); ok {
		c.buf = v.AppendFolded(c.buf[:0])
		hit(string(c.buf) == "security")
		hit(bytes.Contains(c.buf, []byte("sysmon")))
	}
	if v, ok := rec.Slot(ProviderName); ok {
		c.buf = v.AppendFolded(c.buf[:0])
		hit(string(c.buf) == "service control manager")
	}
	if v, ok := rec.Slot(Computer); ok {
		c.buf = v.AppendFolded(c.buf[:0])
		hit(bytes.HasSuffix(c.buf, []byte(".corp.example")))
	}
	if v, ok := rec.Slot(UserID); ok {
		c.buf = v.AppendFolded(c.buf[:0])
		hit(string(c.buf) == "s-1-5-18")
	}
	fields := rec.Fields()
	for i := range fields {
		if f := &fields[i]; f.Data() && !f.Continues() {
			if k := rec.Key(i); k != 0 {
				if g := c.byName[k]; g != nil {
					hit(g(c, rec.Value(i)))
				}
			}
		}
	}
	for i := range c.any {
		hit(rec.AnyContains(&c.any[i]))
	}
}

func eachChunk(log []byte, f func(chunk []byte)) {
	for o := fileHeaderSize; o < len(log); o += ChunkSize {
		if c := log[o:min(o+ChunkSize, len(log))]; bytes.HasPrefix(c, chunkMagic) {
			f(c)
		}
	}
}

func benchReader(b *testing.B, names []string, bind func(*Reader), do func(*Record)) {
	log := benchLog(b)
	r := NewReader(names...)
	bind(r)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	records := 0
	cpu := startCPU()
	for b.Loop() {
		eachChunk(log, func(c []byte) {
			r.Start(c)
			for rec := r.Next(); rec != nil; rec = r.Next() {
				do(rec)
				records++
			}
		})
	}
	cpu.report(b, len(log), records)
}

func BenchmarkSystem(b *testing.B) {
	benchReader(b, nil, func(*Reader) {}, func(rec *Record) { rec.FullEventID() })
}

func BenchmarkTouch(b *testing.B) {
	sum := 0
	benchReader(b, nil, func(*Reader) {}, func(rec *Record) {
		for i := range rec.Fields() {
			if v := rec.Value(i); len(v.Bytes) > 0 {
				sum += int(v.Bytes[0]) + int(v.Bytes[len(v.Bytes)-1])
			}
		}
	})
	runtime.KeepAlive(sum)
}

func BenchmarkConditions(b *testing.B) {
	c := newConditions()
	benchReader(b, c.names, c.bind, c.test)
	b.ReportMetric(float64(c.hits)/float64(b.N), "hits/op")
}

func BenchmarkText(b *testing.B) {
	var buf []byte
	benchReader(b, nil, func(*Reader) {}, func(rec *Record) {
		for i := range rec.Fields() {
			buf = rec.Value(i).AppendText(buf[:0])
		}
	})
}

// BenchmarkParallel is BenchmarkConditions by File.Each on all processors.
func BenchmarkParallel(b *testing.B) {
	log := benchLog(b)
	b.SetBytes(int64(len(log)))
	var records atomic.Int64
	cpu := startCPU()
	for b.Loop() {
		f, err := Open(bytes.NewReader(log), int64(len(log)))
		if err != nil {
			b.Fatal(err)
		}
		names := newConditions().names
		total, err := f.Each(b.Context(), runtime.GOMAXPROCS(0), names, func(r *Reader) func(int, *Record) {
			c := newConditions()
			c.bind(r)
			return func(_ int, rec *Record) { c.test(rec) }
		})
		if err != nil {
			b.Fatal(err)
		}
		records.Add(int64(total.Records))
	}
	cpu.report(b, len(log), int(records.Load()))
}

// BenchmarkLibrary is the library's decode alone, for comparison.
func BenchmarkLibrary(b *testing.B) {
	log := benchLog(b)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	records := 0
	cpu := startCPU()
	for b.Loop() {
		eachChunk(log, func(c []byte) { records += libraryDecode(b, c) })
	}
	cpu.report(b, len(log), records)
}

func libraryDecode(b *testing.B, chunk []byte) int {
	c, err := velocidex.NewChunk(bytes.NewReader(chunk), 0)
	if err != nil {
		b.Fatal(err)
	}
	if c.Header.LastEventRecNumber-c.Header.FirstEventRecNumber > 4096 {
		return 0
	}
	records, err := c.Parse(0)
	if err != nil {
		b.Fatal(err)
	}
	return len(records)
}
