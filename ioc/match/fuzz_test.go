package match

import (
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"iocscan/ioc"
)

// fuzzValue makes a value of a kind out of any text.
func fuzzValue(kind ioc.Kind, s string, key uint64) ioc.Value {
	switch kind {
	case ioc.Int, ioc.Duration, ioc.Float, ioc.Time:
		return ioc.Value{Kind: kind, Key: key}
	case ioc.Bool:
		return ioc.BoolValue(key%2 == 1)
	case ioc.Address:
		if a, err := netip.ParseAddr(s); err == nil {
			return ioc.AddressValue(a)
		}
	}
	return ioc.Value{Kind: kind, Str: s}
}

// FuzzIndex compares what the index of two patterns finds with what they match
// by themselves.
func FuzzIndex(f *testing.F) {
	for _, s := range [][3]string{
		{"svchost.exe", "SVC", "C:/Windows/svchost.exe"}, {"%TEMP%\\a", "^/tmp/.*", `C:\Windows\Temp\a`}, {"[1 TO 5]", "0x10", "3"},
		{"kiss", "(?i)\u212Aiss", "KI\u017Fs"}, {"a\xff", "\uFFFD", "xa\xff"}, {"2012-05-06", "20120506070809.000000+120", "2012"},
		{"d41d8cd98f00b204e9800998ecf8427e", "d41d", "\xd4\x1d"}, {"10.0.0.1", "fe80::1", "10."}, {".", "(?=a)a", "a"}, {"aaaa", "aaaaa", "aaaaaaaa"},
	} {
		for kind := range uint8(len(kinds)) {
			f.Add(kind, uint8(kind*3), s[0], s[1], s[2], uint64(3))
		}
	}
	f.Fuzz(func(t *testing.T, kind, which uint8, a, b, text string, key uint64) {
		k := kinds[int(kind)%len(kinds)]
		var patterns []*ioc.Pattern
		for i, content := range []string{a, b} {
			test := tests[(int(which)+i)%len(tests)]
			p, err := ioc.NewPattern(k, test, content, which&64 != 0)
			if err != nil || p.Regex() != nil && p.Regex().Linear() == nil {
				continue // backtracking would only measure its time limit
			}
			patterns = append(patterns, p)
		}
		values := []ioc.Value{fuzzValue(k, text, key), fuzzValue(k, a, key+1), fuzzValue(k, strings.ToUpper(text+b), ^key)}
		for _, p := range patterns {
			values = append(values, fuzzValue(k, text, p.Lo), fuzzValue(k, text, p.Hi))
		}
		checkIndex(t, k, patterns, values)
	})
}

// FuzzContent compares the search of a content, cut anywhere, with a direct
// one.
func FuzzContent(f *testing.F) {
	f.Add(uint8(1), "evil", []byte("an EVIL text"), 4)
	f.Add(uint8(1), "Grüße", []byte(wide("GRÜSSE Grüße")), 3)
	f.Add(uint8(0), " evil ", []byte("\x00evil\x00"), 2)
	f.Add(uint8(2), "http", []byte("\x01http://"), 3)
	f.Add(uint8(3), ".dll", []byte(wide("kernel32.dll")), 9)
	f.Add(uint8(4), `MZ\x90`, []byte("..MZ\x90"), 3)
	f.Add(uint8(4), "(evil|good)x+", []byte("...evilxx"), 5)
	f.Add(uint8(65), "Evil", []byte("evil Evil"), 6)
	f.Fuzz(func(t *testing.T, which uint8, content string, data []byte, cut int) {
		p, err := ioc.NewPattern(ioc.Text, tests[int(which&63)%5], content, which&64 != 0)
		if err != nil || p.Regex() != nil && p.Regex().Linear() == nil || len(data) > 1<<12 {
			return
		}
		if strings.ContainsRune(content, '\uFFFD') || !utf8.ValidString(content) {
			return // contents of files are valid, and damage in the data reads as U+FFFD
		}
		for _, text := range []string{string(data), string(data[min(1, len(data)):])} {
			if strings.ContainsAny(text+fromWide(text), "\u212A\u017F") {
				return // letters beyond ASCII that fold to k and s: strings have none
			}
		}
		checkContent(t, []*ioc.Pattern{p}, string(data), max(0, min(cut, len(data))))
	})
}
