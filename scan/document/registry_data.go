package document

import (
	"encoding/base64"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
)

// data is the raw data. Damage is told once for a value; what can be had of it
// is data all the same.
func (v *regValue) data() ([]byte, error) {
	if !v.item.loaded {
		v.item.loaded = true
		if v.item.data, v.item.dataErr = v.value.Data(); v.item.dataErr != nil {
			v.item.req.trouble(v.label(), v.item.dataErr)
		}
	}
	return v.item.data, v.item.dataErr
}

// regText is the data as a person reads it: a list also string by string, a
// number also in hexadecimal.
func regText(v *regValue, yield func(ioc.Value) bool) error {
	if !v.has {
		return nil
	}
	data, err := v.data()
	v.texts(data, yield)
	return err
}

func (v *regValue) texts(data []byte, yield func(ioc.Value) bool) bool {
	t := v.value.Type()
	b := regf.AppendText(v.item.text[:0], t, data)
	v.item.text = b
	if !yield(ioc.TextValue(text(b))) {
		return false
	}
	if t == regf.MultiSZ && strings.Contains(text(b), "\n") {
		for s := range regf.Strings(data) {
			if !yield(ioc.TextValue(regf.DecodeText(s))) {
				return false
			}
		}
	}
	if b := regf.AppendHexNumber(v.item.text[:0], t, data); len(b) > 0 {
		v.item.text = b
		return yield(ioc.TextValue(text(b)))
	}
	return true
}

// regRaw is the data as collectors write it, in base64, as people do, in
// hexadecimal, and as text, since authors mix Value and Text up.
func regRaw(v *regValue, yield func(ioc.Value) bool) error {
	if !v.has {
		return nil
	}
	data, err := v.data()
	v.item.text = base64.StdEncoding.AppendEncode(v.item.text[:0], data)
	if !yield(ioc.TextValue(text(v.item.text))) {
		return err
	}
	v.item.text = regf.AppendText(v.item.text[:0], regf.Binary, data)
	if !yield(ioc.TextValue(text(v.item.text))) {
		return err
	}
	if v.value.Type() != regf.Binary {
		v.texts(data, yield)
	}
	return err
}

// regOwnerID is the owner of the key.
func regOwnerID(v *regValue, yield func(ioc.Value) bool) error {
	if v.key.ownerErr == nil && v.key.owner != "" {
		yield(ioc.TextValue(v.key.owner))
	}
	return v.key.ownerErr
}

// keyOwners are the names of SIDs that are the same on every system, as
// English ones call them.
var keyOwners = map[string]string{
	"S-1-1-0":      "Everyone",
	"S-1-3-0":      "CREATOR OWNER",
	"S-1-5-18":     `NT AUTHORITY\SYSTEM`,
	"S-1-5-19":     `NT AUTHORITY\LOCAL SERVICE`,
	"S-1-5-20":     `NT AUTHORITY\NETWORK SERVICE`,
	"S-1-5-32-544": `BUILTIN\Administrators`,
	"S-1-5-32-545": `BUILTIN\Users`,
	"S-1-5-32-546": `BUILTIN\Guests`,
	"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464": `NT SERVICE\TrustedInstaller`,
}

// regOwnerName is the owner's name: one that every system has, or that of a
// user's profile. Others cannot be told.
func regOwnerName(v *regValue, yield func(ioc.Value) bool) error {
	if v.key.ownerErr != nil || v.key.owner == "" {
		return v.key.ownerErr
	}
	name, ok := keyOwners[v.key.owner]
	if !ok {
		name, ok = v.key.hive.users[v.key.owner]
	}
	if !ok {
		return errNotCarried
	}
	if yield(ioc.TextValue(name)) {
		if _, account, ok := strings.Cut(name, `\`); ok {
			yield(ioc.TextValue(account))
		}
	}
	return nil
}
