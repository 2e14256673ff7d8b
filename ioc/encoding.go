package ioc

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"
)

// decode turns the bytes of an XML file into UTF-8 text without byte order
// mark and with blanks in place of the XML declaration, so that places stay
// right and the XML reader needs no knowledge of encodings. The text may be
// data itself, changed in place.
//
// The order of belief is: byte order mark, zero bytes beside the first "<",
// declaration, UTF-8 (XML 1.0 appendix F). A declaration that the bytes belie
// (utf-16 or us-ascii on a UTF-8 file) is not a reason to lose a file.
func decode(f *File, data []byte) ([]byte, *rejection) {
	text, certain, rej := decodeMarked(data)
	if rej != nil {
		return nil, rej
	}
	decl := findDeclaration(text)
	if declared := decl.encoding; declared != "" {
		family := encodingFamily(declared)
		switch {
		case certain != "":
			if family != certain {
				f.problem(Notice, place(text, decl.start), "encoding-conflict", "",
					"declared as %s but stored as %s, read as that", quote(declared), certain)
			}
		case family == "UTF-8":
		case family == "UTF-16":
			f.problem(Notice, place(text, decl.start), "encoding-conflict", "",
				"declared as %s but stored in single bytes, read as UTF-8", quote(declared))
		case isASCII(text):
			if family == "" && !knownCharset(declared) {
				f.problem(Notice, place(text, decl.start), "encoding-conflict", "",
					"declared encoding %s is not known; the file is plain ASCII", quote(declared))
			}
		case family == "US-ASCII":
			f.problem(Notice, place(text, decl.start), "encoding-conflict", "",
				"declared as %s but holds other characters, read as UTF-8", quote(declared))
		default:
			if text, rej = decodeCharset(text, declared); rej != nil {
				return nil, rej
			}
			// What was found before the conversion must still be there.
			if again := findDeclaration(text); again != decl {
				return nil, rejected(Pos{}, "encoding-unknown", "save the file as UTF-8",
					"the declared encoding %s does not fit the file", quote(declared))
			}
		}
	}
	if rej := checkCharacters(text); rej != nil {
		return nil, rej
	}
	if decl.end == 0 {
		return text, nil
	}
	if decl.start > 0 {
		f.problem(Warning, place(text, decl.start), "xml-declaration", "move it to the start of the file",
			"the XML declaration is not at the start of the file")
	}
	if decl.version == "1.1" {
		f.problem(Notice, place(text, decl.start), "xml-1.1", "", "declared as XML 1.1, read as XML 1.0")
	}
	for i := decl.start; i < decl.end; i++ {
		if text[i] != '\n' && text[i] != '\r' {
			text[i] = ' '
		}
	}
	return text, nil
}

// decodeMarked handles what the first bytes settle. certain names the encoding
// where they do.
func decodeMarked(data []byte) (text []byte, certain string, rej *rejection) {
	le, be := binary.ByteOrder(binary.LittleEndian), binary.ByteOrder(binary.BigEndian)
	has := func(prefix string) bool { return bytes.HasPrefix(data, []byte(prefix)) }
	var order binary.ByteOrder
	switch {
	case has("\xff\xfe\x00\x00"), has("\x00\x00\xfe\xff"), has("<\x00\x00\x00"), has("\x00\x00\x00<"):
		return nil, "", rejected(Pos{}, "encoding-unknown", "save the file as UTF-8", "the file is in UTF-32, which is not supported")
	case has("\xef\xbb\xbf"):
		return data[3:], "UTF-8", nil
	case has("\xff\xfe"):
		order, data = le, data[2:]
	case has("\xfe\xff"):
		order, data = be, data[2:]
	case len(data) >= 4 && data[0] == '<' && data[1] == 0:
		order = le
	case len(data) >= 4 && data[0] == 0 && data[1] == '<':
		order = be
	default:
		return data, "", nil
	}
	text, rej = decodeUTF16(data, order)
	return text, "UTF-16", rej
}

func decodeUTF16(data []byte, order binary.ByteOrder) ([]byte, *rejection) {
	text := make([]byte, 0, len(data)/2+len(data)/8)
	for i := 0; i < len(data); i += 2 {
		if i+1 == len(data) {
			return nil, rejected(place(text, len(text)), "encoding-invalid", "the file may be cut short", "UTF-16 text with an odd number of bytes")
		}
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if i+3 < len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			full := utf16.DecodeRune(r, low)
			if full == utf8.RuneError {
				return nil, rejected(place(text, len(text)), "encoding-invalid", "", "half a UTF-16 surrogate pair (0x%04X)", r)
			}
			r = full
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	return text, nil
}

// decodeCharset converts from a declared 8-bit or multi-byte charset.
func decodeCharset(data []byte, name string) ([]byte, *rejection) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		return nil, rejected(Pos{}, "encoding-unknown", "save the file as UTF-8", "the declared encoding %s is not supported", quote(name))
	}
	text, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return nil, rejected(Pos{}, "encoding-invalid", "save the file as UTF-8", "the file is not in its declared encoding %s", quote(name))
	}
	if i := bytes.IndexRune(text, utf8.RuneError); i >= 0 {
		return nil, rejected(place(text, i), "encoding-invalid", "save the file as UTF-8", "a byte that the declared encoding %s has not got", quote(name))
	}
	return text, nil
}

func knownCharset(name string) bool {
	enc, err := ianaindex.IANA.Encoding(name)
	return err == nil && enc != nil
}

// encodingFamily tells the encodings apart that are handled here; empty for
// those left to the tables of charsets.
func encodingFamily(name string) string {
	switch strings.ToLower(name) {
	case "utf-8", "utf8":
		return "UTF-8"
	case "utf-16", "utf16", "utf-16le", "utf-16be", "ucs-2", "iso-10646-ucs-2", "unicode":
		return "UTF-16"
	case "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us":
		return "US-ASCII"
	}
	return ""
}

// checkCharacters finds the first byte that XML 1.0 does not allow, so that it
// can be named with its exact place.
func checkCharacters(text []byte) *rejection {
	for i := 0; i < len(text); {
		c := text[i]
		if c >= 0x20 && c < utf8.RuneSelf || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		if c < 0x20 {
			return rejected(place(text, i), "encoding-invalid", "remove it; XML cannot hold it in any form", "control character 0x%02X", c)
		}
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return rejected(place(text, i), "encoding-invalid", "save the file as UTF-8 or declare its encoding", "byte 0x%02X is not UTF-8", c)
		case r == 0xFFFE || r == 0xFFFF:
			return rejected(place(text, i), "encoding-invalid", "remove it; XML cannot hold it in any form", "U+%04X is not a character", r)
		}
		i += n
	}
	return nil
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// place is the line and column of an offset.
func place(text []byte, offset int) Pos {
	c := cursor{text: text}
	return c.pos(offset)
}

// A cursor turns offsets into places. It is cheap for offsets that grow.
type cursor struct {
	text      []byte
	offset    int // up to where lines are counted
	line      int // number of line ends before offset
	lineStart int
}

func (c *cursor) pos(offset int) Pos {
	offset = min(max(offset, 0), len(c.text))
	if offset < c.offset {
		*c = cursor{text: c.text}
	}
	for c.offset < offset {
		i := bytes.IndexByte(c.text[c.offset:offset], '\n')
		if i < 0 {
			c.offset = offset
			break
		}
		c.offset += i + 1
		c.line++
		c.lineStart = c.offset
	}
	return Pos{Line: int32(c.line + 1), Column: int32(offset - c.lineStart + 1)}
}
