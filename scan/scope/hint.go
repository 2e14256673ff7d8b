package scope

import (
	"regexp"
	"strings"
)

// NewHint reads --hint: a regular expression of Go that is searched in full
// paths as displayed. \e stands for the escape character, which other dialects
// write so. An empty expression gives nil. The error is a *UsageError.
func NewHint(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil
	}
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		if expr[i] == '\\' && i+1 < len(expr) {
			i++
			if expr[i] == 'e' {
				b.WriteString(`\x1b`)
				continue
			}
			b.WriteByte('\\')
		}
		b.WriteByte(expr[i])
	}
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, &UsageError{"--hint", expr, err}
	}
	return re, nil
}
