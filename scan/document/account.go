package document

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
)

// Accounts are users and groups, which tell of each other. Each side is read
// when it is first asked for, as far as it can be; the errors say what could
// not be.
type accounts struct {
	req    *Request
	told   sync.Once
	users  func() ([]user, []error)
	groups func() ([]group, []error)

	userIndex, groupIndex func() *index
}

// An accountReader finds out how accounts are read from the evidence.
type accountReader func(context.Context, *Request, *Listing) (*accounts, error)

// fromEtc: from the configuration of a Unix system.
func fromEtc(read func(etc, *Request) *accounts) accountReader {
	return func(ctx context.Context, req *Request, _ *Listing) (*accounts, error) {
		e, err := openEtc(ctx, req)
		if err != nil {
			return nil, err
		}
		return read(e, req), nil
	}
}

func listUsers(read accountReader) lister[user] {
	return func(ctx context.Context, req *Request, list *Listing) iter.Seq2[user, error] {
		return listAccounts(ctx, req, list, read, func(a *accounts) ([]user, []error) { return a.users() })
	}
}

func listGroups(read accountReader) lister[group] {
	return func(ctx context.Context, req *Request, list *Listing) iter.Seq2[group, error] {
		return listAccounts(ctx, req, list, read, func(a *accounts) ([]group, []error) { return a.groups() })
	}
}

func listAccounts[T any](ctx context.Context, req *Request, list *Listing, read accountReader, of func(*accounts) ([]T, []error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		list.Full = true
		a, err := read(ctx, req, list)
		if err != nil {
			yield(none, err)
			return
		}
		rows, errs := of(a)
		for _, row := range rows {
			list.Objects++
			if !yield(row, nil) {
				return
			}
		}
		for _, err := range errs {
			if !yield(none, err) {
				return
			}
		}
	}
}

// newAccounts reads each side once.
func newAccounts(req *Request, users func(*accounts) ([]user, []error), groups func(*accounts) ([]group, []error)) *accounts {
	a := &accounts{req: req}
	a.users = sync.OnceValues(func() ([]user, []error) { return users(a) })
	a.groups = sync.OnceValues(func() ([]group, []error) { return groups(a) })
	a.userIndex = sync.OnceValue(func() *index { list, _ := a.users(); return indexUsers(list) })
	a.groupIndex = sync.OnceValue(func() *index { list, _ := a.groups(); return indexGroups(list) })
	return a
}

// fault makes an error of what could not be read of the side that is not
// listed, and tells it once. The listing tells that of its own side.
func (a *accounts) fault(errs []error) error {
	a.told.Do(func() {
		for _, err := range errs {
			a.req.trouble("accounts", err)
		}
	})
	return errors.Join(errs...)
}

// groupsOf are the names of the groups that an account is in: those that name
// it, and its primary one.
func (a *accounts) groupsOf(u *user) ([]string, error) {
	groups, errs := a.groups()
	in := a.groupIndex()
	places := slices.Concat(in.name[u.name], in.guid[u.guid], in.id[u.group])
	slices.Sort(places)
	var names []string
	for _, i := range slices.Compact(places) {
		names = append(names, groups[i].name)
	}
	return names, a.fault(errs)
}

// membersOf are the names of the accounts in a group: those it lists, known or
// not, and those whose primary group it is.
func (a *accounts) membersOf(g *group) ([]string, error) {
	users, errs := a.users()
	in := a.userIndex()
	names := slices.Clone(g.members)
	listed := map[string]bool{}
	for _, n := range names {
		listed[n] = true
	}
	add := func(places []int) {
		for _, i := range places {
			if n := users[i].name; !listed[n] {
				listed[n] = true
				names = append(names, n)
			}
		}
	}
	for _, guid := range g.guids {
		add(in.guid[guid])
	}
	add(in.id[g.id])
	return names, a.fault(errs)
}

// An index finds the places of accounts, so that a file made of nothing but
// members costs no more than its length.
type index struct {
	name, guid map[string][]int
	id         map[number][]int
}

// indexGroups: by the names and GUIDs of members, and by id.
func indexGroups(groups []group) *index {
	in := &index{map[string][]int{}, map[string][]int{}, map[number][]int{}}
	for i, g := range groups {
		for _, m := range g.members {
			add(in.name, m, i)
		}
		for _, m := range g.guids {
			add(in.guid, m, i)
		}
		add(in.id, g.id, i)
	}
	return in.sealed()
}

// indexUsers: by GUID, and by the id of the primary group.
func indexUsers(users []user) *index {
	in := &index{map[string][]int{}, map[string][]int{}, map[number][]int{}}
	for i, u := range users {
		add(in.guid, u.guid, i)
		add(in.id, u.group, i)
	}
	return in.sealed()
}

// add puts a place under a key, once.
func add[K comparable](to map[K][]int, key K, place int) {
	if list := to[key]; len(list) == 0 || list[len(list)-1] != place {
		to[key] = append(list, place)
	}
}

// sealed: what has no GUID or id has none in common with others.
func (in *index) sealed() *index {
	delete(in.guid, "")
	delete(in.id, number{})
	return in
}
