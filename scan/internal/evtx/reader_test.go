package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx/evtxtest"
)

const ticks0 = 132000000000000000 // 2019-04-17T18:40:00Z

func system(id int) evtxtest.System {
	return evtxtest.System{Provider: "Sample-Provider", EventID: uint16(id), Level: 4, Ticks: ticks0 + uint64(id), RecordID: uint64(1000 + id),
		Process: 77, Channel: "Sample/Operational", Computer: "host.example"}
}

// open reads a chunk and lists its records with a function.
func list(t testing.TB, r *Reader, chunk []byte, f func(*Record) string) (out []string) {
	t.Helper()
	r.Start(chunk)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		out = append(out, f(rec))
	}
	return out
}

// dump is a record's data: name=text for each field.
func dump(rec *Record) string {
	var b strings.Builder
	for i, f := range rec.Fields() {
		if f.Data() && !f.Continues() {
			fmt.Fprintf(&b, "%s=%s;", rec.FieldName(i), rec.Value(i))
		}
	}
	return b.String()
}

func one(body evtxtest.Body) []byte {
	c := new(evtxtest.Log).Chunk(1)
	c.Record(ticks0, body)
	return c.Bytes()
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestSystem(t *testing.T) {
	s := system(4624)
	s.Qualifiers, s.Task = 0xc000, 9
	s.SID = []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	r := NewReader()
	c := r.Start(one(evtxtest.Event(s)))
	if !c.Sound() || c.Claims() != 1 {
		t.Errorf("chunk %+v", c)
	}
	rec := r.Next()
	if rec == nil {
		t.Fatal("no record")
	}
	if rec.Number != 1 || rec.Ticks != ticks0 || rec.EventRecordID() != 5624 {
		t.Errorf("record %d at %d, id %d", rec.Number, rec.Ticks, rec.EventRecordID())
	}
	if id, ok := rec.FullEventID(); !ok || id != 0xc0001210 {
		t.Errorf("full event id %#x", id)
	}
	if at, ok := rec.Time(); !ok || at != ticks0+4624 {
		t.Errorf("time %d", at)
	}
	want := map[Slot]string{
		ProviderName: "Sample-Provider", EventID: "4624", Qualifiers: "49152", Version: "0", Level: "4", Task: "9",
		Opcode: "0", Keywords: "0x8000000000000000", TimeCreated: "2019-04-17T18:40:00.0004624Z", EventRecordID: "5624",
		ProcessID: "77", ThreadID: "77", Channel: "Sample/Operational", Computer: "host.example", UserID: "S-1-5-32-544",
	}
	for s := Slot(1); s < slotEnd; s++ {
		v, ok := rec.Slot(s)
		if w, has := want[s]; ok != has || v.String() != w {
			t.Errorf("slot %d: %q %v, want %q", s, v, ok, w)
		}
	}
	if rec.Flags() != 0 || rec.Err() != nil || r.Next() != nil {
		t.Error("flags, error or a second record")
	}
	equal(t, "statistics", r.Stats(), Stats{Records: 1})
}

func TestValueText(t *testing.T) {
	guid := []byte{0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 7, 0xab}
	for _, c := range []struct {
		v    Value
		text string
	}{
		{Value{Null, nil}, ""},
		{Value{String, evtxtest.UTF16("häuser €😀\x00a\x00\x00")}, "häuser €😀\x00a"},
		{Value{String, []byte{'a', 0, 0x3d, 0xd8, 'b', 0}}, "a\ufffdb"},
		{Value{String, []byte{'a', 0, 'b'}}, "a"},
		{Value{ANSI, []byte("plain\x00")}, "plain"},
		{Value{ANSI, []byte{'M', 0xfc}}, "Mü"},
		{Value{Int8, []byte{0xff}}, "-1"},
		{Value{Uint8, []byte{0xff}}, "255"},
		{Value{Int16, []byte{0xfe, 0xff}}, "-2"},
		{Value{Uint16, []byte{0xfe, 0xff}}, "65534"},
		{Value{Int32, []byte{0, 0, 0, 0x80}}, "-2147483648"},
		{Value{Uint32, []byte{0, 0, 0, 0x80}}, "2147483648"},
		{Value{Int64, bytes.Repeat([]byte{0xff}, 8)}, "-1"},
		{Value{Uint64, bytes.Repeat([]byte{0xff}, 8)}, "18446744073709551615"},
		{Value{Float32, binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.1))}, "0.1"},
		{Value{Float64, binary.LittleEndian.AppendUint64(nil, math.Float64bits(-2.5e300))}, "-2.5e+300"},
		{Value{Bool, []byte{1, 0, 0, 0}}, "true"},
		{Value{Bool, []byte{0}}, "false"},
		{Value{Bool, []byte{0, 0, 0, 0, 0, 1, 0, 0}}, "true"},
		{Value{Binary, []byte{0, 0xab}}, "00AB"},
		{Value{GUID, guid}, "{12345678-9ABC-DEF0-0102-0304050607AB}"},
		{Value{Size, []byte{0x4c, 2, 0, 0}}, "0x24c"},
		{Value{Size, []byte{0x4c, 2, 0, 0, 1, 0, 0, 0}}, "0x10000024c"},
		{Value{FileTime, binary.LittleEndian.AppendUint64(nil, 0)}, "1601-01-01T00:00:00.0000000Z"},
		{Value{FileTime, binary.LittleEndian.AppendUint64(nil, ticks0+7)}, "2019-04-17T18:40:00.0000007Z"},
		{Value{FileTime, bytes.Repeat([]byte{0xff}, 8)}, "18446744073709551615"},
		{Value{SysTime, []byte{0xe4, 7, 2, 0, 6, 0, 29, 0, 23, 0, 59, 0, 58, 0, 9, 0}}, "2020-02-29T23:59:58.009Z"},
		{Value{SID, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, 9, 9}}, "S-1-5-18"},
		{Value{SID, []byte{1, 9, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}}, "010900000000000512000000"},
		{Value{Hex32, []byte{0x41, 0, 4, 0x80}}, "0x80040041"},
		{Value{Hex64, []byte{0, 0, 0, 0, 0, 0, 0, 0x80}}, "0x8000000000000000"},
		{Value{Uint32, []byte{1, 2}}, "0102"},
		{Value{0x55, []byte{1, 2}}, "0102"},
		{Value{Array | String, evtxtest.UTF16("one\x00\x00two\x00")}, "one\n\ntwo"},
		{Value{Array | Uint16, []byte{1, 0, 2, 0, 3}}, "1\n2\n03"},
		{Value{Array | GUID, guid}, "{12345678-9ABC-DEF0-0102-0304050607AB}"},
		{Value{Array | SID, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1}}, "S-1-5-18\nS-1-1"},
		{Value{Array | ANSI, []byte("a\x00bc")}, "a\nbc"},
		{Value{Array | Hex64, bytes.Repeat([]byte{1, 0, 0, 0, 0, 0, 0, 0}, 2)}, "0x1\n0x1"},
		{Value{Array | Bool, []byte{1, 0, 0, 0, 0, 0, 0, 0}}, "true\nfalse"},
	} {
		if got := c.v.String(); got != c.text {
			t.Errorf("type %#x % x: %q, want %q", c.v.Type, c.v.Bytes, got, c.text)
		}
		if got, want := string(c.v.AppendFolded([]byte("X"))), "X"+ioc.Fold(c.text); got != want {
			t.Errorf("type %#x folded: %q, want %q", c.v.Type, got, want)
		}
	}
}

func TestFoldedText(t *testing.T) {
	var all []rune
	for r := rune(1); r < 0x3000; r++ {
		all = append(all, r)
	}
	all = append(all, 0x1e921, 0x10428, 'A', 'b', 'Z', '[', '@', 0x212a, 'É')
	for _, shift := range []string{"", "a", "aB", "Abc"} {
		s := shift + string(all)
		v := Value{String, evtxtest.UTF16(s)}
		if string(v.AppendFolded(nil)) != ioc.Fold(s) {
			t.Errorf("folding %q… differs", shift)
		}
		if v.String() != s {
			t.Errorf("text %q… differs", shift)
		}
	}
}

func TestDates(t *testing.T) {
	for day := int64(0); day < 1_200_000; day++ { // to the year 4886
		ticks := day*864e9 + day%864e9
		want := ioc.TicksTime(ticks).Format("2006-01-02T15:04:05.0000000Z")
		if got := string(appendTicks(nil, uint64(ticks))); got != want {
			t.Fatalf("%d: %s, want %s", ticks, got, want)
		}
	}
}

func TestNumbersAndTimesInText(t *testing.T) {
	for s, want := range map[string]string{
		"4624": "4624", "0x1F": "31", "0X1f": "31", "18446744073709551615": "18446744073709551615", "7\x00": "7",
		"18446744073709551616": "no", "": "no", "0x": "no", "-1": "no", "1a": "no", "4 ": "no", "٣": "no",
	} {
		got := "no"
		if n, ok := (Value{String, evtxtest.UTF16(s)}).Uint(); ok {
			got = fmt.Sprint(n)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
	for _, s := range []string{"2019-04-17T18:40:00.000000700Z", "2019-04-17T18:40:00.0000007Z", "2019-04-17T20:40:00.0000007+02:00"} {
		if at, ok := (Value{String, evtxtest.UTF16(s)}).Ticks(); !ok || at != ticks0+7 {
			t.Errorf("%q: %d %v", s, at, ok)
		}
	}
	if _, ok := (Value{Int8, []byte{0x80}}).Uint(); ok {
		t.Error("a negative number is unsigned")
	}
}

func TestData(t *testing.T) {
	body := evtxtest.Event(system(1), evtxtest.EventData(1, []string{"User", "", "user", "Path", ""},
		evtxtest.Str("first"), evtxtest.Strs("x", "", "y"), evtxtest.Str("second"), evtxtest.Null(), evtxtest.Str("last")))
	r := NewReader("USER", "absent")
	r.Start(one(body))
	rec := r.Next()
	equal(t, "data", dump(rec), "User=first;=x\n\ny;user=second;Path=;=last;")
	var named []string
	rec.Named(r.ID("uSeR"), func(i int) bool { named = append(named, rec.Value(i).String()); return true })
	equal(t, "named", named, []string{"first", "second"})
	rec.Named(r.ID("absent"), func(int) bool { t.Error("absent is there"); return true })
	rec.Named(r.ID("never met"), func(int) bool { t.Error("an unknown name is there"); return true })
	var ins []string
	rec.Insertions(func(n int, v Value) bool { ins = append(ins, fmt.Sprintf("%d=%s", n, v)); return true })
	equal(t, "insertions", ins, []string{"1=first", "2=x", "3=", "4=y", "5=second", "6=", "7=last"})
}

func TestAnyContains(t *testing.T) {
	sid := evtxtest.Raw(0x13, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0)
	body := evtxtest.Event(system(1), evtxtest.EventData(2, []string{"CommandLine", "", "Id", "Sid"}, evtxtest.Str(`C:\Tools\ÜBER.exe -enc`), evtxtest.Str("tail"), evtxtest.U32(305419896), sid))
	r := NewReader()
	r.Start(one(body))
	rec := r.Next()
	for needle, want := range map[string]bool{
		`tools\Über`: true, "enctail": false, "TAIL": true, "commandline": false, "541989": true, "s-1-5-18": true,
		"sample": false, "305419896s-1": false, "": true, "\x00": false,
	} {
		n := NewNeedle(ioc.Fold(needle))
		if got := rec.AnyContains(&n); got != want {
			t.Errorf("contains %q: %v", needle, got)
		}
	}
}

func TestPieces(t *testing.T) {
	root := evtxtest.El("EventData",
		evtxtest.Data("Text", evtxtest.Text("a "), evtxtest.Entity("quot"), evtxtest.Sub(0), evtxtest.Entity("quot"), evtxtest.Char('!'), evtxtest.Entity("foo")),
		evtxtest.El("Data", evtxtest.Text("v")).With("Name", evtxtest.Text("N"), evtxtest.Sub(1)),
		evtxtest.El("Data").With("Name", evtxtest.Sub(0)),
		evtxtest.El("Data").With("Name", evtxtest.Text("empty")),
		evtxtest.El("Data"),
	)
	use := evtxtest.With([16]byte{9}, root, evtxtest.Str("b"), evtxtest.U8(7))
	r := NewReader("N7")
	r.Start(one(evtxtest.Event(system(1), use)))
	rec := r.Next()
	equal(t, "data", dump(rec), `Text=a "b"!foo;N7=v;b=;empty=;=;`)
	found := 0
	rec.Named(r.ID("n7"), func(i int) bool { found++; return rec.Value(i).String() == "v" })
	equal(t, "field by a computed name", found, 1)
	needle := NewNeedle(`a "b"!`)
	equal(t, "text in pieces found", rec.AnyContains(&needle), true)
}

func TestElementsWithoutTemplate(t *testing.T) {
	event := evtxtest.El("Event",
		evtxtest.El("System",
			evtxtest.El("Provider").With("Name", evtxtest.Text("Writer")),
			evtxtest.El("EventID", evtxtest.Text("6")).With("Qualifiers", evtxtest.Text("16384")),
			evtxtest.El("TimeCreated").With("SystemTime", evtxtest.Text("2019-04-17T18:40:00.000000700Z")),
			evtxtest.El("EventRecordID", evtxtest.Text("41")), evtxtest.El("Channel", evtxtest.Text("ForwardedEvents"))),
		evtxtest.El("EventData", evtxtest.El("Data", evtxtest.Text("one")), evtxtest.El("Data"), evtxtest.Data("n", evtxtest.Text("three"))),
		evtxtest.El("RenderingInfo", evtxtest.El("Message", evtxtest.Text("All is well")), evtxtest.El("Level", evtxtest.Text("Information")),
			evtxtest.El("Keywords", evtxtest.El("Keyword", evtxtest.Text("Classic")), evtxtest.El("Keyword", evtxtest.Text("Other")))).With("Culture", evtxtest.Text("en-US")),
	)
	r := NewReader()
	r.Start(one(event))
	rec := r.Next()
	if rec == nil {
		t.Fatal("no record")
	}
	equal(t, "data", dump(rec), "=one;=;n=three;")
	id, _ := rec.FullEventID()
	at, _ := rec.Time()
	equal(t, "system", []any{id, at, rec.EventRecordID()}, []any{0x40000006, int64(ticks0 + 7), 41})
	for s, want := range map[Slot]string{RenderedMessage: "All is well", RenderedLevel: "Information", RenderedKeywords: "Classic", Channel: "ForwardedEvents"} {
		if v, _ := rec.Slot(s); v.String() != want {
			t.Errorf("slot %d: %q", s, v)
		}
	}
}

// Some events hold their data and then their rendered message in one value.
func TestTwoInstancesInOneValue(t *testing.T) {
	rendering := evtxtest.With([16]byte{7}, evtxtest.El("RenderingInfo", evtxtest.El("Message", evtxtest.Sub(0))), evtxtest.Str("rendered"))
	r := NewReader()
	r.Start(one(evtxtest.Event(system(1), evtxtest.EventData(3, []string{"a"}, evtxtest.Str("x")), rendering)))
	rec := r.Next()
	v, ok := rec.Slot(RenderedMessage)
	if !ok || v.String() != "rendered" || dump(rec) != "a=x;" {
		t.Errorf("%q %v %s", v, ok, dump(rec))
	}
}

func TestNested(t *testing.T) {
	// The value of a value, as deep as allowed and one deeper.
	for depth, want := range map[int]string{3: "leaf=x;", maxDepth: "leaf=x;", maxDepth + 1: ""} {
		body := evtxtest.Body(evtxtest.With([16]byte{1, 200}, evtxtest.El("leaf", evtxtest.Sub(0)), evtxtest.Str("x")))
		for i := range depth {
			body = evtxtest.With([16]byte{byte(i + 2), 201}, evtxtest.El("E", evtxtest.Sub(0)), evtxtest.XML(body))
		}
		r := NewReader()
		r.Start(one(body))
		rec := r.Next()
		if rec == nil {
			if want != "" || r.Stats().Undecodable != 1 {
				t.Errorf("depth %d: nothing", depth)
			}
			continue
		}
		equal(t, fmt.Sprint("depth ", depth), dump(rec), want)
	}
	// An instance among elements.
	inner := evtxtest.With([16]byte{1, 202}, evtxtest.El("P", evtxtest.Sub(0)), evtxtest.Str("x"))
	r := NewReader()
	r.Start(one(evtxtest.El("Event", evtxtest.El("UserData", inner, evtxtest.El("Q", evtxtest.Text("y"))))))
	if rec := r.Next(); rec == nil || dump(rec) != "P=x;Q=y;" {
		t.Errorf("instance among elements")
	}
}

func TestNamesAreCutBack(t *testing.T) {
	r := NewReader("Keep")
	keep := r.ID("keep")
	for i := range 300 {
		c := new(evtxtest.Log).Chunk(1)
		var names []string
		var values []evtxtest.Value
		for k := range 300 {
			names, values = append(names, fmt.Sprintf("n%d-%d", i, k)), append(values, evtxtest.U8(1))
		}
		c.Record(ticks0, evtxtest.Event(system(1), evtxtest.EventData(1, append(names, "KEEP"), append(values, evtxtest.Str("kept"))...)))
		r.Start(c.Bytes())
		rec, found := r.Next(), 0
		rec.Named(keep, func(i int) bool { found++; return rec.Value(i).String() == "kept" })
		if found != 1 || len(rec.Fields()) < 300 {
			t.Fatalf("chunk %d: found %d of %d", i, found, len(rec.Fields()))
		}
		if len(r.names.list) > maxNames {
			t.Fatal("names are not bounded")
		}
	}
	if r.ID("n1-1") != 0 || r.ID("n299-1") == 0 {
		t.Error("nothing was cut back")
	}
}

func TestFormat(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("ElfFil"), make([]byte, 70000)} {
		if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrFormat) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

// Names that are asked for in another case take nothing from those that the
// format itself uses.
func TestAskedNamesInAnyCase(t *testing.T) {
	var l evtxtest.Log
	l.Chunk(1).Record(1, evtxtest.Event(evtxtest.System{Provider: "P"}, evtxtest.EventData(1, []string{"Image", ""}, evtxtest.Str("x"), evtxtest.Str("y"))))
	b := l.Bytes()
	r := NewReader("data", "NAME", "XMLNS", "image")
	r.Start(b[evtxtest.FileHeaderSize:])
	rec := r.Next()
	var got []string
	for i, f := range rec.Fields() {
		if f.Data() {
			got = append(got, rec.FieldName(i)+"="+rec.Value(i).String())
		}
	}
	if want := []string{"Image=x", "=y"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if r.ID("Image") != r.ID("image") || r.ID("image") == 0 {
		t.Error("a name asked for is not found")
	}
}
