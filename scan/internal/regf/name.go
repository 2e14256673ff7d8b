package regf

import (
	"encoding/binary"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

func appendName(dst, raw []byte, latin1 bool) []byte {
	if latin1 {
		return appendLatin1(dst, raw)
	}
	return appendUTF16(dst, raw)
}

// appendLatin1 appends Latin-1 as UTF-8.
func appendLatin1(dst, b []byte) []byte {
	for _, c := range b {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	return dst
}

// appendUTF16 appends UTF-16LE as WTF-8 (simonsapin.github.io/wtf-8): UTF-8 in
// which a lone surrogate takes three bytes as other characters of its range
// do, so that no two names become one. An odd last byte counts as a character
// of its own.
func appendUTF16(dst, b []byte) []byte {
	for len(b) >= 2 {
		u := rune(binary.LittleEndian.Uint16(b))
		b = b[2:]
		switch {
		case u < utf8.RuneSelf:
			dst = append(dst, byte(u))
			continue
		case u >= 0xd800 && u < 0xe000:
			if len(b) >= 2 {
				if r := utf16.DecodeRune(u, rune(binary.LittleEndian.Uint16(b))); r != unicode.ReplacementChar {
					dst, b = utf8.AppendRune(dst, r), b[2:]
					continue
				}
			}
			dst = append(dst, 0xe0|byte(u>>12), 0x80|byte(u>>6&0x3f), 0x80|byte(u&0x3f))
			continue
		}
		dst = utf8.AppendRune(dst, u)
	}
	if len(b) == 1 {
		dst = appendLatin1(dst, b)
	}
	return dst
}

// appendUnits appends WTF-8 as UTF-16 units; bytes that are not WTF-8 as
// U+FFFD.
func appendUnits(dst []uint16, s string) []uint16 {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if n == 1 && r == utf8.RuneError && i+2 < len(s) && s[i] == 0xed && s[i+1] >= 0xa0 && s[i+1] < 0xc0 && s[i+2]&0xc0 == 0x80 {
			dst = append(dst, 0xd000|uint16(s[i+1]&0x3f)<<6|uint16(s[i+2]&0x3f))
			i += 3
			continue
		}
		dst = utf16.AppendRune(dst, r)
		i += n
	}
	return dst
}

// upcase is the upper case of one UTF-16 unit as the kernel compares names:
// unit by unit, and never from outside ASCII into it.
func upcase(u uint16) uint16 {
	if u < utf8.RuneSelf {
		if 'a' <= u && u <= 'z' {
			u -= 'a' - 'A'
		}
		return u
	}
	r := unicode.ToUpper(rune(u))
	if r < utf8.RuneSelf || r > 0xffff {
		return u
	}
	return uint16(r)
}

// sameName compares a stored name with upper-case units.
func sameName(raw []byte, latin1 bool, want []uint16) bool {
	if latin1 {
		if len(raw) != len(want) {
			return false
		}
		for i, c := range raw {
			if upcase(uint16(c)) != want[i] {
				return false
			}
		}
		return true
	}
	if (len(raw)+1)/2 != len(want) {
		return false
	}
	for i := range want {
		u := uint16(raw[2*i])
		if 2*i+1 < len(raw) {
			u |= uint16(raw[2*i+1]) << 8
		}
		if upcase(u) != want[i] {
			return false
		}
	}
	return true
}

// nameHash is the hash of lh lists, over the upper-case units of a name.
func nameHash(units []uint16) uint32 {
	var h uint32
	for _, u := range units {
		h = h*37 + uint32(u)
	}
	return h
}
