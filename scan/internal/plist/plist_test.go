package plist

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// binaryList puts objects together, the first being the top one. References
// are single bytes.
func binaryList(objects ...string) []byte {
	b := []byte("bplist00")
	var table []byte
	for _, o := range objects {
		table = binary.BigEndian.AppendUint16(table, uint16(len(b)))
		b = append(b, o...)
	}
	start := len(b)
	b = append(b, table...)
	b = append(b, 0, 0, 0, 0, 0, 0, 2, 1)
	b = binary.BigEndian.AppendUint64(b, uint64(len(objects)))
	b = binary.BigEndian.AppendUint64(b, 0)
	return binary.BigEndian.AppendUint64(b, uint64(start))
}

func xmlList(body string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
` + body + "\n</plist>\n")
}

var sound = []struct {
	name string
	in   []byte
	want any
}{
	{"XML with all kinds", xmlList(`<dict><!-- a note -->
		<key>s</key><string>a &amp; ü</string> <key>empty</key><string/>
		<key>n</key><integer>-5</integer> <key>x</key><integer>0x10</integer> <key>big</key><integer>18446744073709551615</integer>
		<key>r</key><real>1.5</real> <key>y</key><true/> <key>z</key><false></false>
		<key>d</key><date>2020-02-03T04:05:06Z</date> <key>b</key><data> AQ
		I= </data> <key>a</key><array><string>p</string><array/></array></dict>`),
		Dict{"s": "a & ü", "empty": "", "n": int64(-5), "x": int64(16), "big": uint64(1<<64 - 1), "r": 1.5, "y": true, "z": false,
			"d": time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC), "b": []byte{1, 2}, "a": []any{"p", []any{}}}},
	{"XML behind a byte order mark", append([]byte("\xef\xbb\xbf"), xmlList("<string>x</string>")...), "x"},
	{"binary text", binaryList("\x53abc"), "abc"},
	{"binary long text", binaryList("\x5f\x10\x10" + strings.Repeat("x", 16)), strings.Repeat("x", 16)},
	{"binary UTF-16", binaryList("\x62\x00\xfc\x20\xac"), "ü€"},
	{"binary numbers", binaryList("\xa6\x01\x02\x03\x04\x05\x06", "\x10\xff", "\x11\x01\x00", "\x13\xff\xff\xff\xff\xff\xff\xff\xfe",
		"\x14\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", "\x22\x3f\xc0\x00\x00", "\x80\x07"),
		[]any{int64(255), int64(256), int64(-2), uint64(1<<64 - 1), 1.5, int64(7)}},
	{"binary date, data and truth", binaryList("\xa4\x01\x02\x03\x04", "\x33\x41\xc1\xf7\x51\xb2\x00\x00\x00", "\x42\x01\x02", "\x09", "\x08"),
		[]any{time.Unix(epoch+602841956, 0).UTC(), []byte{1, 2}, true, false}},
	{"binary dictionary, its parts shared", binaryList("\xd2\x01\x02\x03\x03", "\x51a", "\x51b", "\xa1\x01"),
		Dict{"a": []any{"a"}, "b": []any{"a"}}},
}

func TestParse(t *testing.T) {
	for _, c := range sound {
		got, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

var damaged = []struct {
	name string
	in   []byte
	want string // in the error
}{
	{"nothing", nil, "neither"},
	{"OpenStep", []byte(`{ a = b; }`), "neither"},
	{"HTML", []byte("<html></html>"), "in place of plist"},
	{"XML cut short", xmlList("<dict><key>a</key><string>b</string>")[:150], "unexpected EOF"},
	{"XML without a value", xmlList("<dict><key>a</key></dict>"), "without a value"},
	{"XML without a key", xmlList("<dict><string>a</string></dict>"), "in place of a key"},
	{"XML of an entity", xmlList("<string>&lol;</string>"), "entity"},
	{"XML of an unknown element", xmlList("<sring>a</sring>"), `"sring"`},
	{"XML too deep", xmlList(strings.Repeat("<array>", 100000)), "deep"},
	{"XML number that is none", xmlList("<integer>ten</integer>"), "ten"},
	{"XML stray text", xmlList("<array>a</array>"), "text where none belongs"},
	{"binary of a head", []byte("bplist00"), "cut short"},
	{"binary trailer", append([]byte("bplist00"), make([]byte, 32)...), "trailer"},
	{"binary object out of the file", binaryList("\x5f\x13\x7f\xff\xff\xff\xff\xff\xff\xff"), "runs out"},
	{"binary list out of the file", binaryList("\xaf\x13\x7f\xff\xff\xff\xff\xff\xff\xff"), "runs out"},
	{"binary reference to nothing", binaryList("\xa1\x05"), "object 5 of 1"},
	{"binary of itself", binaryList("\xa1\x01", "\xa1\x00"), "part of itself"},
	{"binary unknown kind", binaryList("\x70"), "unknown kind 0x70"},
	{"binary key that is no text", binaryList("\xd1\x01\x01", "\x09"), "no text"},
	{"binary date that is none", binaryList("\x33\x7f\xf0\x00\x00\x00\x00\x00\x00"), "date"},
}

func TestDamaged(t *testing.T) {
	for _, c := range damaged {
		v, err := Parse(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want an error with %q", c.name, v, err, c.want)
		}
	}
}

// A list of lists of lists, each naming the next many times over, is many
// objects when it is written out. Here it is as many as are in the file.
func TestReferencesDoNotMultiply(t *testing.T) {
	var objects []string
	for i := range 40 {
		objects = append(objects, "\xae"+strings.Repeat(string([]byte{byte(i + 1)}), 14))
	}
	objects = append(objects, "\x53end")
	v, err := Parse(binaryList(objects...))
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for {
		l, ok := v.([]any)
		if !ok {
			break
		}
		if len(l) != 14 {
			t.Fatalf("%d elements", len(l))
		}
		v = l[13]
		depth++
	}
	if depth != 40 || v != "end" {
		t.Errorf("depth %d, then %v", depth, v)
	}
	deep := make([]string, 0, 200)
	for i := range 200 {
		deep = append(deep, "\xa1"+string([]byte{byte(i + 1)}))
	}
	if _, err := Parse(binaryList(append(deep, "\x09")...)); err == nil || !strings.Contains(err.Error(), errDepth.Error()) {
		t.Errorf("200 levels: %v", err)
	}
}

// Many objects that claim the same bytes are together larger than the file.
func TestOverlap(t *testing.T) {
	list := append([]byte("bplist00"), "\xaf\x10\x64"...)
	for i := range 100 {
		list = append(list, byte(i+1))
	}
	text := len(list)
	list = append(list, "\x5f\x10\x40"+strings.Repeat("x", 64)...)
	table := len(list)
	for i := range 101 {
		at := text
		if i == 0 {
			at = headSize
		}
		list = append(list, byte(at))
	}
	list = append(list, 0, 0, 0, 0, 0, 0, 1, 1)
	for _, n := range []int{101, 0, table} {
		list = binary.BigEndian.AppendUint64(list, uint64(n))
	}
	if _, err := Parse(list); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("100 times the same 64 bytes in %d: %v", len(list), err)
	}
}

func TestAccess(t *testing.T) {
	d, err := ParseDict(xmlList(`<dict><key>t</key><string>x</string><key>a</key><array><string>y</string><true/></array>
		<key>n</key><integer>1</integer><key>f</key><false/><key>d</key><dict><key>e</key><string>z</string></dict></dict>`))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := d.Text("t"); s != "x" || !ok {
		t.Error("Text")
	}
	if _, ok := d.Text("n"); ok {
		t.Error("a number is no text")
	}
	if diff := cmp.Diff([][]string{{"x"}, {"y"}, nil}, [][]string{d.Texts("t"), d.Texts("a"), d.Texts("n")}); diff != "" {
		t.Error(diff)
	}
	for key, want := range map[string][2]bool{"n": {true, true}, "f": {false, true}, "t": {false, false}, "no": {false, false}} {
		if v, ok := d.Bool(key); v != want[0] || ok != want[1] {
			t.Errorf("Bool(%q) = %v, %v", key, v, ok)
		}
	}
	if s, _ := d.Dict("d").Text("e"); s != "z" || d.Dict("t") != nil {
		t.Error("Dict")
	}
	if _, err := ParseDict(xmlList("<array/>")); err == nil {
		t.Error("an array is no dictionary")
	}
}

// FuzzParse: whatever comes, an end, and no more of a value than the file has
// room for.
func FuzzParse(f *testing.F) {
	for _, c := range sound {
		f.Add(c.in)
	}
	for _, c := range damaged {
		f.Add(c.in[:min(len(c.in), 4096)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Parse(b)
		if err != nil && v != nil {
			t.Errorf("a value %v beside the error %v", v, err)
		}
		d, ok := v.(Dict)
		if !ok {
			return
		}
		for key := range d {
			for _, s := range d.Texts(key) {
				if len(s) > 2*len(b) {
					t.Errorf("a text of %d bytes in a file of %d", len(s), len(b))
				}
			}
		}
	})
}
