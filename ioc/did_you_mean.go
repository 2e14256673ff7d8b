package ioc

import "strings"

// maxSuggested bounds how many different unknown terms of a file, or of a
// collection, get a did-you-mean: each costs a walk over the vocabulary.
const maxSuggested = 256

// suggest fills in the hints of unknown terms. memo holds those known so far.
func suggest(f *File, unknown []unknownRef, memo map[string]string) {
	for _, u := range unknown {
		if u.problem < len(f.Problems) && f.Problems[u.problem].Rule == "term-unknown" {
			f.Problems[u.problem].Hint = suggestion(memo, u.term)
		}
	}
}

func suggestion(memo map[string]string, term string) string {
	hint, ok := memo[term]
	if !ok && len(memo) < maxSuggested {
		if s := Suggest(term); len(s) > 0 {
			hint = "did you mean " + strings.Join(s, " or ") + "?"
		}
		memo[term] = hint
	}
	return hint
}
