package source_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

var update = flag.Bool("update", false, "rewrite the hives of testdata/roots/registry")

const annaSID = "S-1-5-21-1004336348-1177238915-682003330-1001"

func sub(name string, keys ...regftest.Key) regftest.Key {
	return regftest.Key{Name: name, Written: 133000000000000000, Subkeys: keys}
}

func with(k regftest.Key, values ...regftest.Value) regftest.Key { k.Values = values; return k }

func sz(name, s string) regftest.Value {
	return regftest.Value{Name: name, Type: 1, Data: regftest.SZ(s)}
}

func dword(name string, n uint32) regftest.Value {
	return regftest.Value{Name: name, Type: 4, Data: regftest.DWORD(n)}
}

// deep is a chain of keys with the last one's values and subkeys.
func deep(last regftest.Key, names ...string) regftest.Key {
	for _, n := range slices.Backward(names) {
		last = sub(n, last)
	}
	return last
}

// smallHives are the hives of a small machine, by their paths.
func smallHives() map[string][]byte {
	system := sub("ROOT",
		with(sub("Select"), dword("Current", 2), dword("Default", 2)),
		sub("ControlSet001", sub("Services", with(sub("old"), sz("ImagePath", `C:\old.exe`)))),
		sub("ControlSet002",
			sub("Control", with(sub("IDConfigDB"), dword("CurrentConfig", 1))),
			sub("Hardware Profiles", sub("0001", with(sub("Software"), sz("Screen", "wide")))),
			sub("Services", with(sub("GreyHeron"), sz("ImagePath", `C:\ProgramData\gh\svc.exe`), dword("Start", 2))),
		))
	software := sub("ROOT",
		sub("Classes", with(sub("exefile"), sz("", "Application"))),
		sub("Microsoft",
			sub("Windows", sub("CurrentVersion",
				with(sub("Run"), sz("SecurityHealth", `%windir%\system32\SecurityHealthSystray.exe`)),
				sub("RunOnce"))),
			sub("Windows NT", sub("CurrentVersion", sub("ProfileList",
				with(sub(annaSID), regftest.Value{Name: "ProfileImagePath", Type: 2, Data: regftest.SZ(`%SystemDrive%\Users\anna`)}),
				with(sub("S-1-5-21-1-2-3-1002"), sz("ProfileImagePath", `C:\Users\gone`)))))),
		sub("Wow6432Node", deep(with(sub("Run"), sz("Helper32", `C:\Program Files (x86)\h.exe`)), "Microsoft", "Windows", "CurrentVersion")))
	user := sub("ROOT",
		sub("Environment"),
		sub("Software", deep(with(sub("Run"), sz("OneDriveSync", `C:\Users\anna\AppData\Roaming\Microsoft\svchost32.exe`),
			regftest.Value{Name: "Lists", Type: 7, Data: regftest.MultiSZ("first", "second")}), "Microsoft", "Windows", "CurrentVersion")))
	classes := sub(annaSID+"_Classes", sub("Local Settings"),
		sub("CLSID", with(sub("{11111111-2222-3333-4444-555555555555}"), sz("", "Hijack"))))
	bytes := func(k regftest.Key, name string) []byte {
		return regftest.Hive{Root: k, Name: name, Written: 133000000000000000}.Bytes()
	}
	return map[string][]byte{
		"Windows/System32/config/SYSTEM":                          bytes(system, "SYSTEM"),
		"Windows/System32/config/SOFTWARE":                        bytes(software, `emRoot\System32\Config\SOFTWARE`),
		"Users/anna/NTUSER.DAT":                                   bytes(user, `\??\C:\Users\anna\ntuser.dat`),
		"Users/anna/AppData/Local/Microsoft/Windows/UsrClass.dat": bytes(classes, "UsrClass.dat"),
	}
}

// The hives of the small machine are written by -update and otherwise are what
// is committed.
func TestSmallHives(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "roots", "registry")
	for path, want := range smallHives() {
		name := filepath.Join(root, filepath.FromSlash(path))
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, want, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != string(want) {
			t.Errorf("%s is not what -update writes: %v", name, err)
		}
	}
}

func smallMachine() *source.Mem {
	m := source.NewMem(source.Windows).Offer(source.Hives)
	for path, content := range smallHives() {
		m.Add(`C:\`+strings.ReplaceAll(strings.ToLower(path), "/", `\`), string(content))
	}
	return m
}

func TestRegistryKey(t *testing.T) {
	r := source.NewRegistry(smallMachine(), source.RegistryOptions{})
	defer r.Close()
	for _, c := range []struct{ path, value, want string }{
		{`HKLM\SYSTEM\CurrentControlSet\Services\GreyHeron`, "ImagePath", `C:\ProgramData\gh\svc.exe`},
		{`HKEY_LOCAL_MACHINE\system\ControlSet002\services\greyheron`, "imagepath", `C:\ProgramData\gh\svc.exe`},
		{`HKLM\SYSTEM\ControlSet001\Services\old`, "ImagePath", `C:\old.exe`},
		{`HKLM\SYSTEM\CurrentControlSet\Services\old`, "", ""},
		{`HKLM\SYSTEM\CurrentControlSet\Hardware Profiles\Current\Software`, "Screen", "wide"},
		{`HKCC\Software`, "Screen", "wide"},
		{`HKCU\Software\Microsoft\Windows\CurrentVersion\Run`, "OneDriveSync", `C:\Users\anna\AppData\Roaming\Microsoft\svchost32.exe`},
		{`HKU\` + annaSID + `\Software\Microsoft\Windows\CurrentVersion\Run`, "OneDriveSync", `C:\Users\anna\AppData\Roaming\Microsoft\svchost32.exe`},
		{`HKCR\exefile`, "", "Application"},
		{`HKCR\CLSID\{11111111-2222-3333-4444-555555555555}`, "", "Hijack"},
		{`HKU\` + annaSID + `_Classes\CLSID\{11111111-2222-3333-4444-555555555555}`, "", "Hijack"},
		{`HKCU\Software\Classes\CLSID\{11111111-2222-3333-4444-555555555555}`, "", "Hijack"},
		{`Computer\HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run`, "SecurityHealth", `%windir%\system32\SecurityHealthSystray.exe`},
		{`HKLM:\SOFTWARE\Nothing`, "", ""},
	} {
		k, err := r.Key(c.path)
		if c.want == "" {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v, want that it is not there", c.path, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		v, err := k.Value(c.value)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if got, err := v.Text(); got != c.want || err != nil {
			t.Errorf("%s: %q %v, want %q", c.path, got, err, c.want)
		}
	}
	// The hive is not there, so nobody can say.
	if _, err := r.Key(`HKLM\SAM\SAM`); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key of a hive that is missing: %v", err)
	}
	var missing []string
	for _, m := range r.Missing() {
		missing = append(missing, m.Name)
	}
	want := []string{"hive SAM", "hive SECURITY", "hive DEFAULT", `NTUSER.DAT of \Users\gone`}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	for _, h := range r.Hives() {
		if h.User == "anna" && h.SID != annaSID {
			t.Errorf("%s: SID %q", h.File, h.SID)
		}
	}
}

// A root has the capability only where there are hives.
func TestRootHives(t *testing.T) {
	dir := sourcetest.TempDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "WINNT", "System32", "CONFIG"), 0o777); err != nil {
		t.Fatal(err)
	}
	if src := openRoot(t, dir, source.Windows); src.Has(source.Hives) {
		t.Error("a root without hives offers them")
	}
	name := filepath.Join(dir, "WINNT", "System32", "CONFIG", "software")
	if err := os.WriteFile(name, smallHives()["Windows/System32/config/SOFTWARE"], 0o666); err != nil {
		t.Fatal(err)
	}
	src := openRoot(t, dir, source.Windows)
	if !src.Has(source.Hives) {
		t.Fatal("a root with a hive does not offer it")
	}
	r := source.NewRegistry(src, source.RegistryOptions{})
	defer r.Close()
	if _, err := r.Key(`HKLM\SOFTWARE\Microsoft\Windows`); err != nil {
		t.Error(err)
	}
}

// dirty is a hive that lacks its last change, which its log has.
func dirty() (hive, log []byte) {
	before := regftest.Hive{Root: sub("ROOT", with(sub("Software"), sz("v", "before"))), MinBins: 8192, Seq1: 2, Seq2: 1}.Bytes()
	after := regftest.Hive{Root: sub("ROOT", with(sub("Software"), sz("v", "behind"))), MinBins: 8192, Seq1: 2, Seq2: 2}.Bytes()
	return before, regftest.NewLog(before, regftest.Entry{Seq: 1, BinsSize: len(after) - regftest.Base, Pages: regftest.Pages(before, after, 512)})
}

func TestReplay(t *testing.T) {
	hive, log := dirty()
	for _, c := range []struct {
		noReplay  bool
		want, say string
		damage    int
	}{{false, "behind", "replayed in memory: ", 0}, {true, "before", "", 1}} {
		m := source.NewMem(source.Windows).Add(`C:\Users\anna\NTUSER.DAT`, string(hive)).Add(`C:\Users\anna\ntuser.dat.LOG1`, string(log))
		r := source.NewRegistry(m, source.RegistryOptions{NoReplay: c.noReplay})
		h := r.Hives()[0]
		k, err := h.Key("Software")
		if err != nil {
			t.Fatal(err)
		}
		v, err := k.Value("v")
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := v.Text(); got != c.want {
			t.Errorf("no replay %t: %q, want %q", c.noReplay, got, c.want)
		}
		if !strings.HasPrefix(h.Note(), c.say) || (c.say == "") != (h.Note() == "") || len(h.Damage()) != c.damage {
			t.Errorf("no replay %t: note %q, damage %v", c.noReplay, h.Note(), h.Damage())
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What a loose hive is shows by its content.
func TestLooseHives(t *testing.T) {
	dir := sourcetest.TempDir(t)
	given := func(file string, content []byte, mount string) source.GivenHive {
		name := filepath.Join(dir, file)
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return source.GivenHive{File: name, Mount: mount}
	}
	hives := smallHives()
	nobody := regftest.Hive{Root: sub("ROOT", sub("Vendor"))}.Bytes()
	for _, c := range []struct {
		given source.GivenHive
		want  string // proper place
	}{
		{given("a", hives["Windows/System32/config/SYSTEM"], ""), `HKEY_LOCAL_MACHINE\SYSTEM`},
		{given("b", hives["Windows/System32/config/SOFTWARE"], ""), `HKEY_LOCAL_MACHINE\SOFTWARE`},
		{given("c", hives["Users/anna/NTUSER.DAT"], ""), `HKEY_CURRENT_USER`},
		{given("d", hives["Users/anna/AppData/Local/Microsoft/Windows/UsrClass.dat"], ""), `HKEY_USERS\` + annaSID + `_Classes`},
		{given("e", nobody, ""), ""},
		{given("f", nobody, `HKLM\SOFTWARE`), `HKEY_LOCAL_MACHINE\SOFTWARE`},
		{given("g", nobody, `HKLM\SOFTWARE\Vendor`), `HKEY_LOCAL_MACHINE\SOFTWARE\Vendor`},
		{given("h", nobody, `HKU\`+annaSID), `HKEY_USERS\` + annaSID},
	} {
		if err := source.CheckHive(c.given); err != nil {
			t.Error(err)
		}
		r := source.NewRegistry(source.OpenArtifacts("x", source.Hives), source.RegistryOptions{Given: []source.GivenHive{c.given}})
		got := ""
		if p := r.Hives()[0].Places(); len(p) > 0 {
			got = source.JoinKeys(p[0].Hive, p[0].Key)
		}
		if got != c.want || len(r.Missing()) > 0 {
			t.Errorf("%s: %q, want %q; missing %v", c.given.File, got, c.want, r.Missing())
		}
		r.Close()
	}
	if err := source.CheckHive(source.GivenHive{File: dir}); !errors.Is(err, source.ErrNotRegular) {
		t.Errorf("a folder: %v", err)
	}
	if err := source.CheckHive(source.GivenHive{File: filepath.Join(dir, "a"), Mount: "SOFTWARE"}); err == nil {
		t.Error("a place without a root is taken")
	}
}

// A profile whose folder is empty, or a drive, claims no hive.
func TestProfileWithoutFolder(t *testing.T) {
	software := sub("ROOT", sub("Microsoft", sub("Windows NT", sub("CurrentVersion", sub("ProfileList",
		with(sub("S-1-5-21-1-2-3-1000"), sz("ProfileImagePath", "")),
		with(sub("S-1-5-21-1-2-3-1001"), sz("ProfileImagePath", `C:\`)),
		with(sub(annaSID), sz("ProfileImagePath", `C:\Users\anna`)))))))
	m := source.NewMem(source.Windows).Offer(source.Hives).
		Add(`C:\Windows\System32\config\SOFTWARE`, string(regftest.Hive{Root: software, Name: "SOFTWARE"}.Bytes())).
		Add(`C:\Users\anna\NTUSER.DAT`, string(smallHives()["Users/anna/NTUSER.DAT"]))
	r := source.NewRegistry(m, source.RegistryOptions{})
	defer r.Close()
	for _, h := range r.Hives() {
		if h.Kind == source.HiveUser && h.SID != annaSID {
			t.Errorf("%s is %s's, want %s's", h.File, h.SID, annaSID)
		}
	}
}
