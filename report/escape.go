package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden reports whether a rune must not be shown as it is: it commands a
// terminal, changes the order of the text around it, or cannot be seen, so that
// two different names would look the same.
func hidden(r rune) bool {
	if r < 0xa0 {
		return r < 0x20 || r >= 0x7f
	}
	return unicode.In(r,
		unicode.Cf, // bidirectional controls, zero-width characters, tags
		unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, // Hangul fillers and other blanks
		unicode.Variation_Selector,
		unicode.Noncharacter_Code_Point)
}

// plain reports whether a string needs no escape at all.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}

// Escape makes text from evidence safe to show: control characters,
// bidirectional controls and what cannot be seen become \u{1b}, bytes that are
// not UTF-8 become \x{e9}. A backslash that would read as the start of such an
// escape becomes \u{5c}, so that the text stays unambiguous; all others stay,
// because paths are full of them.
func Escape(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x{%02x}`, s[i])
		case hidden(r), r == '\\' && (strings.HasPrefix(s[i:], `\u{`) || strings.HasPrefix(s[i:], `\x{`)):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// validUTF8 replaces each byte that is not UTF-8 by U+FFFD.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
