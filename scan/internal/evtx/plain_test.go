package evtx

import (
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
)

// What is written straight from our fields is byte for byte what the library
// and the comparison with it come to, in every record of the shared corpus.
func TestCorpusPlain(t *testing.T) {
	var records, plain, lossy, behind, wrong int
	for _, name := range corpusLogs(t) {
		w, slow := new(Whole), new(Whole)
		readLog(t, openCorpus(t, name), func(_ int, rec *Record) {
			records++
			got, ok := w.plain.event(rec)
			want, err := slow.compared(rec)
			if !ok && w.plain.lossy {
				lossy++
				if len(want.Lost) == 0 && want.Reason != errNoRecord.Error() {
					t.Errorf("%s: record %d: the library loses nothing", name, rec.Number)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !ok {
				return
			}
			plain++
			if want.Reason == errNoRecord.Error() { // behind damage: our own tree, whose shape differs
				behind++
			} else if string(got) != string(want.JSON) {
				if wrong++; wrong < 20 {
					t.Errorf("%s: record %d: %s\n%s\nwant\n%s", name, rec.Number, want.Reason, got, want.JSON)
				}
			}
		})
	}
	if wrong > 0 || records != 15168 || plain < 14900 || lossy < 140 || behind > 250 {
		t.Errorf("%d records, %d without the library, %d of them behind damage, %d lossy, %d wrong", records, plain, behind, lossy, wrong)
	}
}

// What the corpus has little of. ok says that the record has a rule, and lossy
// that it needs none since the library would lose a value.
func TestPlain(t *testing.T) {
	named := func(values ...evtxtest.Value) evtxtest.Body {
		return evtxtest.Event(system(1), evtxtest.EventData(1, []string{"A", "B", "C"}[:len(values)], values...))
	}
	binary := func(v evtxtest.Value) evtxtest.Body {
		return evtxtest.Event(system(1), evtxtest.With([16]byte{9}, evtxtest.El("EventData",
			evtxtest.Data("A", evtxtest.Sub(0)), evtxtest.Data("B", evtxtest.Sub(1)), evtxtest.El("Binary", evtxtest.Sub(2))),
			evtxtest.Str("x"), evtxtest.Str("y"), v))
	}
	u := func(nodes ...evtxtest.Node) evtxtest.Body {
		return evtxtest.Event(system(1), evtxtest.With([16]byte{8}, evtxtest.El("UserData", nodes...), evtxtest.Str("a"), evtxtest.Null()))
	}
	for _, c := range []struct {
		name      string
		body      evtxtest.Body
		ok, lossy bool
	}{
		{"text of bytes", named(evtxtest.Raw(0x02, 'a', 'b', 0), evtxtest.Raw(0x02, 0xe9)), true, false},
		{"sizes", named(evtxtest.Raw(0x10, 1, 2, 3, 4), evtxtest.Raw(0x10, 0, 0, 0, 0, 0, 0, 0, 0)), true, false},
		{"a moment", named(evtxtest.Raw(0x12, 0xe3, 7, 4, 0, 3, 0, 17, 0, 18, 0, 40, 0, 0, 0, 7, 0), evtxtest.U8(1)), true, false},
		{"truth values", named(evtxtest.Raw(0x0d, 1), evtxtest.Raw(0x0d, 0, 0, 0, 0), evtxtest.Raw(0x0d, 0, 0, 0, 0, 0, 0, 0, 1)), true, false},
		{"strings", named(evtxtest.Strs("x", "", "y"), evtxtest.Strs()), true, false},
		{"bytes", named(evtxtest.Raw(0x0e, 1, 0xab), evtxtest.Raw(0x0e)), true, false},
		{"one with a name", named(evtxtest.U8(1)), true, false},
		{"one without a value", named(evtxtest.U8(1), evtxtest.Null()), true, false},
		{"floating point", named(evtxtest.F64(1.5), evtxtest.U8(1)), false, false},
		{"numbers in an array", named(evtxtest.Raw(0x86, 1, 0, 2, 0), evtxtest.U8(1)), false, false},
		{"a length beside the type", named(evtxtest.Raw(0x08, 1, 0), evtxtest.U8(1)), false, false},
		{"no bytes beside names", binary(evtxtest.Null()), true, false},
		{"bytes beside names", binary(evtxtest.Raw(0x0e, 1)), false, true},
		{"a name twice", evtxtest.Event(system(1), evtxtest.EventData(1, []string{"A", "A"}, evtxtest.U8(1), evtxtest.U8(2))), false, true},
		{"a name twice, once empty", evtxtest.Event(system(1), evtxtest.EventData(1, []string{"A", "A"}, evtxtest.Str(""), evtxtest.Str("x"))), false, false},
		{"lists", u(evtxtest.El("I", evtxtest.Sub(0)), evtxtest.El("I", evtxtest.Sub(1)), evtxtest.El("J", evtxtest.Sub(1))), true, false},
		{"a list in two places", u(evtxtest.El("I", evtxtest.Sub(0)), evtxtest.El("J", evtxtest.Sub(0)), evtxtest.El("I", evtxtest.Sub(0))), false, false},
		{"attributes", u(evtxtest.El("I", evtxtest.Sub(0)).With("a", evtxtest.Text("1")), evtxtest.El("J").With("b", evtxtest.Sub(1))), true, false},
		{"nothing but a namespace", u(evtxtest.El("I").With("xmlns", evtxtest.Text("urn:x"))), true, false},
		{"an empty element", u(evtxtest.El("I"), evtxtest.El("J", evtxtest.Sub(0))), true, false},
		{"text in pieces", u(evtxtest.El("I", evtxtest.Text("a"), evtxtest.Entity("amp"))), false, false},
		{"without a template", evtxtest.El("Event", evtxtest.El("System", evtxtest.El("EventID", evtxtest.Text("1")).With("Qualifiers", evtxtest.Text("2")), evtxtest.El("Security")),
			evtxtest.El("EventData", evtxtest.Data("n", evtxtest.Text("a")), evtxtest.Data("m", evtxtest.Text("b")))), true, false},
	} {
		r := NewReader()
		r.Start(one(c.body))
		rec := r.Next()
		w := new(Whole)
		got, ok := w.plain.event(rec)
		if ok != c.ok || w.plain.lossy != c.lossy {
			t.Errorf("%s: rule %v, lossy %v", c.name, ok, w.plain.lossy)
		}
		slow, err := new(Whole).compared(rec)
		if err != nil || c.ok && (!slow.Library || string(got) != string(slow.JSON)) || c.lossy && len(slow.Lost) == 0 {
			t.Errorf("%s: %v %s\n%s, want\n%s", c.name, err, slow.Reason, got, slow.JSON)
		}
		if e, err := w.Event(rec); err != nil || string(e.JSON) != string(slow.JSON) {
			t.Errorf("%s: %v\n%s, want\n%s", c.name, err, e.JSON, slow.JSON)
		}
	}
}
