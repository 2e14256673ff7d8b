package regf

import (
	"bytes"
	"encoding/binary"
	"iter"
	"strconv"
)

// AppendText appends data as a person reads it:
//
//   - REG_SZ, REG_EXPAND_SZ, REG_LINK: the UTF-16LE text as names are given
//     (see Key.Name) without the NULs at its end; variables are not expanded.
//     A NUL inside stays, what follows it is evidence although programs do not
//     see it. An odd last byte counts as a character.
//   - REG_MULTI_SZ: its strings, one a line ("\n"). See Strings.
//   - REG_DWORD, REG_DWORD_BIG_ENDIAN, REG_QWORD: the unsigned number in
//     decimal, as numeric conditions are written. See AppendHexNumber for
//     the form reg.exe shows.
//   - anything else, and numbers of another length than their type has: upper-
//     case hexadecimal without separators, as reg.exe shows REG_BINARY.
func AppendText(dst []byte, t Type, data []byte) []byte {
	switch t {
	case SZ, ExpandSZ, Link:
		return appendUTF16(dst, trimNUL(data))
	case MultiSZ:
		first := true
		for s := range Strings(data) {
			if !first {
				dst = append(dst, '\n')
			}
			dst, first = appendUTF16(dst, s), false
		}
		return dst
	}
	if n, ok := Number(t, data); ok {
		return strconv.AppendUint(dst, n, 10)
	}
	const digits = "0123456789ABCDEF"
	for _, c := range data {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// Number is the value of REG_DWORD, REG_DWORD_BIG_ENDIAN and REG_QWORD data of
// the right length.
func Number(t Type, data []byte) (uint64, bool) {
	switch {
	case t == DWORD && len(data) == 4:
		return uint64(binary.LittleEndian.Uint32(data)), true
	case t == DWORDBE && len(data) == 4:
		return uint64(binary.BigEndian.Uint32(data)), true
	case t == QWORD && len(data) == 8:
		return binary.LittleEndian.Uint64(data), true
	}
	return 0, false
}

// AppendHexNumber appends a number as reg.exe shows it, such as 0x1f; nothing
// if the data is no number.
func AppendHexNumber(dst []byte, t Type, data []byte) []byte {
	if n, ok := Number(t, data); ok {
		return strconv.AppendUint(append(dst, "0x"...), n, 16)
	}
	return dst
}

// Strings lists the strings of REG_MULTI_SZ data as UTF-16LE without their
// NULs. The empty string that ends the list is left out, also where its NULs
// are missing; empty strings inside stay, for the same reason as in
// AppendText.
func Strings(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := trimNUL(data); len(rest) > 0; {
			end := 0
			for end+1 < len(rest) && (rest[end] != 0 || rest[end+1] != 0) {
				end += 2
			}
			if end+1 >= len(rest) {
				yield(rest)
				return
			}
			if !yield(rest[:end]) {
				return
			}
			rest = rest[end+2:]
		}
	}
}

// DecodeText is UTF-16LE as names are given.
func DecodeText(utf16le []byte) string { return string(appendUTF16(nil, utf16le)) }

// trimNUL cuts the NUL characters, and an odd NUL byte, off the end of
// UTF-16LE text.
func trimNUL(b []byte) []byte {
	if len(b)%2 == 1 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	for len(b)%2 == 0 && bytes.HasSuffix(b, []byte{0, 0}) {
		b = b[:len(b)-2]
	}
	return b
}
