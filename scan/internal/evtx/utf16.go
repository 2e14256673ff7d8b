package evtx

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"iocscan/ioc"
)

var le = binary.LittleEndian

// asciiUnits has a bit set where a 64-bit word of four UTF-16 units would be
// anything but ASCII.
const asciiUnits = 0xff80_ff80_ff80_ff80

// pack brings the low bytes of four UTF-16 units together.
func pack(v uint64) uint32 {
	v = (v | v>>8) & 0x0000_ffff_0000_ffff
	return uint32(v) | uint32(v>>16)
}

// lower4 turns four ASCII letters into lower case.
func lower4(w uint32) uint32 {
	// The top bit of each byte is set where it lies in A to Z: no byte is
	// above 0x7f, so the sums stay in their bytes.
	is := (w + 0x3f3f_3f3f) &^ (w + 0x2525_2525) & 0x8080_8080
	return w | is>>2
}

// trimNUL cuts the terminators that many writers count into the length.
func trimNUL(b []byte) []byte {
	b = b[:len(b)&^1]
	for len(b) > 0 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b = b[:len(b)-2]
	}
	return b
}

// runeAt decodes the first character of UTF-16LE text of two bytes or more.
// A surrogate without its pair is U+FFFD.
func runeAt(b []byte) (rune, int) {
	u := rune(le.Uint16(b))
	if !utf16.IsSurrogate(u) {
		return u, 2
	}
	if len(b) >= 4 {
		if r := utf16.DecodeRune(u, rune(le.Uint16(b[2:]))); r != utf8.RuneError {
			return r, 4
		}
	}
	return utf8.RuneError, 2
}

func appendUTF8(dst, b []byte) []byte {
	for len(b) >= 2 {
		if len(b) >= 8 {
			if v := le.Uint64(b); v&asciiUnits == 0 {
				dst = le.AppendUint32(dst, pack(v))
				b = b[8:]
				continue
			}
		}
		r, n := runeAt(b)
		dst = utf8.AppendRune(dst, r)
		b = b[n:]
	}
	return dst
}

// appendFolded is appendUTF8 followed by ioc.AppendFold.
func appendFolded(dst, b []byte) []byte {
	var tmp [utf8.UTFMax]byte
	for len(b) >= 2 {
		if len(b) >= 8 {
			if v := le.Uint64(b); v&asciiUnits == 0 {
				dst = le.AppendUint32(dst, lower4(pack(v)))
				b = b[8:]
				continue
			}
		}
		r, n := runeAt(b)
		b = b[n:]
		switch {
		case 'A' <= r && r <= 'Z':
			dst = append(dst, byte(r)+'a'-'A')
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		default:
			dst = ioc.AppendFold(dst, string(tmp[:utf8.EncodeRune(tmp[:], r)]))
		}
	}
	return dst
}

func appendUTF16(dst []byte, s string) []byte {
	for _, u := range utf16.Encode([]rune(s)) {
		dst = le.AppendUint16(dst, u)
	}
	return dst
}
