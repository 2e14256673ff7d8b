package ioc

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// EqualFold reports whether two texts are the same under Unicode simple
// folding. Unlike strings.EqualFold it tells different invalid bytes apart.
func EqualFold(a, b string) bool {
	if !strings.EqualFold(a, b) {
		return false
	}
	if utf8.ValidString(a) && utf8.ValidString(b) {
		return true
	}
	return Fold(a) == Fold(b)
}

// Fold returns s with every letter replaced by one representative of its
// simple-folding class: the lower-case ASCII letter where the class has one.
// Bytes that are not UTF-8 are kept. Texts are equal without case if and only
// if their folded forms are equal bytes.
func Fold(s string) string { return string(AppendFold(nil, s)) }

// AppendFold appends the folded form of s.
func AppendFold(dst []byte, s string) []byte { return appendFold(dst, s, &lower) }

// AppendFoldPath appends the folded form of a path, its separators unified to
// the backslash.
func AppendFoldPath(dst []byte, s string) []byte { return appendFold(dst, s, &lowerPath) }

func appendFold(dst []byte, s string, table *[utf8.RuneSelf]byte) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = append(dst, table[c])
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		i += n
	}
	return dst
}

// foldRune picks the representative: a class is a ring under SimpleFold.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if least < utf8.RuneSelf {
		return rune(lower[least])
	}
	return least
}

// unifyPath replaces the separators of a path whose case is kept.
func unifyPath(s string) string { return strings.ReplaceAll(s, "/", `\`) }

var lower, lowerPath = foldTables()

func foldTables() (plain, path [utf8.RuneSelf]byte) {
	for c := range plain {
		b := byte(c)
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		plain[c], path[c] = b, b
	}
	path['/'] = '\\'
	return plain, path
}
