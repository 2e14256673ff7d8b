package document

import (
	"cmp"
	"errors"
	"fmt"

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
	needsOn: map[source.Platform][]source.Capability{source.Windows: {source.Hives}},
	label:   func(u *user) string { return u.label() },
	fields:  userFields,
	on: map[source.Platform]lister[user]{
		source.Windows: listUsers(readNTAccounts),
		source.Linux:   listUsers(fromEtc(readEtcAccounts)),
		source.Darwin:  listUsers(fromEtc(readDslocal)),
	},
}

// A user is one account.
type user struct {
	file    string // where it is from
	name    string
	alias   []string // further names
	nameErr error    // there may be others, or the name is a stand-in

	id    number
	group number // the primary one
	guid  string
	sid   fact

	sidKind           fact
	fullName, comment fact
	home              string
	profile           string // of Windows: the folder of the user's files
	homeErr           error  // home or profile are not known
	shell, script     fact

	nt   *ntUser // of Windows
	asks *userAsks
}

// label is the name; one that may be that of another account has its SID.
func (u *user) label() string {
	name := cmp.Or(u.name, u.file)
	if u.nameErr != nil && len(u.sid.values) > 0 {
		return fmt.Sprintf("%s (%s)", name, u.sid.values[0])
	}
	return name
}

// A number is an id that may be missing.
type number struct {
	n  uint64
	is bool
}

// An amount is a number that may not be known.
type amount struct {
	number
	why error
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
// does not tell.
var userFields = []Field[user]{
	field(match.Field{Term: "UserItem/Username", Kind: ioc.Text, Identity: true}, userNames),
	field(match.Field{Term: "UserItem/fullname", Kind: ioc.Text}, factOf(func(u *user) *fact { return &u.fullName })),
	field(match.Field{Term: "UserItem/description", Kind: ioc.Text}, factOf(func(u *user) *fact { return &u.comment })),
	field(match.Field{Term: "UserItem/userid", Kind: ioc.Int, Identity: true}, numberOf(func(u *user) number { return u.id })),
	field(match.Field{Term: "UserItem/userguid", Kind: ioc.Text}, textOf(func(u *user) string { return u.guid })),
	field(match.Field{Term: "UserItem/SecurityID", Kind: ioc.Text, Identity: true}, factOf(func(u *user) *fact { return &u.sid })),
	field(match.Field{Term: "UserItem/SecurityType", Kind: ioc.Text}, factOf(func(u *user) *fact { return &u.sidKind })),
	field(match.Field{Term: "UserItem/homedirectory", Kind: ioc.Path, Multi: true, Identity: true}, userHomes),
	field(match.Field{Term: "UserItem/shell", Kind: ioc.Path}, pathOf(func(u *user) *fact { return &u.shell })),
	field(match.Field{Term: "UserItem/scriptpath", Kind: ioc.Path}, pathOf(func(u *user) *fact { return &u.script })),
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

// factOf answers with the texts of a fact.
func factOf[T any](of func(*T) *fact) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		f := of(row)
		if yieldTexts(f.values, yield) {
			return f.why
		}
		return nil
	}
}

// pathOf answers with the paths of a fact.
func pathOf[T any](of func(*T) *fact) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		f := of(row)
		for _, s := range f.values {
			if !yield(ioc.PathValue(s)) {
				return nil
			}
		}
		return f.why
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

func amountOf[T any](of func(*T) *amount) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		a := of(row)
		if a.is && !yield(ioc.IntValue(a.n)) {
			return nil
		}
		return a.why
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
	if u.name == "" || yield(ioc.TextValue(u.name)) && yieldTexts(u.alias, yield) {
		return u.nameErr
	}
	return nil
}

func userHomes(u *user, yield func(ioc.Value) bool) error {
	for _, path := range []string{u.home, u.profile} {
		if path != "" && !yield(ioc.PathValue(path)) {
			return nil
		}
	}
	return u.homeErr
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
	if at != 0 && (err == nil || errors.As(err, new(match.StandIn))) {
		yield(ioc.TicksValue(at))
	}
	return err
}
