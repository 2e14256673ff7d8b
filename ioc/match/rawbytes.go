package match

import (
	"bufio"
	"bytes"
	"io"
	"regexp/syntax"
	"slices"
	"unicode"

	"iocscan/ioc"
)

// A bytePattern is what can be told beforehand of a pattern over raw bytes,
// each taken as the code point of its number.
type bytePattern struct {
	// width is the longest match; -1 where there is none, or where what stands
	// before or behind a match decides.
	width int
	// lits are bytes in lower case, see lowerByte, of which some must occur in a
	// content in lower case that passes; nil: none are known.
	lits []string
	// whole: the pattern is its one literal, so that where that occurs it passes.
	whole bool
	// steps, if the pattern is a row of at most 64 sets of bytes, has for each
	// byte the places in the row that it may stand in.
	steps *[256]uint64
}

// mostWidth bounds the matches for which a content is cut into windows.
const mostWidth = 4096

func newBytePattern(p *ioc.Pattern) bytePattern {
	b := bytePattern{width: -1}
	re, err := syntax.Parse(p.Regex().Source, syntax.Perl)
	if err != nil {
		return b
	}
	re = re.Simplify()
	if b.width = widest(re); b.width > mostWidth {
		b.width = -1
	}
	b.steps = byteSteps(re, b.width)
	for _, lit := range byteLiterals(re) {
		part := plainBytes(lit)
		if part == "" {
			return b
		}
		b.lits = append(b.lits, part)
	}
	if re.Op == syntax.OpLiteral && len(b.lits) == 1 && len(b.lits[0]) == len(re.Rune) {
		b.whole = re.Flags&syntax.FoldCase != 0 || !slices.ContainsFunc(re.Rune, unicode.IsLetter)
	}
	return b
}

// widest is the length of the longest match in bytes; -1: there is no such.
func widest(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpNoMatch:
		return 0
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpQuest:
		return widest(re.Sub[0])
	case syntax.OpConcat, syntax.OpAlternate:
		sum := 0
		for _, sub := range re.Sub {
			n := widest(sub)
			if n < 0 || sum > mostWidth {
				return -1
			}
			if re.Op == syntax.OpConcat {
				sum += n
			} else {
				sum = max(sum, n)
			}
		}
		return sum
	}
	return -1
}

// byteLiterals are literals of which one must occur in whatever matches, the
// ones whose plain part is longest; nil: there are none.
func byteLiterals(re *syntax.Regexp) [][]rune {
	switch re.Op {
	case syntax.OpLiteral:
		return [][]rune{re.Rune}
	case syntax.OpCapture, syntax.OpPlus:
		return byteLiterals(re.Sub[0])
	case syntax.OpConcat:
		var best [][]rune
		for _, sub := range re.Sub {
			if set := byteLiterals(sub); set != nil && (best == nil || plainest(set) > plainest(best)) {
				best = set
			}
		}
		return best
	case syntax.OpAlternate:
		var all [][]rune
		for _, sub := range re.Sub {
			set := byteLiterals(sub)
			if set == nil || len(all)+len(set) > mostLiterals {
				return nil
			}
			all = append(all, set...)
		}
		return all
	}
	return nil
}

func plainest(set [][]rune) int {
	n := len(plainBytes(set[0]))
	for _, l := range set[1:] {
		n = min(n, len(plainBytes(l)))
	}
	return n
}

// plainBytes is the longest part of a literal that consists of bytes, in lower
// case.
func plainBytes(runes []rune) string {
	var best, part []byte
	for _, r := range runes {
		if r > 0xff {
			part = nil
			continue
		}
		if part = append(part, lowerByte[r]); len(part) > len(best) {
			best = part
		}
	}
	return string(best)
}

// lowerByte is the same for bytes that are one letter in two cases.
var lowerByte = func() (t [256]byte) {
	for i := range t {
		least := rune(i)
		for o := unicode.SimpleFold(rune(i)); o != rune(i); o = unicode.SimpleFold(o) {
			if o <= 0xff {
				least = max(least, o)
			}
		}
		t[i] = byte(least)
	}
	return t
}()

// byteSteps makes the steps of a pattern that is so many sets of bytes in a
// row; nil where it is something else.
func byteSteps(re *syntax.Regexp, length int) *[256]uint64 {
	if length < 1 || length > 64 {
		return nil
	}
	steps, at := new([256]uint64), 0
	var add func(re *syntax.Regexp) bool
	add = func(re *syntax.Regexp) bool {
		allow := func(may func(rune) bool) {
			for c := range steps {
				if may(rune(c)) {
					steps[c] |= 1 << at
				}
			}
			at++
		}
		switch re.Op {
		case syntax.OpLiteral:
			for _, r := range re.Rune {
				allow(func(c rune) bool { return c == r || re.Flags&syntax.FoldCase != 0 && sameLetter(c, r) })
			}
		case syntax.OpCharClass:
			allow(func(c rune) bool {
				for i := 0; i+1 < len(re.Rune); i += 2 {
					if re.Rune[i] <= c && c <= re.Rune[i+1] {
						return true
					}
				}
				return false
			})
		case syntax.OpAnyChar:
			allow(func(rune) bool { return true })
		case syntax.OpAnyCharNotNL:
			allow(func(c rune) bool { return c != '\n' })
		case syntax.OpCapture, syntax.OpConcat:
			for _, sub := range re.Sub {
				if !add(sub) {
					return false
				}
			}
		default:
			return false
		}
		return true
	}
	if !add(re) || at != length {
		return nil
	}
	return steps
}

func sameLetter(a, b rune) bool {
	for o := unicode.SimpleFold(a); o != a; o = unicode.SimpleFold(o) {
		if o == b {
			return true
		}
	}
	return false
}

// askBytes asks patterns over raw bytes of a content, all in one reading as far
// as their matches have a bounded length.
func askBytes(it ContentItem, d *docProgram, ids []predID, plain map[predID]bytePattern, hit func(predID, ioc.Truth)) error {
	var open []predID
	widest := 0
	for _, id := range ids {
		p := d.preds[id].pattern
		if b := plain[id]; b.width >= 0 && p.Regex().Linear() != nil {
			open, widest = append(open, id), max(widest, b.width)
			continue
		}
		t, err := matchRaw(it, p)
		if err != nil {
			return err
		}
		if t != ioc.False {
			hit(id, t)
		}
	}
	size := it.Size()
	buf := make([]byte, min(size, int64(rawWindow+widest)))
	var lower []byte
	for off := int64(0); off < size && len(open) > 0; off += rawWindow {
		n, err := it.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		if err != nil && err != io.EOF {
			return err
		}
		lower = append(lower[:0], buf[:n]...)
		for i, c := range lower {
			lower[i] = lowerByte[c]
		}
		open = slices.DeleteFunc(open, func(id predID) bool {
			b := plain[id]
			if !b.in(buf[:n], lower, d.preds[id].pattern.Regex()) {
				return false
			}
			hit(id, ioc.True)
			return true
		})
	}
	return nil
}

// in reports whether a window holds a match.
func (b bytePattern) in(window, lower []byte, re *ioc.Regex) bool {
	if b.lits != nil && !slices.ContainsFunc(b.lits, func(lit string) bool { return bytes.Contains(lower, []byte(lit)) }) {
		return false
	}
	switch {
	case b.whole:
		return true
	case b.steps != nil:
		return b.walk(window)
	}
	return re.MatchLatin1(window) == ioc.True
}

// walk keeps a bit for each place of the row that a match may have come to
// (Baeza-Yates and Gonnet, 1992).
func (b bytePattern) walk(window []byte) bool {
	last := uint64(1) << (b.width - 1)
	at := uint64(0)
	for _, c := range window {
		if at = (at<<1 | 1) & b.steps[c]; at&last != 0 {
			return true
		}
	}
	return false
}

// backtrackMost bounds the content given to a pattern that needs backtracking;
// a longer one leaves it unknown.
const backtrackMost = 16 << 20

// matchRaw runs a pattern over the whole content.
func matchRaw(it ContentItem, p *ioc.Pattern) (ioc.Truth, error) {
	content := io.NewSectionReader(it, 0, it.Size())
	if re := p.Regex().Linear(); re != nil {
		r := &latin1{r: bufio.NewReaderSize(content, 1<<16)}
		ok := re.MatchReader(r)
		if r.err != nil && !ok {
			return ioc.Unknown, r.err
		}
		return ioc.TruthOf(ok), nil
	}
	if content.Size() > backtrackMost {
		return ioc.Unknown, nil
	}
	b, err := io.ReadAll(content)
	if err != nil {
		return ioc.Unknown, err
	}
	return p.Regex().MatchLatin1(b), nil
}

type latin1 struct {
	r   *bufio.Reader
	err error
}

func (l *latin1) ReadRune() (rune, int, error) {
	c, err := l.r.ReadByte()
	if err != nil {
		if err != io.EOF {
			l.err = err
		}
		return 0, 0, io.EOF
	}
	return rune(c), 1, nil
}
