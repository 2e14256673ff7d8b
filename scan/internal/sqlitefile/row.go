package sqlitefile

import (
	"database/sql/driver"
	"strings"
)

// A Row is what a query answered.
type Row struct{ values []driver.Value }

// MostText is how many bytes of a text are kept.
const MostText = 64 << 10

// Int is a number; false where there is none.
func (r *Row) Int(i int) (int64, bool) {
	switch v := r.values[i].(type) {
	case int64:
		return v, true
	case float64:
		if v >= -1<<63 && v < 1<<63 {
			return int64(v), true
		}
	}
	return 0, false
}

// Float is a number; false where there is none.
func (r *Row) Float(i int) (float64, bool) {
	switch v := r.values[i].(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// Text is a text, or bytes; cut says that it is longer than MostText and only
// its beginning is there.
func (r *Row) Text(i int) (s string, cut bool) {
	switch v := r.values[i].(type) {
	case string:
		s = v
	case []byte:
		s = string(v)
	}
	if len(s) > MostText {
		return strings.Clone(s[:MostText]), true // lets go of the rest
	}
	return s, false
}
