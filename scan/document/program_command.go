package document

import (
	"strings"

	"iocscan/scan/source"
)

// programFolders are where a program without a folder is looked for.
var programFolders = [...]string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// command is the program of a command that is taken apart already.
func (h *programFinder) command(c command) *program {
	p := &program{of: h, line: c.line, sure: true}
	if strings.HasPrefix(c.path, "/") {
		p.tries = []try{{c.path, c.path, c.arguments}}
		return p
	}
	for _, folder := range programFolders {
		p.tries = append(p.tries, try{source.Join(folder, c.path), c.path, c.arguments})
	}
	return p
}
