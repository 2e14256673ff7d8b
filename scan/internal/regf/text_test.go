package regf

import (
	"testing"

	"iocscan/scan/internal/regf/regftest"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		name string
		typ  Type
		data string
		want string
	}{
		{"text", SZ, "a\x00b\x00\x00\x00", "ab"},
		{"no NUL", SZ, "a\x00b\x00", "ab"},
		{"several NULs", ExpandSZ, "a\x00\x00\x00\x00\x00", "a"},
		{"NUL inside", SZ, "a\x00\x00\x00b\x00\x00\x00", "a\x00b"},
		{"odd length, last byte NUL", SZ, "a\x00b\x00\x00", "ab"},
		{"odd length", SZ, "a\x00b", "ab"},
		{"odd length, not ASCII", Link, "a\x00\xe9", "aé"},
		{"high byte before the NULs", SZ, "\x00\x01\x00\x00", "Ā"},
		{"surrogates", SZ, "\x3d\xd8\x00\xde", "😀"},
		{"lone surrogate", SZ, "\x3d\xd8a\x00", "\xed\xa0\xbda"},
		{"swapped surrogates", SZ, "\x00\xde\x3d\xd8", "\xed\xb8\x80\xed\xa0\xbd"},
		{"empty", SZ, "", ""},
		{"only NUL", SZ, "\x00\x00", ""},
		{"strings", MultiSZ, string(regftest.MultiSZ("a", "bc")), "a\nbc"},
		{"strings without an end", MultiSZ, "a\x00\x00\x00b\x00", "a\nb"},
		{"empty string inside", MultiSZ, string(regftest.MultiSZ("a", "", "b")), "a\n\nb"},
		{"empty string first", MultiSZ, string(regftest.MultiSZ("", "b")), "\nb"},
		{"no strings", MultiSZ, "\x00\x00", ""},
		{"strings of odd length", MultiSZ, "a\x00\x00\x00b", "a\nb"},
		{"number", DWORD, "\xff\xff\xff\xff", "4294967295"},
		{"big-endian number", DWORDBE, "\x00\x00\x01\x02", "258"},
		{"long number", QWORD, "\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"},
		{"number too short", DWORD, "\x01\x02", "0102"},
		{"number too long", DWORD, "\x01\x02\x03\x04\x05", "0102030405"},
		{"number without data", QWORD, "", ""},
		{"binary", Binary, "\xde\xad\x0b\xef", "DEAD0BEF"},
		{"none", None, "\x01", "01"},
		{"own type", 0x1f4, "a\x00", "6100"},
	} {
		if got := string(AppendText(nil, c.typ, []byte(c.data))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := string(AppendHexNumber(nil, DWORD, []byte{0x1f, 0, 0, 0})); got != "0x1f" {
		t.Errorf("hex number %q", got)
	}
	if got := string(AppendHexNumber(nil, SZ, []byte{0x1f, 0, 0, 0})); got != "" {
		t.Errorf("hex number of a text %q", got)
	}
}

func TestTypeNames(t *testing.T) {
	for typ, want := range map[Type]string{SZ: "REG_SZ", QWORD: "REG_QWORD", 12: "0x0000000C", 0xffffffff: "0xFFFFFFFF"} {
		if typ.String() != want {
			t.Errorf("%d: %s", uint32(typ), typ)
		}
	}
}

// Every sequence of UTF-16 units has its own name, and a name leads back to it.
func TestNamesAreReversible(t *testing.T) {
	interesting := []uint16{0, 'a', 0x7f, 0x80, 0xff, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfffd, 0xffff}
	seen := make(map[string][3]uint16)
	for _, a := range interesting {
		for _, b := range interesting {
			for _, c := range interesting {
				units := [3]uint16{a, b, c}
				raw := []byte{byte(a), byte(a >> 8), byte(b), byte(b >> 8), byte(c), byte(c >> 8)}
				name := string(appendUTF16(nil, raw))
				if other, ok := seen[name]; ok {
					t.Fatalf("%x and %x are both %q", other, units, name)
				}
				seen[name] = units
				if back := appendUnits(nil, name); len(back) != 3 || [3]uint16(back) != units {
					t.Fatalf("%x became %q and that %x", units, name, back)
				}
			}
		}
	}
}

func TestMarvinInPieces(t *testing.T) {
	data := make([]byte, 300)
	for i := range data {
		data[i] = byte(i * i)
	}
	for n := range data {
		want := regftest.Marvin32(data[:n])
		for _, k := range []int{0, n / 3, n / 2, n} {
			m := newMarvin()
			m.write(data[:k])
			m.write(data[k:n])
			if got := m.sum(); got != want {
				t.Fatalf("%d bytes in pieces of %d: %x, want %x", n, k, got, want)
			}
		}
	}
}
