// Package wtf8 writes the names of Windows as bytes and back.
package wtf8

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Encode turns a Windows name into bytes: UTF-8, and a surrogate without its
// other half, which Windows allows in names, as the three bytes that UTF-8
// would have for it (WTF-8, https://simonsapin.github.io/wtf-8/). No two names
// become one.
func Encode(name []uint16) string {
	b := make([]byte, 0, len(name)+8)
	for i := 0; i < len(name); i++ {
		r := rune(name[i])
		if utf16.IsSurrogate(r) {
			if i+1 < len(name) {
				if pair := utf16.DecodeRune(r, rune(name[i+1])); pair != utf8.RuneError {
					b = utf8.AppendRune(b, pair)
					i++
					continue
				}
			}
			b = append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// Decode is the inverse. Bytes that no Windows name becomes are not ok.
func Decode(s string) (name []uint16, ok bool) {
	name = make([]uint16, 0, len(s)+1)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			if i+2 >= len(s) || s[i] != 0xed || s[i+1] < 0xa0 || s[i+1] > 0xbf || s[i+2]&0xc0 != 0x80 {
				return nil, false
			}
			u := 0xd000 | uint16(s[i+1]&0x3f)<<6 | uint16(s[i+2]&0x3f)
			// Two halves in a row are one character, which has four bytes.
			if last := len(name) - 1; u >= 0xdc00 && last >= 0 && name[last] >= 0xd800 && name[last] < 0xdc00 {
				return nil, false
			}
			name, i = append(name, u), i+3
			continue
		}
		name, i = utf16.AppendRune(name, r), i+n
	}
	return name, true
}
