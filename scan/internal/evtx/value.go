package evtx

import (
	"bytes"
	"math"
	"strconv"
)

// A Type is how a value is stored. Arrays have the bit Array set.
type Type uint8

const (
	Null     Type = 0x00
	String   Type = 0x01 // UTF-16LE
	ANSI     Type = 0x02
	Int8     Type = 0x03
	Uint8    Type = 0x04
	Int16    Type = 0x05
	Uint16   Type = 0x06
	Int32    Type = 0x07
	Uint32   Type = 0x08
	Int64    Type = 0x09
	Uint64   Type = 0x0a
	Float32  Type = 0x0b
	Float64  Type = 0x0c
	Bool     Type = 0x0d
	Binary   Type = 0x0e
	GUID     Type = 0x0f
	Size     Type = 0x10 // 4 or 8 bytes
	FileTime Type = 0x11
	SysTime  Type = 0x12
	SID      Type = 0x13
	Hex32    Type = 0x14
	Hex64    Type = 0x15
	Handle   Type = 0x20
	binXML   Type = 0x21
	XML      Type = 0x23
	Array    Type = 0x80
)

// A Value is a typed piece of the chunk.
type Value struct {
	Type  Type
	Bytes []byte
}

// width is the length of one element of a fixed type, 0 for others.
func (t Type) width() int {
	switch t &^ Array {
	case Int8, Uint8:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32, Float32, Hex32:
		return 4
	case Int64, Uint64, Float64, FileTime, Hex64:
		return 8
	case GUID, SysTime:
		return 16
	}
	return 0
}

// Elems yields the elements of an array, or the value itself. Arrays of
// strings are split at their terminators, one behind the last is no element.
func (v Value) Elems(yield func(Value) bool) {
	t := v.Type &^ Array
	b := v.Bytes
	switch {
	case v.Type&Array == 0:
		yield(v)
	case t == String, t == XML:
		b = b[:len(b)&^1]
		for len(b) > 0 {
			n := indexNUL(b)
			if !yield(Value{t, b[:n]}) {
				return
			}
			b = b[min(n+2, len(b)):]
		}
	case t == ANSI:
		for len(b) > 0 {
			n := bytes.IndexByte(b, 0)
			if n < 0 {
				n = len(b)
			}
			if !yield(Value{t, b[:n]}) {
				return
			}
			b = b[min(n+1, len(b)):]
		}
	default:
		for len(b) > 0 {
			n := t.width()
			switch t {
			case Bool, Handle:
				n = 4
			case Size:
				n = 8
			case SID:
				n = 8
				if len(b) >= 2 {
					n += 4 * int(b[1])
				}
			}
			if n == 0 || n > len(b) {
				n = len(b)
			}
			if !yield(Value{t, b[:n]}) {
				return
			}
			b = b[n:]
		}
	}
}

// indexNUL is the offset of the first terminator, or the length.
func indexNUL(b []byte) int {
	for i := 0; i+2 <= len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return i
		}
	}
	return len(b)
}

// number is the value as two's complement in 64 bits.
func (v Value) number() (n uint64, signed, ok bool) {
	b := v.Bytes
	switch v.Type {
	case Int8, Uint8, Int16, Uint16, Int32, Uint32, Int64, Uint64, Hex32, Hex64, Size, Handle, Bool, FileTime:
		if w := v.Type.width(); w != 0 {
			if len(b) < w {
				return 0, false, false
			}
			b = b[:w]
		}
	default:
		return 0, false, false
	}
	switch len(b) {
	case 1:
		n = uint64(b[0])
	case 2:
		n = uint64(le.Uint16(b))
	case 4:
		n = uint64(le.Uint32(b))
	case 8:
		n = le.Uint64(b)
	default:
		return 0, false, false
	}
	switch v.Type {
	case Int8:
		n = uint64(int8(n))
	case Int16:
		n = uint64(int16(n))
	case Int32:
		n = uint64(int32(n))
	case Int64:
	default:
		return n, false, true
	}
	return n, true, true
}

// Uint is a value as an unsigned number. Text counts where it is written in
// decimal or with 0x in hexadecimal: elements written without a template are
// text throughout. Negative numbers and times are not ok.
func (v Value) Uint() (n uint64, ok bool) {
	switch v.Type {
	case String:
		return v.textUint()
	case FileTime, Bool:
		return 0, false
	}
	n, signed, ok := v.number()
	return n, ok && !(signed && int64(n) < 0)
}

func (v Value) textUint() (n uint64, ok bool) {
	b := trimNUL(v.Bytes)
	base := uint64(10)
	if len(b) > 4 && b[0] == '0' && b[1] == 0 && b[2]|0x20 == 'x' && b[3] == 0 {
		base, b = 16, b[4:]
	}
	if len(b) == 0 || len(b) > 2*20 {
		return 0, false
	}
	for ; len(b) > 0; b = b[2:] {
		c := b[0]
		switch {
		case b[1] != 0:
			return 0, false
		case '0' <= c && c <= '9':
			c -= '0'
		case base == 16 && 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		if n > (math.MaxUint64-uint64(c))/base {
			return 0, false
		}
		n = n*base + uint64(c)
	}
	return n, true
}

// Float is a value of a floating-point type.
func (v Value) Float() (x float64, ok bool) {
	switch {
	case v.Type == Float32 && len(v.Bytes) >= 4:
		return float64(math.Float32frombits(le.Uint32(v.Bytes))), true
	case v.Type == Float64 && len(v.Bytes) >= 8:
		return math.Float64frombits(le.Uint64(v.Bytes)), true
	}
	return 0, false
}

// Bool is a value of the boolean type, which has 1, 2, 4 or 8 bytes.
func (v Value) Bool() (b, ok bool) {
	if v.Type != Bool {
		return false, false
	}
	n, _, ok := v.number()
	return n != 0, ok
}

// IsText reports whether the value is text rather than a number, a time, an
// identifier or bytes.
func (v Value) IsText() bool {
	switch v.Type &^ Array {
	case String, ANSI, XML:
		return true
	}
	return false
}

// appendUTF16 is AppendText in UTF-16LE, for the pieces of a text.
func (v Value) appendUTF16(dst []byte) []byte {
	if v.Type == String {
		return append(dst, trimNUL(v.Bytes)...)
	}
	return appendUTF16(dst, string(v.AppendText(nil)))
}

// AppendText appends the value as text in UTF-8, as Windows shows it in the
// XML of an event: numbers in decimal, those of hexadecimal types with 0x,
// times in UTC with seven digits, bytes in upper-case hexadecimal, GUIDs in
// braces. The elements of an array stand on lines of their own.
func (v Value) AppendText(dst []byte) []byte {
	if v.Type&Array != 0 {
		first := true
		v.Elems(func(e Value) bool {
			if !first {
				dst = append(dst, '\n')
			}
			first = false
			dst = e.AppendText(dst)
			return true
		})
		return dst
	}
	b := v.Bytes
	switch v.Type {
	case Null:
		return dst
	case String, XML:
		return appendUTF8(dst, trimNUL(b))
	case ANSI:
		return appendANSI(dst, b)
	case Float32, Float64:
		if x, ok := v.Float(); ok {
			return strconv.AppendFloat(dst, x, 'g', -1, 8*len(b[:min(len(b), v.Type.width())]))
		}
	case Bool:
		if x, ok := v.Bool(); ok {
			return strconv.AppendBool(dst, x)
		}
	case GUID:
		if len(b) >= 16 {
			return appendGUID(dst, b)
		}
	case FileTime:
		if len(b) >= 8 {
			return appendTicks(dst, le.Uint64(b))
		}
	case SysTime:
		if len(b) >= 16 {
			return appendSysTime(dst, b)
		}
	case SID:
		if len(b) >= 8 && len(b) >= 8+4*int(b[1]) {
			return appendSID(dst, b)
		}
	case Hex32, Hex64, Size, Handle:
		if n, _, ok := v.number(); ok {
			return strconv.AppendUint(append(dst, "0x"...), n, 16)
		}
	default:
		if n, signed, ok := v.number(); ok {
			if signed {
				return strconv.AppendInt(dst, int64(n), 10)
			}
			return strconv.AppendUint(dst, n, 10)
		}
	}
	return appendHex(dst, b) // binary, of a type not known, or too short for its type
}

// AppendFolded appends the text folded as ioc.Fold does.
func (v Value) AppendFolded(dst []byte) []byte {
	if v.Type == String || v.Type == XML {
		return appendFolded(dst, trimNUL(v.Bytes))
	}
	n := len(dst)
	return foldFrom(v.AppendText(dst), n)
}

// String is the text of the value.
func (v Value) String() string { return string(v.AppendText(nil)) }
