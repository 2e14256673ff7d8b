package document

import (
	"cmp"
	"errors"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// users is UserItem: the accounts that a system itself keeps, not those of a
// directory service.
var users = Table[user]{
	name:    "UserItem",
	summary: "accounts of the system",
	needs:   []source.Capability{source.Files},
	label:   func(u *user) string { return cmp.Or(u.name, u.file) },
	fields:  userFields,
	on: map[source.Platform]lister[user]{
		source.Linux:  listUsers(readEtcAccounts),
		source.Darwin: listUsers(readDslocal),
	},
}

// A user is one account.
type user struct {
	file  string // where it is from
	name  string
	alias []string // further names
	id    number
	group number // the primary one
	guid  string

	fullName, comment string
	home, shell       string

	asks *userAsks
}

// A number is an id that may be missing.
type number struct {
	n  uint64
	is bool
}

// userAsks are answers that take more than the account's own entry. One that
// is nil is not to be had. A match.StandIn beside an answer says that it only
// resembles what is asked; any other error, that there is none.
type userAsks struct {
	groups                                func(*user) ([]string, error)
	disabled, locked, password, autoLogin func(*user) (bool, error)
	lastLogin                             func(*user) (int64, error) // ticks; 0: never
}

// userFields are the terms of UserItem. Not among them, and so reported as not
// supported: userpasswordage, which is a span up to a moment that evidence
// does not tell, and scriptpath, which only Windows has and no lister reads.
var userFields = []Field[user]{
	field(match.Field{Term: "UserItem/Username", Kind: ioc.Text, Identity: true}, userNames),
	field(match.Field{Term: "UserItem/fullname", Kind: ioc.Text}, textOf(func(u *user) string { return u.fullName })),
	field(match.Field{Term: "UserItem/description", Kind: ioc.Text}, textOf(func(u *user) string { return u.comment })),
	field(match.Field{Term: "UserItem/userid", Kind: ioc.Int, Identity: true}, numberOf(func(u *user) number { return u.id })),
	field(match.Field{Term: "UserItem/userguid", Kind: ioc.Text}, textOf(func(u *user) string { return u.guid })),
	field(match.Field{Term: "UserItem/homedirectory", Kind: ioc.Path, Identity: true}, pathOf(func(u *user) string { return u.home })),
	field(match.Field{Term: "UserItem/shell", Kind: ioc.Path}, pathOf(func(u *user) string { return u.shell })),
	field(match.Field{Term: "UserItem/grouplist/groupname", Kind: ioc.Text, Cost: match.Open, Multi: true}, userGroups),
	field(match.Field{Term: "UserItem/disabled", Kind: ioc.Bool, Cost: match.Open}, userFact(func(a *userAsks) func(*user) (bool, error) { return a.disabled })),
	field(match.Field{Term: "UserItem/lockedout", Kind: ioc.Bool, Cost: match.Open}, userFact(func(a *userAsks) func(*user) (bool, error) { return a.locked })),
	field(match.Field{Term: "UserItem/passwordrequired", Kind: ioc.Bool, Cost: match.Open}, userFact(func(a *userAsks) func(*user) (bool, error) { return a.password })),
	field(match.Field{Term: "UserItem/autologin", Kind: ioc.Bool, Cost: match.Open}, userFact(func(a *userAsks) func(*user) (bool, error) { return a.autoLogin })),
	field(match.Field{Term: "UserItem/LastLogin", Kind: ioc.Time, Cost: match.Open}, userLastLogin),
}

func textOf[T any](of func(*T) string) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		if s := of(row); s != "" {
			yield(ioc.TextValue(s))
		}
		return nil
	}
}

func pathOf[T any](of func(*T) string) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		if s := of(row); s != "" {
			yield(ioc.PathValue(s))
		}
		return nil
	}
}

func numberOf[T any](of func(*T) number) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		if n := of(row); n.is {
			yield(ioc.IntValue(n.n))
		}
		return nil
	}
}

// yieldTexts yields texts while more are wanted.
func yieldTexts(texts []string, yield func(ioc.Value) bool) bool {
	for _, s := range texts {
		if !yield(ioc.TextValue(s)) {
			return false
		}
	}
	return true
}

func userNames(u *user, yield func(ioc.Value) bool) error {
	if yield(ioc.TextValue(u.name)) {
		yieldTexts(u.alias, yield)
	}
	return nil
}

func userGroups(u *user, yield func(ioc.Value) bool) error {
	if u.asks.groups == nil {
		return errNotCarried
	}
	names, err := u.asks.groups(u)
	yieldTexts(names, yield)
	return err
}

func userFact(of func(*userAsks) func(*user) (bool, error)) func(*user, func(ioc.Value) bool) error {
	return func(u *user, yield func(ioc.Value) bool) error {
		ask := of(u.asks)
		if ask == nil {
			return errNotCarried
		}
		is, err := ask(u)
		if err == nil || errors.As(err, new(match.StandIn)) {
			yield(ioc.BoolValue(is))
		}
		return err
	}
}

func userLastLogin(u *user, yield func(ioc.Value) bool) error {
	if u.asks.lastLogin == nil {
		return errNotCarried
	}
	at, err := u.asks.lastLogin(u)
	if err == nil && at != 0 {
		yield(ioc.TicksValue(at))
	}
	return err
}
