package document

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

// keys are those of a hive with their values, by path.
type keys map[string][]regftest.Value

func (k keys) hive() string { return k.written(0) }

// dirtyHive is one that was not written to its end.
func (k keys) dirtyHive() string { return k.written(7) }

func (k keys) written(sequence uint32) string {
	root := regftest.Key{Name: "ROOT"}
	for path, values := range k {
		at := &root
		for name := range strings.SplitSeq(path, `\`) {
			n := slices.IndexFunc(at.Subkeys, func(s regftest.Key) bool { return s.Name == name })
			if n < 0 {
				n = len(at.Subkeys)
				at.Subkeys = append(at.Subkeys, regftest.Key{Name: name})
			}
			at = &at.Subkeys[n]
		}
		at.Values = append(at.Values, values...)
	}
	sortKeys(&root)
	return string(regftest.Hive{Root: root, Seq1: sequence}.Bytes())
}

func sortKeys(k *regftest.Key) {
	slices.SortFunc(k.Subkeys, func(a, b regftest.Key) int {
		return strings.Compare(strings.ToUpper(a.Name), strings.ToUpper(b.Name))
	})
	for i := range k.Subkeys {
		sortKeys(&k.Subkeys[i])
	}
}

func sz(name, s string) regftest.Value {
	return regftest.Value{Name: name, Type: 1, Data: regftest.SZ(s)}
}

func dword(name string, n uint32) regftest.Value {
	return regftest.Value{Name: name, Type: 4, Data: regftest.DWORD(n)}
}

func multi(name string, list ...string) regftest.Value {
	return regftest.Value{Name: name, Type: 7, Data: regftest.MultiSZ(list...)}
}

func bytesValue(name string, b []byte) regftest.Value {
	return regftest.Value{Name: name, Type: 3, Data: b}
}

// samParts is one of the records of SAM. The last part has so many members.
func samParts(head []byte, l samLayout, members int, parts ...[]byte) []byte {
	var body []byte
	table := slices.Clone(head)
	for n := range l.parts {
		var part []byte
		if n < len(parts) {
			part = parts[n]
		}
		table = binary.LittleEndian.AppendUint32(table, uint32(len(body)))
		table = binary.LittleEndian.AppendUint32(table, uint32(len(part)))
		number := 0
		if n == l.parts-1 {
			number = members
		}
		table = binary.LittleEndian.AppendUint32(table, uint32(number))
		body = append(body, part...)
		for len(body)%4 > 0 {
			body = append(body, 0xbb)
		}
	}
	return append(table, body...)
}

func utf16Text(s string) []byte { b := regftest.SZ(s); return b[:len(b)-2] }

func binarySID(sid string) []byte {
	parts := strings.Split(strings.TrimPrefix(sid, "S-1-"), "-")
	b := []byte{1, byte(len(parts) - 1), 0, 0, 0, 0, 0, 0}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			panic(err)
		}
		if i == 0 {
			b[7] = byte(n)
			continue
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}

// A testUser is an account to be put into a hive.
type testUser struct {
	rid                                   uint32
	name, fullName, comment, home, script string
	login                                 int64
	flags, wrong                          uint16
}

const (
	machineSID = "S-1-5-21-1004336348-1177238915-682003330"
	neverTicks = 1<<63 - 1
	login2020  = 132444879400000000 // 2020-09-13T16:25:40Z
)

func (k keys) users(list ...testUser) keys {
	const at = `SAM\Domains\Account\Users\`
	for _, u := range list {
		v := samParts(nil, samAccount, 0, make([]byte, 20), utf16Text(u.name), utf16Text(u.fullName), utf16Text(u.comment), nil, nil, utf16Text(u.home), nil, utf16Text(u.script))
		f := make([]byte, 0x50)
		le.PutUint64(f[8:], uint64(u.login))
		le.PutUint64(f[0x20:], neverTicks)
		le.PutUint32(f[0x30:], u.rid)
		le.PutUint32(f[0x34:], 513)
		le.PutUint16(f[0x38:], u.flags)
		le.PutUint16(f[0x40:], u.wrong)
		k[at+fmt.Sprintf("%08X", u.rid)] = []regftest.Value{bytesValue("F", f), bytesValue("V", v)}
		k[at+`Names\`+u.name] = []regftest.Value{{Type: u.rid}}
	}
	return k
}

func (k keys) alias(domain string, rid uint32, name, comment string, members ...string) keys {
	var sids []byte
	for _, m := range members {
		sids = append(sids, binarySID(m)...)
	}
	at := `SAM\Domains\` + domain + `\Aliases\`
	k[at+fmt.Sprintf("%08X", rid)] = []regftest.Value{bytesValue("C", samParts(make([]byte, 4), samLocal, len(members), nil, utf16Text(name), utf16Text(comment), sids))}
	k[at+`Names\`+name] = []regftest.Value{{Type: rid}}
	k[at+`Members`] = nil
	return k
}

// samKeys are an empty SAM, but for the group of all users, which lists one.
func samKeys() keys {
	f := make([]byte, 0x60)
	le.PutUint64(f[0x30:], 0xfffffffbcf1dcc00) // 30 minutes
	le.PutUint16(f[0x54:], 5)
	none := samParts(make([]byte, 0x14), samGlobal, 1, nil, utf16Text("None"), utf16Text("Ordinary users"), []byte{0xe9, 3, 0, 0, 0, 0, 0, 0})
	return keys{
		`SAM\Domains\Account`:                       {bytesValue("F", f), bytesValue("V", samParts(nil, samDomain, 0, make([]byte, 20), binarySID(machineSID)))},
		`SAM\Domains\Account\Users\Names`:           nil,
		`SAM\Domains\Account\Aliases\Names`:         nil,
		`SAM\Domains\Account\Groups\00000201`:       {bytesValue("C", none)},
		`SAM\Domains\Account\Groups\Names\None`:     {{Type: 513}},
		`SAM\Domains\Builtin\Aliases\Members\S-1-5`: nil,
		`SAM\Domains\Builtin\Aliases\Names`:         nil,
	}
}

func (k keys) profile(sid, path string, more ...regftest.Value) keys {
	k[`Microsoft\Windows NT\CurrentVersion\ProfileList\`+sid] = append([]regftest.Value{{Name: "ProfileImagePath", Type: 2, Data: regftest.SZ(path)}}, more...)
	return k
}

func softwareKeys() keys {
	return keys{
		`Microsoft\Windows NT\CurrentVersion`:             {sz("SystemRoot", `C:\Windows`)},
		`Microsoft\Windows NT\CurrentVersion\ProfileList`: nil,
		`Microsoft\Windows NT\CurrentVersion\Winlogon`:    nil,
		`Classes`: nil,
	}
}

func systemKeys() keys {
	return keys{
		`Select`: {dword("Current", 1)},
		`ControlSet001\Control\ComputerName\ComputerName`: {sz("ComputerName", "FINCH")},
		`ControlSet001\Control\ProductOptions`:            {sz("ProductType", "WinNT")},
	}
}

// hives is a system of Windows made of hives, by name.
func hives(list map[string]keys) *source.Mem {
	m := source.NewMem(source.Windows)
	for name, k := range list {
		m.Add(`C:\Windows\System32\config\`+name, k.hive())
	}
	return m
}
