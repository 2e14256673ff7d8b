package document

import (
	"fmt"
	"strconv"
	"strings"
)

// readEtcAccounts reads passwd(5) and group(5).
func readEtcAccounts(e etc, req *Request) *accounts {
	shadow := newShadow(e, req)
	return newAccounts(req, func(a *accounts) ([]user, []error) {
		asks := &userAsks{
			groups: a.groupsOf, disabled: shadow.disabled, locked: shadow.locked, password: shadow.required,
			lastLogin: (&lastlog{etc: e, req: req}).of,
		}
		return readPasswd(e, shadow, asks)
	}, func(a *accounts) ([]group, []error) { return readGroup(e, a) })
}

// readEntries takes the lines of a file whose fields are parted by colons. A
// line that take cannot make anything of is an error.
func readEntries(e etc, path string, take func(fields []string) error) []error {
	body, err := e.read(path)
	if err != nil {
		return []error{err}
	}
	var errs []error
	n, taken := 0, 0
	for line := range strings.Lines(body) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if taken++; taken > mostEntries {
			return append(errs, fmt.Errorf("%s: more than %d entries", path, mostEntries))
		}
		if line[0] == '+' || line[0] == '-' { // nsswitch.conf(5), compat
			err = fmt.Errorf("%s: line %d: entries of a directory service are not in the evidence", path, n)
		} else if err = take(strings.Split(line, ":")); err != nil {
			err = fmt.Errorf("%s: line %d: %w", path, n, err)
		}
		if err != nil && len(errs) < mostFaults {
			errs = append(errs, err)
		}
	}
	return errs
}

const (
	mostEntries = 1 << 17 // of one file
	mostFaults  = 100     // of one file that are told
)

// entry checks what passwd and group have in common: a name, a password, an id.
func entry(fields []string) (name string, id number, err error) {
	if len(fields) < 3 || fields[0] == "" {
		return "", number{}, fmt.Errorf("no entry: %.60q", strings.Join(fields, ":"))
	}
	n, err := strconv.ParseUint(fields[2], 10, 32)
	if err != nil {
		return "", number{}, fmt.Errorf("%q has the id %.20q, which is none", fields[0], fields[2])
	}
	return fields[0], number{n, true}, nil
}

func readPasswd(e etc, shadow *shadow, asks *userAsks) ([]user, []error) {
	const path = "/etc/passwd"
	var list []user
	errs := readEntries(e, path, func(fields []string) error {
		name, id, err := entry(fields)
		if err != nil {
			return err
		}
		fields = append(fields, "", "", "", "")
		u := user{file: path, name: name, id: id, comment: sure(fields[4]), home: fields[5], shell: sure(fields[6]), asks: asks}
		if gid, err := strconv.ParseUint(fields[3], 10, 32); err == nil {
			u.group = number{gid, true}
		}
		fullName, _, _ := strings.Cut(fields[4], ",")
		u.fullName = sure(fullName)
		shadow.passwd(name, fields[1])
		list = append(list, u)
		return nil
	})
	return list, errs
}

func readGroup(e etc, a *accounts) ([]group, []error) {
	const path = "/etc/group"
	var list []group
	errs := readEntries(e, path, func(fields []string) error {
		name, id, err := entry(fields)
		if err != nil {
			return err
		}
		g := group{file: path, name: name, id: id, listed: a.membersOf}
		for m := range strings.SplitSeq(append(fields, "")[3], ",") {
			if m = strings.TrimSpace(m); m != "" {
				g.members = append(g.members, m)
			}
		}
		list = append(list, g)
		return nil
	})
	return list, errs
}
