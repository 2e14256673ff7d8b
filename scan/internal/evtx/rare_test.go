package evtx

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx/evtxtest"
)

// Types that few logs have, and values too short for theirs. Nothing of them
// is lost, in the text or in the whole event.
func TestRareTypes(t *testing.T) {
	const markup = `<Event xmlns='urn:x'>Ünder &amp; over</Event>`
	utf16 := evtxtest.UTF16
	join := func(parts ...[]byte) (b []byte) {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	guid := []byte{0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	sid := []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}
	nul := []byte{0, 0}
	for _, c := range []struct {
		name  string
		typ   byte
		bytes []byte
		elems []string
		text  bool // rather than a number and the like
	}{
		{"EvtXml", 0x23, utf16(markup), []string{markup}, true},
		{"EvtXml with a terminator", 0x23, join(utf16(markup), nul), []string{markup}, true},
		{"EvtXml of an odd length", 0x23, append(utf16("<a/>"), 'x'), []string{"<a/>"}, true},
		{"EvtXml, nothing", 0x23, nil, []string{""}, true},
		{"several EvtXml", 0xa3, join(utf16("<a/>"), nul, utf16("<b/>"), nul), []string{"<a/>", "<b/>"}, true},
		{"EvtHandle of 32 bits", 0x20, []byte{0x10, 2, 0, 0}, []string{"0x210"}, false},
		{"EvtHandle of 64 bits", 0x20, []byte{0x10, 2, 0, 0, 0, 0, 0, 1}, []string{"0x100000000000210"}, false},
		{"int8", 0x03, []byte{0x80}, []string{"-128"}, false},
		{"int16", 0x05, []byte{0xfe, 0xff}, []string{"-2"}, false},
		{"ANSI", 0x02, []byte("caf\xe9\x00"), []string{"café"}, true},
		{"real32", 0x0b, []byte{0, 0, 0x20, 0x40}, []string{"2.5"}, false},
		{"real64, not a number", 0x0c, []byte{1, 0, 0, 0, 0, 0, 0xf8, 0x7f}, []string{"NaN"}, false},
		{"bool of a byte", 0x0d, []byte{1}, []string{"true"}, false},
		{"bool of 64 bits", 0x0d, make([]byte, 8), []string{"false"}, false},
		{"bool of three bytes", 0x0d, []byte{1, 0, 0}, []string{"010000"}, false},
		{"size_t", 0x10, []byte{0x4c, 2, 0, 0}, []string{"0x24c"}, false},
		{"GUID cut short", 0x0f, guid[:15], []string{"33221100554477668899AABBCCDDEE"}, false},
		{"SID cut short", 0x13, sid[:11], []string{"0101000000000005120000"}, false},
		{"number cut short", 0x0a, []byte{1, 2, 3}, []string{"010203"}, false},
		{"a type that is not known", 0x30, []byte{1, 0xff}, []string{"01FF"}, false},
		{"an EvtVariant type that is not known", 0x22, []byte{0xab}, []string{"AB"}, false},
		{"several ANSI", 0x82, []byte("a\x00b\x00"), []string{"a", "b"}, true},
		{"several int8", 0x83, []byte{1, 0xff}, []string{"1", "-1"}, false},
		{"several bool", 0x8d, []byte{1, 0, 0, 0, 0, 0, 0, 0}, []string{"true", "false"}, false},
		{"several GUID", 0x8f, join(guid, guid), []string{"{00112233-4455-6677-8899-AABBCCDDEEFF}", "{00112233-4455-6677-8899-AABBCCDDEEFF}"}, false},
		{"several SID", 0x93, join(sid, sid), []string{"S-1-5-18", "S-1-5-18"}, false},
		{"several hexadecimal numbers, one cut short", 0x94, []byte{0xff, 0, 0, 0, 1, 2}, []string{"0xff", "0102"}, false},
	} {
		body := evtxtest.Event(system(1), evtxtest.EventData(1, []string{"Rare", "Next"}, evtxtest.Raw(c.typ, c.bytes...), evtxtest.Str("behind")))
		r := NewReader("Rare")
		r.Start(one(body))
		rec := r.Next()
		if rec == nil {
			t.Errorf("%s: no record", c.name)
			continue
		}
		var got []string
		rec.Named(r.ID("Rare"), func(i int) bool {
			v := rec.Value(i)
			if v.IsText() != c.text {
				t.Errorf("%s: text %v", c.name, v.IsText())
			}
			v.Elems(func(e Value) bool { got = append(got, e.String()); return true })
			for _, s := range c.elems {
				if folded := ioc.Fold(s); !c.text && !OfNumber(folded) {
					t.Errorf("%s: %q cannot be of a number", c.name, folded)
				} else if n := NewNeedle(folded); !rec.AnyContains(&n) {
					t.Errorf("%s: %q is not found", c.name, folded)
				}
			}
			return true
		})
		equal(t, c.name, fmt.Sprintf("%q", got), fmt.Sprintf("%q", c.elems))
		if dump := dump(rec); !strings.HasSuffix(dump, "Next=behind;") || rec.Err() != nil {
			t.Errorf("%s: %s, %v", c.name, dump, rec.Err())
		}
		slow := new(Whole)
		for _, whole := range []func(*Record) (Event, error){new(Whole).Event, slow.compared, (&Whole{NoLibrary: true}).Event} {
			e, err := whole(rec)
			if err != nil || !json.Valid(e.JSON) {
				t.Errorf("%s: %v, %s", c.name, err, e.JSON)
				continue
			}
			var event struct {
				Event struct{ EventData map[string]any }
			}
			if err := json.Unmarshal(e.JSON, &event); err != nil || event.Event.EventData["Next"] != "behind" {
				t.Errorf("%s: %v, %s", c.name, err, e.JSON)
			}
			if c.text && len(c.elems) == 1 && event.Event.EventData["Rare"] != c.elems[0] {
				t.Errorf("%s: whole event (library %v): %q", c.name, e.Library, event.Event.EventData["Rare"])
			}
		}
	}
}
