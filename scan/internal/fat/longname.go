package fat

import (
	"iocscan/scan/internal/wtf8"
)

const (
	mostParts = 20
	perPart   = 13
)

// A longName gathers the entries that stand before a short one and hold its
// long name, last part first, fatgen103 page 27: number at 0 (0x40: the last
// part), letters at 1, 14 and 28, sum of the short name at 13.
type longName struct {
	parts  [mostParts * perPart]uint16
	n      int  // parts so far; 0: none
	want   int  // number of the next part, unless erased
	sum    byte // of the short name
	erased bool
}

func (l *longName) reset() { l.n = 0 }

func (l *longName) add(b []byte) {
	number, gone := int(b[0]), b[0] == erased
	switch {
	case gone && l.n > 0 && l.erased && l.sum == b[13] && l.n < mostParts && full(b):
	case gone:
		*l = longName{sum: b[13], erased: true}
	case number&0x40 != 0 && number&0x3f >= 1 && number&0x3f <= mostParts:
		*l = longName{sum: b[13], want: number & 0x3f}
	case l.n == 0 || l.erased || number != l.want || b[13] != l.sum:
		l.reset()
		return
	}
	// The parts come last first: each goes before those that are there.
	copy(l.parts[perPart:], l.parts[:l.n*perPart])
	for i := range perPart {
		at := 1 + 2*i
		if i >= 5 {
			at += 3
		}
		if i >= 11 {
			at += 2
		}
		l.parts[i] = le.Uint16(b[at:])
	}
	l.n++
	l.want--
}

// full reports whether a part has no filling, which only the last one has.
func full(b []byte) bool {
	last := le.Uint16(b[30:])
	return last != 0 && last != 0xffff
}

// take gives the long name if it is that of the short entry, and forgets it.
func (l *longName) take(b []byte) (string, bool) {
	n := l.n
	l.reset()
	if n == 0 || l.erased != (b[0] == erased) || !l.erased && l.want != 0 {
		return "", false
	}
	if l.erased {
		// The sum tells the letter that the mark took, if there was one.
		if c := lostLetter(b, l.sum); c <= ' ' || c >= 'a' && c <= 'z' {
			return "", false
		}
	} else if checksum(b[0], b) != l.sum {
		return "", false
	}
	name := l.parts[:n*perPart]
	for i, u := range name {
		if u == 0 {
			name = name[:i]
			break
		}
	}
	// Full parts have no zero; 0xffff fills only behind one.
	return wtf8.Encode(name), len(name) > 0
}

// checksum is that of a short name whose first byte is c.
func checksum(c byte, b []byte) byte {
	sum := c
	for _, next := range b[1:11] {
		sum = sum>>1 | sum<<7
		sum += next
	}
	return sum
}

// lostLetter is the first byte that a short name with this sum had: the way
// back through the sum is a single one.
func lostLetter(b []byte, sum byte) byte {
	for i := 10; i >= 1; i-- {
		sum -= b[i]
		sum = sum<<1 | sum>>7
	}
	return sum
}
