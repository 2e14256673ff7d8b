package ioc

import "strings"

// A conditionWord is one of the words that a condition attribute can have.
type conditionWord struct {
	test    Test
	not     bool
	version string // the only version that has it, empty for both
}

var conditionWords = map[string]conditionWord{
	"is":           {test: Is},
	"contains":     {test: Contains},
	"isnot":        {test: Is, not: true, version: "1.0"},
	"containsnot":  {test: Contains, not: true, version: "1.0"},
	"starts-with":  {test: StartsWith, version: "1.1"},
	"ends-with":    {test: EndsWith, version: "1.1"},
	"matches":      {test: Matches, version: "1.1"},
	"greater-than": {test: GreaterThan, version: "1.1"},
	"less-than":    {test: LessThan, version: "1.1"},
}

// conditionHint guesses what a word that is no condition was meant to be. The
// word is not read so: a wrong guess would be a wrong verdict.
func conditionHint(word string) string {
	const all = "is, contains, starts-with, ends-with, matches, greater-than or less-than"
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(word))
	likely := map[string]string{
		"equals": "is", "equal": "is", "eq": "is", "=": "is", "==": "is",
		"notequals": "isnot", "notequal": "isnot", "!=": "isnot", "isnot": "isnot",
		"contain": "contains", "includes": "contains", "like": "contains",
		"notcontains": "containsnot", "doesnotcontain": "containsnot", "containsnot": "containsnot",
		"beginswith": "starts-with", "startswith": "starts-with", "startwith": "starts-with",
		"endswith": "ends-with", "endwith": "ends-with",
		"regex": "matches", "regexp": "matches", "match": "matches",
		"gt": "greater-than", "greaterthan": "greater-than", ">": "greater-than",
		"lt": "less-than", "lessthan": "less-than", "<": "less-than",
	}[plain]
	if likely != "" {
		return "did you mean " + likely + "?"
	}
	return "write " + all
}
