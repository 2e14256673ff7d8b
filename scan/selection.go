package scan

import (
	"slices"

	"iocscan/scan/document"
	"iocscan/scan/source"
)

// narrow takes back what a listing says about a host of which the source holds
// only a selection of files: nothing is absent from it, and what is looked for
// among all files was not looked for to the end. Hives, event logs and the like
// are taken whole where they are taken at all, and the source offers only those
// that it has.
func narrow(src source.Source, d document.Document, l *document.Listing) {
	why := source.Selection(src)
	if why == "" {
		return
	}
	l.Full = false
	offered := func(c source.Capability) bool { return c != source.Files }
	if !slices.ContainsFunc(document.NeedsOn(d, src.Platform()), offered) && l.Complete {
		l.Complete, l.Why = false, why
	}
}
