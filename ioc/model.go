package ioc

// A Collection is every IOC file that was named, in order of path.
type Collection struct {
	Files []*File

	// Unused lists the exclusions that fitted no file.
	Unused []string
}

// Status says whether a file takes part in the scan.
type Status uint8

const (
	Usable   Status = iota
	Rejected        // not an OpenIOC document that can be read; Problems says why
	Excluded        // left out by the user
)

// A File is one OpenIOC document, or what is known of a file that is none.
type File struct {
	Path   string // as named by the user; a member of a zip archive is "archive.zip/member.ioc"
	SHA256 string // of the bytes as stored, lower-case hexadecimal; empty where they were not read
	Status Status
	Reason string // why it is Rejected or Excluded, else empty

	ID          string
	Version     string // "1.0" or "1.1"; empty if rejected before that is known
	Name        string // short_description
	Description string
	Author      string // authored_by
	Authored    string // authored_date as written
	Keywords    []string
	Links       []Link
	Parameters  []Parameter

	// Criteria are the top Indicators, joined by OR. Empty where the file has
	// no definition (1.0) or criteria (1.1).
	Criteria []Node

	Problems []Problem
}

// A Link is a link element of the metadata.
type Link struct {
	Rel, Href, Text string
}

// A Parameter is a param element of a 1.1 file. None changes a verdict.
type Parameter struct {
	ID, Ref, Name, Type, Value string
}

// A Node is an *Indicator or a *Condition.
type Node interface{ node() }

// Operator joins the children of an Indicator.
type Operator uint8

const (
	Or Operator = iota
	And
)

func (o Operator) String() string {
	if o == And {
		return "AND"
	}
	return "OR"
}

// An Indicator is an Indicator element: conditions and further Indicators
// under one operator.
type Indicator struct {
	ID       string
	Operator Operator
	Context  string // node-context: the repeated element on which all must hold; mostly empty
	Children []Node
	Fault    string // why it cannot be evaluated (an operator that is neither AND nor OR); mostly empty
	Pos      Pos
}

// A Condition is an IndicatorItem element.
type Condition struct {
	// ID is unique in its file: its own id, or where that is missing or
	// repeated its place, such as /0/2/1.
	ID string

	// Term is the search path in the vocabulary's spelling where it is known
	// there (aliases replaced), else as written.
	Term string
	Def  *Term // the vocabulary's entry, nil where the term is unknown

	Content     string // as written, blanks included
	ContentType string // the type attribute of Content, a hint only

	// Fault says why no item can ever answer the condition (no such condition
	// word, nothing in Content …). Empty for a sound one.
	Fault string
	Pos   Pos

	Test         Test
	Negate       bool
	PreserveCase bool
}

func (*Indicator) node() {}
func (*Condition) node() {}

// Document is the first segment of the term.
func (c *Condition) Document() string { return Document(c.Term) }

// Document returns the first segment of a term.
func Document(term string) string {
	for i := 0; i < len(term); i++ {
		if term[i] == '/' {
			return term[:i]
		}
	}
	return term
}

// Test is the condition word without its negation.
type Test uint8

const (
	NoTest Test = iota // the file's word is no OpenIOC condition
	Is
	Contains
	StartsWith
	EndsWith
	Matches
	GreaterThan
	LessThan
)

var testNames = [...]string{"", "is", "contains", "starts-with", "ends-with", "matches", "greater-than", "less-than"}

func (t Test) String() string { return testNames[t] }

// Pos is a place in a file: line and column count from 1, the column in bytes
// of the text as UTF-8. The zero Pos is the file as a whole.
type Pos struct{ Line, Column int32 }

// Severity of a Problem.
type Severity uint8

const (
	Notice  Severity = iota // read as meant; nothing lost
	Warning                 // part of the file may not say what its author meant
	Error                   // the file, or the condition named, cannot be used
)

var severityNames = [...]string{"notice", "warning", "error"}

func (s Severity) String() string { return severityNames[s] }

// A Problem is something in an IOC file that its author or reader should know.
type Problem struct {
	Severity Severity
	Pos
	Rule string // short name of the rule, such as "empty-content"
	Text string // what is wrong, quoting the offending text
	Hint string // what to do about it; may be empty
}
