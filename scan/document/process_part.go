package document

import (
	"errors"
	"slices"
	"strings"
)

// ProcessData are the parts of what processes are looked at for, from what
// comes with their list to what costs most.
var ProcessData = [...]string{"basic", "handles", "modules", "ports", "strings"}

const memoryStringTerm = "ProcessItem/StringList/string"

// errSwitchedOff answers a field of a part that the user did not choose.
var errSwitchedOff = errors.New("switched off by --process-data")

// processPart is the part that a term belongs to.
func processPart(term string) string {
	for _, p := range [...]struct{ prefix, part string }{
		{handleElement + "/", "handles"}, {memoryElement + "/", "modules"}, {"ProcessItem/PortList/", "ports"}, {memoryStringTerm, "strings"},
	} {
		if strings.HasPrefix(term, p.prefix) {
			return p.part
		}
	}
	return "basic"
}

// switchedOff says of each field whether its part was not chosen; none chosen
// is all.
func switchedOff(fields []Field[process], chosen []string) []bool {
	off := make([]bool, len(fields))
	for n := range fields {
		off[n] = len(chosen) > 0 && !slices.Contains(chosen, processPart(fields[n].Term))
	}
	return off
}
