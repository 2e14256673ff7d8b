package wtf8

import (
	"slices"
	"testing"
	"unicode/utf16"
)

func TestWTF8(t *testing.T) {
	for _, c := range []struct {
		name []uint16
		want string
	}{
		{nil, ""},
		{utf16.Encode([]rune("Ünï 😀.exe")), "Ünï 😀.exe"},
		{[]uint16{0xd800}, "\xed\xa0\x80"},
		{[]uint16{0xdc00, 0xd800}, "\xed\xb0\x80\xed\xa0\x80"},
		{[]uint16{'a', 0xdbff, 'b'}, "a\xed\xaf\xbfb"},
		{[]uint16{0xd83d, 0xde00}, "😀"},
		{[]uint16{0xd83d, 0xd83d, 0xde00}, "\xed\xa0\xbd😀"},
		{[]uint16{0xfffd, 0xffff, 1}, "\ufffd\uffff\x01"},
	} {
		if got := Encode(c.name); got != c.want {
			t.Errorf("%x: %q, want %q", c.name, got, c.want)
		}
		if got, ok := Decode(c.want); !ok || !slices.Equal(got, c.name) {
			t.Errorf("%q: %x, %t, want %x", c.want, got, ok, c.name)
		}
	}
	for _, s := range []string{"\xff", "a\xc3", "\xed\xa0", "\xed\xa0\x80\xed\xb0\x80", "\xc0\x80", "\xf8\x88\x80\x80\x80"} {
		if got, ok := Decode(s); ok {
			t.Errorf("%q: %x, want not ok", s, got)
		}
	}
}

func FuzzWTF8(f *testing.F) {
	f.Add("plain")
	f.Add("\xed\xa0\xbd😀")
	f.Add("\xed\xa0\x80\xed\xb0\x80")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		name, ok := Decode(s)
		if !ok {
			return
		}
		if got := Encode(name); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
