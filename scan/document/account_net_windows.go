package document

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"iocscan/ioc"
)

var (
	netapi32               = windows.NewLazySystemDLL("netapi32.dll")
	procNetUserEnum        = netapi32.NewProc("NetUserEnum")
	procNetUserGetInfo     = netapi32.NewProc("NetUserGetInfo")
	procNetGroupEnum       = netapi32.NewProc("NetGroupEnum")
	procNetLocalGroupEnum  = netapi32.NewProc("NetLocalGroupEnum")
	procNetLocalGroupUsers = netapi32.NewProc("NetLocalGroupGetMembers")
	procNetGroupUsers      = netapi32.NewProc("NetGroupGetUsers")
)

// askSAM asks the running system for the accounts that it keeps itself, which
// any user may do; the hive SAM is open to the system alone. Nothing is asked
// of a domain. What the answers lack of a sam, such as the policy on wrong
// passwords, they make up for: whether an account is locked is one of them.
func askSAM() *sam {
	s := &sam{}
	computer, err := windows.ComputerName()
	if err != nil {
		err = fmt.Errorf("ask for the name of the machine: %w", err)
		return &sam{policyErr: err, userErrs: []error{err}, groupErrs: []error{err}}
	}
	if sid, _, kind, err := windows.LookupSID("", computer); err == nil && kind == windows.SidTypeDomain {
		s.machine = sid.String()
	}
	s.userErrs = s.askUsers(computer)
	s.groupErrs = append(s.askLocalGroups(computer), s.askGlobalGroups(computer)...)
	return s
}

// netList calls a function of netapi32 that answers in portions.
func netList(what string, call func(buf **byte, count, total *uint32, resume *uintptr) uintptr, take func(rows unsafe.Pointer, count int)) error {
	var resume uintptr
	for taken := 0; ; {
		var buf *byte
		var count, total uint32
		before := resume
		status := windows.Errno(call(&buf, &count, &total, &resume))
		if (status == 0 || status == windows.ERROR_MORE_DATA) && buf != nil {
			take(unsafe.Pointer(buf), int(min(count, mostEntries)))
		}
		if buf != nil {
			windows.NetApiBufferFree(buf)
		}
		taken += int(min(count, mostEntries))
		switch {
		case status == 0:
			return nil
		case status != windows.ERROR_MORE_DATA:
			return fmt.Errorf("%s: %w", what, status)
		case count == 0 || resume == before || taken > mostEntries:
			return fmt.Errorf("%s: the system does not tell all", what)
		}
	}
}

const netMost = ^uintptr(0) // MAX_PREFERRED_LENGTH; the functions take its low half

func (s *sam) askUsers(computer string) (errs []error) {
	var names []string
	const normal = 2 // FILTER_NORMAL_ACCOUNT
	err := netList("list the users", func(buf **byte, count, total *uint32, resume *uintptr) uintptr {
		r, _, _ := procNetUserEnum.Call(0, 0, normal, uintptr(unsafe.Pointer(buf)), netMost, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(total)), uintptr(unsafe.Pointer(resume)))
		return r
	}, func(rows unsafe.Pointer, count int) {
		for _, name := range unsafe.Slice((**uint16)(rows), count) {
			names = append(names, windows.UTF16PtrToString(name))
		}
	})
	if err != nil {
		errs = append(errs, err)
	}
	for _, name := range names {
		u, err := askUser(computer, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.users = append(s.users, u)
	}
	return errs
}

type netUser1 struct { // USER_INFO_1
	name, password *uint16
	age, privilege uint32
	home, comment  *uint16
	flags          uint32
	script         *uint16
}

type netUser4 struct { // USER_INFO_4
	netUser1
	authFlags                           uint32
	fullName, userComment, parms, hosts *uint16
	lastLogon, lastLogoff, expires      uint32
	storage, unitsPerWeek               uint32
	hours                               *byte
	badPasswords, logons                uint32
	server                              *uint16
	country, codePage                   uint32
	sid                                 *windows.SID
	primaryGroup                        uint32
	profile, homeDrive                  *uint16
	passwordExpired                     uint32
}

func netUserInfo(name *uint16, level uintptr, take func(unsafe.Pointer)) error {
	var buf *byte
	if r, _, _ := procNetUserGetInfo.Call(0, uintptr(unsafe.Pointer(name)), level, uintptr(unsafe.Pointer(&buf))); r != 0 {
		return windows.Errno(r)
	}
	if buf == nil {
		return errors.New("the system answers nothing")
	}
	defer windows.NetApiBufferFree(buf)
	take(unsafe.Pointer(buf))
	return nil
}

// askUser asks for all that is told of a user, or where that is refused, or not
// known, for the two lesser answers.
func askUser(computer, name string) (samUser, error) {
	u := samUser{name: name}
	sid, _, _, err := windows.LookupSID("", computer+`\`+name)
	if err == nil {
		u.sid = sid.String()
	}
	at, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return u, fmt.Errorf("user %q: %w", name, err)
	}
	whole := netUserInfo(at, 4, func(p unsafe.Pointer) {
		of := (*netUser4)(p)
		u.take(&of.netUser1)
		u.fullName = windows.UTF16PtrToString(of.fullName)
		if of.sid != nil {
			u.sid = of.sid.String()
		}
		if of.lastLogon != 0 {
			u.lastLogin = ioc.Ticks(time.Unix(int64(of.lastLogon), 0))
		}
		u.group = of.primaryGroup
	})
	if whole != nil {
		u.whyFacts = fmt.Errorf("user %q: only some answers are given: %w", name, whole)
		lesser := netUserInfo(at, 1, func(p unsafe.Pointer) { u.take((*netUser1)(p)) })
		if lesser != nil {
			u.whyFlags = fmt.Errorf("user %q: %w", name, lesser)
		}
		names := netUserInfo(at, 10, func(p unsafe.Pointer) {
			of := (*windows.UserInfo10)(p)
			u.comment, u.fullName = windows.UTF16PtrToString(of.Comment), windows.UTF16PtrToString(of.FullName)
		})
		if err := cmp.Or(lesser, names); err != nil {
			u.whyTexts = fmt.Errorf("user %q: %w", name, err)
		}
	}
	if u.sid == "" {
		return u, fmt.Errorf("user %q: the SID is not told", name)
	}
	u.rid = lastRID(u.sid)
	return u, nil
}

func (u *samUser) take(of *netUser1) {
	u.home, u.comment, u.script = windows.UTF16PtrToString(of.home), windows.UTF16PtrToString(of.comment), windows.UTF16PtrToString(of.script)
	for _, f := range []struct {
		of uint32
		is uint16
	}{{0x2, samDisabled}, {0x20, samNoPassword}, {0x10, samLocked}} { // UF_ACCOUNTDISABLE, UF_PASSWD_NOTREQD, UF_LOCKOUT
		if of.flags&f.of != 0 {
			u.flags |= f.is
		}
	}
}

// askLocalGroups asks for the groups of the machine and the built-in ones.
func (s *sam) askLocalGroups(computer string) (errs []error) {
	err := netList("list the local groups", func(buf **byte, count, total *uint32, resume *uintptr) uintptr {
		r, _, _ := procNetLocalGroupEnum.Call(0, 0, uintptr(unsafe.Pointer(buf)), netMost, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(total)), uintptr(unsafe.Pointer(resume)))
		return r
	}, func(rows unsafe.Pointer, count int) {
		for _, name := range unsafe.Slice((**uint16)(rows), count) {
			s.groups = append(s.groups, samGroup{name: windows.UTF16PtrToString(name)})
		}
	})
	if err != nil {
		errs = append(errs, err)
	}
	for i := range s.groups {
		g := &s.groups[i]
		for _, domain := range []string{computer, builtin} {
			if sid, _, kind, err := windows.LookupSID("", domain+`\`+g.name); err == nil && kind == windows.SidTypeAlias {
				g.sid = sid.String()
			}
		}
		g.rid = lastRID(g.sid)
		name, err := windows.UTF16PtrFromString(g.name)
		if err == nil {
			err = netList("list the members", func(buf **byte, count, total *uint32, resume *uintptr) uintptr {
				r, _, _ := procNetLocalGroupUsers.Call(0, uintptr(unsafe.Pointer(name)), 0, uintptr(unsafe.Pointer(buf)), netMost, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(total)), uintptr(unsafe.Pointer(resume)))
				return r
			}, func(rows unsafe.Pointer, count int) {
				for _, sid := range unsafe.Slice((**windows.SID)(rows), count) {
					if sid != nil {
						g.members = append(g.members, sid.String())
					}
				}
			})
		}
		if err != nil {
			g.why = fmt.Errorf("group %q: %w", g.name, err)
		}
	}
	return errs
}

func lastRID(sid string) uint32 {
	n, _ := strconv.ParseUint(sid[strings.LastIndexByte(sid, '-')+1:], 10, 32)
	return uint32(n)
}

type netGroup2 struct { // GROUP_INFO_2
	name, comment  *uint16
	id, attributes uint32
}

// askGlobalGroups asks for the groups that could be used on other machines. One
// that is no domain controller has only that of all its users.
func (s *sam) askGlobalGroups(computer string) (errs []error) {
	first := len(s.groups)
	err := netList("list the global groups", func(buf **byte, count, total *uint32, resume *uintptr) uintptr {
		r, _, _ := procNetGroupEnum.Call(0, 2, uintptr(unsafe.Pointer(buf)), netMost, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(total)), uintptr(unsafe.Pointer(resume)))
		return r
	}, func(rows unsafe.Pointer, count int) {
		for _, g := range unsafe.Slice((*netGroup2)(rows), count) {
			s.groups = append(s.groups, samGroup{name: windows.UTF16PtrToString(g.name), rid: g.id, sid: s.sid(s.machine, g.id), global: true})
		}
	})
	if err != nil {
		errs = append(errs, err)
	}
	for i := range s.groups[first:] {
		g := &s.groups[first+i]
		name, err := windows.UTF16PtrFromString(g.name)
		if err == nil {
			err = netList("list the members", func(buf **byte, count, total *uint32, resume *uintptr) uintptr {
				r, _, _ := procNetGroupUsers.Call(0, uintptr(unsafe.Pointer(name)), 0, uintptr(unsafe.Pointer(buf)), netMost, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(total)), uintptr(unsafe.Pointer(resume)))
				return r
			}, func(rows unsafe.Pointer, count int) {
				for _, user := range unsafe.Slice((**uint16)(rows), count) {
					name := windows.UTF16PtrToString(user)
					if sid, _, _, err := windows.LookupSID("", computer+`\`+name); err == nil {
						g.members = append(g.members, sid.String())
					} else {
						g.why = fmt.Errorf("group %q: member %q: %w", g.name, name, err)
					}
				}
			})
		}
		if err != nil {
			g.why = fmt.Errorf("group %q: %w", g.name, err)
		}
	}
	return errs
}
