package ioc

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// A Term is one entry of the OpenIOC vocabulary.
type Term struct {
	Name        string // the search path, such as FileItem/Md5sum
	Type        string // string, int, uint64, float, double, bool, date, IP, md5, sha1, sha256
	Description string
	Platforms   string // linux, osx, win joined by "|"; empty where the lists do not say
	Status      string // official, deprecated, no-host-source, extension, nonstandard
	Alias       string // the term that a nonstandard or older spelling stands for; empty for all others
}

// Open is the last part of terms that stand for any name in its place, such as
// EventLogItem/EventData/CommandLine.
const Open = "/*"

// Lookup finds a term without regard to case. An alias is followed to the term
// it stands for, and a leading eventItem/ is dropped where the rest is a term:
// eventItem/processEvent/pid and processEvent/pid are the same.
func Lookup(term string) (*Term, bool) {
	t, _ := vocabulary().lookup(term)
	return t, t != nil
}

// Terms lists the vocabulary in order of name, aliases included.
func Terms() []*Term {
	terms := vocabulary().terms
	out := make([]*Term, len(terms))
	for i := range terms {
		out[i] = &terms[i]
	}
	return out
}

// Documents lists the first segments of all terms, sorted.
func Documents() []string {
	var out []string
	for _, t := range vocabulary().terms {
		out = append(out, Document(t.Name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// terms.csv has one line a term: name, type, platforms, status, alias,
// description. No field holds a comma, a quote or anything but ASCII, so that a
// line splits at its commas.
//
//go:embed terms.csv
var termsCSV string

const eventPrefix = "eventitem/"

// A vocab is the vocabulary with its index. It is never changed once built.
type vocab struct {
	terms   []Term
	index   map[string]*Term // by name as listed and by name in lower case
	longest int
}

// The vocabulary is read when it is first asked for: a process that only
// prints its version does not pay for it.
var vocabulary = sync.OnceValue(readVocabulary)

func readVocabulary() *vocab {
	_, body, _ := strings.Cut(termsCSV, "\n")
	lower := strings.ToLower(body) // ASCII: the offsets stay the same
	n := strings.Count(body, "\n")
	v := &vocab{terms: make([]Term, 0, n), index: make(map[string]*Term, 2*n)}
	for start := 0; start < len(body); {
		end := start + strings.IndexByte(body[start:], '\n')
		var field [6]string
		rest := body[start:end]
		for i := range field {
			field[i], rest, _ = strings.Cut(rest, ",")
		}
		v.terms = append(v.terms, Term{
			Name: field[0], Type: field[1], Platforms: field[2],
			Status: field[3], Alias: field[4], Description: field[5],
		})
		t := &v.terms[len(v.terms)-1]
		v.index[t.Name] = t
		v.index[lower[start:start+len(t.Name)]] = t
		v.longest = max(v.longest, len(t.Name))
		start = end + 1
	}
	return v
}

// lookup returns the term meant and, where that was named by an alias, the
// alias.
func (v *vocab) lookup(term string) (meant, alias *Term) {
	t := v.find(term)
	if t == nil {
		return v.open(term), nil
	}
	if t.Alias == "" {
		return t, nil
	}
	return v.index[t.Alias], t
}

// find takes one map access and no memory for a term spelled as listed.
func (v *vocab) find(term string) *Term {
	if t := v.index[term]; t != nil {
		return t
	}
	if len(term) > v.longest+len(eventPrefix) {
		return nil
	}
	var space [192]byte
	b := appendLower(space[:0], term)
	if t := v.index[string(b)]; t != nil {
		return t
	}
	if len(b) > len(eventPrefix) && string(b[:len(eventPrefix)]) == eventPrefix {
		return v.index[string(b[len(eventPrefix):])]
	}
	return nil
}

// open finds the open term that a term belongs to. The name in the place of
// the asterisk stays as it is written.
func (v *vocab) open(term string) *Term {
	if i := strings.LastIndexByte(term, '/'); i > 0 && i < len(term)-1 && i <= v.longest {
		if t := v.find(term[:i] + Open); t != nil {
			named := *t
			named.Name = strings.TrimSuffix(t.Name, Open) + term[i:]
			return &named
		}
	}
	return nil
}

// appendLower appends s with A to Z in lower case. Terms are ASCII.
func appendLower(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
