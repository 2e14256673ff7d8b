package ioc

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
)

// A Pattern is the positive test of a condition, ready to be asked of values
// of one kind. Negation is not its business. It is immutable and may be used
// concurrently. Collections have a hundred thousand of them, so what few need
// is kept apart.
type Pattern struct {
	Kind Kind
	Test Test
	Case bool // compares with case

	shape shape
	text  string // the first of Texts
	rare  *rare

	// Lo and Hi bound the keys that pass an ordered test, both included;
	// Lo > Hi: none can.
	Lo, Hi uint64
}

// rare is what few patterns have.
type rare struct {
	texts  []string // the others of Texts
	regex  *Regex
	tail   string // what follows the variable that regex stands for
	notice string
}

// Texts are what a text test looks for, folded unless Case, the separators of
// a path unified: for Is the content as written and trimmed, for the others
// the content alone. Of a Raw pattern they are the raw bytes asked for.
func (p *Pattern) Texts() []string {
	if p.text == "" {
		return nil
	}
	return append([]string{p.text}, p.seldom().texts...)
}

// Text is the first of Texts.
func (p *Pattern) Text() string { return p.text }

// Regex is there for Matches, and for a path whose leading %VARIABLE% stands
// for several folders; then it is asked besides Texts, of the folded path.
func (p *Pattern) Regex() *Regex { return p.seldom().regex }

// Notice says what was read otherwise than written, such as a range with its
// ends reversed. Mostly empty.
func (p *Pattern) Notice() string { return p.seldom().notice }

func (p *Pattern) seldom() rare {
	if p.rare == nil {
		return rare{}
	}
	return *p.rare
}

func (p *Pattern) setRare() *rare {
	if p.rare == nil {
		p.rare = &rare{}
	}
	return p.rare
}

// shape is how a pattern looks at a value.
type shape uint8

const (
	asText    shape = iota
	asKey           // the ordered key, between Lo and Hi
	asRaw           // the raw bytes of a digest or address
	asNumeral       // text that must be a number: greater-than on a string term
)

// NewPattern reads content for a test on values of a kind. The error says why
// the content cannot be read as such a value; the condition is then unknown.
func NewPattern(kind Kind, test Test, content string, preserveCase bool) (*Pattern, error) {
	trimmed := strings.TrimSpace(content)
	if trimmed == "" {
		return nil, errors.New("content is empty")
	}
	p := &Pattern{Kind: kind, Test: test}
	if kind == Text || kind == Path {
		p.Case = preserveCase
	} else { // blanks and case belong to no number, hash, time or address
		content = trimmed
	}
	switch test {
	case Is:
		return p, p.readIs(content)
	case Contains, StartsWith, EndsWith:
		p.text = p.normal(content)
		return p, p.expandVariable(content)
	case Matches:
		if trimmed == "." {
			content = "" // a lone dot asks for a value, be it an empty one
		}
		re, err := NewRegex(content, p.Case)
		p.setRare().regex = re
		return p, err
	case GreaterThan, LessThan:
		return p, p.readBound(content)
	}
	return nil, errors.New("no such condition")
}

func (p *Pattern) normal(s string) string {
	if p.Kind == Path {
		if p.Case {
			return unifyPath(s)
		}
		return string(AppendFoldPath(nil, s))
	}
	if p.Case {
		return s
	}
	return Fold(s)
}

func (p *Pattern) readIs(content string) error {
	trimmed := strings.TrimSpace(content)
	switch p.Kind {
	case Text, Path:
		p.addText(content)
		p.addText(trimmed)
		if p.Kind == Path {
			if bare := strings.TrimRight(trimmed, `\/`); bare != "" && !strings.HasSuffix(bare, ":") {
				p.addText(bare)
			}
			return p.expandVariable(content)
		}
		return nil
	case Digest:
		raw, err := hex.DecodeString(trimmed)
		if err != nil {
			return fmt.Errorf("%.80q is not a hexadecimal hash", trimmed)
		}
		p.shape, p.text = asRaw, string(raw)
		return nil
	case Address:
		a, err := netip.ParseAddr(trimmed)
		if err != nil {
			return fmt.Errorf("%.80q is not an IP address", trimmed)
		}
		p.shape, p.text = asRaw, addressKey(a)
		return nil
	case Bool:
		b, err := ParseBool(trimmed)
		p.shape, p.Lo, p.Hi = asKey, b, b
		return err
	}
	p.shape = asKey
	from, to, isRange := cutRange(trimmed)
	lo, err := readSpan(p.Kind, from)
	if err != nil {
		return err
	}
	hi := lo
	if isRange {
		if hi, err = readSpan(p.Kind, to); err != nil {
			return err
		}
		if hi.hi < lo.lo {
			lo, hi = hi, lo
			p.setRare().notice = "the ends of the range stand in reverse order"
		}
	}
	p.Lo, p.Hi = lo.lo, hi.hi
	if lo.none && hi.none && lo.lo == hi.lo {
		p.Lo, p.Hi = 1, 0
	}
	return nil
}

func (p *Pattern) addText(s string) {
	s = p.normal(s)
	switch {
	case p.text == "":
		p.text = s
	case p.text != s && !slices.Contains(p.seldom().texts, s):
		r := p.setRare()
		r.texts = append(r.texts, s)
	}
}

func (p *Pattern) readBound(content string) error {
	var s span
	var err error
	p.shape = asKey
	switch p.Kind {
	case Text, Path, Float: // exactly, not to the digits given: 7.4 is greater than 7
		f, ok := numeral(content)
		if !ok {
			return fmt.Errorf("%.80q is not a number", content)
		}
		s = span{lo: floatKey(f), hi: floatKey(f)}
		if p.Kind != Float {
			p.shape = asNumeral
		}
	case Digest, Address, Bool:
		return fmt.Errorf("%s cannot be asked of this term", p.Test)
	default:
		s, err = readSpan(p.Kind, content)
	}
	if err != nil {
		return err
	}
	p.Lo, p.Hi = 0, ^uint64(0)
	switch {
	case s.none && (s.lo == 0) == (p.Test == GreaterThan): // every value lies on that side
	case p.Test == GreaterThan && s.hi == ^uint64(0):
		p.Lo, p.Hi = 1, 0
	case p.Test == GreaterThan:
		p.Lo = s.hi + 1
	case s.lo == 0:
		p.Lo, p.Hi = 1, 0
	default:
		p.Hi = s.lo - 1
	}
	return nil
}

// ParseBool reads the ways in which IOC files write true and false, as 1 and 0.
func ParseBool(s string) (uint64, error) {
	switch Fold(strings.TrimSpace(s)) {
	case "true", "1", "yes":
		return 1, nil
	case "false", "0", "no":
		return 0, nil
	}
	return 0, fmt.Errorf("%.80q is neither true nor false", s)
}

// addressKey is the raw form of an address; an IPv4 address inside IPv6 is
// that IPv4 address.
func addressKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	return string(a.AsSlice())
}

// Ordered reports whether the pattern is the closed interval Lo to Hi of keys.
func (p *Pattern) Ordered() bool { return p.shape == asKey }

// Raw reports whether Texts holds raw bytes, to be compared with RawKey.
func (p *Pattern) Raw() bool { return p.shape == asRaw }

// Numeral reports whether the pattern reads text as a number, which leaves
// text that is none unknown.
func (p *Pattern) Numeral() bool { return p.shape == asNumeral }

// RawKey is the value as Raw patterns compare it; ok is false where it has no
// such form (text that is no address).
func (v Value) RawKey() (key string, ok bool) {
	switch v.Kind {
	case Digest:
		return v.Str, true
	case Address:
		if v.Addr.IsValid() {
			return addressKey(v.Addr), true
		}
	}
	return "", false
}

// AppendNormal appends the value's text as patterns without case compare it.
func (v Value) AppendNormal(dst []byte) []byte {
	switch v.Kind {
	case Path:
		return AppendFoldPath(dst, v.Str)
	case Text:
		return AppendFold(dst, v.Str)
	}
	return AppendFold(dst, v.String())
}

// Match asks the pattern of one value.
func (p *Pattern) Match(v Value) Truth {
	if v.Forms == nil {
		return p.match(v)
	}
	best := False
	v.Each(func(form Value) bool {
		best = max(best, p.match(form))
		return best != True
	})
	return best
}

func (p *Pattern) match(v Value) Truth {
	switch p.shape {
	case asKey:
		return TruthOf(p.Lo <= v.Key && v.Key <= p.Hi)
	case asRaw:
		key, ok := v.RawKey()
		return TruthOf(ok && key == p.text)
	case asNumeral:
		f, ok := numeral(v.Str)
		if !ok {
			return Unknown
		}
		k := floatKey(f)
		return TruthOf(p.Lo <= k && k <= p.Hi)
	}
	r := p.seldom()
	if p.Test == Matches {
		return r.regex.Match(v.String())
	}
	s := p.normal(v.String())
	if p.passes(s, p.text) {
		return True
	}
	for _, t := range r.texts {
		if p.passes(s, t) {
			return True
		}
	}
	if r.regex != nil {
		return r.regex.Match(s)
	}
	return False
}

func (p *Pattern) passes(s, t string) bool {
	switch p.Test {
	case Is:
		return s == t
	case Contains:
		return strings.Contains(s, t)
	case StartsWith:
		return strings.HasPrefix(s, t)
	case EndsWith:
		return strings.HasSuffix(s, t)
	}
	return false
}

func (p *Pattern) passesAny(texts []string) bool {
	for _, t := range texts {
		if p.Match(PathValue(t)) == True {
			return true
		}
	}
	return false
}

// Overlaps reports whether some value could pass both patterns, which must be
// Is tests on one kind.
func (p *Pattern) Overlaps(q *Pattern) bool {
	if p.shape == asKey && q.shape == asKey {
		return p.Lo <= q.Hi && q.Lo <= p.Hi
	}
	if p.shape != q.shape {
		return true
	}
	pr, qr := p.seldom(), q.seldom()
	if pr.regex != nil && qr.regex != nil { // both end in what follows the variable
		a, b := Fold(pr.tail), Fold(qr.tail)
		if strings.HasSuffix(a, b) || strings.HasSuffix(b, a) {
			return true
		}
	}
	if pr.regex != nil && p.passesAny(q.Texts()) || qr.regex != nil && q.passesAny(p.Texts()) {
		return true
	}
	for _, a := range p.Texts() {
		for _, b := range q.Texts() {
			if a == b || p.Case != q.Case && EqualFold(a, b) || !p.Case && !q.Case && Fold(a) == Fold(b) {
				return true
			}
		}
	}
	return false
}

// Equal reports whether two patterns pass the same values.
func (p *Pattern) Equal(q *Pattern) bool {
	return p.Kind == q.Kind && p.Test == q.Test && p.shape == q.shape && p.Lo == q.Lo && p.Hi == q.Hi &&
		(p.Case == q.Case || p.shape != asText) && p.text == q.text &&
		slices.Equal(p.seldom().texts, q.seldom().texts) && p.Regex().source() == q.Regex().source()
}

// Hash writes what Equal compares.
func (p *Pattern) Hash(h *maphash.Hash) {
	var b [20]byte
	b[0], b[1], b[2] = byte(p.Kind), byte(p.Test), byte(p.shape)
	binary.LittleEndian.PutUint64(b[3:], p.Lo)
	binary.LittleEndian.PutUint64(b[11:], p.Hi)
	h.Write(b[:])
	h.WriteString(p.text)
	for _, t := range p.seldom().texts {
		h.WriteString(t)
	}
	h.WriteString(p.Regex().source())
}

func (r *Regex) source() string {
	if r == nil {
		return ""
	}
	return r.Source
}
