package evtx

import (
	"encoding/json"
	"runtime"
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
)

func TestWhole(t *testing.T) {
	s := system(7)
	s.Qualifiers = 3
	usual := evtxtest.Event(s, evtxtest.EventData(1, []string{"A", "B", "C"}, evtxtest.Str("x\"\\\n\x01"), evtxtest.U32(9), evtxtest.Ticks(ticks0+1)))
	const sys = `{"Event":{"System":{"Provider":{"Name":"Sample-Provider"},"EventID":{"Qualifiers":3,"Value":7},"Version":0,"Level":4,"Task":0,"Opcode":0,` +
		`"Keywords":9223372036854775808,"TimeCreated":{"SystemTime":"2019-04-17T18:40:00.0000007Z"},"EventRecordID":1007,"Correlation":`
	const rest = `,"Execution":{"ProcessID":77,"ThreadID":77},"Channel":"Sample/Operational","Computer":"host.example","Security":`
	for _, c := range []struct {
		name      string
		body      evtxtest.Body
		byLibrary string
		own       string
		fallback  bool // the library loses something
	}{
		{"usual", usual,
			sys + `null` + rest + `{}},"EventData":{"A":"x\"\\\n\u0001","B":9,"C":"2019-04-17T18:40:00.0000001Z"}}}`,
			sys + `null` + rest + `null},"EventData":{"A":"x\"\\\n\u0001","B":9,"C":"2019-04-17T18:40:00.0000001Z"}}}`, false},
		{"duplicate names", evtxtest.Event(s, evtxtest.EventData(1, []string{"A", "A"}, evtxtest.Str("x"), evtxtest.Str("y"))),
			"", sys + `null` + rest + `null},"EventData":{"A":["x","y"]}}}`, true},
		{"without names", evtxtest.Event(s, evtxtest.EventData(1, []string{"", "", ""}, evtxtest.Strs("x", "y"), evtxtest.Null(), evtxtest.Raw(0x0d, 1, 0, 0, 0))),
			sys + `null` + rest + `{}},"EventData":{"Data":[["x","y"],null,true]}}}`,
			sys + `null` + rest + `null},"EventData":{"Data":[["x","y"],null,true]}}}`, false},
		{"arrays of numbers", evtxtest.Event(s, evtxtest.EventData(1, []string{"A", "B"}, evtxtest.Raw(0x86, 1, 0, 2, 0), evtxtest.U8(1))),
			"", sys + `null` + rest + `null},"EventData":{"A":[1,2],"B":1}}}`, true},
		{"user data", evtxtest.Event(s, evtxtest.With([16]byte{5}, evtxtest.El("UserData",
			evtxtest.El("Change", evtxtest.El("Item", evtxtest.Sub(0)), evtxtest.El("Item", evtxtest.Sub(1)).With("id", evtxtest.Text("2"))).With("xmlns", evtxtest.Text("urn:x"))),
			evtxtest.Str("a"), evtxtest.Str("b"))),
			sys + `null` + rest + `{}},"UserData":{"Change":{"Item":["a",{"id":"2","Value":"b"}]}}}}`,
			sys + `null` + rest + `null},"UserData":{"Change":{"Item":["a",{"id":"2","Value":"b"}]}}}}`, false},
	} {
		r := NewReader()
		r.Start(one(c.body))
		rec := r.Next()
		w := new(Whole)
		e, err := w.compared(rec)
		if err != nil || e.Library == c.fallback || (e.Reason == "") == c.fallback {
			t.Errorf("%s: %v %s %+v %+v", c.name, err, e.Reason, e.Lost, e.Extra)
		}
		if !c.fallback && string(e.JSON) != c.byLibrary {
			t.Errorf("%s: by the library\n%s, want\n%s", c.name, e.JSON, c.byLibrary)
		}
		if plain, err := w.Event(rec); err != nil || string(plain.JSON) != string(e.JSON) {
			t.Errorf("%s: %v\n%s, want\n%s", c.name, err, plain.JSON, e.JSON)
		}
		own, err := (&Whole{NoLibrary: true}).Event(rec)
		if err != nil || string(own.JSON) != c.own || own.Library {
			t.Errorf("%s: %v by ourselves\n%s, want\n%s", c.name, err, own.JSON, c.own)
		}
		if !json.Valid(e.JSON) {
			t.Errorf("%s: invalid JSON", c.name)
		}
	}
}

// A record behind damage is given from our own values.
func TestWholeBehindDamage(t *testing.T) {
	c := sample(new(evtxtest.Log), 1, 4)
	b := c.Bytes()
	clear(b[c.Offsets[1]:c.Offsets[2]])
	r := NewReader()
	w := new(Whole)
	var got []bool
	r.Start(b)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		e, err := w.compared(rec)
		if err != nil || !json.Valid(e.JSON) {
			t.Errorf("%v %s", err, e.JSON)
		}
		got = append(got, e.Library)
	}
	equal(t, "by the library", got, []bool{true, false, false})
}

// A template that uses itself makes the library copy it over and over.
func TestGuard(t *testing.T) {
	c := new(evtxtest.Log).Chunk(1)
	c.Record(ticks0, evtxtest.Event(system(1)))
	self := &evtxtest.Template{GUID: [16]byte{8, 8}, Root: evtxtest.El("E")}
	for range 800 {
		self.Root.Nodes = append(self.Root.Nodes, evtxtest.El("x").With("a", evtxtest.Text("v")))
	}
	for range 800 {
		self.Root.Nodes = append(self.Root.Nodes, evtxtest.El("y", evtxtest.Use{T: self}))
	}
	c.Record(ticks0, evtxtest.Use{T: self})
	if g := guardChunk(c.Bytes()); len(g.offsets) != 1 {
		t.Errorf("%d records pass, want the first", len(g.offsets))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if events, err := newLibraryChunk(c.Bytes()).all(); err != nil || len(events) != 1 {
		t.Errorf("%d events, %v", len(events), err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 20<<20 {
		t.Errorf("%d bytes allocated", n)
	}
	// Arrays that the library would read to the end of the chunk.
	b := one(evtxtest.Event(system(1), evtxtest.EventData(1, []string{"A", "B"}, evtxtest.Raw(0x8a, 1, 0, 0, 0, 0, 0, 0, 0), evtxtest.U8(1))))
	event, err := newLibraryChunk(b).event(chunkHeaderSize)
	if err != nil {
		t.Fatal(err)
	}
	n, err := new(treeMaker).make("", event)
	if err != nil {
		t.Fatal(err)
	}
	if v := n.get("Event").get("EventData").get("A"); v == nil || v.val != "0100000000000000" {
		t.Errorf("array: %+v", v)
	}
}
