package msgtable

import (
	"bytes"
	"strconv"
	"strings"
)

// mostText bounds the bytes of a finished text: a few values, repeated, could
// make one of any length.
const mostText = 1 << 20

// AppendFormat appends a text in which the insertions %1 to %99 are replaced
// and what else begins with a percent sign: %n is a new line, %t a tabulator,
// %b a blank, %0 the end, and %% and %. what follows the sign. insert appends
// the value of an insertion and says whether that is as Windows writes it.
//
// exact is false where the text may differ from the one that Windows shows.
func AppendFormat(dst []byte, text string, insert func(dst []byte, n int) (out []byte, exact bool)) (out []byte, exact bool) {
	start := len(dst)
	exact = true
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 || i+1 == len(text) {
			return append(dst, text...), exact
		}
		dst = append(dst, text[:i]...)
		c := text[i+1]
		text = text[i+2:]
		switch {
		case len(dst)-start > mostText:
			return dst, false
		case c == '0':
			return dst, exact
		case '1' <= c && c <= '9':
			n := int(c - '0')
			if len(text) > 0 && '0' <= text[0] && text[0] <= '9' {
				n, text = 10*n+int(text[0]-'0'), text[1:]
			}
			spec, rest, plain := insertionFormat(text)
			text = rest
			from := len(dst)
			var ok bool
			if dst, ok = insert(dst, n); !ok || !plain {
				exact = false
			}
			dst = applyFormat(dst, from, spec)
		case c == 'n':
			dst = append(dst, "\r\n"...)
		case c == 'r':
			dst = append(dst, '\r')
		case c == 't':
			dst = append(dst, '\t')
		case c == 'b':
			dst = append(dst, ' ')
		case c == '%':
			// Before a number it may be the sign itself or name a parameter.
			exact = exact && (text == "" || text[0] < '0' || text[0] > '9')
			dst = append(dst, c)
		default:
			exact = exact && strings.IndexByte(" .!\r\n", c) >= 0
			dst = append(dst, c)
		}
	}
}

// insertionFormat cuts off what stands between exclamation marks behind an
// insertion. plain: it leaves a value as it is.
func insertionFormat(text string) (spec, rest string, plain bool) {
	const longest = 32
	if !strings.HasPrefix(text, "!") {
		return "", text, true
	}
	n := strings.IndexByte(text[1:], '!')
	if n < 0 || n > longest {
		return "", text, true
	}
	spec, rest = text[1:1+n], text[n+2:]
	switch spec {
	case "s", "S", "ws", "ls", "hs", "d", "u", "i", "ld", "lu", "I64d", "I64u", "lld", "llu":
		return "", rest, true
	}
	return spec, rest, false
}

// applyFormat writes a number in hexadecimal, with as many digits as asked.
// Other formats, of widths and the like, do not change what is said.
func applyFormat(dst []byte, from int, spec string) []byte {
	if spec == "" || spec[len(spec)-1] != 'x' && spec[len(spec)-1] != 'X' {
		return dst
	}
	n, err := strconv.ParseUint(string(dst[from:]), 10, 64)
	if err != nil {
		return dst
	}
	hex := strconv.FormatUint(n, 16)
	if spec[len(spec)-1] == 'X' {
		hex = strings.ToUpper(hex)
	}
	digits := strings.Trim(spec, "#lhIxX")
	if _, after, ok := strings.Cut(digits, "."); ok {
		digits = after
	}
	const widest = 32
	if w, err := strconv.Atoi(digits); err == nil && len(hex) < w && w <= widest {
		hex = strings.Repeat("0", w-len(hex)) + hex
	}
	return append(dst[:from], hex...)
}

// AppendParameters appends a value in which %%n, with n a number, is replaced
// by the text that parameter has for it. exact is false where one has none.
func AppendParameters(dst, value []byte, parameter func(id uint32) (string, bool)) (out []byte, exact bool) {
	start := len(dst)
	exact = true
	for {
		i := bytes.Index(value, []byte("%%"))
		if i < 0 {
			return append(dst, value...), exact
		}
		digits := value[i+2:]
		n := 0
		for n < len(digits) && '0' <= digits[n] && digits[n] <= '9' {
			n++
		}
		dst = append(dst, value[:i]...)
		id, err := strconv.ParseUint(string(digits[:min(n, 11)]), 10, 32)
		switch {
		case len(dst)-start > mostText:
			return dst, false
		case n == 0:
			dst = append(dst, "%%"...)
		default:
			text, ok := "", false
			if err == nil {
				text, ok = parameter(uint32(id))
			}
			if !ok {
				exact = false
				text = string(value[i : i+2+n])
			}
			dst = append(dst, strings.TrimRight(text, "\r\n\x00 ")...)
		}
		value = digits[n:]
	}
}
