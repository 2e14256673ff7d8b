package document

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// ntAccounts are the accounts of Windows NT and its successors: those of the
// hive SAM, and users of other domains who have a profile. All is read when the
// listing begins, since a hive serves one goroutine at a time.
type ntAccounts struct {
	*accounts
	sam   *sam
	names *sidNames

	profiles    []userProfile
	profileErrs []error
	members     [][]string       // of each group of sam: SIDs
	memberOf    map[string][]int // places of groups, by SID
	groupErrs   []error          // what of groups and members is not known
	auto        autoLogon
}

func readNTAccounts(_ context.Context, req *Request, list *Listing) (*accounts, error) {
	samDamage, softwareDamage := useHives(req, list, source.HiveSAM), useHives(req, list, source.HiveSoftware)
	damage := append(samDamage, domainController(req)...)
	n := &ntAccounts{sam: readSAM(req), names: newSIDNames(req)}
	n.profiles, n.profileErrs = readProfiles(req)
	computer := computerName(req)
	n.names.once.Do(func() { n.names.take(n.profiles, n.sam, computer) })
	n.auto = readAutoLogon(req, computer)
	n.join()
	n.accounts = newAccounts(req, func(*accounts) ([]user, []error) {
		return n.listUsers(req), slices.Concat(damage, softwareDamage, n.sam.userErrs, n.profileErrs)
	}, func(*accounts) ([]group, []error) {
		return n.listGroups(req), slices.Concat(damage, n.sam.groupErrs)
	})
	return n.accounts, nil
}

// domainController: on one, SAM has but the account for its repair. The others
// are those of the domain, in a database that is not read.
func domainController(req *Request) []error {
	if runningWindows(req) {
		return nil // it tells all
	}
	k, err := openKey(req, `HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions`)
	if err != nil {
		return []error{fmt.Errorf("find out whether the machine is a domain controller: %w", err)}
	}
	kind, err := k.text("ProductType")
	if err != nil {
		return []error{err}
	}
	if ioc.EqualFold(kind, "LanmanNT") {
		return []error{errors.New("the machine is a domain controller: the accounts of its domain are in ntds.dit, which is not read")}
	}
	return nil
}

// join finds who is in which group: those it lists, and for a global one those
// whose primary group it is.
func (n *ntAccounts) join() {
	primary := map[uint32][]string{}
	for i := range n.sam.users {
		if u := &n.sam.users[i]; u.sid != "" && u.whyFacts == nil {
			primary[u.group] = append(primary[u.group], u.sid)
		}
	}
	n.memberOf = map[string][]int{}
	n.groupErrs = slices.Clone(n.sam.groupErrs)
	for i := range n.sam.groups {
		g := &n.sam.groups[i]
		members := g.members
		if g.global {
			listed := map[string]bool{}
			for _, sid := range members {
				listed[sid] = true
			}
			members = slices.Clone(members)
			for _, sid := range primary[g.rid] {
				if !listed[sid] {
					members = append(members, sid)
				}
			}
		}
		n.members = append(n.members, members)
		for _, sid := range members {
			add(n.memberOf, sid, i)
		}
		if g.why != nil {
			n.groupErrs = append(n.groupErrs, g.why)
		}
	}
}

func (n *ntAccounts) listGroups(req *Request) (list []group) {
	for i := range n.sam.groups {
		g := &n.sam.groups[i]
		if g.why != nil {
			req.trouble(g.name, g.why)
		}
		list = append(list, group{
			file: samDomains + `\` + g.sid, name: g.name, id: number{uint64(g.rid), true},
			listed: func(*group) ([]string, error) { return n.membersOf(i) },
		})
	}
	return list
}

// membersOf are the members of a group: their names, with their domain and
// without, and their SIDs.
func (n *ntAccounts) membersOf(group int) (list []string, err error) {
	err = n.sam.groups[group].why
	for _, sid := range n.members[group] {
		name, known := n.names.name(sid)
		switch {
		case !known:
			err = errors.Join(err, errNotCarried)
		case name.folder:
			err = errors.Join(err, match.StandIn(sidStandIn))
		}
		list = append(list, name.forms()...)
		list = append(list, sid)
	}
	return list, err
}
