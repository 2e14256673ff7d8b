package scan

import (
	"fmt"

	"iocscan/scan/source"
)

// mostUnread bounds the loose files that the report lists as not read; the rest
// is counted.
const mostUnread = 1000

// unread are the loose files that nothing reads, and why.
func unread(given source.Artifacts) (list []LeftOut) {
	more := 0
	for _, a := range given {
		switch why := a.Why(); {
		case why == "":
		case len(list) >= mostUnread:
			more++
		default:
			list = append(list, LeftOut{a.Path, why})
		}
	}
	if more > 0 {
		list = append(list, LeftOut{fmt.Sprintf("%d further files", more), "not recognised, or not read by this version"})
	}
	return list
}
