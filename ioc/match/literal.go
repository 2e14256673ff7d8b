package match

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"iocscan/ioc"
)

// Bounds of the literals taken from a pattern: beyond them it is simply run.
const (
	mostLiterals  = 64
	shortestUsual = 3
)

// requiredLiterals returns literals of which at least one must occur, folded,
// in every folded text that the pattern matches; nil where there is no such
// set worth asking for. It may name too few or too short ones, never one too
// many: a text without any of them cannot match.
func requiredLiterals(source string) []string {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil
	}
	set := required(re.Simplify())
	if set == nil {
		return nil
	}
	for _, s := range set {
		if len(s) < shortestUsual {
			return nil
		}
	}
	return set
}

// required is the best set for one node: the one whose shortest member is the
// longest. nil: nothing is required.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if slices.Contains(re.Rune, utf8.RuneError) {
			return nil // matches invalid bytes too, which texts keep
		}
		return []string{ioc.Fold(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		return requiredConcat(re.Sub)
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			set := required(sub)
			if set == nil || len(all)+len(set) > mostLiterals {
				return nil
			}
			all = append(all, set...)
		}
		return all
	}
	return nil
}

func requiredConcat(subs []*syntax.Regexp) []string {
	var best []string
	for i := 0; i < len(subs); i++ {
		set := required(subs[i])
		// a literal that was cut because its case folds differ ("(?i)" inside)
		// stands as several literals in a row
		for set != nil && subs[i].Op == syntax.OpLiteral && i+1 < len(subs) {
			next := required(subs[i+1])
			if subs[i+1].Op != syntax.OpLiteral || next == nil {
				break
			}
			i++
			set[0] += next[0]
		}
		if weaker(best, set) {
			best = set
		}
	}
	return best
}

func weaker(a, b []string) bool {
	if a == nil || b == nil {
		return b != nil
	}
	return shortest(a) < shortest(b)
}

func shortest(set []string) int {
	n := len(set[0])
	for _, s := range set {
		n = min(n, len(s))
	}
	return n
}
