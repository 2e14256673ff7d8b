package document

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"iocscan/scan/internal/plist"
	"iocscan/scan/source"
)

// The accounts of macOS are property lists, one each, whose values are arrays
// of texts.
const dslocal = "/private/var/db/dslocal/nodes/Default/"

func readDslocal(e etc, req *Request) *accounts {
	login := sync.OnceValues(func() (string, error) { return autoLogin(e, req) })
	return newAccounts(req, func(a *accounts) ([]user, []error) {
		secrets := map[string]plist.Dict{}
		asks := &userAsks{
			groups:   a.groupsOf,
			disabled: func(u *user) (bool, error) { return dsDisabled(secrets[u.file]) },
			password: func(u *user) (bool, error) {
				if _, ok := secrets[u.file]["ShadowHashData"]; ok {
					return true, nil
				}
				return false, errNotCarried
			},
			autoLogin: func(u *user) (bool, error) {
				name, err := login()
				return name == u.name, err
			},
		}
		var list []user
		errs := readRecords(e, dslocal+"users", func(path string, d plist.Dict, names []string) {
			secrets[path] = d
			list = append(list, user{
				file: path, name: names[0], alias: names[1:], id: dsNumber(d, "uid"), group: dsNumber(d, "gid"),
				guid: dsText(d, "generateduid"), fullName: sure(dsText(d, "realname")), comment: sure(dsText(d, "comment")),
				home: dsText(d, "home"), shell: sure(dsText(d, "shell")), asks: asks,
			})
		})
		return list, errs
	}, func(a *accounts) ([]group, []error) {
		var list []group
		errs := readRecords(e, dslocal+"groups", func(path string, d plist.Dict, names []string) {
			list = append(list, group{
				file: path, name: names[0], alias: names[1:], fullName: dsText(d, "realname"), id: dsNumber(d, "gid"),
				guid: dsText(d, "generateduid"), members: d.Texts("users"), guids: d.Texts("groupmembers"), listed: a.membersOf,
			})
		})
		return list, errs
	})
}

// readRecords takes the records of a folder that have a name.
func readRecords(e etc, folder string, take func(path string, d plist.Dict, names []string)) []error {
	at, entries, err := e.list(folder)
	var errs []error
	if err != nil {
		errs = append(errs, err)
	} else if at == "" {
		errs = append(errs, fmt.Errorf("list %s: not there", folder))
	}
	for _, entry := range entries {
		if !strings.HasSuffix(strings.ToLower(entry.Name), ".plist") {
			continue
		}
		path := source.Join(at, entry.Name)
		d, err := e.readPlist(path)
		names := d.Texts("name")
		if err == nil && len(names) == 0 {
			err = fmt.Errorf("read %s: a record without a name", path)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		take(path, d, names)
	}
	return errs
}

func (e etc) readPlist(path string) (plist.Dict, error) {
	body, err := e.read(path)
	if err != nil {
		return nil, err
	}
	d, err := plist.ParseDict([]byte(body))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return d, nil
}

func dsText(d plist.Dict, key string) string {
	if texts := d.Texts(key); len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// dsNumber reads an id. Those of a few accounts are negative (nobody is -2):
// the system takes them for unsigned numbers of 32 bits.
func dsNumber(d plist.Dict, key string) number {
	n, err := strconv.ParseInt(dsText(d, key), 10, 64)
	if err != nil || n < -1<<31 || n >= 1<<32 {
		return number{}
	}
	return number{uint64(uint32(n)), true}
}

// dsDisabled: the account has the mark of pwpolicy -disableuser. One with the
// password "*" and no hash is a service's, for which none can be given.
func dsDisabled(d plist.Dict) (bool, error) {
	if slices.ContainsFunc(d.Texts("authentication_authority"), func(s string) bool { return strings.Contains(s, ";DisabledUser;") }) {
		return true, nil
	}
	if _, hash := d["ShadowHashData"]; !hash && dsText(d, "passwd") == "*" {
		return true, noPassword
	}
	return false, nil
}

// autoLogin is the account that is logged in when the system starts; empty:
// none.
func autoLogin(e etc, req *Request) (string, error) {
	const path = "/Library/Preferences/com.apple.loginwindow.plist"
	d, err := e.readPlist(path)
	if missing(err) {
		return "", nil
	}
	if err != nil {
		req.trouble(path, err)
		return "", err
	}
	v, there := d["autoLoginUser"]
	name, ok := v.(string)
	if there && !ok {
		return "", errors.New("read " + path + ": autoLoginUser is no text")
	}
	return name, nil
}
