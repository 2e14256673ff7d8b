package evtx

import (
	"strconv"
	"time"
	"unicode/utf8"

	"iocscan/ioc"
)

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

// appendANSI takes text of an unknown code page as UTF-8 where it is that, and
// as Latin-1 otherwise.
func appendANSI(dst, b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for _, c := range b {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}

func appendGUID(dst, b []byte) []byte {
	dst = append(dst, '{')
	for i, at := range [16]uint8{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, upperHex[b[at]>>4], upperHex[b[at]&15])
	}
	return append(dst, '}')
}

func appendSID(dst, b []byte) []byte {
	dst = strconv.AppendUint(append(dst, 'S', '-'), uint64(b[0]), 10)
	auth := uint64(0)
	for _, c := range b[2:8] {
		auth = auth<<8 | uint64(c)
	}
	if dst = append(dst, '-'); auth >= 1<<32 { // as Windows writes it
		dst = strconv.AppendUint(append(dst, '0', 'x'), auth, 16)
	} else {
		dst = strconv.AppendUint(dst, auth, 10)
	}
	for i := range int(b[1]) {
		dst = strconv.AppendUint(append(dst, '-'), uint64(le.Uint32(b[8+4*i:])), 10)
	}
	return dst
}

// appendTicks writes a FILETIME with all its seven digits.
func appendTicks(dst []byte, ticks uint64) []byte {
	if ticks >= 1<<63 {
		return strconv.AppendUint(dst, ticks, 10) // no date
	}
	sec, frac := ticks/1e7, ticks%1e7
	days, rest := int(sec/86400), int(sec%86400)
	y, m, d := date(days)
	dst = appendDate(dst, y, m, d, rest/3600, rest/60%60, rest%60)
	dst = append(dst, '.')
	for div := uint64(1e6); div > 0; div /= 10 {
		dst = append(dst, byte('0'+frac/div%10))
	}
	return append(dst, 'Z')
}

// date is the civil date of a day counted from 1601-01-01, where a cycle of
// 400 years of the Gregorian calendar begins.
func date(days int) (y, m, d int) {
	y = 1601 + days/146097*400
	days %= 146097
	c := min(days/36524, 3)
	y, days = y+100*c, days-c*36524
	y, days = y+days/1461*4, days%1461
	n := min(days/365, 3)
	y, days = y+n, days-n*365
	for m = 1; ; m++ {
		l := 30 + (m+m/8)%2
		if m == 2 {
			l = 28
			if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
				l = 29
			}
		}
		if days < l {
			return y, m, days + 1
		}
		days -= l
	}
}

// appendSysTime writes a SYSTEMTIME: year, month, day of the week, day, hour,
// minute, second, millisecond, 16 bits each.
func appendSysTime(dst, b []byte) []byte {
	u := func(i int) int { return int(le.Uint16(b[2*i:])) }
	dst = appendDate(dst, u(0), u(1), u(3), u(4), u(5), u(6))
	dst = appendPadded(append(dst, '.'), u(7), 3)
	return append(dst, 'Z')
}

func appendDate(dst []byte, y, m, d, hour, minute, sec int) []byte {
	dst = append(appendPadded(dst, y, 4), '-')
	dst = append(appendPadded(dst, m, 2), '-')
	dst = append(appendPadded(dst, d, 2), 'T')
	dst = append(appendPadded(dst, hour, 2), ':')
	dst = append(appendPadded(dst, minute, 2), ':')
	return appendPadded(dst, sec, 2)
}

func appendPadded(dst []byte, n, width int) []byte {
	for limit := 10; width > 1; width-- {
		if n < limit {
			for range width - 1 {
				dst = append(dst, '0')
			}
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

// Ticks is a value as an instant in 100 ns since 1601 UTC: of the types for
// times, and of text in ISO 8601.
func (v Value) Ticks() (ticks int64, ok bool) {
	b := v.Bytes
	switch {
	case v.Type == FileTime && len(b) >= 8:
		t := le.Uint64(b)
		return int64(t), t < 1<<63
	case v.Type == SysTime && len(b) >= 16:
		u := func(i int) int { return int(le.Uint16(b[2*i:])) }
		t := time.Date(u(0), time.Month(u(1)), u(3), u(4), u(5), u(6), u(7)*1e6, time.UTC)
		return ioc.Ticks(t), t.Day() == u(3) && int(t.Month()) == u(1)
	case v.Type == String && len(b) <= 2*40:
		t, err := time.Parse(time.RFC3339Nano, string(appendUTF8(nil, trimNUL(b))))
		return ioc.Ticks(t), err == nil
	}
	return 0, false
}

// foldFrom folds dst from n on.
func foldFrom(dst []byte, n int) []byte {
	for i := n; i < len(dst); i++ {
		switch c := dst[i]; {
		case 'A' <= c && c <= 'Z':
			dst[i] = c + 'a' - 'A'
		case c >= utf8.RuneSelf:
			return ioc.AppendFold(dst[:i], string(dst[i:]))
		}
	}
	return dst
}
