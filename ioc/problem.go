package ioc

import (
	"cmp"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// maxProblems bounds the list of one file: a broken generator repeats itself
// in every item. Faults of conditions and Indicators are not cut.
const maxProblems = 2000

// problem adds to the file's problems. Without advice the hint is the rule's.
func (f *File) problem(s Severity, pos Pos, rule, advice, format string, args ...any) {
	if len(f.Problems) > maxProblems {
		return
	}
	if len(f.Problems) == maxProblems {
		s, pos, rule, advice, format, args = Warning, Pos{}, "many-problems", "", "more than %d problems; the rest is not listed", []any{maxProblems}
	}
	f.Problems = append(f.Problems, Problem{
		Severity: s, Pos: pos, Rule: rule, Text: fmt.Sprintf(format, args...), Hint: cmp.Or(advice, hint(rule)),
	})
}

// reject marks the file as unusable. The reason is an error problem too, and
// stands in the list whatever the list's length.
func (f *File) reject(r *rejection) {
	f.Status, f.Reason = Rejected, r.Text
	if r.Pos != (Pos{}) {
		f.Reason = fmt.Sprintf("line %d column %d: %s", r.Line, r.Column, r.Text)
	}
	f.Criteria, f.Parameters = nil, nil
	f.Problems = append(f.Problems, r.Problem)
}

// A rejection is why a file as a whole cannot be used.
type rejection struct{ Problem }

func (r *rejection) Error() string { return r.Text }

func rejected(pos Pos, rule, advice, format string, args ...any) *rejection {
	return &rejection{Problem{
		Severity: Error, Pos: pos, Rule: rule, Text: fmt.Sprintf(format, args...), Hint: cmp.Or(advice, hint(rule)),
	}}
}

// quote shows text of a file in a message, bounded and without control
// characters.
func quote[T string | []byte](s T) string {
	const most = 80
	if len(s) <= most {
		return strconv.Quote(string(s))
	}
	return strconv.Quote(string(s[:cutAt(s, most)])) + "…"
}

// clip bounds text that is already fit for a message.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:cutAt(s, most)] + "…"
}

// cutAt is the last place not after most where s can be cut without breaking a
// character.
func cutAt[T string | []byte](s T, most int) int {
	for n := most; n > most-utf8.UTFMax; n-- {
		if utf8.RuneStart(s[n]) {
			return n
		}
	}
	return most
}
