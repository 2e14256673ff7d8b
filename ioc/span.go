package ioc

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A span is the keys that one written number or time stands for: a second, a
// day, everything that rounds to the digits given. none: a number that no
// value of the kind can have; it lies below all of them (lo 0, such as a
// negative size) or above.
type span struct {
	lo, hi uint64
	none   bool
}

// cutRange splits "A TO B" and "[A TO B]".
func cutRange(s string) (from, to string, ok bool) {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	from, to, ok = strings.Cut(s, " TO ")
	return strings.TrimSpace(from), strings.TrimSpace(to), ok
}

func readSpan(kind Kind, s string) (span, error) {
	switch kind {
	case Int:
		return intSpan(s)
	case Float:
		return floatSpan(s)
	case Time:
		return timeSpan(s)
	case Duration:
		return durationSpan(s)
	}
	return span{}, errors.New("the term has no order")
}

func intSpan(s string) (span, error) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	base := 10
	if hex, ok := strings.CutPrefix(Fold(digits), "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 64)
	if f, ok := numeral(digits); err != nil && base == 10 && ok && f == math.Trunc(f) && 0 <= f && f < 1<<63 {
		n, err = uint64(f), nil // 5.0
	}
	switch {
	case err == nil && (n == 0 || !negative):
		return span{lo: n, hi: n}, nil
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return span{}, fmt.Errorf("%.80q is not a whole number", s)
	case negative:
		return span{none: true}, nil
	}
	return span{lo: math.MaxUint64, hi: math.MaxUint64, none: true}, nil
}

// floatSpan takes in every number that rounds to the digits given.
func floatSpan(s string) (span, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return span{}, fmt.Errorf("%.80q is not a number", s)
	}
	if strings.ContainsAny(s, "eExXpP") {
		return span{lo: floatKey(f), hi: floatKey(f)}, nil
	}
	digits := 0
	if i := strings.IndexByte(s, '.'); i >= 0 {
		digits = len(s) - i - 1
	}
	half := 0.5 * math.Pow10(-digits) // with 16 digits and more it may be lost in f
	return span{lo: floatKey(f - half), hi: floatKey(max(f, math.Nextafter(f+half, math.Inf(-1))))}, nil
}

// numeral reads a text as a decimal number. What else ParseFloat reads (nan,
// inf, 0x1p4) are names rather than numbers.
func numeral(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if f == 0 {
		f = 0 // not -0, which has a key of its own
	}
	return f, err == nil
}

// wmiLayout is the CIM DATETIME form up to its zone, which is in minutes.
const wmiLayout = "20060102150405.000000"

// timeForms are the ways in which dates are written, with the width of what
// one of them stands for. Without a zone they are UTC.
var timeForms = []struct {
	layout string
	width  time.Duration
}{
	{"2006-01-02T15:04:05Z07:00", time.Second},
	{"2006-01-02T15:04:05Z0700", time.Second},
	{"2006-01-02T15:04:05Z07", time.Second},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02 15:04:05", time.Second},
	{"2006-01-02 15:04:05Z07:00", time.Second},
	{"2006-01-02T15:04Z07:00", time.Minute},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02 15:04", time.Minute},
	{"2006-01-02Z07:00", 24 * time.Hour},
	{"2006-01-02", 24 * time.Hour},
}

func timeSpan(s string) (span, error) {
	t, width, err := ParseTime(s)
	if err != nil {
		return span{}, err
	}
	lo := Ticks(t)
	return span{lo: ticksKey(lo), hi: ticksKey(lo + int64(width/100) - 1)}, nil
}

// ParseTime reads a time as IOC files and command lines write it: ISO 8601
// with or without zone (then UTC), a date alone, or the WMI form. The width is
// how much time it stands for: a day, a minute, a second, or the last digit of
// a fraction.
func ParseTime(s string) (time.Time, time.Duration, error) {
	for _, f := range timeForms {
		t, err := time.Parse(f.layout, s) // takes a fraction after the seconds by itself
		if err != nil {
			continue
		}
		return t, fractionWidth(s, f.width), nil
	}
	if t, ok := parseWMI(s); ok {
		return t, time.Microsecond, nil
	}
	return time.Time{}, 0, fmt.Errorf("%.80q is not a date", s)
}

// fractionWidth narrows a second to the last digit of its fraction, down to
// the 100 ns in which evidence counts.
func fractionWidth(s string, width time.Duration) time.Duration {
	i := strings.LastIndexAny(s, ".,")
	if i < 0 || width != time.Second {
		return width
	}
	for _, c := range s[i+1:] {
		if c < '0' || c > '9' || width <= 100 {
			break
		}
		width /= 10
	}
	return width
}

func parseWMI(s string) (time.Time, bool) {
	if len(s) != len(wmiLayout)+4 {
		return time.Time{}, false
	}
	t, err := time.Parse(wmiLayout, s[:len(wmiLayout)])
	minutes, err2 := strconv.Atoi(s[len(wmiLayout):])
	if err != nil || err2 != nil || (s[len(wmiLayout)] != '+' && s[len(wmiLayout)] != '-') {
		return time.Time{}, false
	}
	return t.Add(-time.Duration(minutes) * time.Minute), true
}

// durationSpan reads whole seconds or an ISO 8601 duration without years and
// months, whose length is not fixed.
func durationSpan(s string) (span, error) {
	if n, err := intSpan(s); err == nil {
		return n, nil
	}
	bad := fmt.Errorf("%.80q is not a duration", s)
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok || rest == "" {
		return span{}, bad
	}
	var total float64
	units := "WD"
	for rest != "" {
		if rest[0] == 'T' {
			rest, units = rest[1:], "HMS"
			if rest == "" {
				return span{}, bad
			}
			continue
		}
		i := strings.IndexAny(rest, units)
		if i < 1 {
			return span{}, bad
		}
		n, err := strconv.ParseFloat(rest[:i], 64)
		if err != nil || strings.Trim(rest[:i], "0123456789.") != "" {
			return span{}, bad
		}
		total += n * map[byte]float64{'W': 604800, 'D': 86400, 'H': 3600, 'M': 60, 'S': 1}[rest[i]]
		rest = rest[i+1:]
	}
	if total >= 1<<63 {
		return span{}, bad
	}
	return span{lo: uint64(total), hi: uint64(total)}, nil
}
