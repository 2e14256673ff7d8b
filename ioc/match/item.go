package match

import "iocscan/ioc"

// An Item is one thing of one document: a file, a registry value, an event.
// Fields are numbered as in the document's Schema.
type Item interface {
	// Label is the item as a person names it. It is asked for only when the
	// item matters to some indicator.
	Label() string

	// Each yields the values of a field. A field that the item has not got
	// yields nothing; one that cannot be read, or that the item's origin does
	// not carry, returns an error; one of which only some values are known
	// yields those and then returns an error, a StandIn where they only
	// resemble what the term means. It stops early when yield returns false.
	Each(field int, yield func(ioc.Value) bool) error
}

// StandIn is the error of a field whose values, for this item, only resemble
// what the term means: a hit is true with this note, a miss is unknown.
type StandIn string

func (s StandIn) Error() string { return string(s) }

// A LabelAppender is an item whose label can be looked at without being kept.
type LabelAppender interface {
	Item

	// AppendLabel appends what Label returns.
	AppendLabel(dst []byte) []byte
}

// A ContentItem has fields whose values come from reading its content. The
// engine decides which of them it wants and calls Read before it asks for any,
// so that all of them cost one reading. For the report of a finding it may call
// Read again, for further fields.
type ContentItem interface {
	Item

	// Read makes the given content fields ready for Each, reading the content
	// at most once. If blocks is not nil it is handed the content from the
	// start in consecutive pieces, valid during the call only. The error (the
	// object could not be read to its end) makes all wanted fields and the
	// content search unknown; ErrNoContent makes them absent.
	Read(want []int, blocks func([]byte)) error

	// ReadAt reads content again, for conditions that the blocks could only
	// narrow down. Valid after Read has succeeded and until the next item.
	ReadAt(p []byte, off int64) (int, error)

	// Size is the length of the content in bytes as Read saw it.
	Size() int64
}

// A Folder stands for items that could not be listed, such as what lies below
// a folder that cannot be opened. Every field of it is unknown, except that
// conditions which nothing below could meet are false.
type Folder interface {
	Item

	// Possible reports whether something unlisted could have a value of the
	// field that passes the pattern. It is asked for Is and StartsWith on
	// fields of kind Path only; every other condition is taken as possible.
	Possible(field int, p *ioc.Pattern) bool

	// Err is why nothing could be listed.
	Err() error
}

// A Doubter is an item of which it is not quite known what it is, as a registry
// hive whose place in the registry nobody told.
type Doubter interface {
	Item

	// Doubt yields values that the field may have beside those of Each. A
	// condition that only one of them passes is unknown. It returns why they
	// are in doubt; nil, and no values, for most items.
	Doubt(field int, yield func(ioc.Value) bool) error
}

// Cost groups fields by what an answer costs. A dearer group is asked only
// while a cheaper one leaves the result open.
type Cost uint8

const (
	Free    Cost = iota // comes with the listing: names and paths
	Stat                // metadata: one more call
	Open                // the object must be opened
	Content             // the content must be read to its end
	Parse               // the content must be parsed
	costs
)

// A Field is one term of a document.
type Field struct {
	Term string // as in the vocabulary
	Kind ioc.Kind
	Cost Cost

	// Multi: an item may have several values that are different things (not
	// several forms of one thing), so two Is conditions do not contradict.
	Multi bool

	// Repeats: one item after the other has the same value (the channel of an
	// event), so that what a value passes is worth remembering.
	Repeats bool

	// Element is the term of the repeated element that the field belongs to,
	// such as FileItem/StreamList/Stream; empty for a field of the item itself.
	Element string

	// Same reports whether two contents can be forms of one value (a path with
	// and without its drive). nil: only where one value passes both patterns.
	Same func(a, b string) bool

	// Strings: the values are the printable strings of the content. They are
	// searched in the blocks of a ContentItem and never listed.
	Strings bool

	// Identity fields are reported for every matched item.
	Identity bool

	// StandIn values only resemble what the term means: a hit is true with
	// this note, a miss is unknown. Empty for a proper field.
	StandIn string
}

// A Document is what the engine knows of one document.
type Document struct {
	Name   string
	Fields []Field
}

// A Schema is all documents that some source can answer.
type Schema []Document
