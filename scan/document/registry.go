package document

import (
	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/regf"
	"iocscan/scan/source"
)

// registry is RegistryItem: values of the registry, and keys that have none.
var registry = Table[regValue]{
	name:    "RegistryItem",
	summary: "values of the registry, and keys without values",
	needs:   []source.Capability{source.Hives},
	label:   func(v *regValue) string { return v.label() },
	fields:  registryFields,
	collect: collectRegistry,
	open:    openRegistry,
}

// A regValue is a value, a key without values, or something that stands for
// keys which could not be listed.
type regValue struct {
	key   *regKey
	value regf.Value
	has   bool // value is set

	gap  *regGap // the row is a stand-in
	item *regItem
}

// A regKey is what the values of a key share.
type regKey struct {
	hive            *regHive
	path            string // below the hive
	written         int64
	subkeys, values int
	owner           string
	ownerErr        error
}

// A regHive is what the keys of a hive share.
type regHive struct {
	prefix string // what its labels begin with
	places []source.Place
	doubts []source.Place
	users  map[string]string // SID to the name of the account, as far as known
}

// defaultName is how the value without a name is shown.
const defaultName = "(Default)"

func (v *regValue) name() string {
	if n := v.value.Name(); n != "" {
		return n
	}
	return defaultName
}

// label is the proper path of the value or key, behind the file of a loose
// hive.
func (v *regValue) label() string {
	if v.gap != nil {
		return v.gap.label
	}
	key := v.key.path
	if len(v.key.hive.places) > 0 {
		p := &v.key.hive.places[0]
		key = source.JoinKeys(p.Hive, p.Key, key)
	}
	if v.has {
		key += `\` + v.name()
	}
	if v.key.hive.prefix != "" {
		return v.key.hive.prefix + ": " + key
	}
	return key
}

// registryFields are the terms of RegistryItem. Not among them, and so
// reported as not supported: detectedAnomaly, which is the opinion of the
// program that wrote it.
var registryFields = []Field[regValue]{
	field(match.Field{Term: "RegistryItem/Path", Kind: ioc.Path, Same: sameKey, Identity: true}, regPath),
	field(match.Field{Term: "RegistryItem/Hive", Kind: ioc.Path, Same: sameKey}, regHiveName),
	field(match.Field{Term: "RegistryItem/KeyPath", Kind: ioc.Path, Same: sameKey}, regKeyPath),
	field(match.Field{Term: "RegistryItem/ValueName", Kind: ioc.Text, Identity: true}, regValueName),
	field(match.Field{Term: "RegistryItem/Type", Kind: ioc.Text, Identity: true}, regType),
	field(match.Field{Term: "RegistryItem/Modified", Kind: ioc.Time, Identity: true}, regModified),
	field(match.Field{Term: "RegistryItem/NumSubKeys", Kind: ioc.Int}, regCount(func(k *regKey) int { return k.subkeys })),
	field(match.Field{Term: "RegistryItem/NumValues", Kind: ioc.Int}, regCount(func(k *regKey) int { return k.values })),
	field(match.Field{Term: "RegistryItem/ReportedLengthInBytes", Kind: ioc.Int}, regLength),
	field(match.Field{Term: "RegistryItem/SecurityID", Kind: ioc.Text}, regOwnerID),
	field(match.Field{Term: "RegistryItem/Username", Kind: ioc.Text, Same: sameAccount}, regOwnerName),
	field(match.Field{Term: "RegistryItem/Text", Kind: ioc.Text, Cost: match.Open, Identity: true}, regText),
	field(match.Field{Term: "RegistryItem/Value", Kind: ioc.Text, Cost: match.Open}, regRaw),
	field(match.Field{Term: "RegistryItem/ShimCache/ExecutablePath", Kind: ioc.Path, Cost: match.Parse, Multi: true, Same: samePath}, regShimCache),
}

func regModified(v *regValue, yield func(ioc.Value) bool) error {
	if v.key.written != 0 {
		yield(ioc.TicksValue(v.key.written))
	}
	return nil
}

func regCount(of func(*regKey) int) func(*regValue, func(ioc.Value) bool) error {
	return func(v *regValue, yield func(ioc.Value) bool) error {
		yield(ioc.IntValue(uint64(of(v.key))))
		return nil
	}
}

func regLength(v *regValue, yield func(ioc.Value) bool) error {
	if v.has {
		yield(ioc.IntValue(uint64(v.value.Size())))
	}
	return nil
}

func regType(v *regValue, yield func(ioc.Value) bool) error {
	if v.has {
		yield(ioc.TextValue(v.value.Type().String()))
	}
	return nil
}

func regValueName(v *regValue, yield func(ioc.Value) bool) error {
	if !v.has {
		return nil
	}
	b := v.value.AppendName(v.item.text[:0])
	v.item.text = b
	if len(b) > 0 {
		yield(ioc.TextValue(text(b)))
	} else if yield(ioc.TextValue(defaultName)) {
		yield(ioc.TextValue(""))
	}
	return nil
}
