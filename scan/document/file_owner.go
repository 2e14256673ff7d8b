package document

import (
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// owner is who the object belongs to, asked for once.
func (f *file) owner() (*source.Owner, error) {
	if f.why != nil {
		return nil, f.why
	}
	i := f.item
	if i.owned {
		return &i.owner, i.ownerErr
	}
	i.owned = true
	if f.in.vol.ownerer != nil {
		if i.owner, i.ownerErr = f.in.vol.ownerer.Owner(f.path()); i.ownerErr != nil {
			i.tell(i.ownerErr)
		}
		return &i.owner, i.ownerErr
	}
	i.owner = source.Owner{}
	if f.windows() {
		i.ownerErr = errNotCarried
		return &i.owner, i.ownerErr
	}
	info, err := f.stat()
	if i.ownerErr = err; err == nil {
		i.owner.UserID, i.owner.GroupID = id(info.UID), id(info.GID)
	}
	return &i.owner, i.ownerErr
}

func id(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// ownerID answers an id. A file system that keeps none has none.
func ownerID(of func(*source.Owner) string) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		o, err := f.owner()
		if err != nil {
			return err
		}
		if s := of(o); s != "" {
			yield(ioc.TextValue(s))
		} else if f.windows() {
			return errNotCarried
		}
		return nil
	}
}

// ownerName answers an account's name as the source gives it, and without its
// domain. An owner whose name is not known has one all the same.
func ownerName(of func(*source.Owner) (name, id string)) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		o, err := f.owner()
		if err != nil {
			return err
		}
		name, id := of(o)
		if name == "" {
			if id == "" && !f.windows() {
				return nil
			}
			return errNotCarried
		}
		if yield(ioc.TextValue(name)) {
			if _, account, ok := strings.Cut(name, `\`); ok && account != "" {
				yield(ioc.TextValue(account))
			}
		}
		return nil
	}
}

// SecurityType is the kind of the owner's SID, in the system's word
// (SidTypeUser) and without its prefix. Only Windows has SIDs.
func securityType(f *file, yield func(ioc.Value) bool) error {
	if !f.windows() {
		return nil
	}
	o, err := f.owner()
	if err != nil {
		return err
	}
	if o.Kind == "" {
		return errNotCarried
	}
	if yield(ioc.TextValue(o.Kind)) {
		if short, ok := strings.CutPrefix(o.Kind, "SidType"); ok {
			yield(ioc.TextValue(short))
		}
	}
	return nil
}

// sameAccount: one content may leave the domain out.
func sameAccount(a, b string) bool {
	da, na := account(a)
	db, nb := account(b)
	return na == nb && (da == db || da == "" || db == "")
}

func account(s string) (domain, name string) {
	s = ioc.Fold(strings.TrimSpace(s))
	if d, n, ok := strings.Cut(s, `\`); ok {
		return d, n
	}
	return "", s
}
