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
}

// An accountReader finds out how accounts are read from the evidence.
type accountReader func(etc, *Request) *accounts

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
		e, err := openEtc(ctx, req)
		if err != nil {
			yield(none, err)
			return
		}
		list.Full = true
		rows, errs := of(read(e, req))
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

// groupsOf are the names of the groups that an account is in.
func (a *accounts) groupsOf(u *user) ([]string, error) {
	groups, errs := a.groups()
	var names []string
	for i := range groups {
		if groups[i].has(u) {
			names = append(names, groups[i].name)
		}
	}
	return names, a.fault(errs)
}

// membersOf are the names of the accounts in a group: those it lists, known or
// not, and those whose primary group it is.
func (a *accounts) membersOf(g *group) ([]string, error) {
	users, errs := a.users()
	names := slices.Clone(g.members)
	for i := range users {
		if u := &users[i]; g.has(u) && !slices.Contains(names, u.name) {
			names = append(names, u.name)
		}
	}
	return names, a.fault(errs)
}
