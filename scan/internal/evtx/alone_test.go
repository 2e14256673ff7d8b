package evtx

import (
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
)

// sameAlone compares the events that the library reads by themselves with
// those that it reads from the whole chunk.
func sameAlone(t *testing.T, b []byte) (records int) {
	t.Helper()
	c := newLibraryChunk(b)
	before := string(c.b)
	all, err := c.all()
	if err != nil {
		t.Fatal(err)
	}
	json := func(v any) string {
		n, err := new(treeMaker).make("", v)
		if err != nil {
			return err.Error()
		}
		out, err := n.appendJSON(nil)
		if err != nil {
			return err.Error()
		}
		return string(out)
	}
	for rec, offset := range c.guarded.offsets {
		one, err := c.single(rec)
		want, ok := all[offset]
		if err != nil || (one != nil) != ok {
			t.Errorf("record at %d: %v, %v beside %v", offset, err, one != nil, ok)
			continue
		}
		if ok && json(one) != json(want) {
			t.Errorf("record at %d alone:\n%s\nwith all:\n%s", offset, json(one), json(want))
		}
		records++
	}
	if string(c.b) != before {
		t.Error("the chunk is not left as it was")
	}
	return records
}

// A record is given to the library with those only that define its templates,
// also where a template of its own is defined by a record that uses others.
func TestAlone(t *testing.T) {
	c := sample(new(evtxtest.Log), 1, 6)
	inner := func(id byte) *evtxtest.Template {
		return &evtxtest.Template{GUID: [16]byte{id, id}, Root: evtxtest.El("UserData", evtxtest.El("V", evtxtest.Sub(0)))}
	}
	a, b := inner(21), inner(22)
	for _, body := range []*evtxtest.Template{a, b, a, b, a} {
		c.Record(ticks0, evtxtest.Event(system(2), evtxtest.Use{T: body, Values: []evtxtest.Value{evtxtest.U32(7)}}))
	}
	if n := sameAlone(t, c.Bytes()); n != 11 {
		t.Errorf("%d records", n)
	}
	g := guardChunk(c.Bytes())
	equal(t, "needed by the last", g.needs(10), []int{0, 6, 10})
	equal(t, "needed by one that defines", g.needs(7), []int{0, 7})
}

func TestCorpusAlone(t *testing.T) {
	records := 0
	for _, name := range corpusLogs(t) {
		f := openCorpus(t, name)
		for i := range f.Chunks() {
			b := make([]byte, ChunkSize)
			if _, state, err := f.Read(i, b); err == nil && state == Present {
				records += sameAlone(t, b)
			}
		}
	}
	if records < 14700 {
		t.Errorf("%d records", records)
	}
}
