package document

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"iocscan/ioc/match"
)

// A shadow knows what passwd(5) and shadow(5) say about passwords. Of several
// entries of one name the first counts, as for the system.
type shadow struct {
	inPasswd map[string]string // filled before any account is asked
	load     func() (map[string]secret, error)
}

// A secret is what is kept about one account's password. The hash itself is
// looked at for its form only.
type secret struct {
	hash    string
	expires string // day on which the account does, after 1970-01-01; empty: never
}

func newShadow(e etc, req *Request) *shadow {
	const path = "/etc/shadow"
	return &shadow{inPasswd: map[string]string{}, load: sync.OnceValues(func() (map[string]secret, error) {
		entries := map[string]secret{}
		errs := readEntries(e, path, func(fields []string) error {
			if len(fields) < 2 || fields[0] == "" {
				return fmt.Errorf("no entry") // of its text nothing is told: it may be a hash
			}
			fields = append(fields, "", "", "", "", "", "")
			if _, ok := entries[fields[0]]; !ok {
				entries[fields[0]] = secret{fields[1], fields[7]}
			}
			return nil
		})
		for _, err := range errs {
			if missing(err) {
				return nil, errNotCarried
			}
			req.trouble(path, err)
		}
		if len(errs) > 0 && len(entries) == 0 {
			return nil, errs[0]
		}
		return entries, nil
	})}
}

// passwd takes the password field of an entry of passwd.
func (s *shadow) passwd(name, field string) {
	if _, ok := s.inPasswd[name]; !ok {
		s.inPasswd[name] = field
	}
}

func (s *shadow) of(u *user) (secret, error) {
	if field := s.inPasswd[u.name]; field != "x" {
		return secret{hash: field}, nil
	}
	entries, err := s.load()
	if err != nil {
		return secret{}, err
	}
	entry, ok := entries[u.name]
	if !ok {
		return secret{}, errNotCarried
	}
	return entry, nil
}

const noPassword = match.StandIn("no password can be given for the account; there may be other ways to log in, such as a key")

// disabled: the account has expired. One whose password is locked, or is one
// that no password has, may still be used in other ways.
func (s *shadow) disabled(u *user) (bool, error) {
	entry, err := s.of(u)
	if err != nil {
		return false, err
	}
	if entry.expires != "" {
		day, err := strconv.ParseInt(entry.expires, 10, 32)
		if err != nil {
			return false, fmt.Errorf("the day %.20q on which the account expires is none", entry.expires)
		}
		if day >= 0 && time.Now().Unix() >= day*86400 {
			return true, nil
		}
	}
	if strings.HasPrefix(entry.hash, "!") || strings.HasPrefix(entry.hash, "*") {
		return true, noPassword
	}
	return false, nil
}

// locked: the password has the mark of passwd -l and usermod -L.
func (s *shadow) locked(u *user) (bool, error) {
	entry, err := s.of(u)
	return strings.HasPrefix(entry.hash, "!"), err
}

// required: the password is not empty.
func (s *shadow) required(u *user) (bool, error) {
	entry, err := s.of(u)
	return entry.hash != "", err
}
