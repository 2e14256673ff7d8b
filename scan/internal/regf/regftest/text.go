package regftest

import (
	"unicode"
	"unicode/utf16"
)

// SZ is a text as REG_SZ data: UTF-16LE with a NUL.
func SZ(s string) []byte { return utf16le(s+"\x00", nil) }

// MultiSZ is texts as REG_MULTI_SZ data.
func MultiSZ(list ...string) []byte {
	var b []byte
	for _, s := range list {
		b = append(b, SZ(s)...)
	}
	return append(b, 0, 0)
}

// DWORD is a number as REG_DWORD data.
func DWORD(n uint32) []byte { return le.AppendUint32(nil, n) }

// QWORD is a number as REG_QWORD data.
func QWORD(n uint64) []byte { return le.AppendUint64(nil, n) }

func utf16le(s string, units []uint16) []byte {
	if units == nil {
		units = utf16.Encode([]rune(s))
	}
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = le.AppendUint16(b, u)
	}
	return b
}

// storedName is a name in the narrower of its two forms.
func storedName(s string, units []uint16, wide bool) (b []byte, latin1 bool) {
	if wide || units != nil {
		return utf16le(s, units), false
	}
	for _, r := range s {
		if r > 0xff {
			return utf16le(s, nil), false
		}
		b = append(b, byte(r))
	}
	return b, true
}

func upper(s string, units []uint16) []uint16 {
	if units == nil {
		units = utf16.Encode([]rune(s))
	}
	out := make([]uint16, len(units))
	for i, u := range units {
		out[i] = u
		if r := unicode.ToUpper(rune(u)); r <= 0xffff {
			out[i] = uint16(r)
		}
	}
	return out
}
