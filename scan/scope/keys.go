package scope

import (
	"errors"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// Predefined is the word of --keys for the list in keys_predefined.go; All is
// the other.
const Predefined = "predefined"

// Keys is the part of the registry that a scan asks about.
type Keys struct {
	All bool
	// Listed are keys that count with all that is below them, their roots
	// written out, sorted, none below another.
	Listed []string
	// Named are the paths that IOCs name outright: of keys, or of values; also
	// paths below a hive.
	Named []Name
}

// NewKeys reads --keys: its words, or keys by their path from a root. A fault
// is a *UsageError.
func NewKeys(options []string, named []Name) (*Keys, error) {
	k := &Keys{Named: named}
	var keys []string
	for _, o := range options {
		switch ioc.Fold(o) {
		case All:
			k.All = true
			continue
		case Predefined:
			keys = append(keys, predefined...)
			continue
		}
		root, rest := source.SplitRegistryPath(o)
		if root == "" {
			return nil, &UsageError{"--keys", o, errors.New("is none of predefined, all, or a key such as HKLM\\SOFTWARE\\Microsoft")}
		}
		keys = append(keys, source.JoinKeys(root, rest))
	}
	k.Listed = Outermost(keys)
	return k, nil
}

// Outermost sorts keys and leaves out the repeated and those below another.
func Outermost(keys []string) []string {
	var out []string
	keys = Distinct(keys)
	for _, k := range keys {
		covered := slices.ContainsFunc(keys, func(o string) bool {
			rest, below := source.Below(k, o)
			return below && rest != ""
		})
		if !covered {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(ioc.Fold(a), ioc.Fold(b)) })
	return out
}

// Distinct leaves out keys that are repeated.
func Distinct(keys []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
		again := seen[ioc.Fold(k)]
		seen[ioc.Fold(k)] = true
		return again
	})
}
