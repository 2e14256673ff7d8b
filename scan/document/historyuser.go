package document

import (
	"context"
	"strings"

	"iocscan/ioc/match"
	"iocscan/scan/internal/plist"
	"iocscan/scan/source"
)

// homeUsers tells whose a user's folder is: by the list of profiles of Windows,
// by the accounts of Unix. A folder that is nobody's there has a name that is
// mostly that of the account.
type homeUsers struct {
	req   *Request
	names map[string][]string // forms of the account, by volume and folder
	paths []string            // folders as the accounts have them
}

func newHomeUsers(ctx context.Context, req *Request) *homeUsers {
	u := &homeUsers{req: req, names: map[string][]string{}}
	switch req.Source.Platform() {
	case source.Windows:
		u.windows()
	case source.Linux:
		if e, err := openEtc(ctx, req); err == nil {
			errs := readEntries(e, "/etc/passwd", func(fields []string) error {
				if len(fields) > 5 {
					u.add(fields[5], fields[:1])
				}
				return nil
			})
			u.tell(errs)
		}
	case source.Darwin:
		// What has no list of accounts, as a copy of the users' folders, is told
		// by the names of the folders.
		if e, err := openEtc(ctx, req); err == nil && exists(e, dslocal+"users") {
			u.tell(readRecords(e, dslocal+"users", func(_ string, d plist.Dict, names []string) { u.add(dsText(d, "home"), names) }))
		}
	}
	return u
}

// windows takes the profiles of the registry. Without hives there are none, and
// the names of folders have to do.
func (u *homeUsers) windows() {
	if u.req.Registry == nil {
		return
	}
	profiles, errs := readProfiles(u.req)
	names := newSIDNames(u.req)
	for _, err := range errs {
		if !names.absent(err) {
			u.tell([]error{err})
		}
	}
	for _, p := range profiles {
		name, known := names.name(p.sid)
		if known && !name.folder {
			u.add(p.path, name.forms())
		} else {
			u.add(p.path, nil)
		}
	}
}

func (u *homeUsers) tell(errs []error) {
	for _, err := range errs {
		if !missing(err) {
			u.req.trouble("owners of folders", err)
		}
	}
}

// mostHomes bounds the folders that accounts can name.
const mostHomes = 1 << 16

func (u *homeUsers) add(path string, names []string) {
	if path == "" || len(u.paths) >= mostHomes {
		return
	}
	v, at, err := source.Locate(u.req.Source, path)
	if err != nil {
		if !missing(err) {
			u.paths = append(u.paths, path)
		}
		return
	}
	if at == "/" {
		return // of accounts that nobody logs in to
	}
	u.paths = append(u.paths, path)
	if names != nil {
		u.names[v.Name+"\x00"+at] = names
	}
}

// elsewhere are the folders that the accounts name, wherever they are.
func (u *homeUsers) elsewhere() []string { return u.paths }

// of is whose the folder is.
func (u *homeUsers) of(v source.Volume, home string) fact {
	if names := u.names[v.Name+"\x00"+home]; names != nil {
		return fact{values: names}
	}
	name := source.Base(home)
	if strings.EqualFold(name, "systemprofile") {
		name = "SYSTEM"
	}
	return fact{values: []string{name}, why: match.StandIn(homeStandIn)}
}

const homeStandIn = "the name is that of the user's folder"

func exists(e etc, path string) bool {
	_, err := e.Resolve(path)
	return !missing(err)
}
