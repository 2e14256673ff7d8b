package document

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// sidNames tells whose a SID of Windows evidence is: one that is the same on
// every system, an account or group that the machine itself keeps, or a user
// with a profile. Accounts of a domain that never had a profile are not known.
//
// The names are read when the first is asked that is not the same everywhere.
// After that, any number of goroutines may ask. Since a hive serves one
// goroutine at a time, a document whose lister reads hives calls load first.
type sidNames struct {
	req  *Request
	once sync.Once
	own  map[string]sidName
}

// A sidName is whose a SID is.
type sidName struct {
	account string
	domain  string // the computer, for accounts it keeps; empty: none, or not known

	// Folder: nothing but the folder of the user's profile is known, and its
	// name stands in for that of the account. The two are mostly the same, but
	// the folder may have an ending (boris.DOMAIN, boris.000), and an account
	// that is renamed keeps its folder.
	folder bool
}

// forms are the ways in which an account is written: without its domain, and
// with it.
func (n sidName) forms() []string {
	if n.account == "" {
		return nil
	}
	if n.domain == "" {
		return []string{n.account}
	}
	return []string{n.account, n.domain + `\` + n.account}
}

// sidStandIn is the note on a name that is that of the profile's folder.
const sidStandIn = "the name is that of the folder of the user's profile"

func newSIDNames(req *Request) *sidNames { return &sidNames{req: req} }

// name is whose the SID is. known is false where that cannot be told.
func (s *sidNames) name(sid string) (name sidName, known bool) {
	if name, known = knownSID(sid); known {
		return name, true
	}
	s.load()
	name, known = s.own[sid]
	return name, known
}

// load reads the names, once. What cannot be read is told; a hive that the
// evidence has not got is not, since it may be complete for what is asked.
func (s *sidNames) load() {
	s.once.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				s.req.trouble("names of accounts", panicError(p))
			}
		}()
		profiles, errs := readProfiles(s.req)
		sam := readSAM(s.req)
		s.take(profiles, sam, computerName(s.req))
		for _, err := range slices.Concat(errs, sam.userErrs, sam.groupErrs) {
			if !s.absent(err) {
				s.req.trouble("names of accounts", err)
			}
		}
	})
}

// absent reports that an error says no more than that the evidence has not got
// a hive, or the hive a key.
func (s *sidNames) absent(err error) bool {
	if missing(err) || s.req.Registry == nil {
		return true
	}
	for _, m := range s.req.Registry.Missing() {
		// One that lies there and cannot be opened has its file's name.
		if strings.HasPrefix(m.Name, "hive ") && errors.Is(err, m.Err) {
			return true
		}
	}
	return false
}

// take keeps the names of users with profiles and, better, of the accounts that
// the machine keeps itself.
func (s *sidNames) take(profiles []userProfile, sam *sam, computer string) {
	s.own = map[string]sidName{}
	for _, p := range profiles {
		if p.folder != "" {
			s.own[p.sid] = sidName{account: p.folder, folder: true}
		}
	}
	for _, u := range sam.users {
		if u.sid != "" && u.name != "" {
			s.own[u.sid] = sidName{account: u.name, domain: computer}
		}
	}
	for _, g := range sam.groups {
		if g.sid != "" && g.name != "" {
			domain := computer
			if strings.HasPrefix(g.sid, "S-1-5-32-") {
				domain = builtin
			}
			s.own[g.sid] = sidName{account: g.name, domain: domain}
		}
	}
}

// computerName is the name of the machine; empty where it cannot be told.
func computerName(req *Request) string {
	k, err := openKey(req, computerNameKey)
	if err != nil {
		return ""
	}
	name, _ := k.text("ComputerName")
	return name
}

const computerNameKey = `HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName`

// readSID reads the SID that the bytes begin with, and says how many they are;
// none where there is no SID (MS-DTYP 2.4.2.2).
func readSID(b []byte) (sid string, n int) {
	if len(b) < 8 || b[0] != 1 || b[1] > 15 {
		return "", 0
	}
	if n = 8 + 4*int(b[1]); len(b) < n {
		return "", 0
	}
	var authority uint64
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	text := strconv.AppendUint([]byte("S-1-"), authority, 10)
	for i := 8; i < n; i += 4 {
		text = strconv.AppendUint(append(text, '-'), uint64(le.Uint32(b[i:])), 10)
	}
	return string(text), n
}
