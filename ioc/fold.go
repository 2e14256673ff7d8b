package ioc

import (
	"strings"
)

// EqualFold reports whether two names are the same without regard to case
// (Unicode simple folding).
func EqualFold(a, b string) bool { return strings.EqualFold(a, b) }
