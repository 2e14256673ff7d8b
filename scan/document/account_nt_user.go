package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

// An ntUser is what is known of a user beside texts.
type ntUser struct {
	account *samUser     // nil: not in SAM
	profile *userProfile // nil: none is known
}

// listUsers makes users of the accounts in SAM, and of the profiles that belong
// to none of them.
func (n *ntAccounts) listUsers(req *Request) (list []user) {
	asks := &userAsks{groups: n.userGroups, disabled: ntDisabled, locked: n.locked, password: ntPassword, autoLogin: n.autoLogin, lastLogin: ntLastLogin}
	profiles := map[string]*userProfile{}
	for i := range n.profiles {
		p := &n.profiles[i]
		if old := profiles[p.sid]; old == nil || old.path == "" {
			profiles[p.sid] = p
		}
	}
	noProfiles := errors.Join(n.profileErrs...)
	for i := range n.sam.users {
		a := &n.sam.users[i]
		file := fmt.Sprintf(`%s\Account\Users\%08X`, samDomains, a.rid)
		for _, err := range []error{a.whyTexts, a.whyFacts} {
			if err != nil {
				req.trouble(cmp.Or(a.name, file), err)
			}
		}
		u := user{
			file: file, name: a.name, id: number{uint64(a.rid), true}, sid: sure(a.sid), sidKind: sure("SidTypeUser"),
			fullName: sure(a.fullName), comment: sure(a.comment), home: a.home, homeErr: a.whyTexts, script: sure(a.script),
			nt: &ntUser{account: a, profile: profiles[a.sid]}, asks: asks,
		}
		if a.sid == "" {
			u.sid.why = errNotCarried // the listing says why
		}
		for _, f := range []*fact{&u.fullName, &u.comment, &u.script} {
			f.why = a.whyTexts
		}
		if u.name == "" {
			u.nameErr = a.whyTexts
		}
		if u.nt.profile != nil {
			u.profile = u.nt.profile.path
		} else if u.homeErr == nil {
			u.homeErr = noProfiles
		}
		delete(profiles, a.sid)
		list = append(list, u)
	}
	for _, p := range n.profiles {
		if profiles[p.sid] != nil {
			list = append(list, n.profileUser(profiles[p.sid], asks))
			delete(profiles, p.sid)
		}
	}
	return list
}

// profileUser is a user of whom no more is known than that there is a profile:
// of a domain, or of the system itself.
func (n *ntAccounts) profileUser(p *userProfile, asks *userAsks) user {
	u := user{file: p.sid, sid: sure(p.sid), profile: p.path, homeErr: errNotCarried, nt: &ntUser{profile: p}, asks: asks}
	name, known := n.names.name(p.sid)
	switch {
	case !known:
		u.nameErr = errNotCarried
	case name.folder:
		u.nameErr = match.StandIn(sidStandIn)
	}
	if forms := name.forms(); len(forms) > 0 {
		u.name, u.alias = forms[0], forms[1:]
	}
	for _, f := range []*fact{&u.fullName, &u.comment, &u.script} {
		f.why = errNotCarried
	}
	switch {
	case strings.HasPrefix(p.sid, "S-1-5-21-"):
		u.sidKind = sure("SidTypeUser")
		if rid, err := strconv.ParseUint(p.sid[strings.LastIndexByte(p.sid, '-')+1:], 10, 32); err == nil {
			u.id = number{rid, true}
		}
	case strings.HasPrefix(p.sid, "S-1-12-1-"): // of Microsoft Entra
		u.sidKind = sure("SidTypeUser")
	case p.folder == "":
		u.sidKind = sure("SidTypeWellKnownGroup")
	default:
		u.sidKind.why = errNotCarried
	}
	return u
}

// userGroups are the machine's groups that name the user. Of users of a domain
// the groups there are not known.
func (n *ntAccounts) userGroups(u *user) (names []string, err error) {
	if len(u.sid.values) == 0 {
		return nil, u.sid.why
	}
	for _, i := range n.memberOf[u.sid.values[0]] {
		names = append(names, n.sam.groups[i].name)
	}
	err = n.fault(n.groupErrs)
	switch {
	case u.nt.account == nil:
		err = errors.Join(err, errNotCarried)
	case u.nt.account.whyFacts != nil:
		err = errors.Join(err, u.nt.account.whyFacts)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// ntFacts are the facts that SAM has of a user.
func ntFacts(u *user) (*samUser, error) {
	if u.nt.account == nil {
		return nil, errNotCarried
	}
	return u.nt.account, u.nt.account.whyFacts
}

// ntFlags are more often known than the other facts.
func ntFlags(u *user) (*samUser, error) {
	if u.nt.account == nil {
		return nil, errNotCarried
	}
	return u.nt.account, u.nt.account.whyFlags
}

func ntDisabled(u *user) (bool, error) {
	a, err := ntFlags(u)
	return err == nil && a.flags&samDisabled != 0, err
}

func ntPassword(u *user) (bool, error) {
	a, err := ntFlags(u)
	return err == nil && a.flags&samNoPassword == 0, err
}

const lockedStandIn = match.StandIn("wrong passwords have locked the account for some time, which may be over")

// locked: Windows locks an account by the number of wrong passwords, and opens
// it by the clock. The flag is set by none but old versions.
func (n *ntAccounts) locked(u *user) (bool, error) {
	a, err := ntFlags(u)
	if err != nil {
		return false, err
	}
	switch {
	case a.flags&samLocked != 0:
		return true, nil
	case a.badPasswords == 0:
		return false, nil
	case n.sam.policyErr != nil:
		return false, n.sam.policyErr
	case n.sam.threshold == 0 || a.badPasswords < n.sam.threshold:
		return false, nil
	case n.sam.forever:
		return true, nil
	}
	return true, lockedStandIn
}

const loadedStandIn = match.StandIn("the time is that at which the user's profile was loaded")

func ntLastLogin(u *user) (int64, error) {
	a, err := ntFacts(u)
	if err == nil {
		return a.lastLogin, nil
	}
	if p := u.nt.profile; u.nt.account == nil && p.loaded != 0 {
		return p.loaded, loadedStandIn
	}
	return 0, err
}

// An autoLogon is the account that Windows logs in when it starts.
type autoLogon struct {
	on             bool
	user, computer string
	domain         string // empty or the computer's name: the machine's own account
	err            error
}

func readAutoLogon(req *Request, computer string) (a autoLogon) {
	k, err := openKey(req, windowsVersionKey+`\Winlogon`)
	if err != nil {
		a.err = errNotCarried // that the hive is not there is told with the profiles
		return a
	}
	on, err1 := k.text("AutoAdminLogon")
	name, err2 := k.text("DefaultUserName")
	domain, err3 := k.text("DefaultDomainName")
	if a.err = errors.Join(err1, err2, err3); a.err != nil {
		req.trouble("automatic logon", a.err)
	}
	a.on, a.user, a.domain, a.computer = on == "1", name, domain, computer
	return a
}

func (n *ntAccounts) autoLogin(u *user) (bool, error) {
	a := &n.auto
	switch local := a.domain == "" || a.domain == "." || ioc.EqualFold(a.domain, a.computer); {
	case a.err != nil:
		return false, a.err
	case !a.on:
		return false, nil
	case u.nt.account != nil && u.name != "" && (local || a.computer != ""):
		return local && ioc.EqualFold(a.user, u.name), nil
	}
	return false, errNotCarried
}
