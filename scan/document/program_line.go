package document

import (
	"errors"
	"fmt"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/task"
	"iocscan/scan/source"
)

var (
	errNoWindows   = errors.New(`which folder is that of Windows is not known`)
	errSearchPath  = errors.New("not in the folders of Windows; others that are searched are not known")
	errManyBlanks  = errors.New("more blanks in the path than are tried")
	errDevicePath  = fmt.Errorf("%w: the path is that of a device", source.ErrEscapes)
	errUserUnknown = errors.New("depends on the user")
)

// mostBlanks bounds how many ends of a path are tried, mostLine the length of
// what is taken for a command line: CreateProcess takes no longer one.
const (
	mostBlanks = 32
	mostLine   = 32767
)

// findWindows finds the folder of Windows: the first that holds a System32.
func (h *programFinder) findWindows() {
	for _, v := range h.volumes {
		for _, folder := range systemFolders {
			if at, err := v.FS.Resolve(folder + "/System32"); err == nil {
				h.windows = source.Display(v.Volume, source.Parent(at))
				return
			}
		}
	}
}

// commandLine is the program that a line starts. profile is the folder of the
// user who starts it; empty: any user.
//
// The rules are those of CreateProcess: what stands in quotes is the path;
// without them every beginning that ends at a blank is tried, with .exe where
// it has no extension.
func (h *programFinder) commandLine(line, profile string) *program {
	text, expanded, p := h.start(line, profile)
	if p.lost != nil {
		c := splits(text)[0]
		p.tries = []try{{written: c.path, arguments: strings.TrimSpace(c.rest)}}
		return p
	}
	list := splits(expanded)
	p.sure = len(list) == 1
	if len(list) > mostBlanks {
		list, p.elsewhere = list[:mostBlanks], errManyBlanks
	}
	for _, c := range list {
		t := try{arguments: strings.TrimSpace(c.rest)}
		if before, ok := strings.CutSuffix(text, c.rest); ok {
			t.written = strings.Trim(strings.TrimSpace(before), `"`)
		}
		at := len(p.tries)
		p.add(t, c.path, ".exe")
		if at == 0 || !p.sure && endsProgram(c.path) {
			p.likely = at
			if p.sure = p.sure || endsProgram(c.path); extension(c.path) == "" && len(p.tries) > at+1 {
				p.likely++ // as written
			}
		}
	}
	return p
}

// driver is the program whose path is all of a text.
func (h *programFinder) driver(path string) *program { return h.whole(path, "", "", "") }

// library is likewise a DLL, whose ending may be left out.
func (h *programFinder) library(path, profile string) *program {
	return h.whole(path, "", profile, ".dll")
}

// action is the program that a task starts.
func (h *programFinder) action(a *task.Action) *program {
	return h.whole(a.Path, a.Arguments, "", ".exe")
}

// whole is a program whose path stands apart from its arguments. ending is
// tried where the path has none.
func (h *programFinder) whole(path, arguments, profile, ending string) *program {
	text, expanded, p := h.start(path, profile)
	t := try{written: strings.Trim(text, `"`), arguments: arguments}
	if p.sure = true; p.lost != nil {
		p.tries = []try{t}
		return p
	}
	p.add(t, strings.Trim(expanded, `"`), ending)
	return p
}

// start is what both have in common: the text up to a NUL, and with its
// variables replaced.
func (h *programFinder) start(line, profile string) (text, expanded string, p *program) {
	text, _, _ = strings.Cut(line, "\x00")
	text = strings.TrimSpace(text)
	p = &program{of: h, line: text}
	if len(text) > mostLine {
		text = text[:mostLine]
		p.lost = fmt.Errorf("more than %d bytes", mostLine)
		return text, text, p
	}
	expanded, p.lost = h.expand(text, profile)
	return text, expanded, p
}

// add puts the places of a path behind the tries, with an ending where it has
// none.
func (p *program) add(t try, path, ending string) {
	places, elsewhere := p.of.places(path)
	if elsewhere != nil {
		p.elsewhere = elsewhere
	}
	if len(places) == 0 {
		places = []string{""}
	}
	for _, place := range places {
		if t.path = place; place == "" {
			p.lost = p.elsewhere
		}
		if ending != "" && place != "" && extension(place) == "" {
			with := t
			with.path += ending
			p.tries = append(p.tries, with)
		}
		p.tries = append(p.tries, t)
	}
}

// places are where the file of a path is looked for. An error says that it may
// also be elsewhere; without places, that it is.
func (h *programFinder) places(path string) ([]string, error) {
	path = strings.ReplaceAll(path, "/", `\`)
	if rest, ok := cutPrefixFold(path, `\SystemRoot\`); ok {
		if h.windows == "" {
			return nil, errNoWindows
		}
		return []string{h.windows + `\` + rest}, nil
	}
	for _, object := range []string{`\??\`, `\\?\`, `\\.\`} {
		if rest, ok := strings.CutPrefix(path, object); ok {
			if driveOf(rest) == "" {
				return nil, errDevicePath
			}
			return []string{rest}, nil
		}
	}
	for _, device := range []string{`\Device\`, `\GLOBAL??\`, `\DosDevices\`} {
		if _, ok := cutPrefixFold(path, device); ok {
			return nil, errDevicePath
		}
	}
	switch {
	case path == "":
		return nil, errSearchPath
	case driveOf(path) != "" || strings.HasPrefix(path, `\\`):
		return []string{path}, nil
	case h.windows == "":
		return nil, errNoWindows
	case path[0] == '\\':
		return []string{driveOf(h.windows) + path}, nil
	}
	if strings.Contains(path, `\`) {
		places := []string{h.windows + `\` + path, h.windows + `\System32\` + path}
		for _, folder := range []string{`System32\`, `SysWOW64\`} { // as drivers and services have it
			if _, ok := cutPrefixFold(path, folder); ok {
				return places[:1], nil
			}
		}
		return places, errSearchPath
	}
	var places []string
	for _, folder := range []string{`\System32\`, `\SysWOW64\`, `\System\`, `\`, `\System32\Wbem\`} {
		places = append(places, h.windows+folder+path)
	}
	return places, errSearchPath
}

// A split is a command line cut in two.
type split struct{ path, rest string }

// splits are the ways to cut a line, in the order in which they are tried.
func splits(line string) (list []split) {
	if rest, ok := strings.CutPrefix(line, `"`); ok {
		path, rest, _ := strings.Cut(rest, `"`)
		return []split{{path, rest}}
	}
	for n := 1; n < len(line) && len(list) <= mostBlanks; n++ {
		if blank(line[n]) && !blank(line[n-1]) {
			list = append(list, split{line[:n], line[n:]})
		}
	}
	return append(list, split{line, ""})
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// programEndings are those of what Windows runs or loads.
var programEndings = [...]string{
	".exe", ".dll", ".sys", ".com", ".bat", ".cmd", ".scr", ".cpl", ".msc", ".vbs", ".js", ".ps1", ".pif", ".ocx", ".hta", ".wsf",
}

func endsProgram(path string) bool {
	end := ioc.Fold(extension(path))
	for _, e := range programEndings {
		if end == e {
			return true
		}
	}
	return false
}

// extension is that of the last name, with its dot.
func extension(path string) string {
	name := path[strings.LastIndexByte(path, '\\')+1:]
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return name[dot:]
	}
	return ""
}

// driveOf is the drive of a path, "C:", or nothing.
func driveOf(path string) string {
	if len(path) < 2 || path[1] != ':' || path[0]|0x20 < 'a' || path[0]|0x20 > 'z' {
		return ""
	}
	return path[:2]
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !ioc.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
