package document

import (
	"errors"
	"fmt"
	"strings"

	"iocscan/ioc"
)

// A userProfile is what the list of profiles says of a user who was ever
// logged in, of whatever domain.
type userProfile struct {
	sid    string
	path   string // of the profile, variables replaced where they are known
	folder string // its last part; empty for those of the system's own accounts
	loaded int64  // FILETIME ticks; 0: not known (it is kept since Windows 10)
}

const windowsVersionKey = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`

// readProfiles reads the list of profiles as far as it can.
func readProfiles(req *Request) (list []userProfile, errs []error) {
	version, err := openKey(req, windowsVersionKey)
	if err != nil {
		return nil, []error{err}
	}
	root, err := version.text("SystemRoot")
	if err != nil {
		errs = append(errs, err)
	}
	k, err := version.below("ProfileList")
	if err != nil {
		return nil, append(errs, err)
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p, err := keyValues{sub}.profile(root)
		if err != nil {
			errs = append(errs, err)
		}
		if p.sid == "" {
			continue
		}
		if len(list) >= mostEntries {
			return list, append(errs, fmt.Errorf("registry key %s: more than %d profiles", k.Path(), mostEntries))
		}
		list = append(list, p)
	}
	return list, errs
}

// profile reads the key of a profile, which is named for the user. Windows
// renames one that it could not load, or keeps a copy, with an ending.
func (k keyValues) profile(systemRoot string) (p userProfile, err error) {
	sid, _, _ := strings.Cut(k.name(), ".")
	if rest, ok := strings.CutPrefix(strings.ToUpper(sid), "S-1-"); !ok || strings.Trim(rest, "0123456789-") != "" {
		return p, nil // no user's
	}
	p.sid = strings.ToUpper(sid)
	path, err := k.text("ProfileImagePath")
	p.path = expandSystem(path, systemRoot)
	if p.sid != "S-1-5-18" && p.sid != "S-1-5-19" && p.sid != "S-1-5-20" {
		_, p.folder = splitKey(strings.TrimRight(path, `\`))
	}
	high, highErr := k.number("LocalProfileLoadTimeHigh")
	low, lowErr := k.number("LocalProfileLoadTimeLow")
	if high.is && low.is {
		p.loaded = max(0, int64(high.n<<32|low.n&(1<<32-1)))
	}
	return p, errors.Join(err, highErr, lowErr)
}

// expandSystem replaces the variable that a path of the system begins with.
func expandSystem(path, systemRoot string) string {
	drive := ""
	if len(systemRoot) >= 2 && systemRoot[1] == ':' {
		drive = systemRoot[:2]
	}
	for _, v := range []struct{ name, is string }{{"%SystemRoot%", systemRoot}, {"%windir%", systemRoot}, {"%SystemDrive%", drive}} {
		if len(path) >= len(v.name) && v.is != "" && ioc.EqualFold(path[:len(v.name)], v.name) {
			return v.is + path[len(v.name):]
		}
	}
	return path
}
