package document

import (
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/source"
)

func TestSIDNames(t *testing.T) {
	m := hives(map[string]keys{
		"SAM": samKeys().users(testUser{rid: 1001, name: "boris"}).
			alias("Account", 1002, "Helpers", "").alias("Builtin", 544, "Administratoren", "").alias("Builtin", 900, "Local things", ""),
		"SOFTWARE": softwareKeys().profile(machineSID+"-1001", `C:\Users\boris.old`).profile("S-1-5-18", `%systemroot%\system32\config\systemprofile`).
			profile("S-1-5-21-1-2-3-1105", `C:\Users\carla.EXAMPLE`),
		"SYSTEM": systemKeys(),
	})
	var troubles []string
	s := newSIDNames(&Request{Source: m, Registry: source.NewRegistry(m, source.RegistryOptions{}),
		Trouble: func(o string, err error) { troubles = append(troubles, o+": "+err.Error()) }})
	for sid, want := range map[string]sidName{
		"S-1-5-18":            {account: "SYSTEM", domain: "NT AUTHORITY"},
		"S-1-1-0":             {account: "Everyone"},
		"S-1-5-32-544":        {account: "Administrators", domain: "BUILTIN"},
		"S-1-5-32-900":        {account: "Local things", domain: "BUILTIN"},
		"S-1-5-90-0-3":        {account: "DWM-3", domain: "Window Manager"},
		machineSID + "-1001":  {account: "boris", domain: "FINCH"},
		machineSID + "-1002":  {account: "Helpers", domain: "FINCH"},
		"S-1-5-21-1-2-3-1105": {account: "carla.EXAMPLE", folder: true},
		"S-1-5-21-1-2-3-1106": {},
		"S-1-5-90-0-x":        {},
		"S-1-5-90-0-":         {},
		"":                    {},
		"S-1-5-80-956008885-3418522649-1831038044-1-2-3": {},
	} {
		if got, known := s.name(sid); got != want || known != (want != sidName{}) {
			t.Errorf("%s is %+v (%v), want %+v", sid, got, known, want)
		}
	}
	if len(troubles) > 0 {
		t.Errorf("troubles %q", troubles)
	}
}

// Without hives the names are not known, and that is all; hives that are there
// and cannot be read are told.
func TestSIDNamesWithoutHives(t *testing.T) {
	var troubles []string
	ask := func(m *source.Mem, sid string) (sidName, bool) {
		troubles = nil
		s := newSIDNames(&Request{Source: m, Registry: source.NewRegistry(m, source.RegistryOptions{}),
			Trouble: func(o string, err error) { troubles = append(troubles, o+": "+err.Error()) }})
		return s.name(sid)
	}
	if n, known := ask(source.NewMem(source.Windows), machineSID+"-1001"); known || len(troubles) > 0 {
		t.Errorf("%+v, troubles %q", n, troubles)
	}
	m := hives(map[string]keys{"SOFTWARE": softwareKeys().profile(machineSID+"-1001", `C:\Users\boris`)})
	if n, known := ask(m, machineSID+"-1001"); !known || n.account != "boris" || !n.folder || len(troubles) > 0 {
		t.Errorf("%+v, %v, troubles %q", n, known, troubles)
	}
	m.Put(`C:\Windows\System32\config\SAM`, source.MemNode{OpenErr: fs.ErrPermission})
	ask(m, machineSID+"-1001")
	if !slices.ContainsFunc(troubles, func(s string) bool { return strings.Contains(s, "permission") }) {
		t.Errorf("a SAM that cannot be opened: %q", troubles)
	}
	if _, known := newSIDNames(&Request{}).name("S-1-5-21-1-2-3-4"); known {
		t.Error("known without a registry")
	}
}

func TestReadSID(t *testing.T) {
	for _, c := range []struct {
		hex, want string
		n         int
	}{
		{"010100000000000512000000", "S-1-5-18", 12},
		{"0102000000000005200000002002000099", "S-1-5-32-544", 16},
		{"0100000000000005", "S-1-5", 8},
		{"0101ffffffffffff01000000", "S-1-281474976710655-1", 12},
		{"010200000000000520000000", "", 0},
		{"0201000000000005120000", "", 0},
		{"011000000000000512000000", "", 0},
		{"", "", 0},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got, n := readSID(b); got != c.want || n != c.n {
			t.Errorf("%s: %q of %d bytes, want %q of %d", c.hex, got, n, c.want, c.n)
		}
	}
}
