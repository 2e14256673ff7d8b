package match

import "iocscan/ioc"

// Rules lists the rules that compiling applies, in order of name; ioc.Rules
// has those of loading. An Error leaves one condition unknown.
func Rules() []ioc.Rule {
	return []ioc.Rule{
		{Name: "absence", Severity: ioc.Warning, What: "a negated condition has no positive one on its document beside it"},
		{Name: "content-notice", Severity: ioc.Warning, What: "Content is read otherwise than written, such as a range with its ends reversed"},
		{Name: "content-type", Severity: ioc.Error, What: "Content is no value of the term's type"},
		{Name: "hash-length", Severity: ioc.Warning, What: "a hash has the length of another one, with which it is compared"},
	}
}
