package regf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/regf/regftest"
)

var le = binary.LittleEndian

// patient is a hive to damage: three keys with a value each.
func patient() []byte {
	var keys []regftest.Key
	for _, name := range []string{"alpha", "beta", "gamma"} {
		keys = append(keys, regftest.Key{Name: name, Values: []regftest.Value{{Name: name + "-v", Type: 1, Data: regftest.SZ("text of " + name)}}})
	}
	return regftest.Hive{Minor: 5, Root: regftest.Key{Name: "ROOT", Subkeys: keys, Values: []regftest.Value{
		{Name: "big", Type: 3, Data: bytes.Repeat([]byte{0xbb}, 20000)},
	}}}.Bytes()
}

// cellOf is the file offset of the key or value cell with the name.
func cellOf(t testing.TB, b []byte, magic, name string) int {
	t.Helper()
	header := map[string]int{"nk": 76, "vk": 20}[magic]
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(name))
		if i < 0 {
			t.Fatalf("no %s %q", magic, name)
		}
		if at := from + i - header; at >= 4 && string(b[at:at+2]) == magic {
			return at
		}
		from += i + 1
	}
}

func TestDamage(t *testing.T) {
	put := func(field int, v uint32) func(*testing.T, []byte, int) []byte {
		return func(t *testing.T, b []byte, at int) []byte { le.PutUint32(b[at+field:], v); return b }
	}
	nk := func(name string) func(*testing.T, []byte) int {
		return func(t *testing.T, b []byte) int { return cellOf(t, b, "nk", name) }
	}
	vk := func(name string) func(*testing.T, []byte) int {
		return func(t *testing.T, b []byte) int { return cellOf(t, b, "vk", name) }
	}
	find := func(s string) func(*testing.T, []byte) int {
		return func(t *testing.T, b []byte) int { return bytes.Index(b, []byte(s)) }
	}
	start := func(*testing.T, []byte) int { return 0 }
	all := []string{"", "alpha", "beta", "gamma"}
	for _, c := range []struct {
		name    string
		at      func(*testing.T, []byte) int
		change  func(*testing.T, []byte, int) []byte
		keys    []string
		values  int
		trouble []string // each in some trouble; nil: there must be none
	}{
		{"untouched", start, func(_ *testing.T, b []byte, _ int) []byte { return b }, all, 4, nil},
		{"magic of a key", nk("beta"), put(0, 0), []string{"", "alpha", "gamma"}, 3, []string{"no key (nk) here; lost: subkeys: 2 read of 3"}},
		{"cell of a key without size", nk("beta"), put(-4, 0), []string{"", "alpha", "gamma"}, 3, []string{"cell of 0 bytes"}},
		{"cell of a key too long", nk("beta"), put(-4, 0x80000000), []string{"", "alpha", "gamma"}, 3, []string{"cell of 2147483648 bytes"}},
		{"cell across bins", nk("beta"), put(-4, 0xffffffff&^0xfff), []string{"", "alpha", "gamma"}, 3, []string{"crosses the end of its bin"}},
		{"free cell of a key", nk("beta"), func(t *testing.T, b []byte, at int) []byte {
			le.PutUint32(b[at-4:], -le.Uint32(b[at-4:]))
			return b
		}, all, 4, []string{`key "beta": `, "marked free"}},
		{"long key name", nk("beta"), put(72, 0xffff), []string{"", "alpha", "gamma"}, 3, []string{"name of 65535 bytes does not fit"}},
		{"more subkeys counted", nk("ROOT"), put(20, 1000), all, 4, []string{"counts 1000 subkeys, its lists hold 3; lost: subkeys: 3 read of 1000"}},
		{"subkey list outside", nk("ROOT"), put(28, 0x7ffffff8), []string{""}, 1, []string{"beyond the end", "lost: subkeys: 0 read of 3"}},
		{"no subkey list", nk("ROOT"), put(28, noCell), []string{""}, 1, []string{"lost: subkeys: 0 read of 3"}},
		{"subkey list is a key", nk("ROOT"), put(28, 32), []string{""}, 1, []string{`no subkey list here (magic "nk")`}},
		{"subkey list claims more", find("lh\x03\x00"), put(0, 'l'|'h'<<8|0xffff<<16), all, 4, []string{"has room for"}},
		{"index of an index", find("lh\x03\x00"), func(t *testing.T, b []byte, at int) []byte {
			copy(b[at:], "ri\x02\x00")
			le.PutUint32(b[at+4:], uint32(at-4-4096))
			le.PutUint32(b[at+8:], uint32(at-4-4096))
			return b
		}, []string{""}, 1, []string{`magic "ri"`, "first of 2 faults"}},
		{"key is its own subkey", find("lh\x03\x00"), func(t *testing.T, b []byte, at int) []byte {
			le.PutUint32(b[at+4:], 32)
			return b
		}, []string{"", "beta", "gamma"}, 3, []string{"seen before", "2 read of 3"}},
		{"value list outside", nk("beta"), put(40, 0x7ffffff8), all, 3, []string{"lost: values: 0 read of 1"}},
		{"more values counted", nk("beta"), put(36, 0x7fffffff), all, 4, []string{"list of 2147483647 values has room for"}},
		{"magic of a value", vk("beta-v"), put(0, 0), all, 3, []string{"no value (vk) here; lost: values: 0 read of 1"}},
		{"long value name", vk("beta-v"), put(0, 'v'|'k'<<8|0xffff<<16), all, 3, []string{"value name of 65535 bytes"}},
		{"value claims more data", vk("beta-v"), put(4, 0x7fffffff), all, 4, []string{"data of 2147483647 bytes in a cell of", "lost: data of a value"}},
		{"value data in place too long", vk("beta-v"), put(4, 0xffffffff), all, 4, []string{"in place of an offset; lost: data of a value: 4 read of 2147483647"}},
		{"value data outside", vk("beta-v"), put(8, 0x7ffffff8), all, 4, []string{"beyond the end", "lost: data of a value: 0 read of"}},
		{"big data claims more", vk("big"), put(4, 1<<30), all, 4, []string{"in a cell of", "read of 1073741824"}},
		{"big data without a segment", find("db\x02\x00"), put(0, 'd'|'b'<<8|1<<16), all, 4, []string{"1 data segments for 20000 bytes; lost: data of a value: 16344 read of 20000"}},
		{"big data list outside", find("db\x02\x00"), put(4, 0x7ffffff8), all, 4, []string{"lost: data of a value: 0 read of 20000"}},
		{"magic of a bin", func(*testing.T, []byte) int { return 4096 }, put(0, 0), all, 4, []string{"offset 0x1000: no valid bin header"}},
		{"checksum", start, put(508, 7), all, 4, []string{"checksum of the base block"}},
		{"dirty", start, func(_ *testing.T, b []byte, _ int) []byte { regftest.SetSequence(b, 4, 3); return b }, all, 4, []string{"dirty (sequence numbers 4 and 3); lost: changes"}},
		{"root cell", start, func(_ *testing.T, b []byte, _ int) []byte {
			le.PutUint32(b[36:], 0x123450)
			regftest.Seal(b)
			return b
		}, all, 4, []string{"lost: nothing: the root key at 0x1020 is used"}},
		{"no root", nk("ROOT"), put(0, 0), nil, 0, []string{"lost: all keys"}},
		{"size of the bins", start, func(_ *testing.T, b []byte, _ int) []byte {
			le.PutUint32(b[40:], 0)
			regftest.Seal(b)
			return b
		}, all, 4, []string{"cells in use lie beyond the size"}},
		{"cut in the middle", start, func(_ *testing.T, b []byte, _ int) []byte { return b[:8192] }, []string{""}, 0, []string{"file ends 24576 bytes early", "beyond the end of the file at 0x2000"}},
		{"only a base block", start, func(_ *testing.T, b []byte, _ int) []byte { return b[:600] }, nil, 0, []string{"file ends", "lost: all keys"}},
	} {
		b := patient()
		at := c.at(t, b)
		if at < 0 {
			t.Errorf("%s: nothing to change", c.name)
			continue
		}
		lines, troubles := dump(open(t, c.change(t, b, at)))
		var keys []string
		values := 0
		for _, l := range lines {
			if i := strings.IndexByte(l, '['); i >= 0 {
				keys = append(keys, l[i+1:len(l)-1])
			} else {
				values++
			}
		}
		if !slices.Equal(keys, c.keys) || values != c.values {
			t.Errorf("%s: keys %q, %d values, want %q, %d; troubles %q", c.name, keys, values, c.keys, c.values, troubles)
		}
		for _, want := range c.trouble {
			if !slices.ContainsFunc(troubles, func(s string) bool { return strings.Contains(s, want) }) {
				t.Errorf("%s: no trouble %q in %q", c.name, want, troubles)
			}
		}
		if c.trouble == nil && len(troubles) > 0 {
			t.Errorf("%s: troubles %q", c.name, troubles)
		}
	}
}

// Where damage leaves open whether a key is there, Find must not say that it
// is not.
func TestFindAmongDamage(t *testing.T) {
	b := patient()
	le.PutUint32(b[cellOf(t, b, "nk", "beta"):], 0)
	h := open(t, b)
	if n, err := h.Find("GAMMA"); err != nil || n.Path() != "gamma" {
		t.Errorf("key beside the damage: %v", err)
	}
	var trouble *Trouble
	if _, err := h.Find("beta"); !errors.As(err, &trouble) || errors.Is(err, ErrNotFound) {
		t.Errorf("damaged key: %v", err)
	}
	le.PutUint32(b[cellOf(t, b, "nk", "alpha")+36:], 2)
	n, err := h.Find("alpha")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := n.Value("ALPHA-V"); err != nil || v.Name() != "alpha-v" {
		t.Errorf("value in a damaged list: %v", err)
	}
	if _, err := n.Value("other"); err == nil {
		t.Error("a value in a list that is longer was found")
	}
}

// A chain of keys deeper than Windows allows ends.
func TestDeepKeys(t *testing.T) {
	k := regftest.Key{Name: "x"}
	for range 600 {
		k = regftest.Key{Name: "x", Subkeys: []regftest.Key{k}}
	}
	lines, troubles := dump(open(t, regftest.Hive{Root: k}.Bytes()))
	if len(lines) != maxDepth || len(troubles) != 1 || !strings.Contains(troubles[0], "nest deeper than 512") {
		t.Errorf("%d keys, troubles %q", len(lines), troubles)
	}
}

// Many keys that share one long list, and values that share one long cell,
// must not multiply the work.
func TestSharedListsAreCutOff(t *testing.T) {
	var keys []regftest.Key
	for i := range 2000 {
		keys = append(keys, regftest.Key{Name: fmt.Sprintf("%04d", i)})
	}
	for i := range 2000 {
		keys[0].Values = append(keys[0].Values, regftest.Value{Name: fmt.Sprintf("v%04d", i), Type: 3, Data: make([]byte, 64)})
	}
	b := regftest.Hive{Root: regftest.Key{Subkeys: keys}}.Bytes()
	first := cellOf(t, b, "nk", "0000")
	for i := range 2000 {
		at := cellOf(t, b, "nk", fmt.Sprintf("%04d", i))
		copy(b[at+36:at+44], b[first+36:first+44])
	}
	h := open(t, b)
	values, cut := 0, false
	for n, err := range h.Walk() {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range n.Values() {
			cut = cut || errors.Is(err, ErrBudget)
			values++
		}
	}
	if !cut || values > 2*len(b) { // without a limit 4,000,000
		t.Errorf("%d values listed, cut off: %v", values, cut)
	}
}

// sick fails at some blocks of 4 KiB, as a disk with bad sectors does.
type sick struct {
	io.ReaderAt
	bad int64
}

var errSector = errors.New("bad sector")

func (s sick) ReadAt(p []byte, off int64) (int, error) {
	if off < s.bad+4096 && off+int64(len(p)) > s.bad {
		return int(max(0, s.bad-off)), errSector
	}
	return s.ReaderAt.ReadAt(p, off)
}

func TestBadSectors(t *testing.T) {
	b := sample().Bytes()
	want, _ := dump(open(t, b))
	most := 0
	for bad := int64(4096); bad < int64(len(b)); bad += 4096 {
		h, err := Open(sick{bytes.NewReader(b), bad}, int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		hit := false
		for _, x := range h.Troubles() {
			hit = hit || errors.Is(x, errSector)
		}
		got := 0
		for n, err := range h.Walk() {
			hit = hit || errors.Is(err, errSector)
			if err != nil {
				continue
			}
			got++
			for v, err := range n.Values() {
				hit = hit || errors.Is(err, errSector)
				if err == nil {
					got++
					_, err := v.Data()
					hit = hit || errors.Is(err, errSector)
				}
			}
		}
		if !hit {
			t.Errorf("block 0x%x: read fault not told", bad)
		}
		most += got
	}
	if blocks := len(b)/4096 - 1; most < blocks*len(want)*3/4 {
		t.Errorf("%d lines read with one of %d blocks bad, %d with none", most, blocks, len(want))
	}
}
