package indexdat

import (
	"strings"
	"time"
	"unicode/utf16"
)

// filetime takes times that no clock had for none.
func filetime(b []byte) int64 {
	if n := int64(le.Uint64(b)); n > 0 && n != 1<<63-1 {
		return n
	}
	return 0
}

// dosTime is a date and a time of MS-DOS, in UTC, as ticks.
func dosTime(b []byte) int64 {
	const epochTicks = 116444736000000000 // 1970-01-01
	d, t := int(le.Uint16(b)), int(le.Uint16(b[2:]))
	month, day := d>>5&15, d&31
	if month < 1 || month > 12 || day < 1 || t>>11 > 23 || t>>5&63 > 59 || t&31 > 29 {
		return 0
	}
	at := time.Date(1980+d>>9, time.Month(month), day, t>>11, t>>5&63, t&31*2, 0, time.UTC)
	return at.Unix()*1e7 + epochTicks
}

// Title is the title of a page in the data of an entry of a history: a head that
// begins with its size, then properties of size, id, type and value. 0x10 is the
// title, 0x1f the type of UTF-16 and 0x1e that of the machine's code page
// (libmsiecf, "Cache entry data").
func Title(data []byte) string {
	if len(data) < 2 {
		return ""
	}
	for rest := skip(data); len(rest) >= 4; rest = skip(rest) {
		size := int(le.Uint16(rest))
		if size < 4 || size > len(rest) {
			return ""
		}
		if rest[2] != 0x10 {
			continue
		}
		switch value := rest[4:size]; rest[3] {
		case 0x1f:
			return Wide(value)
		case 0x1e:
			s, _, _ := strings.Cut(string(value), "\x00")
			return s
		}
	}
	return ""
}

// skip is what follows something that begins with its size.
func skip(b []byte) []byte {
	size := int(le.Uint16(b))
	if size < 2 || size > len(b) {
		return nil
	}
	return b[size:]
}

// Wide is UTF-16 to its first zero.
func Wide(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := le.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// What an address is of.
const (
	OfVisit  = "Visited" // the history of all time
	OfPeriod = "Period"  // that of a day or a week
	OfCookie = "Cookie"
	OfCache  = "" // the cache, or whatever has addresses without a prefix
)

// Split parts an address from the prefix of its kind: "Visited: user@URL",
// ":2023022420230225: user@URL" and "Cookie:user@host/path". days are those of a
// period, 0 where it has none or they are no dates.
func Split(s string) (of, user, url string, days int) {
	const period = len(":2023022420230225:")
	rest, ok := strings.CutPrefix(s, "Visited:")
	switch {
	case ok:
		of = OfVisit
	case len(s) > period && s[0] == ':' && s[period-1] == ':' && digits(s[1:period-1]):
		of, rest = OfPeriod, s[period:]
		from, err1 := time.Parse("20060102", s[1:9])
		to, err2 := time.Parse("20060102", s[9:17])
		if err1 == nil && err2 == nil {
			days = int(to.Sub(from) / (24 * time.Hour))
		}
	default:
		if rest, ok = strings.CutPrefix(s, "Cookie:"); !ok {
			return OfCache, "", s, 0
		}
		of = OfCookie
	}
	rest = strings.TrimPrefix(rest, " ")
	// A name has no "@" before the one that ends it; a URL may have one, but
	// only behind a colon or a slash.
	if at := strings.IndexByte(rest, '@'); at >= 0 && !strings.ContainsAny(rest[:at], ":/") {
		return of, rest[:at], rest[at+1:], days
	}
	return of, "", rest, days
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
