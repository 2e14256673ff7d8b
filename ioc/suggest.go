package ioc

import (
	"cmp"
	"slices"
	"strings"
)

// suggestions is how many terms Suggest gives at most.
const suggestions = 3

// Suggest names the terms that an unknown one was probably meant to be, best
// first, at most three: those a few letters away, those of the same document
// with the same last part in another place, and those of the same document
// whose last part only adds to the one given (Md5 for Md5sum). It takes about
// a millisecond.
func Suggest(term string) []string {
	v := vocabulary()
	want := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(term), `\`, "/"))
	if want == "" || len(want) > v.longest+len(eventPrefix)+8 {
		return nil
	}
	want = strings.TrimPrefix(want, eventPrefix)
	limit := min(3, len(want)/6)

	type candidate struct {
		name string
		cost int
	}
	var found []candidate
	for i := range v.terms {
		t := &v.terms[i]
		have := strings.ToLower(t.Name)
		cost := distance(want, have, limit)
		if cost > limit {
			cost = kinship(want, have)
		}
		if cost < 0 {
			continue
		}
		name := t.Name
		if t.Alias != "" {
			name = t.Alias
		}
		found = append(found, candidate{name, cost})
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, c := range found {
		if !slices.Contains(out, c.name) {
			out = append(out, c.name)
		}
		if len(out) == suggestions {
			break
		}
	}
	return out
}

// kinship weighs two terms of one document by their last parts. Negative: not
// akin. The weights only rank such terms behind those a letter or two away.
func kinship(want, have string) int {
	if Document(want) != Document(have) {
		return -1
	}
	w, h := lastPart(want), lastPart(have)
	switch {
	case len(w) < 3 || len(h) < 3:
		return -1
	case w == h:
		return 2 + strings.Count(have, "/")
	case strings.HasPrefix(h, w) || strings.HasPrefix(w, h):
		return 3 + strings.Count(have, "/")
	case strings.HasSuffix(h, w) || strings.HasSuffix(w, h):
		return 4 + strings.Count(have, "/")
	}
	return -1
}

func lastPart(term string) string { return term[strings.LastIndexByte(term, '/')+1:] }

// distance is the Levenshtein distance of two strings in bytes, or limit+1
// where it is greater than limit.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) > limit {
		return limit + 1
	}
	var space [256]int
	row := space[:0]
	for j := 0; j <= len(b); j++ {
		row = append(row, j)
	}
	for i := 1; i <= len(a); i++ {
		diagonal, best := row[0], i
		row[0] = i
		for j := 1; j <= len(b); j++ {
			step := diagonal
			if a[i-1] != b[j-1] {
				step = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], step
			best = min(best, step)
		}
		if best > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}
