package evtx

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"iocscan/scan/internal/evtx/evtxtest"
)

// fuzzSeeds are chunks without the zeros at their end, which a Reader adds.
func fuzzSeeds() [][]byte {
	var seeds [][]byte
	add := func(c *evtxtest.Chunk) { seeds = append(seeds, bytes.TrimRight(c.Bytes(), "\x00")) }
	add(sample(new(evtxtest.Log), 1, 3))
	c := new(evtxtest.Log).Chunk(1)
	c.Record(0, evtxtest.El("Event", evtxtest.El("System", evtxtest.El("EventID", evtxtest.Text("1")).With("Qualifiers", evtxtest.Text("2"))),
		evtxtest.El("EventData", evtxtest.Data("n", evtxtest.Text("a"), evtxtest.Entity("amp"), evtxtest.Char('c')))))
	add(c)
	c = new(evtxtest.Log).Chunk(1)
	c.Record(0, evtxtest.Event(system(1), evtxtest.EventData(1, []string{"a", "", "b", "c", "d"},
		evtxtest.Strs("x", "y"), evtxtest.F64(1), evtxtest.Raw(0x86, 1, 0, 2, 0), evtxtest.Raw(0x12, make([]byte, 16)...), evtxtest.Raw(0x10, 1, 2, 3, 4))))
	c.Damage(func(b []byte) { clear(b[48:56]) })
	add(c)
	return seeds
}

// exercise does with a chunk all that can be done with it and checks the
// bounds.
func exercise(t *testing.T, r *Reader, b []byte) {
	c := r.Start(b)
	if c.Claims() < 0 {
		t.Error("claims")
	}
	needle := NewNeedle("a")
	var buf []byte
	w := new(Whole)
	n, text := 0, 0
	for rec := r.Next(); rec != nil; rec = r.Next() {
		n++
		if rec.Offset < chunkHeaderSize || rec.Offset+rec.Size > ChunkSize {
			t.Fatalf("record at %d of %d bytes", rec.Offset, rec.Size)
		}
		for s := Slot(1); s < RenderedMessage; s++ {
			rec.Slot(s)
			rec.Uint(s)
		}
		rec.FullEventID()
		rec.Time()
		before := len(rec.fields)
		fields := rec.Fields()
		if len(fields) > maxFields || len(fields) < before {
			t.Fatalf("%d fields", len(fields))
		}
		for i := range fields {
			v := rec.Value(i)
			buf = v.AppendText(buf[:0])
			text += len(buf)
			if v.Type == String && !utf8.Valid(buf) {
				t.Fatalf("text is not UTF-8: %q", buf)
			}
			v.Ticks()
			if i < 300 {
				rec.FieldName(i)
				r.PathText(fields[i].Path)
			}
		}
		rec.Named(r.ID("a"), func(int) bool { return true })
		rec.Insertions(func(int, Value) bool { return true })
		rec.AnyContains(&needle)
		if n <= 3 {
			if e, err := w.Event(rec); err == nil && !json.Valid(e.JSON) {
				t.Fatalf("invalid JSON: %q", e.JSON)
			}
			if e, err := w.compared(rec); err == nil && !json.Valid(e.JSON) {
				t.Fatalf("invalid JSON: %q", e.JSON)
			}
			// Of a damaged record the library may be the one that is wrong, so that
			// they agree is held by sound records: TestPlain, TestCorpusPlain.
			if plain, ok := w.plain.event(rec); ok && !json.Valid(plain) {
				t.Fatalf("invalid JSON without the library: %q", plain)
			}
		}
		if (rec.Flags()&Partial != 0) != (rec.Err() != nil) {
			t.Fatalf("flags %b, error %v", rec.Flags(), rec.Err())
		}
	}
	s := r.Stats()
	if n != s.Records || n > ChunkSize/minRecord || s.Partial < 0 || s.Partial > n || s.Missing < 0 || s.GapBytes < 0 || s.GapBytes > ChunkSize {
		t.Fatalf("%d records, %+v", n, s)
	}
	if text > 64*maxSteps { // a byte of a value is at most two of text, pieces are joined
		t.Fatalf("%d bytes of text", text)
	}
	if len(r.items) > 2*maxSteps || len(r.names.list) > maxNames || r.lent > bufSize {
		t.Fatalf("%d items, %d names", len(r.items), len(r.names.list))
	}
	if r.Next() != nil {
		t.Fatal("a record after the last")
	}
}

func FuzzChunk(f *testing.F) {
	for _, s := range fuzzSeeds() {
		f.Add(s)
	}
	r := NewReader("a", "Kind")
	f.Fuzz(func(t *testing.T, b []byte) {
		exercise(t, r, b[:min(len(b), ChunkSize)])
	})
}

func FuzzFile(f *testing.F) {
	for i, s := range fuzzSeeds() {
		b := make([]byte, fileHeaderSize, fileHeaderSize+ChunkSize)
		copy(b, new(evtxtest.Log).Bytes())
		b = append(b, s...)
		if i == 0 { // a second chunk that has to borrow
			b = append(b, make([]byte, fileHeaderSize+ChunkSize-len(b))...)
			clear(s[600:700])
			b = append(b, s...)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		carved, err := Carve(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []*File{file, carved} {
			r := NewReader()
			r.Lender = NewLender(file)
			buf := make([]byte, ChunkSize)
			for i := range min(file.Chunks(), 4) {
				c, state, err := file.Read(i, buf)
				if err != nil {
					t.Fatal(err)
				}
				if state == Present || state == Foreign {
					exercise(t, r, c)
				}
			}
			if _, err := file.Each(t.Context(), 2, nil, func(*Reader) func(int, *Record) { return func(int, *Record) {} }); err != nil {
				t.Fatal(err)
			}
		}
	})
}
