package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
)

// sample is a chunk with the given number of records of two kinds, numbered
// from first.
func sample(l *evtxtest.Log, first uint64, n int) *evtxtest.Chunk {
	c := l.Chunk(first)
	for i := range n {
		c.Record(ticks0+uint64(i), evtxtest.Event(system(i), evtxtest.EventData(byte(1+i%2),
			[]string{"Kind", "Count"}, evtxtest.Str(fmt.Sprint("kind ", i%2)), evtxtest.U32(uint32(i)))))
	}
	return c
}

func openBytes(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// line is a record on one line: number, event id, data, flags.
func line(rec *Record) string {
	id, _ := rec.Uint(EventID)
	d := dump(rec)
	return fmt.Sprintf("%d: %d %s %d", rec.Number, id, d, rec.Flags())
}

func TestDamage(t *testing.T) {
	whole := list(t, NewReader(), sample(new(evtxtest.Log), 10, 6).Bytes(), line)
	if len(whole) != 6 || whole[5] != "15: 5 Kind=kind 1;Count=5; 0" {
		t.Fatalf("%q", whole)
	}
	pick := func(i int, flags Flags) string { return whole[i][:len(whole[i])-1] + fmt.Sprint(flags) }
	for _, c := range []struct {
		name   string
		damage func(c *evtxtest.Chunk, b []byte)
		want   []string
		stats  Stats
	}{
		{"head of a record", func(c *evtxtest.Chunk, b []byte) { clear(b[c.Offsets[3]:][:28]) },
			[]string{whole[0], whole[1], whole[2], pick(4, AfterDamage), pick(5, AfterDamage)},
			Stats{Records: 5, Missing: 1, Gaps: 1}},
		{"size of a record", func(c *evtxtest.Chunk, b []byte) { clear(b[c.Offsets[3]+4:][:4]) },
			[]string{whole[0], whole[1], whole[2], pick(3, Partial), whole[4], whole[5]},
			Stats{Records: 6, Partial: 1}},
		{"size behind a record", func(c *evtxtest.Chunk, b []byte) { b[c.Offsets[4]-1] = 9 },
			[]string{whole[0], whole[1], whole[2], pick(3, Partial), whole[4], whole[5]},
			Stats{Records: 6, Partial: 1}},
		{"template instance", func(c *evtxtest.Chunk, b []byte) { b[c.Offsets[2]+28] = 0x7f },
			[]string{whole[0], whole[1], pick(3, AfterDamage), pick(4, AfterDamage), pick(5, AfterDamage)},
			Stats{Records: 5, Undecodable: 1}},
		{"two records zeroed", func(c *evtxtest.Chunk, b []byte) { clear(b[c.Offsets[1]:c.Offsets[3]]) },
			nil, Stats{}},
		{"header of the chunk", func(c *evtxtest.Chunk, b []byte) { clear(b[8:512]) },
			whole, Stats{Records: 6}},
		{"free space too early", func(c *evtxtest.Chunk, b []byte) { binary.LittleEndian.PutUint32(b[48:], uint32(c.Offsets[4])) },
			[]string{whole[0], whole[1], whole[2], whole[3], pick(4, Uncommitted), pick(5, Uncommitted)},
			Stats{Records: 6, Uncommitted: 2}},
		{"never booked", func(c *evtxtest.Chunk, b []byte) {
			binary.LittleEndian.PutUint32(b[48:], 512)
			binary.LittleEndian.PutUint64(b[16:], 9)
		}, []string{pick(0, Uncommitted), pick(1, Uncommitted), pick(2, Uncommitted), pick(3, Uncommitted), pick(4, Uncommitted), pick(5, Uncommitted)},
			Stats{Records: 6, Uncommitted: 6}},
		{"stale records behind the end", func(c *evtxtest.Chunk, b []byte) {
			binary.LittleEndian.PutUint32(b[48:], uint32(c.Offsets[4]))
			binary.LittleEndian.PutUint64(b[16:], 13)
			binary.LittleEndian.PutUint64(b[c.Offsets[4]+8:], 5)
		}, whole[:4], Stats{Records: 4}},
	} {
		ch := sample(new(evtxtest.Log), 10, 6)
		b := ch.Bytes()
		c.damage(ch, b)
		r := NewReader()
		got := list(t, r, b, line)
		stats := r.Stats()
		if c.want == nil { // the templates are in what is lost
			if len(got) != 4 || stats.Missing != 2 || stats.GapBytes != ch.Offsets[3]-ch.Offsets[1] {
				t.Errorf("%s: %q %+v", c.name, got, stats)
			}
			continue
		}
		c.stats.GapBytes = stats.GapBytes
		if (stats.GapBytes != 0) != (stats.Gaps != 0) {
			t.Errorf("%s: %+v", c.name, stats)
		}
		equal(t, c.name, got, c.want)
		equal(t, c.name+": statistics", stats, c.stats)
	}
}

// A file that ends inside a chunk gives the records before the end.
func TestCutFile(t *testing.T) {
	l := new(evtxtest.Log)
	sample(l, 1, 3)
	c := sample(l, 4, 6)
	b := l.Bytes()
	b = b[:evtxtest.FileHeaderSize+evtxtest.ChunkSize+c.Offsets[4]+30]
	var got []uint64
	total := readLog(t, openBytes(t, b), func(_ int, rec *Record) { got = append(got, rec.Number) })
	equal(t, "records", got, []uint64{1, 2, 3, 4, 5, 6, 7})
	if total.Missing+total.Undecodable < 2 || total.Damaged != 1 || total.Claimed != 9 {
		t.Errorf("%+v", total)
	}
}

// What the head of the file says about chunks is not believed.
func TestFileHeader(t *testing.T) {
	l := &evtxtest.Log{Dirty: true}
	for i := range 3 {
		sample(l, uint64(1+4*i), 4)
	}
	b := l.Bytes()
	for name, change := range map[string]func(){
		"dirty":   func() {},
		"zeroed":  func() { clear(b[:4096]) },
		"claims":  func() { b[42], b[43] = 0xff, 0xff },
		"nothing": func() { b = append(b, make([]byte, 3*ChunkSize+5)...) },
	} {
		change()
		n := 0
		f := openBytes(t, b)
		total := readLog(t, f, func(int, *Record) { n++ })
		if n != 12 || total.Chunks != 3 || total.Damaged != 0 {
			t.Errorf("%s: %d records, %+v", name, n, total)
		}
	}
	f := openBytes(t, l.Bytes())
	equal(t, "header", f.Header, FileHeader{Magic: true, CRC: true, Major: 3, Minor: 1, Chunks: 1, NextRecord: 1, Dirty: true})
}

// A chunk whose beginning is overwritten still gives its records.
func TestForeignChunk(t *testing.T) {
	l := new(evtxtest.Log)
	sample(l, 1, 2)
	c := sample(l, 3, 3)
	c.Damage(func(b []byte) { clear(b[:c.Offsets[1]]) })
	sample(l, 6, 2)
	sample(l, 8, 2).Damage(func(b []byte) {
		for i := range b {
			b[i] = byte(i)
		}
	})
	var got []string
	total := readLog(t, openBytes(t, l.Bytes()), func(_ int, rec *Record) { got = append(got, line(rec)[:4]) })
	equal(t, "records", got, []string{"1: 0", "2: 1", "4: 1", "5: 2", "6: 0", "7: 1"})
	if total.Foreign != 2 || total.LostSize != ChunkSize || total.Borrowed != 2 || total.Chunks != 2 || total.Claimed != 4 {
		t.Errorf("%+v", total)
	}
}

func TestCarve(t *testing.T) {
	l := new(evtxtest.Log)
	a, b := sample(l, 1, 2).Bytes(), sample(l, 3, 2).Bytes()
	copy(b[20*512:], "ElfChnk\x00") // inside a chunk: not another one
	disk := make([]byte, 1<<20)
	copy(disk[512*1000:], a)
	disk = append(append(disk, make([]byte, 512)...), b...)
	disk = append(disk, a[:5000]...)
	f, err := Carve(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	readLog(t, f, func(_ int, rec *Record) { got = append(got, rec.Number) })
	equal(t, "chunks", []any{f.Chunks(), f.Offset(0), f.Offset(1)}, []any{3, 512000, 1<<20 + 512})
	equal(t, "records", got, []uint64{1, 2, 3, 4, 1, 2})
}

// lost is a log of which the second chunk has lost its main template: alone it
// gives nothing, with what the other chunks have all but the first record.
func TestBorrowedTemplate(t *testing.T) {
	l := new(evtxtest.Log)
	sample(l, 1, 4)
	c := sample(l, 5, 4)
	c.Damage(func(b []byte) { clear(b[c.Offsets[0]:][:100]) })
	f := openBytes(t, l.Bytes())
	var got []string
	total := readLog(t, f, func(i int, rec *Record) {
		if i == 1 {
			got = append(got, line(rec))
		}
	})
	want := AfterDamage | Borrowed
	equal(t, "borrowed", got, []string{
		fmt.Sprintf("6: 1 Kind=kind 1;Count=1; %d", want),
		fmt.Sprintf("7: 2 Kind=kind 0;Count=2; %d", want),
		fmt.Sprintf("8: 3 Kind=kind 1;Count=3; %d", want),
	})
	if total.Borrowed != 3 || total.Missing != 1 {
		t.Errorf("%+v", total)
	}
	r := NewReader()
	if alone := list(t, r, c.Bytes(), line); len(alone) != 0 || r.Stats().Undecodable != 3 {
		t.Errorf("without others: %q %+v", alone, r.Stats())
	}
	// Two definitions whose GUIDs begin alike are of no use.
	l = new(evtxtest.Log)
	sample(l, 1, 4)
	clash := l.Chunk(20)
	clash.Record(ticks0, evtxtest.With([16]byte{0x46, 0x57, 0x41, 0xd1, 99}, evtxtest.El("Event")))
	c = sample(l, 5, 4)
	c.Damage(func(b []byte) { clear(b[c.Offsets[0]:][:100]) })
	n := 0
	readLog(t, openBytes(t, l.Bytes()), func(i int, _ *Record) { n += i / 2 })
	equal(t, "records with an ambiguous template", n, 0)
}

type failing struct {
	io.ReaderAt
	from, to int64
}

var errDisk = errors.New("bad sector")

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off < f.to && off+int64(len(b)) > f.from {
		n, _ := f.ReaderAt.ReadAt(b[:max(0, f.from-off)], off)
		return n, errDisk
	}
	return f.ReaderAt.ReadAt(b, off)
}

func TestUnreadable(t *testing.T) {
	l := new(evtxtest.Log)
	for i := range 3 {
		sample(l, uint64(1+4*i), 4)
	}
	b := l.Bytes()
	f, err := Open(failing{bytes.NewReader(b), 4096 + ChunkSize + 100, 4096 + ChunkSize + 612}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	total, err := f.Each(t.Context(), 2, nil, func(*Reader) func(int, *Record) { return func(int, *Record) {} })
	n = total.Records
	if !errors.Is(err, errDisk) || n != 8 || total.Unread != 1 || total.LostSize != ChunkSize {
		t.Errorf("%v: %d records, %+v", err, n, total)
	}
	if _, err := Open(failing{bytes.NewReader(b), 0, 512}, int64(len(b))); !errors.Is(err, errDisk) {
		t.Errorf("header: %v", err)
	}
}

// Made bombs end soon and say so.
func TestBombs(t *testing.T) {
	slots := evtxtest.El("Event")
	for range 2000 {
		slots.Nodes = append(slots.Nodes, evtxtest.El("x", evtxtest.Sub(0)))
	}
	long := make([]byte, 20000)
	for i := range long {
		long[i] = 'a' * byte(1-i%2)
	}
	c := new(evtxtest.Log).Chunk(1)
	use := evtxtest.With([16]byte{1, 1}, slots, evtxtest.Raw(1, long...))
	c.Record(ticks0, use)
	r := NewReader()
	r.Start(c.Bytes())
	text := 0
	for rec := r.Next(); rec != nil; rec = r.Next() {
		for i := range rec.Fields() {
			text += len(rec.Value(i).AppendText(nil))
		}
		e, err := new(Whole).Event(rec)
		if len(e.JSON) > maxJSON+70000 {
			t.Errorf("%d bytes of JSON, %v", len(e.JSON), err)
		}
	}
	if !r.Stats().OverBudget || text > 16*maxSteps {
		t.Errorf("%d bytes of text, %+v", text, r.Stats())
	}
	// Values that hold values, each many times.
	body := evtxtest.Body(evtxtest.With([16]byte{1, 2}, evtxtest.El("leaf", evtxtest.Sub(0)), evtxtest.Str("x")))
	for i := range 8 {
		e := evtxtest.El("E")
		for range 30 {
			e.Nodes = append(e.Nodes, evtxtest.Sub(0))
		}
		body = evtxtest.With([16]byte{byte(i), 3}, e, evtxtest.XML(body))
	}
	c = new(evtxtest.Log).Chunk(1)
	c.Record(ticks0, body)
	r.Start(c.Bytes())
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if n := len(rec.Fields()); n > maxFields {
			t.Errorf("%d fields", n)
		}
		e, err := new(Whole).Event(rec)
		if len(e.JSON) > maxJSON+70000 {
			t.Errorf("%d bytes of JSON, %v", len(e.JSON), err)
		}
	}
	if r.Stats().Partial != 1 {
		t.Errorf("%+v", r.Stats())
	}
	// A template that holds an instance of itself, without any value.
	c = new(evtxtest.Log).Chunk(1)
	self := &evtxtest.Template{GUID: [16]byte{7, 7}}
	self.Root = evtxtest.El("E", evtxtest.Use{T: self})
	c.Record(ticks0, evtxtest.Use{T: self})
	r.Start(c.Bytes())
	for rec := r.Next(); rec != nil; rec = r.Next() {
		rec.Fields()
	}
	if s := r.Stats(); s.Partial+s.Undecodable != 1 {
		t.Errorf("%+v", s)
	}
}
