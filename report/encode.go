package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"iocscan/ioc/match"
)

// chunk is how much an encoder gathers before it writes.
const chunk = 64 << 10

// An encoder writes values as JSON: keys in the order of the struct, lists never
// null, strings exact. encoding/json cannot: it loses bytes that are not UTF-8
// and builds the whole text in memory.
type encoder struct {
	buf    []byte
	w      io.Writer // takes buf between list elements; nil: the caller takes it
	err    error
	pretty bool // indented by two blanks
	depth  int
	layout layout
}

// flush hands over what was gathered, if it is at least min bytes.
func (e *encoder) flush(min int) error {
	if e.w == nil || len(e.buf) < min {
		return e.err
	}
	if e.err == nil {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
	return e.err
}

func (e *encoder) newline() {
	if e.pretty {
		e.buf = append(e.buf, '\n')
		for range e.depth {
			e.buf = append(e.buf, ' ', ' ')
		}
	}
}

// seq writes the brackets of an object or list and what stands between its
// elements. The given function writes the elements and calls next before each.
func (e *encoder) seq(open, end byte, elements func(next func())) {
	e.buf = append(e.buf, open)
	e.depth++
	first := true
	elements(func() {
		if !first {
			e.buf = append(e.buf, ',')
			e.flush(chunk)
		}
		first = false
		e.newline()
	})
	e.depth--
	if !first {
		e.newline()
	}
	e.buf = append(e.buf, end)
}

func (e *encoder) key(name string) {
	e.buf = append(appendString(e.buf, name), ':')
	if e.pretty {
		e.buf = append(e.buf, ' ')
	}
}

// member writes a key with its value, and with the exact bytes where the value
// cannot show them.
func (e *encoder) member(next func(), name string, v reflect.Value) {
	next()
	e.key(name)
	e.value(v)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.String:
		if s := v.String(); !utf8.ValidString(s) {
			next()
			e.key(name + exactSuffix)
			e.buf = appendBase64(e.buf, s)
		}
	case v.Type() == rawType:
		if !utf8.Valid(v.Bytes()) {
			next()
			e.key(name + exactSuffix)
			e.buf = appendBase64(e.buf, string(v.Bytes()))
		}
	case v.Type() == textsType:
		if texts := v.Interface().([]string); !allValid(texts) {
			next()
			e.key(name + exactSuffix)
			e.seq('[', ']', func(next func()) {
				for _, s := range texts {
					next()
					if utf8.ValidString(s) {
						e.buf = append(e.buf, "null"...)
					} else {
						e.buf = appendBase64(e.buf, s)
					}
				}
			})
		}
	}
}

func allValid(texts []string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

func (e *encoder) value(v reflect.Value) {
	switch {
	case v.Type() == rawType:
		e.event(v.Bytes())
		return
	case v.Type() == fieldsType:
		e.seq('{', '}', func(next func()) {
			for _, f := range merge(v.Interface().([]match.FieldValues)) {
				e.member(next, f.Term, reflect.ValueOf(f.Values))
			}
		})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		e.seq('{', '}', func(next func()) {
			for _, k := range e.layout.of(v.Type()) {
				if f := v.FieldByIndex(k.index); !k.optional || !empty(f) {
					e.member(next, k.name, f)
				}
			}
		})
	case reflect.Slice:
		e.seq('[', ']', func(next func()) {
			for i := range v.Len() {
				next()
				e.value(v.Index(i))
			}
		})
	case reflect.Pointer:
		if v.IsNil() {
			e.buf = append(e.buf, "null"...)
		} else {
			e.value(v.Elem())
		}
	case reflect.String:
		e.buf = appendString(e.buf, v.String())
	case reflect.Bool:
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case reflect.Int, reflect.Int64:
		e.buf = strconv.AppendInt(e.buf, v.Int(), 10)
	case reflect.Uint64:
		e.buf = strconv.AppendUint(e.buf, v.Uint(), 10)
	case reflect.Float64:
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = 0 // JSON has no word for them
		}
		e.buf = strconv.AppendFloat(e.buf, f, 'f', -1, 64)
	default:
		// Only a change of the types can lead here, and every test runs into it.
		e.err = fmt.Errorf("no JSON form for %s", v.Type())
	}
}

func empty(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Len() == 0
}

// merge joins the values of a term that comes more than once: an object cannot
// have a key twice.
func merge(fields []match.FieldValues) []match.FieldValues {
	out := make([]match.FieldValues, 0, len(fields))
	at := make(map[string]int, len(fields))
	for _, f := range fields {
		f.Term = validUTF8(f.Term)
		if i, ok := at[f.Term]; ok {
			out[i].Values = append(out[i].Values[:len(out[i].Values):len(out[i].Values)], f.Values...)
			continue
		}
		at[f.Term] = len(out)
		out = append(out, f)
	}
	return out
}

// maxIndent is how deep an event may be nested to be indented. Deeper ones are
// written in one line, since indenting costs the square of the depth.
const maxIndent = 64

func (e *encoder) event(raw []byte) {
	text := eventText(raw)
	if e.pretty && nesting(text) <= maxIndent {
		var b bytes.Buffer
		indent := string(bytes.Repeat([]byte("  "), e.depth))
		if json.Indent(&b, text, indent, "  ") == nil {
			text = b.Bytes()
		}
	}
	e.buf = append(e.buf, text...)
}

// eventText is the one form in which an event is written: compact, valid UTF-8,
// hidden characters escaped. What is no JSON becomes a string.
func eventText(raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return appendString(nil, string(raw))
	}
	text := b.Bytes()
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < 0x7f {
			out = append(out, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && n == 1, hidden(r): // stands in a string: all else in JSON is printable
			out = appendRune(out, r)
		default:
			out = append(out, text[i:i+n]...)
		}
		i += n
	}
	return out
}

// nesting is the depth of brackets of a valid JSON text.
func nesting(text []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// appendString writes a JSON string. Hidden characters are escaped although
// JSON would allow most of them: reports are also looked at in terminals.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == utf8.RuneError && n == 1, hidden(r):
			b = appendRune(b, r)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}

// appendRune writes a rune as \uXXXX, U+FFFD as itself.
func appendRune(b []byte, r rune) []byte {
	if r == utf8.RuneError {
		return utf8.AppendRune(b, r)
	}
	if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
		return fmt.Appendf(b, `\u%04x\u%04x`, hi, lo)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

func appendBase64(b []byte, s string) []byte {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, []byte(s))
	return append(b, '"')
}
