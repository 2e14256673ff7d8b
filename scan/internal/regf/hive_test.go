package regf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/internal/regf/regftest"
)

func open(t testing.TB, b []byte, logs ...Log) *Hive {
	t.Helper()
	h, err := OpenWithLogs(bytes.NewReader(b), int64(len(b)), logs...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// dump lists a hive one key or value a line, and apart from it the troubles.
func dump(h *Hive) (lines, troubles []string) {
	for _, t := range h.Troubles() {
		troubles = append(troubles, t.Error())
	}
	for n, err := range h.Walk() {
		if err != nil {
			troubles = append(troubles, err.Error())
			continue
		}
		lines = append(lines, fmt.Sprintf("%d [%s]", n.Written(), n.Path()))
		for v, err := range n.Values() {
			if err != nil {
				troubles = append(troubles, err.Error())
				continue
			}
			data, err := v.Data()
			if err != nil {
				troubles = append(troubles, err.Error())
			}
			show := fmt.Sprintf("%x", data)
			if len(data) > 64 {
				show = fmt.Sprintf("%d bytes ending %x", len(data), data[len(data)-4:])
			}
			lines = append(lines, fmt.Sprintf("%s = %s %s", v.Name(), v.Type(), show))
		}
	}
	return lines, troubles
}

// sample has one of everything.
func sample() regftest.Hive {
	many := func(prefix string, n int) (keys []regftest.Key) {
		for i := range n {
			keys = append(keys, regftest.Key{Name: fmt.Sprintf("%s%03d", prefix, i), Written: int64(i)})
		}
		return keys
	}
	big := bytes.Repeat([]byte("0123456789abcdef"), 2500)
	return regftest.Hive{
		Name:    `\SystemRoot\System32\Config\SAMPLE`,
		Written: 131332437451516001,
		Root: regftest.Key{Name: "ROOT", Written: 131332437451516007, Subkeys: []regftest.Key{
			{Name: "lf", List: "lf", Subkeys: many("f", 5)},
			{Name: "lh", List: "lh", Subkeys: many("h", 600)},
			{Name: "li", List: "li", Subkeys: many("i", 5)},
			{Name: "ri of lf", List: "ri lf", Subkeys: many("rf", 5)},
			{Name: "ri of li", List: "ri li", Subkeys: many("ri", 5)},
			{Name: "Names", Subkeys: []regftest.Key{
				{Name: "Müller ÿ"},
				{Name: "Ascii wide", UTF16: true},
				{Name: "Приклад 例"},
				{Name: "emoji 😀"},
				{Units: []uint16{'l', 0xd801, 'x'}},
				{Units: []uint16{0xdc00}},
				{Name: "nul\x00inside"},
				{Name: "with/slash"},
			}},
			{Name: "Values", Class: "The Class", Values: []regftest.Value{
				{Name: "", Type: 1, Data: regftest.SZ("default")},
				{Name: "Größe", Type: 4, Data: regftest.DWORD(42)},
				{Name: "значение", Type: 11, Data: regftest.QWORD(1 << 40)},
				{Name: "be", Type: 5, Data: []byte{0, 0, 1, 2}},
				{Name: "none", Type: 0},
				{Name: "one", Type: 3, Data: []byte{7}},
				{Name: "multi", Type: 7, Data: regftest.MultiSZ("a", "b")},
				{Name: "expand", Type: 2, Data: regftest.SZ("%windir%")},
				{Name: "own type", Type: 0x1f4, Data: []byte{1, 2, 3, 4, 5}},
				{Name: "large", Type: 3, Data: big[:segmentSize]},
				{Name: "big", Type: 3, Data: big[:segmentSize+1]},
				{Name: "bigger", Type: 3, Data: big},
			}},
			{Name: "Link", Flags: regftest.FlagLink, Values: []regftest.Value{
				{Name: "SymbolicLinkValue", Type: 6, Data: []byte("\\\x00R\x00")},
			}},
			{Name: "Predefined", Flags: regftest.FlagPredef},
		}},
	}
}

func TestReadsWhatWasWritten(t *testing.T) {
	spec := sample()
	h := open(t, spec.Bytes())
	got, troubles := dump(h)
	if len(troubles) > 0 {
		t.Errorf("troubles: %q", troubles)
	}
	var want []string
	var list func(k regftest.Key, path string)
	list = func(k regftest.Key, path string) {
		want = append(want, fmt.Sprintf("%d [%s]", k.Written, path))
		for _, v := range k.Values {
			show := fmt.Sprintf("%x", v.Data)
			if len(v.Data) > 64 {
				show = fmt.Sprintf("%d bytes ending %x", len(v.Data), v.Data[len(v.Data)-4:])
			}
			want = append(want, fmt.Sprintf("%s = %s %s", v.Name, Type(v.Type), show))
		}
		for _, s := range k.Subkeys {
			name := s.Name
			if s.Units != nil && s.Units[0] == 'l' {
				name = "l\xed\xa0\x81x"
			} else if s.Units != nil {
				name = "\xed\xb0\x80"
			}
			list(s, strings.TrimPrefix(path+`\`+name, `\`))
		}
	}
	list(spec.Root, "")
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	head := h.Header()
	if head.Dirty() || !head.ChecksumOK || head.Written != spec.Written || head.Minor != 5 || !strings.HasSuffix(spec.Name, head.Name) || len(head.Name) != 31 {
		t.Errorf("header %+v", head)
	}
}

func TestKeyDetails(t *testing.T) {
	h := open(t, sample().Bytes())
	n, err := h.Find(`vALUES\`)
	if err != nil {
		t.Fatal(err)
	}
	if class, err := n.Class(); class != "The Class" || err != nil {
		t.Errorf("class %q, %v", class, err)
	}
	if owner, err := n.Owner(); owner != "S-1-5-32-544" || err != nil {
		t.Errorf("owner %q, %v", owner, err)
	}
	if n.NumValues() != 12 || n.NumSubkeys() != 0 || n.IsLink() || n.Path() != "Values" || n.Depth != 1 {
		t.Errorf("%d values, %d subkeys, link %v, path %q, depth %d", n.NumValues(), n.NumSubkeys(), n.IsLink(), n.Path(), n.Depth)
	}
	if n, err := h.Find("Link"); err != nil || !n.IsLink() {
		t.Errorf("Link: %v", err)
	}
	if v, err := n.Value("GRÖSSE"); !errors.Is(err, ErrNotFound) {
		t.Errorf("value found by a name of another length: %v", v)
	}
	v, err := n.Value("grÖßE")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := v.Text(); text != "42" || err != nil || v.Size() != 4 || v.Name() != "Größe" {
		t.Errorf("%q, %v, size %d, name %q", text, err, v.Size(), v.Name())
	}
	if v, err := n.Value(""); err != nil || v.Name() != "" {
		t.Errorf("default value: %v", err)
	}
}

func TestFind(t *testing.T) {
	h := open(t, sample().Bytes())
	for _, c := range []struct{ path, want string }{
		{"", ""},
		{`\`, ""},
		{`LF\F003`, `lf\f003`},
		{`lh\h599\`, `lh\h599`},
		{`li\I004`, `li\i004`},
		{`ri of lf\rf000`, `ri of lf\rf000`},
		{`ri of li\ri004`, `ri of li\ri004`},
		{"names\\mÜLLER Ÿ", "Names\\Müller ÿ"},
		{"names\\ПРИКЛАД 例", "Names\\Приклад 例"},
		{"names\\EMOJI 😀", "Names\\emoji 😀"},
		{"names\\L\xed\xa0\x81X", "Names\\l\xed\xa0\x81x"},
		{"names\\nul\x00INSIDE", "Names\\nul\x00inside"},
		{"names\\with/slash", "Names\\with/slash"},
	} {
		n, err := h.Find(c.path)
		if err != nil || n.Path() != c.want {
			t.Errorf("Find(%q): %v", c.path, err)
			continue
		}
	}
	for _, path := range []string{"nothing", `lf\f005`, `lf\f003\x`, "ﬀ", "names\\\xff", `lſ`} {
		if n, err := h.Find(path); !errors.Is(err, ErrNotFound) {
			t.Errorf("Find(%q) = %v, %v", path, n, err)
		}
	}
	n, err := h.Find("lh")
	if err != nil {
		t.Fatal(err)
	}
	if sub, err := n.Find("H300"); err != nil || sub.Path() != `lh\h300` {
		t.Errorf("below a node: %v", err)
	}
	count := 0
	for sub, err := range n.Walk() {
		if err != nil || !strings.HasPrefix(sub.Path(), "lh") {
			t.Errorf("walk below a node: %v", err)
		}
		count++
	}
	if count != 601 {
		t.Errorf("walk below a node listed %d keys", count)
	}
}

// A forged or damaged hash hides a key from Windows, not from a scan.
func TestFindDoesNotTrustHashes(t *testing.T) {
	b := regftest.Hive{Root: regftest.Key{Subkeys: []regftest.Key{{Name: "Run"}}}}.Bytes()
	at := bytes.Index(b, []byte("lh\x01\x00"))
	b[at+8] ^= 0xff
	if _, err := open(t, b).Find("run"); err != nil {
		t.Error(err)
	}
}

// Of two keys with one name, the one that has the rest of the path is found.
func TestFindAmongDuplicates(t *testing.T) {
	h := open(t, regftest.Hive{Root: regftest.Key{Subkeys: []regftest.Key{
		{Name: "Run", Subkeys: []regftest.Key{{Name: "x"}}},
		{Name: "RUN", Subkeys: []regftest.Key{{Name: "y"}}},
	}}}.Bytes())
	for path, want := range map[string]string{`run\x`: `Run\x`, `run\y`: `RUN\y`, "RUN": "Run"} {
		if n, err := h.Find(path); err != nil || n.Path() != want {
			t.Errorf("Find(%q): %v", path, err)
		}
	}
}

// Keys and values come in any number of pages; few stay in memory.
func TestPagesAreDropped(t *testing.T) {
	var keys []regftest.Key
	for i := range 700 {
		keys = append(keys, regftest.Key{
			Name:   fmt.Sprintf("k%03d", i),
			Values: []regftest.Value{{Name: "v", Type: 3, Data: bytes.Repeat([]byte{byte(i)}, 70000)}},
		})
	}
	b := regftest.Hive{Minor: 3, Root: regftest.Key{Subkeys: keys}}.Bytes()
	h := open(t, b)
	found := 0
	for range 2 {
		for n, err := range h.Walk() {
			if err != nil {
				t.Fatal(err)
			}
			for v, err := range n.Values() {
				if err != nil {
					t.Fatal(err)
				}
				data, err := v.Data()
				if err != nil || len(data) != 70000 || data[0] != byte(found%700) || data[69999] != data[0] {
					t.Fatalf("%s: %d bytes, %v", n.Path(), len(data), err)
				}
				found++
			}
		}
	}
	resident := 0
	for _, p := range h.image.pages {
		if p != nil {
			resident++
		}
	}
	if found != 1400 || len(h.image.pages) <= maxPages || resident > maxPages {
		t.Errorf("%d values, %d of %d pages in memory", found, resident, len(h.image.pages))
	}
}

func TestOpenRefuses(t *testing.T) {
	hive := regftest.Hive{}.Bytes()
	log := regftest.NewLog(hive, regftest.Entry{Seq: 1, BinsSize: 4096})
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":   {nil, ErrNotHive},
		"short":   {hive[:511], ErrNotHive},
		"zeros":   {make([]byte, 9000), ErrNotHive},
		"win 9x":  {append([]byte("CREG"), make([]byte, 1000)...), ErrWin9x},
		"new log": {log, ErrLog},
		"old log": {regftest.OldLog(hive, hive), ErrLog},
	} {
		if _, err := Open(bytes.NewReader(c.data), int64(len(c.data))); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	failing := io.NewSectionReader(strings.NewReader(""), 0, 0)
	if _, err := Open(failing, 8192); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("file that cannot be read: %v", err)
	}
}
