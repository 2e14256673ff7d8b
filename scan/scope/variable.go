package scope

import (
	"fmt"
	"strings"

	"iocscan/scan/source"
)

// variables are where the variables of Windows lead on usual installations,
// as globs below any volume. The same names are known where IOCs are matched.
var variables = map[string][]string{
	"systemdrive":             {""},
	"homedrive":               {""},
	"systemroot":              {"/Windows", "/WINNT"},
	"windir":                  {"/Windows", "/WINNT"},
	"programfiles":            {"/Program Files", "/Program Files (x86)"},
	"programw6432":            {"/Program Files"},
	"programfiles(x86)":       {"/Program Files (x86)"},
	"commonprogramfiles":      {"/Program Files/Common Files", "/Program Files (x86)/Common Files"},
	"commonprogramfiles(x86)": {"/Program Files (x86)/Common Files"},
	"commonprogramw6432":      {"/Program Files/Common Files"},
	"programdata":             {"/ProgramData"},
	"allusersprofile":         {"/ProgramData", "/Documents and Settings/All Users"},
	"public":                  {"/Users/Public"},
	"userprofile":             {"/Users/*", "/Documents and Settings/*"},
	"homepath":                {"/Users/*", "/Documents and Settings/*"},
	"appdata":                 {"/Users/*/AppData/Roaming", "/Documents and Settings/*/Application Data"},
	"localappdata":            {"/Users/*/AppData/Local", "/Documents and Settings/*/Local Settings/Application Data"},
	"temp":                    {"/Users/*/AppData/Local/Temp", "/Documents and Settings/*/Local Settings/Temp", "/Windows/Temp", "/Temp"},
	"tmp":                     {"/Users/*/AppData/Local/Temp", "/Documents and Settings/*/Local Settings/Temp", "/Windows/Temp", "/Temp"},
}

// errVariable is a %NAME% that no table has.
type errVariable string

func (e errVariable) Error() string { return fmt.Sprintf("unknown variable %%%s%%", string(e)) }

// expandVariable replaces a leading %NAME% of a Windows path by what it may
// stand for. A path without one is returned as it is.
func expandVariable(platform source.Platform, s string) ([]string, error) {
	if platform != source.Windows || !strings.HasPrefix(s, "%") {
		return []string{s}, nil
	}
	name, rest, ok := strings.Cut(s[1:], "%")
	if !ok {
		return []string{s}, nil // a name may begin with a percent sign
	}
	places, ok := variables[strings.ToLower(name)]
	if !ok {
		return nil, errVariable(name)
	}
	out := make([]string, len(places))
	for i, p := range places {
		out[i] = p + rest
	}
	return out, nil
}
