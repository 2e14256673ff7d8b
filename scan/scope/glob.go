package scope

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A segment is one component of a glob, compiled: what stands before the first
// star, the parts between stars, what stands after the last one.
type segment struct {
	any   bool // **: any number of components, also none
	parts [][]token
	fold  bool
}

type token struct {
	kind   tokenKind
	r      rune
	ranges []rune // pairs
	not    bool
}

type tokenKind uint8

const (
	oneRune tokenKind = iota
	anyRune
	runeClass
)

// invalidByte keeps bytes that are not UTF-8 apart from each other and from
// every rune.
const invalidByte = unicode.MaxRune + 1

// decode and decodeLast read one rune. They stand for the utf8 functions
// because those cannot be inlined and nearly all names are ASCII.
func decode(s string) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return invalidByte + rune(s[0]), 1
	}
	return r, n
}

func decodeLast(s string) (rune, int) {
	if c := s[len(s)-1]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	r, n := utf8.DecodeLastRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return invalidByte + rune(s[len(s)-1]), 1
	}
	return r, n
}

// foldRune picks one rune of the class that simple folding makes one.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if r > unicode.MaxRune {
		return r
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

func compileSegment(s string, fold, escapes bool) (segment, error) {
	seg := segment{fold: fold}
	if s == "**" {
		seg.any = true
		return seg, nil
	}
	part := []token{}
	for s != "" {
		r, n := decode(s)
		s = s[n:]
		t := token{r: r}
		switch {
		case r == '*':
			seg.parts = append(seg.parts, part)
			part = []token{}
			continue
		case r == '?':
			t.kind = anyRune
		case r == '[':
			rest, err := t.class(s, escapes)
			if err != nil {
				return seg, err
			}
			s = rest
		case r == '\\' && escapes:
			if s == "" {
				return seg, errors.New("a backslash escapes nothing")
			}
			t.r, n = decode(s)
			s = s[n:]
		}
		if fold && t.kind == oneRune {
			t.r = foldRune(t.r)
		}
		part = append(part, t)
	}
	seg.parts = append(seg.parts, part)
	return seg, nil
}

var errClass = errors.New("a [ without its ]")

// class reads what follows a "[" and returns what follows the "]".
func (t *token) class(s string, escapes bool) (rest string, err error) {
	t.kind = runeClass
	if s != "" && (s[0] == '!' || s[0] == '^') {
		t.not, s = true, s[1:]
	}
	next := func() (rune, bool) {
		if s == "" {
			return 0, false
		}
		if escapes && s[0] == '\\' {
			if s = s[1:]; s == "" {
				return 0, false
			}
		}
		r, n := decode(s)
		s = s[n:]
		return r, true
	}
	for first := true; ; first = false {
		if s != "" && s[0] == ']' && !first {
			return s[1:], nil
		}
		lo, ok := next()
		if !ok {
			return "", errClass
		}
		hi := lo
		if len(s) >= 2 && s[0] == '-' && s[1] != ']' {
			s = s[1:]
			if hi, ok = next(); !ok {
				return "", errClass
			}
			if hi < lo {
				return "", errors.New("a range in [ ] is in reverse order")
			}
		}
		t.ranges = append(t.ranges, lo, hi)
	}
}

func (t *token) match(r rune, fold bool) bool {
	switch t.kind {
	case anyRune:
		return true
	case oneRune:
		return r == t.r || fold && foldRune(r) == t.r
	}
	if t.has(r) {
		return !t.not
	}
	if fold && r <= unicode.MaxRune {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if t.has(f) {
				return !t.not
			}
		}
	}
	return t.not
}

func (t *token) has(r rune) bool {
	for i := 0; i < len(t.ranges); i += 2 {
		if t.ranges[i] <= r && r <= t.ranges[i+1] {
			return true
		}
	}
	return false
}

// match reports whether the segment matches a whole name, without allocation.
func (seg *segment) match(name string) bool {
	last := len(seg.parts) - 1
	if last > 0 {
		// What follows the last star has a fixed number of runes: looked at
		// first and from the end, so that "*.log" costs a glance.
		tail := seg.parts[last]
		for i := len(tail) - 1; i >= 0; i-- {
			if name == "" {
				return false
			}
			r, n := decodeLast(name)
			if !tail[i].match(r, seg.fold) {
				return false
			}
			name = name[:len(name)-n]
		}
	}
	n, ok := seg.prefix(seg.parts[0], name)
	if !ok {
		return false
	}
	name = name[n:]
	if last == 0 {
		return name == ""
	}
	for _, part := range seg.parts[1:last] {
		for {
			n, ok := seg.prefix(part, name)
			if ok {
				name = name[n:]
				break
			}
			if name == "" {
				return false
			}
			_, n = decode(name)
			name = name[n:]
		}
	}
	return true
}

// prefix matches tokens at the start of a name; n bytes were matched.
func (seg *segment) prefix(part []token, name string) (n int, ok bool) {
	for i := range part {
		if n == len(name) {
			return 0, false
		}
		r, w := decode(name[n:])
		if !part[i].match(r, seg.fold) {
			return 0, false
		}
		n += w
	}
	return n, true
}

// maxAlternatives bounds what braces multiply out to.
const maxAlternatives = 1024

// braces replaces {a,b} by its alternatives.
func braces(s string, escapes bool) ([]string, error) {
	open, depth, start := -1, 0, 0
	var options []string
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && escapes:
			i++
		case c == '{':
			if depth++; depth == 1 {
				open, start = i, i+1
			}
		case c == ',' && depth == 1:
			options = append(options, s[start:i])
			start = i + 1
		case c == '}' && depth > 0:
			if depth--; depth > 0 {
				continue
			}
			options = append(options, s[start:i])
			var all []string
			for _, o := range options {
				more, err := braces(s[:open]+o+s[i+1:], escapes)
				if err != nil {
					return nil, err
				}
				if all = append(all, more...); len(all) > maxAlternatives {
					return nil, errors.New("too many alternatives in { }")
				}
			}
			return all, nil
		}
	}
	if depth > 0 {
		return nil, errors.New("a { without its }")
	}
	return []string{s}, nil
}

func hasMeta(s string) bool { return strings.ContainsAny(s, "*?") }
