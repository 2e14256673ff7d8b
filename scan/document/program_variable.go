package document

import (
	"errors"
	"fmt"
	"strings"

	"iocscan/ioc"
)

// expand replaces the variables of a text. One that is not known leaves the
// text unknown: Windows would replace it.
func (h *programFinder) expand(text, profile string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "%")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, after, ok := strings.Cut(rest, "%")
		if !ok { // a percent sign by itself
			b.WriteString("%" + rest)
			return b.String(), nil
		}
		value, err := h.variable(name, profile)
		if err != nil {
			return "", fmt.Errorf("variable %%%s%%: %w", name, err)
		}
		b.WriteString(value)
		if text = after; b.Len() > mostLine {
			return "", fmt.Errorf("more than %d bytes", mostLine)
		}
	}
}

// variable is what a variable of Windows has on usual installations, whose
// folders are where the folder of Windows and the user's profile are.
func (h *programFinder) variable(name, profile string) (string, error) {
	name = ioc.Fold(name)
	if below, ok := userVariables[name]; ok {
		if profile == "" {
			return "", errUserUnknown
		}
		if strings.Contains(ioc.Fold(profile), `\documents and settings\`) {
			return profile + below.old, nil
		}
		return profile + below.now, nil
	}
	below, ok := machineVariables[name]
	switch {
	case !ok:
		return "", errNoVariable
	case h.windows == "":
		return "", errNoWindows
	case below.now == windowsFolder:
		return h.windows, nil
	}
	return driveOf(h.windows) + below.now, nil
}

var errNoVariable = errors.New("no such variable is known")

// A folder of a variable, since Vista and before.
type variableFolder struct{ now, old string }

const windowsFolder = "*"

var (
	machineVariables = map[string]variableFolder{
		"systemroot": {now: windowsFolder}, "windir": {now: windowsFolder}, "systemdrive": {},
		"programfiles": {now: `\Program Files`}, "programw6432": {now: `\Program Files`}, "programfiles(x86)": {now: `\Program Files (x86)`},
		"commonprogramfiles": {now: `\Program Files\Common Files`}, "commonprogramw6432": {now: `\Program Files\Common Files`},
		"commonprogramfiles(x86)": {now: `\Program Files (x86)\Common Files`},
		"programdata":             {now: `\ProgramData`}, "allusersprofile": {now: `\ProgramData`}, "public": {now: `\Users\Public`},
	}
	userVariables = map[string]variableFolder{
		"userprofile": {}, "appdata": {`\AppData\Roaming`, `\Application Data`},
		"localappdata": {`\AppData\Local`, `\Local Settings\Application Data`},
		"temp":         {`\AppData\Local\Temp`, `\Local Settings\Temp`}, "tmp": {`\AppData\Local\Temp`, `\Local Settings\Temp`},
	}
)
