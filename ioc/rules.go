package ioc

// A Rule is one kind of Problem.
type Rule struct {
	Name     string
	Severity Severity
	What     string
}

// Rules lists the rules that loading applies, in order of name. A file with a
// Problem of one of the rules marked "rejected:" is not used at all; the other
// errors make one condition or Indicator unknown and leave the rest in use.
func Rules() []Rule {
	return []Rule{
		{"archive-encrypted", Error, "rejected: a member of a zip file is encrypted"},
		{"archive-limit", Error, "rejected: a zip file or a member of it goes beyond the limits"},
		{"archive-unreadable", Error, "rejected: a zip file or a member of it is broken or holds no IOC"},
		{"attribute-repeated", Error, "rejected: an element has the same attribute twice"},
		{"attribute-unknown", Warning, "an attribute that OpenIOC does not have is passed over"},
		{"boolean-value", Error, "negate or preserve-case is neither true nor false"},
		{"condition-case", Notice, "the condition word is not in lower case"},
		{"condition-version", Notice, "a condition word or negate belongs to the other version of OpenIOC"},
		{"criteria-empty", Warning, "definition or criteria holds no Indicator"},
		{"criteria-missing", Warning, "the file has neither definition nor criteria"},
		{"criteria-repeated", Warning, "definition or criteria stands several times; all are joined by OR"},
		{"doctype", Notice, "a document type declaration is passed over"},
		{"document-mismatch", Warning, "document and search name different documents; search counts"},
		{"double-negation", Warning, "negate=\"true\" on isnot or containsnot: they cancel out"},
		{"duplicate-id", Warning, "conditions of one file share an id; their places are used"},
		{"duplicate-ioc-id", Warning, "another file of the collection has the same IOC id"},
		{"element-case", Notice, "an element's name is written in other case"},
		{"element-foreign", Warning, "an element of another namespace is passed over"},
		{"element-repeated", Notice, "a metadata element stands twice; the first counts"},
		{"element-unknown", Warning, "an element that OpenIOC does not have is passed over"},
		{"empty-content", Error, "Content is empty"},
		{"empty-file", Error, "rejected: the file holds nothing"},
		{"empty-indicator", Warning, "an Indicator without children is never true"},
		{"encoding-conflict", Notice, "the declared encoding is not the one used"},
		{"encoding-invalid", Error, "rejected: bytes that are no text in the file's encoding"},
		{"encoding-unknown", Error, "rejected: the declared encoding is not supported"},
		{"id-missing", Warning, "the IOC has no id"},
		{"item-outside-indicator", Warning, "an IndicatorItem stands outside every Indicator"},
		{"limit", Error, "rejected: too large, too deep or too many elements"},
		{"many-problems", Warning, "more problems than are listed"},
		{"metadata-layout", Notice, "metadata stands where the other version has it"},
		{"missing-content", Error, "an IndicatorItem without Content"},
		{"missing-context", Error, "an IndicatorItem without a Context that names a term"},
		{"namespace", Warning, "the root's namespace is none of OpenIOC's"},
		{"not-openioc", Error, "rejected: the document is something else"},
		{"operator", Error, "operator is neither AND nor OR"},
		{"operator-case", Notice, "operator is not in upper case"},
		{"parameter", Notice, "a parameter has no name or refers to nothing"},
		{"preserve-case-version", Warning, "preserve-case in a 1.0 file is passed over"},
		{"repeated-part", Error, "an IndicatorItem with several Contexts or Contents"},
		{"search-missing", Warning, "Context has the term in document instead of search"},
		{"stray-text", Warning, "text where only elements belong is passed over"},
		{"structured-content", Error, "Content holds elements"},
		{"term-alias", Notice, "the term is another spelling of the one used"},
		{"term-unknown", Warning, "the term is not in the vocabulary"},
		{"trailing", Error, "rejected: something stands before or after the root element"},
		{"unknown-condition", Error, "the condition word is none of OpenIOC's"},
		{"unreadable", Error, "rejected: the file or folder cannot be read"},
		{"value-in-id", Notice, "Content is empty and the id is taken as the value"},
		{"version-conflict", Warning, "parts of both versions in one file"},
		{"xml", Error, "rejected: not well-formed XML"},
		{"xml-1.1", Notice, "declared as XML 1.1, read as 1.0"},
		{"xml-declaration", Warning, "the XML declaration is not at the start"},
	}
}
