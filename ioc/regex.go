package ioc

import (
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dlclark/regexp2"
)

// regexTime bounds one match of a pattern that RE2 cannot run in linear time.
const regexTime = 500 * time.Millisecond

// mostLate is how many matches of one pattern may run into that limit. Beyond
// it the pattern is given up: a million file names at half a second each would
// be a week.
const mostLate = 8

// A Regex is a pattern of Matches: unanchored, dot matches line feeds, without
// case unless asked. Patterns that RE2 cannot express (look-around, back
// references) run by backtracking under a time limit.
type Regex struct {
	Source string // as RE2 or regexp2 gets it, flags included
	re2    *regexp.Regexp
	back   *regexp2.Regexp
	bytes  bool
	late   atomic.Int32 // matches that the time limit ended
}

// NewRegex compiles a pattern.
func NewRegex(pattern string, preserveCase bool) (*Regex, error) {
	flags := "(?is)"
	if preserveCase {
		flags = "(?s)"
	}
	r := &Regex{Source: flags + pattern, bytes: namesBytes(pattern)}
	var err error
	if r.re2, err = regexp.Compile(r.Source); err == nil {
		return r, nil
	}
	// in its RE2 mode classes, groups and $ mean the same in both engines, but
	// letters are taken for themselves after a backslash that says nothing
	back, err2 := regexp2.Compile(r.Source, regexp2.RE2)
	if err2 != nil || strangeEscape(pattern) {
		return nil, fmt.Errorf("pattern %.80q cannot be compiled: %w", pattern, err)
	}
	back.MatchTimeout = regexTime
	r.back = back
	return r, nil
}

// namesBytes reports whether a pattern uses \xNN, which in patterns over the
// strings of files and memory means the raw byte.
func namesBytes(pattern string) bool {
	return anyEscape(pattern, func(c byte) bool { return c == 'x' })
}

// strangeEscape reports whether a letter stands after a backslash that means
// nothing there.
func strangeEscape(pattern string) bool {
	return anyEscape(pattern, func(c byte) bool {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		return letter && !strings.ContainsRune("aAbBcdDefGknpPrsStuvwWxzZ", rune(c))
	})
}

// anyEscape asks of every character after a backslash.
func anyEscape(pattern string, f func(byte) bool) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] == '\\' {
			if i++; f(pattern[i]) {
				return true
			}
		}
	}
	return false
}

// NamesBytes reports whether the pattern speaks of raw bytes (\xNN).
func (r *Regex) NamesBytes() bool { return r.bytes }

// Linear is the RE2 form, nil where there is none.
func (r *Regex) Linear() *regexp.Regexp { return r.re2 }

// Match is Unknown where the time limit ended the search, or too many before.
func (r *Regex) Match(s string) Truth {
	if r.re2 != nil {
		return TruthOf(r.re2.MatchString(s))
	}
	if r.late.Load() >= mostLate {
		return Unknown
	}
	ok, err := r.back.MatchString(s)
	if err != nil {
		r.late.Add(1)
		return Unknown
	}
	return TruthOf(ok)
}

// MatchLatin1 matches raw bytes, each taken as the code point of its number.
func (r *Regex) MatchLatin1(b []byte) Truth {
	var s strings.Builder
	s.Grow(len(b))
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return r.Match(s.String())
}
