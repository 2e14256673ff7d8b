// Package plist reads the property lists of macOS, in their XML and their
// binary form. The third form, of OpenStep, is refused: no system has written
// it for twenty years.
//
// The binary form lets objects refer to each other. Each is read once, however
// often it is referred to, and together they may not be larger than the file,
// so that what a list takes is in proportion to its length. Whoever walks a
// whole value has to bear in mind that parts of it may be the same object.
package plist

import (
	"bytes"
	"errors"
	"math"
)

// A Dict is a dictionary. Values are string, int64, uint64 (above the largest
// int64), float64, bool, time.Time, []byte, []any and Dict; nil for the null
// of the binary form.
type Dict map[string]any

// mostDepth is deeper than any list of the system's goes.
const mostDepth = 64

var (
	errDepth = errors.New("nested too deeply")
	errForm  = errors.New("neither an XML nor a binary property list")
)

// Parse reads a property list.
func Parse(b []byte) (any, error) {
	if bytes.HasPrefix(b, []byte("bplist0")) {
		return parseBinary(b)
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	if !bytes.HasPrefix(start, []byte("<")) {
		return nil, errForm
	}
	return parseXML(start)
}

// ParseDict reads a property list that is a dictionary.
func ParseDict(b []byte) (Dict, error) {
	v, err := Parse(b)
	if err != nil {
		return nil, err
	}
	d, ok := v.(Dict)
	if !ok {
		return nil, errors.New("a property list that is no dictionary")
	}
	return d, nil
}

// Text is the text of a key; empty, false if it is not there or no text.
func (d Dict) Text(key string) (string, bool) {
	s, ok := d[key].(string)
	return s, ok
}

// Texts are the texts of a key that holds an array of them, or one alone.
func (d Dict) Texts(key string) []string {
	switch v := d[key].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// Bool is the truth of a key: that of a boolean, or whether a number is not 0.
func (d Dict) Bool(key string) (value, ok bool) {
	switch v := d[key].(type) {
	case bool:
		return v, true
	case int64:
		return v != 0, true
	}
	return false, false
}

// Dict is the dictionary of a key; nil if it is not there.
func (d Dict) Dict(key string) Dict {
	v, _ := d[key].(Dict)
	return v
}

// integer is n as an int64 where it is one.
func integer(n uint64) any {
	if n > math.MaxInt64 {
		return n
	}
	return int64(n)
}
