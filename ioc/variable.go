package ioc

import (
	"fmt"
	"regexp"
	"strings"
)

// folders are where the variables of Windows lead on usual installations, as
// expressions over folded paths; any drive. Several users make several
// folders, and 32-bit programs see others than 64-bit ones.
var folders = map[string]string{
	"systemdrive":             `[a-z]:`,
	"homedrive":               `[a-z]:`,
	"systemroot":              `\\windows|\\winnt`,
	"windir":                  `\\windows|\\winnt`,
	"programfiles":            `\\program files|\\program files \(x86\)`,
	"programw6432":            `\\program files`,
	"programfiles(x86)":       `\\program files \(x86\)`,
	"commonprogramfiles":      `\\program files\\common files|\\program files \(x86\)\\common files`,
	"commonprogramfiles(x86)": `\\program files \(x86\)\\common files`,
	"commonprogramw6432":      `\\program files\\common files`,
	"programdata":             `\\programdata`,
	"allusersprofile":         `\\programdata|\\documents and settings\\all users`,
	"public":                  `\\users\\public`,
	"userprofile":             `\\users\\[^\\]+|\\documents and settings\\[^\\]+`,
	"homepath":                `\\users\\[^\\]+|\\documents and settings\\[^\\]+`,
	"appdata":                 `\\users\\[^\\]+\\appdata\\roaming|\\documents and settings\\[^\\]+\\application data`,
	"localappdata":            `\\users\\[^\\]+\\appdata\\local|\\documents and settings\\[^\\]+\\local settings\\application data`,
	"temp":                    temporary,
	"tmp":                     temporary,
}

const temporary = `\\users\\[^\\]+\\appdata\\local\\temp|\\documents and settings\\[^\\]+\\local settings\\temp|\\windows\\temp|\\temp`

// expandVariable adds to a path test what its leading %VARIABLE% may stand
// for. The text as written stays asked for too, so nothing is lost.
func (p *Pattern) expandVariable(content string) error {
	if p.Kind != Path {
		return nil
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(content), "%")
	if !ok {
		return nil
	}
	name, rest, ok := strings.Cut(rest, "%")
	if !ok {
		return nil
	}
	places, known := folders[Fold(name)]
	if !known {
		p.setRare().notice = "variable %" + name + "% is not known, it is compared as written"
		return nil
	}
	if p.Test == Is {
		rest = strings.TrimRight(rest, `\/`)
	}
	p.setRare().tail = p.normal(rest)
	open := `(?:`
	if p.Case { // where a folder lies is no matter of case
		open = `(?i:`
	}
	expr := open + places + `)` + regexp.QuoteMeta(p.setRare().tail)
	if p.Test != Contains && p.Test != EndsWith {
		expr = `^` + open + `[a-z]:)?` + expr
	}
	if p.Test == Is || p.Test == EndsWith {
		expr += `$`
	}
	re, err := regexp.Compile(`(?s)` + expr)
	if err != nil { // content that is no UTF-8
		return fmt.Errorf("%.80q cannot be expanded: %w", content, err)
	}
	p.setRare().regex = &Regex{Source: re.String(), re2: re}
	return nil
}
