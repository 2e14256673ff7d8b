package ioc

import "sync"

// A Rule is one kind of Problem.
type Rule struct {
	Name     string
	Severity Severity
	What     string
	Hint     string // what to do about it, where the problem has no hint of its own
}

// hint is the hint of a rule.
func hint(rule string) string { return hints()[rule] }

var hints = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, r := range Rules() {
		m[r.Name] = r.Hint
	}
	return m
})

// Rules lists the rules that loading applies, in order of name. A file with a
// Problem of one of the rules marked "rejected:" is not used at all; the other
// errors make one condition or Indicator unknown and leave the rest in use.
func Rules() []Rule {
	return []Rule{
		{"archive-encrypted", Error, "rejected: a member of a zip file is encrypted", "unpack it and name the folder"},
		{"archive-limit", Error, "rejected: a zip file or a member of it goes beyond the limits", "unpack it and name the folder"},
		{"archive-unreadable", Error, "rejected: a zip file or a member of it is broken or holds no IOC", "unpack it and name the folder"},
		{"attribute-repeated", Error, "rejected: an element has the same attribute twice", "keep one of the two"},
		{"attribute-unknown", Warning, "an attribute that OpenIOC does not have is passed over", "remove it, or write the attribute that was meant"},
		{"boolean-value", Error, "negate or preserve-case is neither true nor false", "write true or false"},
		{"condition-case", Notice, "the condition word is not in lower case", "write it in lower case"},
		{"condition-version", Notice, "a condition word or negate belongs to the other version of OpenIOC", "write the condition as this version of OpenIOC does"},
		{"criteria-empty", Warning, "definition or criteria holds no Indicator", "give it an Indicator"},
		{"criteria-missing", Warning, "the file has neither definition nor criteria", "add a definition (1.0) or criteria (1.1)"},
		{"criteria-repeated", Warning, "definition or criteria stands several times; all are joined by OR", "join them in one"},
		{"doctype", Notice, "a document type declaration is passed over", "remove the declaration"},
		{"document-mismatch", Warning, "document and search name different documents; search counts", "let document be the first part of search"},
		{"double-negation", Warning, "negate=\"true\" on isnot or containsnot: they cancel out", "use either the not of the condition or negate"},
		{"duplicate-id", Warning, "conditions of one file share an id; their places are used", "give each condition an id of its own"},
		{"duplicate-ioc-id", Warning, "another file of the collection has the same IOC id", "give each IOC an id of its own, or remove the copy"},
		{"element-case", Notice, "an element's name is written in other case", "write it as the schema does"},
		{"element-foreign", Warning, "an element of another namespace is passed over", "remove it"},
		{"element-repeated", Notice, "a metadata element stands twice; the first counts", "keep one"},
		{"element-unknown", Warning, "an element that OpenIOC does not have is passed over", "remove it"},
		{"empty-content", Error, "Content is empty", "write the value into Content"},
		{"empty-file", Error, "rejected: the file holds nothing", "remove the file from the collection"},
		{"empty-indicator", Warning, "an Indicator without children is never true", "remove it, or give it conditions"},
		{"encoding-conflict", Notice, "the declared encoding is not the one used", "declare the encoding that the file is saved in"},
		{"encoding-invalid", Error, "rejected: bytes that are no text in the file's encoding", "save the file as UTF-8"},
		{"encoding-unknown", Error, "rejected: the declared encoding is not supported", "save the file as UTF-8"},
		{"id-missing", Warning, "the IOC has no id", "give the IOC an id, such as a GUID"},
		{"item-outside-indicator", Warning, "an IndicatorItem stands outside every Indicator", "put it into an Indicator"},
		{"limit", Error, "rejected: too large, too deep or too many elements", "divide it into several IOC files"},
		{"many-problems", Warning, "more problems than are listed", "mend the program that writes these files"},
		{"metadata-layout", Notice, "metadata stands where the other version has it", "put the metadata where this version has it"},
		{"missing-content", Error, "an IndicatorItem without Content", "give it a Content"},
		{"missing-context", Error, "an IndicatorItem without a Context that names a term", "give it a Context whose search names a term"},
		{"namespace", Warning, "the root's namespace is none of OpenIOC's", "use the namespace of OpenIOC 1.0 or 1.1"},
		{"not-openioc", Error, "rejected: the document is something else", "remove it from the collection, or take the OpenIOC document out of it"},
		{"operator", Error, "operator is neither AND nor OR", `write operator="OR" or operator="AND"`},
		{"operator-case", Notice, "operator is not in upper case", "write it in upper case"},
		{"parameter", Notice, "a parameter has no name or refers to nothing", "name it, and let it refer to a condition"},
		{"preserve-case-version", Warning, "preserve-case in a 1.0 file is passed over", "remove it, or write the IOC as OpenIOC 1.1"},
		{"repeated-part", Error, "an IndicatorItem with several Contexts or Contents", "keep one Context and one Content"},
		{"search-missing", Warning, "Context has the term in document instead of search", "write the term into search"},
		{"stray-text", Warning, "text where only elements belong is passed over", "remove the text, or put it into a Comment"},
		{"structured-content", Error, "Content holds elements", "write the value as text"},
		{"term-alias", Notice, "the term is another spelling of the one used", "write the usual spelling"},
		{"term-unknown", Warning, "the term is not in the vocabulary", "iocscan terms lists the vocabulary"},
		{"trailing", Error, "rejected: something stands before or after the root element", "one file holds one IOC: remove the rest"},
		{"unknown-condition", Error, "the condition word is none of OpenIOC's", "is, contains, matches, starts-with, ends-with, greater-than or less-than"},
		{"unreadable", Error, "rejected: the file or folder cannot be read", "check the path and the rights"},
		{"value-in-id", Notice, "Content is empty and the id is taken as the value", "write the value into Content"},
		{"version-conflict", Warning, "parts of both versions in one file", "use the elements of one version"},
		{"xml", Error, "rejected: not well-formed XML", "mend the XML, or fetch the file again"},
		{"xml-1.1", Notice, "declared as XML 1.1, read as 1.0", "declare version 1.0"},
		{"xml-declaration", Warning, "the XML declaration is not at the start", "put the declaration first"},
	}
}
