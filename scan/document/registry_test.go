package document

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/scope"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

const (
	annaSID = "S-1-5-21-1004336348-1177238915-682003330-1001"
	runKey  = `Software\Microsoft\Windows\CurrentVersion\Run`
)

// A regSeen is what RegistryItem said: by label the values of each term, every
// form of them; and the stand-ins.
type regSeen struct {
	Listing
	mu       sync.Mutex
	items    map[string]map[string][]string
	gaps     []string
	possible map[string]func(term, content string, test ioc.Test) bool
	doubts   map[string]map[string][]string
	troubles []string
}

type regWorker struct{ *regSeen }

func (w regWorker) Close() error { return nil }

func (w regWorker) Item(it match.Item) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f, ok := it.(match.Folder); ok {
		w.gaps = append(w.gaps, f.Label())
		// The row is gone when the call is over.
		gap := *f.(*regStandIn).of.row
		w.possible[f.Label()] = func(term, content string, test ioc.Test) bool {
			p, err := ioc.NewPattern(ioc.Path, test, content, false)
			i := &regItem{item: item[regValue]{table: &registry, req: &Request{}}}
			i.standIn.of = i
			return err != nil || i.bind(&gap).(match.Folder).Possible(registry.field("RegistryItem/"+term), p)
		}
		return nil
	}
	values, doubts := map[string][]string{}, map[string][]string{}
	for n, f := range registry.fields {
		name := strings.TrimPrefix(f.Term, "RegistryItem/")
		take := func(into map[string][]string) func(v ioc.Value) bool {
			return func(v ioc.Value) bool {
				v.Each(func(form ioc.Value) bool {
					into[name] = append(into[name], strings.Clone(form.String()))
					return true
				})
				return true
			}
		}
		if err := it.Each(n, take(values)); err != nil {
			values[name] = append(values[name], "error: "+err.Error())
		}
		it.(match.Doubter).Doubt(n, take(doubts))
	}
	label := it.Label()
	if w.items[label] != nil {
		label += " (again)"
	}
	w.items[label], w.doubts[label] = values, doubts
	return nil
}

type regAsk struct {
	options source.RegistryOptions
	keys    []string
	named   []scope.Name
	users   []string
}

func scanRegistry(t *testing.T, src source.Source, a regAsk) *regSeen {
	t.Helper()
	if len(a.keys) == 0 && len(a.named) == 0 {
		a.keys = []string{"all"}
	}
	keys, err := scope.NewKeys(a.keys, a.named)
	if err != nil {
		t.Fatal(err)
	}
	r := source.NewRegistry(src, a.options)
	defer r.Close()
	s := &regSeen{items: map[string]map[string][]string{}, doubts: map[string]map[string][]string{},
		possible: map[string]func(string, string, ioc.Test) bool{}}
	req := &Request{Source: src, Registry: r, Keys: keys, Users: a.users, ShortRoots: true,
		Trouble: func(object string, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.troubles = append(s.troubles, object+": "+err.Error())
		}}
	s.Listing, err = registry.Run(context.Background(), req, 2, func() Worker { return regWorker{s} })
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(s.gaps)
	return s
}

func smallRegistry(t *testing.T) source.Source {
	t.Helper()
	src, err := source.OpenRoot(filepath.Join("..", "..", "testdata", "roots", "registry"), source.Unknown)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func (s *regSeen) has(t *testing.T, label, term string, want ...string) {
	t.Helper()
	item := s.items[label]
	if item == nil {
		t.Errorf("no item %s", label)
		return
	}
	for _, w := range want {
		if !slices.Contains(item[term], w) {
			t.Errorf("%s: %s has %q, not %q", label, term, item[term], w)
		}
	}
}

func TestRegistryValues(t *testing.T) {
	s := scanRegistry(t, smallRegistry(t), regAsk{})
	label := `HKEY_USERS\` + annaSID + `\` + runKey + `\OneDriveSync`
	s.has(t, label, "Path",
		label, `HKEY_CURRENT_USER\`+runKey+`\OneDriveSync`, `HKCU\`+runKey, `HKU\`+annaSID+`\`+runKey)
	s.has(t, label, "Hive", `HKEY_USERS\`+annaSID, "HKEY_USERS", "HKEY_CURRENT_USER", "HKCU")
	s.has(t, label, "KeyPath", runKey, `\`+runKey, `HKEY_CURRENT_USER\`+runKey, annaSID+`\`+runKey)
	s.has(t, label, "ValueName", "OneDriveSync")
	s.has(t, label, "Type", "REG_SZ")
	s.has(t, label, "Text", `C:\Users\anna\AppData\Roaming\Microsoft\svchost32.exe`)
	s.has(t, label, "Value", `C:\Users\anna\AppData\Roaming\Microsoft\svchost32.exe`)
	s.has(t, label, "Modified", "2022-06-18T04:26:40Z")
	s.has(t, label, "ReportedLengthInBytes", "108")
	s.has(t, label, "NumValues", "2")
	s.has(t, label, "NumSubKeys", "0")
	s.has(t, label, "SecurityID", "S-1-5-32-544")
	s.has(t, label, "Username", `BUILTIN\Administrators`, "Administrators")

	list := `HKEY_USERS\` + annaSID + `\` + runKey + `\Lists`
	s.has(t, list, "Text", "first\nsecond", "first", "second")
	number := `HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services\GreyHeron\Start`
	s.has(t, number, "Text", "2", "0x2")
	s.has(t, number, "Value", "AgAAAA==", "02000000", "2")
	s.has(t, number, "Path", `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\GreyHeron\Start`)
	s.has(t, number, "KeyPath", `CurrentControlSet\Services\GreyHeron`, `SYSTEM\CurrentControlSet\Services\GreyHeron`)

	s.has(t, `HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Hardware Profiles\0001\Software\Screen`, "Path",
		`HKEY_CURRENT_CONFIG\Software\Screen`, `HKLM\SYSTEM\CurrentControlSet\Hardware Profiles\Current\Software`)
	s.has(t, `HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Run\Helper32`, "Path",
		`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Helper32`)
	class := `HKEY_LOCAL_MACHINE\SOFTWARE\Classes\exefile\(Default)`
	s.has(t, class, "Path", `HKEY_CLASSES_ROOT\exefile\(Default)`, `HKCR\exefile`)
	s.has(t, class, "ValueName", "(Default)", "")
	user := `HKEY_USERS\` + annaSID + `_Classes\CLSID\{11111111-2222-3333-4444-555555555555}\(Default)`
	s.has(t, user, "Path", `HKEY_CURRENT_USER\Software\Classes\CLSID\{11111111-2222-3333-4444-555555555555}`,
		`HKCR\CLSID\{11111111-2222-3333-4444-555555555555}`)

	empty := s.items[`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce`]
	if empty == nil || empty["ValueName"] != nil || empty["Text"] != nil || empty["Value"] != nil || empty["Type"] != nil {
		t.Errorf("a key without values: %v", empty)
	}
	if s.items[`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\old\ImagePath`]["Path"] == nil ||
		slices.ContainsFunc(s.items[`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\old\ImagePath`]["Path"], func(p string) bool { return strings.Contains(p, "CurrentControlSet") }) {
		t.Error("a control set that is not in use has an alias")
	}
	if s.Full || s.Objects != uint64(len(s.items)) {
		t.Errorf("full %t, %d objects of %d", s.Full, s.Objects, len(s.items))
	}
}

// Hives that are not there leave unknown what could be in them, and no more.
func TestMissingHives(t *testing.T) {
	s := scanRegistry(t, smallRegistry(t), regAsk{})
	want := []string{`NTUSER.DAT of \Users\gone`, "hive DEFAULT", "hive SAM", "hive SECURITY"}
	if diff := cmp.Diff(want, s.gaps); diff != "" {
		t.Fatalf("gaps (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		gap, term, content string
		test               ioc.Test
		want               bool
	}{
		{"hive SAM", "Path", `HKLM\SAM\SAM\Domains`, ioc.Is, true},
		{"hive SAM", "Path", `HKEY_LOCAL_MACHINE\S`, ioc.StartsWith, true},
		{"hive SAM", "Path", `HKEY_LOCAL_MACHINE\SOFTWARE\x`, ioc.Is, false},
		{"hive SAM", "Path", `HKEY_LOCAL_MACHINE\SOFTWARE`, ioc.StartsWith, false},
		{"hive SAM", "Path", `SAM`, ioc.Contains, true},
		{"hive SAM", "Hive", `HKEY_LOCAL_MACHINE\SAM`, ioc.Is, true},
		{"hive SAM", "Hive", `HKEY_CURRENT_USER`, ioc.Is, false},
		{"hive SAM", "KeyPath", `HKEY_CURRENT_USER\Software`, ioc.Is, false},
		{"hive SAM", "KeyPath", `SAM\Domains`, ioc.Is, true},
		{"hive SAM", "Text", `x`, ioc.Is, true},
		{`NTUSER.DAT of \Users\gone`, "Path", `HKCU\` + runKey + `\x`, ioc.Is, true},
		{`NTUSER.DAT of \Users\gone`, "Path", `HKU\` + annaSID + `\Software`, ioc.Is, false},
	} {
		if got := s.possible[c.gap](c.term, c.content, c.test); got != c.want {
			t.Errorf("%s: %s %s %q possible: %t", c.gap, c.term, c.test, c.content, got)
		}
	}
	// What --keys leaves out is not asked.
	if s := scanRegistry(t, smallRegistry(t), regAsk{keys: []string{`HKLM\SOFTWARE\Microsoft`}}); len(s.gaps) > 0 {
		t.Errorf("gaps %q", s.gaps)
	}
}

// Only where no hive is missing and all keys are asked can absence be told.
func TestFullListing(t *testing.T) {
	hive := string(regftest.Hive{Root: regftest.Key{Name: "ROOT"}}.Bytes())
	m := source.NewMem(source.Windows).Offer(source.Hives)
	for _, name := range []string{"SYSTEM", "SOFTWARE", "SAM", "SECURITY"} {
		m.Add(`C:\WINDOWS\system32\config\`+name, hive)
	}
	if s := scanRegistry(t, m, regAsk{}); s.Full || !s.Complete || len(s.gaps) != 1 {
		t.Errorf("without DEFAULT: %+v, gaps %q", s.Listing, s.gaps)
	}
	m.Add(`C:\WINDOWS\system32\config\default`, hive)
	if s := scanRegistry(t, m, regAsk{}); !s.Full || len(s.items) != 5 || len(s.troubles) > 0 {
		t.Errorf("all hives: %+v, %q, troubles %q", s.Listing, labels(s), s.troubles)
	}
	if s := scanRegistry(t, m, regAsk{keys: []string{"HKLM"}}); s.Full {
		t.Error("a part of the keys is listed in full")
	}
}

func labels(s *regSeen) (out []string) {
	for l := range s.items {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

func TestKeys(t *testing.T) {
	run64 := `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\SecurityHealth`
	run32 := `HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Run\Helper32`
	userRun := []string{`HKEY_USERS\` + annaSID + `\` + runKey + `\Lists`, `HKEY_USERS\` + annaSID + `\` + runKey + `\OneDriveSync`}
	service := []string{`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services\GreyHeron\ImagePath`, `HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services\GreyHeron\Start`}
	for _, c := range []struct {
		name string
		ask  regAsk
		want []string
	}{
		{"both views", regAsk{keys: []string{`HKLM\Software\Microsoft\Windows\CurrentVersion\run`}}, []string{run64, run32}},
		{"every user", regAsk{keys: []string{`HKCU\` + runKey}}, userRun},
		{"an alias", regAsk{keys: []string{`HKLM\SYSTEM\CurrentControlSet\Services`}}, append([]string{`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services`}, service...)},
		{"not there", regAsk{keys: []string{`HKLM\SYSTEM\CurrentControlSet\Enum`}}, nil},
		{"no part of a name", regAsk{keys: []string{`HKLM\SYSTEM\CurrentControlSet\Serv`}}, nil},
		{"a named value", regAsk{named: []scope.Name{{Path: `HKLM\SYSTEM\CurrentControlSet\Services\GreyHeron\Start`}}}, service},
		{"a named key without its hive", regAsk{named: []scope.Name{{Path: `CurrentControlSet\Services\GreyHeron`}}}, append([]string{`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services`}, service...)},
		{"a named beginning", regAsk{named: []scope.Name{{Path: `HKLM\SYSTEM\CurrentControlSet\Services\Grey`, Prefix: true}}}, append([]string{`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services`}, service...)},
		{"keys and names once", regAsk{keys: []string{`HKLM\SYSTEM\CurrentControlSet\Services\GreyHeron`}, named: []scope.Name{{Path: `SYSTEM\ControlSet002\Services\GreyHeron`}}},
			append([]string{`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services`}, service...)},
	} {
		s := scanRegistry(t, smallRegistry(t), c.ask)
		if diff := cmp.Diff(c.want, labels(s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if s.Full {
			t.Errorf("%s: a part is no full listing", c.name)
		}
	}
	got := labels(scanRegistry(t, smallRegistry(t), regAsk{keys: []string{"predefined"}}))
	for _, want := range append([]string{run64, run32}, userRun...) {
		if !slices.Contains(got, want) {
			t.Errorf("predefined has not got %s", want)
		}
	}
	if slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, "Hardware Profiles") }) {
		t.Error("predefined has what it does not list")
	}
}

// Of a hive whose place is not known, what depends on the place is in doubt.
func TestLooseHive(t *testing.T) {
	hive := regftest.Hive{Root: regftest.Key{Name: "ROOT", Subkeys: []regftest.Key{{Name: "Vendor",
		Values: []regftest.Value{{Name: "v", Type: 1, Data: regftest.SZ("x")}}}}}}.Bytes()
	name := filepath.Join(sourcetest.TempDir(t), "some.hive")
	if err := os.WriteFile(name, hive, 0o666); err != nil {
		t.Fatal(err)
	}
	src := source.OpenArtifacts(name, source.Hives)
	given := source.GivenHive{File: name}
	s := scanRegistry(t, src, regAsk{options: source.RegistryOptions{Given: []source.GivenHive{given}}, users: []string{annaSID}})
	label := name + `: Vendor\v`
	s.has(t, label, "Path", `Vendor\v`, "Vendor")
	s.has(t, label, "KeyPath", "Vendor")
	for _, want := range []string{`HKEY_LOCAL_MACHINE\SOFTWARE\Vendor\v`, `HKEY_CURRENT_USER\Vendor`, `HKEY_USERS\` + annaSID + `\Vendor\v`, `HKLM\SYSTEM\Vendor`} {
		if !slices.Contains(s.doubts[label]["Path"], want) || slices.Contains(s.items[label]["Path"], want) {
			t.Errorf("%s is not in doubt", want)
		}
	}
	if s.Full || !s.Complete {
		t.Errorf("listing %+v", s.Listing)
	}

	given.Mount = `HKLM\SOFTWARE`
	s = scanRegistry(t, src, regAsk{options: source.RegistryOptions{Given: []source.GivenHive{given}}})
	label = name + `: HKEY_LOCAL_MACHINE\SOFTWARE\Vendor\v`
	s.has(t, label, "Path", `HKEY_LOCAL_MACHINE\SOFTWARE\Vendor\v`)
	if len(s.doubts[label]) > 0 {
		t.Errorf("doubts %v", s.doubts[label])
	}
}

// A hive that is none, and one that is cut short, are troubles, and what they
// may have held is unknown.
func TestDamagedHives(t *testing.T) {
	whole := regftest.Hive{Root: regftest.Key{Name: "ROOT", Subkeys: []regftest.Key{{Name: "Microsoft"}, {Name: "Classes"}}}}.Bytes()
	m := source.NewMem(source.Windows).Offer(source.Hives).
		Add(`C:\Windows\System32\config\SOFTWARE`, string(whole[:len(whole)-2048])).
		Add(`C:\Windows\System32\config\SYSTEM`, strings.Repeat("no hive", 1000)).
		Put(`C:\Windows\System32\config\SAM`, source.MemNode{OpenErr: os.ErrPermission})
	s := scanRegistry(t, m, regAsk{})
	all := strings.Join(s.troubles, "\n")
	for _, want := range []string{"SOFTWARE: ", "not a registry hive", "permission denied"} {
		if !strings.Contains(all, want) {
			t.Errorf("troubles lack %q:\n%s", want, all)
		}
	}
	if s.items[`HKEY_LOCAL_MACHINE\SOFTWARE\Classes`] == nil {
		t.Error("what could be read was not handed out")
	}
	for gap, path := range map[string]string{
		`C:\Windows\System32\config\SOFTWARE`: `HKLM\SOFTWARE\Lost`,
		`C:\Windows\System32\config\SYSTEM`:   `HKLM\SYSTEM\CurrentControlSet`,
		`C:\Windows\System32\config\SAM`:      `HKLM\SAM\SAM`,
	} {
		if p := s.possible[gap]; p == nil || !p("Path", path, ioc.Is) || p("Path", `HKLM\HARDWARE\x`, ioc.Is) {
			t.Errorf("%s: gaps %q", gap, s.gaps)
		}
	}
}

func TestSameKey(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`HKLM\SOFTWARE\X`, `HKEY_LOCAL_MACHINE\software\x\`, true},
		{`HKLM\SOFTWARE\X`, `X`, true},
		{`SOFTWARE\X`, `X`, true},
		{`HKLM\SOFTWARE\Wow6432Node\X`, `HKLM\SOFTWARE\X`, true},
		{`HKLM\SYSTEM\CurrentControlSet\Services\X`, `SYSTEM\ControlSet001\Services\X`, true},
		{`HKCU\Software\X`, `HKU\` + annaSID + `\Software\X`, true},
		{`HKCR\exefile`, `HKLM\SOFTWARE\Classes\exefile`, true},
		{`HKCR\exefile`, `HKCU\Software\Classes\exefile`, true},
		{`HKCU\Software\X`, `HKLM\SOFTWARE\X`, false},
		{`HKLM\SOFTWARE\X`, `HKLM\SOFTWARE\Y`, false},
		{`HKLM\SOFTWARE\X`, `HKLM\SOFTWARE\X\Y`, false},
	} {
		if sameKey(c.a, c.b) != c.want || sameKey(c.b, c.a) != c.want {
			t.Errorf("%s and %s: not %t", c.a, c.b, c.want)
		}
	}
}
