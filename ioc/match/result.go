package match

import "encoding/json"

// A Match is one choice of items that makes an IOC true, with every condition
// that held on them.
type Match struct {
	// Text is the matched branch in words, only the conditions that hold.
	Text       string   `json:"text"`
	Conditions []string `json:"conditions"` // ids, in the order of the file
	Notes      []string `json:"notes"`
	Objects    []Object `json:"objects"` // empty where an absence matched

	// finder is the number, from 1, of the last scope that found it when the
	// documents were complete; 0: only single items did.
	finder int32
}

// An Object is one item of a Match.
type Object struct {
	Document   string          `json:"document"`
	Label      string          `json:"label"`
	Fields     []FieldValues   `json:"fields"` // written as an object TERM: [value…], in the document's order
	Conditions []Held          `json:"conditions"`
	Event      json.RawMessage `json:"event,omitempty"` // the whole record of an EventLogItem
}

// FieldValues are the values of one term of an object.
type FieldValues struct {
	Term   string
	Values []string // any bytes; the report escapes what is not UTF-8
}

// Held is a condition that held on an object.
type Held struct {
	ID        string `json:"id"`
	Term      string `json:"term"`
	Condition string `json:"condition"` // is, contains, …
	Content   string `json:"content"`
	Negate    bool   `json:"negate"`
	Value     string `json:"value"` // the value that passed; empty for a negated condition
}

// Unchecked is a condition whose truth could not be found out where it
// mattered.
type Unchecked struct {
	ConditionID string `json:"condition_id"`
	Term        string `json:"term"`
	Content     string `json:"content"`
	Reason      string `json:"reason"`
}

// Verdict of an IOC file.
type Verdict string

const (
	Matched      Verdict = "matched"
	Clear        Verdict = "clear"        // checked to the end, no match
	Undetermined Verdict = "undetermined" // no match, but a condition that could have made it match was not checked
)
