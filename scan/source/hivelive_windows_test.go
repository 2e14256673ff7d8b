package source_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"iocscan/ioc"
	"iocscan/scan/source"
)

const livePlace = `Software\iocscan test ключ`

// plantKeys makes keys of the test's own, and takes them away after it.
func plantKeys(t *testing.T) {
	t.Helper()
	remove := func() {
		for _, k := range []string{`\sub\deeper`, `\sub`, `\empty`, ``} {
			registry.DeleteKey(registry.CURRENT_USER, livePlace+k)
		}
	}
	remove()
	t.Cleanup(remove)
	for _, name := range []string{`\sub\deeper`, `\empty`} {
		k, _, err := registry.CreateKey(registry.CURRENT_USER, livePlace+name, registry.ALL_ACCESS)
		if err != nil {
			t.Fatal(err)
		}
		k.Close()
	}
	k, err := registry.OpenKey(registry.CURRENT_USER, livePlace, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	linkTo(t, livePlace+`\loop`, livePlace)
	for _, err := range []error{
		k.SetStringValue("", "the default"),
		k.SetStringValue("text", "wörter"),
		k.SetExpandStringValue("expand", `%SystemRoot%\x.exe`),
		k.SetDWordValue("dword", 0xdeadbeef),
		k.SetQWordValue("qword", 1<<40),
		k.SetBinaryValue("binary", []byte{0, 1, 2, 255}),
		k.SetBinaryValue("big", slices.Repeat([]byte{7}, 1<<20)),
		k.SetStringsValue("multi", []string{"one", "two"}),
		k.SetBinaryValue("nothing", nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// linkTo makes a link between keys of the user.
func linkTo(t *testing.T, at, to string) {
	t.Helper()
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	name, err := windows.UTF16PtrFromString(at)
	if err != nil {
		t.Fatal(err)
	}
	const createLink, deletion, link = 2, 0x10000, 6
	var h windows.Handle
	create := windows.NewLazySystemDLL("advapi32.dll").NewProc("RegCreateKeyExW")
	if r, _, _ := create.Call(uintptr(registry.CURRENT_USER), uintptr(unsafe.Pointer(name)), 0, 0, createLink, registry.ALL_ACCESS|deletion, 0, uintptr(unsafe.Pointer(&h)), 0); r != 0 {
		t.Fatalf("make a link: %v", windows.Errno(r))
	}
	t.Cleanup(func() {
		windows.NewLazySystemDLL("ntdll.dll").NewProc("NtDeleteKey").Call(uintptr(h))
		windows.CloseHandle(h)
	})
	value, err := windows.UTF16FromString("SymbolicLinkValue")
	if err != nil {
		t.Fatal(err)
	}
	target := utf16.Encode([]rune(`\Registry\User\` + user.User.Sid.String() + `\` + to))
	set := windows.NewLazySystemDLL("advapi32.dll").NewProc("RegSetValueExW")
	if r, _, _ := set.Call(uintptr(h), uintptr(unsafe.Pointer(&value[0])), 0, link, uintptr(unsafe.Pointer(&target[0])), uintptr(2*len(target))); r != 0 {
		t.Fatalf("set the link: %v", windows.Errno(r))
	}
}

func liveRegistry(t *testing.T) *source.Registry {
	t.Helper()
	src, err := source.OpenHost(source.HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := source.NewRegistry(src, source.RegistryOptions{})
	t.Cleanup(func() { r.Close(); src.Close() })
	return r
}

func TestLiveRegistryKey(t *testing.T) {
	plantKeys(t)
	r := liveRegistry(t)
	k, err := r.Key(`hkcu\SOFTWARE\IOCSCAN TEST КЛЮЧ`)
	if err != nil {
		t.Fatal(err)
	}
	if k.Path() != livePlace || k.NumSubkeys() != 3 || k.NumValues() != 9 {
		t.Errorf("%q: %d keys, %d values", k.Path(), k.NumSubkeys(), k.NumValues())
	}
	if at := time.Since(ioc.TicksTime(k.Written())); at < -time.Minute || at > 10*time.Minute {
		t.Errorf("written %v ago", at)
	}
	if owner, err := k.Owner(); err != nil || !strings.HasPrefix(owner, "S-1-") {
		t.Errorf("owner %q, %v", owner, err)
	}
	got := map[string]string{}
	for v, err := range k.Values() {
		if err != nil {
			t.Fatal(err)
		}
		text, err := v.Text()
		if err != nil {
			t.Fatal(err)
		}
		if v.Size() > 1000 {
			text = text[:2]
		}
		got[v.Name()] = v.Type().String() + " " + text
	}
	for name, want := range map[string]string{
		"": "REG_SZ the default", "text": "REG_SZ wörter", "expand": `REG_EXPAND_SZ %SystemRoot%\x.exe`,
		"binary": "REG_BINARY 00 01 02 FF", "nothing": "REG_BINARY ",
	} {
		if got[name] != want && strings.ReplaceAll(strings.ToUpper(got[name]), " ", "") != strings.ReplaceAll(strings.ToUpper(want), " ", "") {
			t.Errorf("value %q: %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 9 {
		t.Errorf("values %q", got)
	}
	if v, err := k.Value("BIG"); err != nil || v.Size() != 1<<20 {
		t.Errorf("a value found by its name: %v", err)
	}
	if _, err := k.Value("missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a value that is not there: %v", err)
	}
	if _, err := k.Find(`sub\nothing`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key that is not there: %v", err)
	}
	if _, err := k.Find(`loop\sub`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key behind a link: %v", err)
	}
	link, err := k.Find("loop")
	if err != nil || link.NumSubkeys() != 0 {
		t.Fatalf("a link: %v", err)
	}
	if v, err := link.Value("SymbolicLinkValue"); err != nil || v.Type().String() != "REG_LINK" {
		t.Errorf("the value of a link: %v", err)
	}
	var below []string
	for sub, err := range k.Walk() {
		if err != nil {
			t.Fatal(err)
		}
		below = append(below, strings.TrimPrefix(sub.Path(), livePlace))
	}
	slices.Sort(below)
	if want := []string{"", `\empty`, `\loop`, `\sub`, `\sub\deeper`}; !slices.Equal(below, want) {
		t.Errorf("walk: %q, want %q", below, want)
	}
}

// TestLiveHives: what the system has loaded is listed once, and links are not
// followed.
func TestLiveHives(t *testing.T) {
	r := liveRegistry(t)
	kinds := map[source.HiveKind]int{}
	for _, h := range r.Hives() {
		kinds[h.Kind]++
		if h.Second {
			t.Errorf("%s has the place of another", h.File)
		}
		if err := h.Open(); err != nil {
			t.Logf("%s: %v", h.File, err)
		}
	}
	if kinds[source.HiveSystem] != 1 || kinds[source.HiveSoftware] != 1 || kinds[source.HiveUser] == 0 {
		t.Errorf("hives %v", kinds)
	}
	for _, m := range r.Missing() {
		t.Logf("missing: %s: %v", m.Name, m.Err)
	}
	services, err := r.Key(`HKLM\SYSTEM\CurrentControlSet\Services`)
	if err != nil || services.NumSubkeys() == 0 {
		t.Fatalf("services: %v, %v", services, err)
	}
	seen := map[string]bool{}
	for _, h := range r.Hives() {
		if h.Kind != source.HiveSystem {
			continue
		}
		for k, err := range h.Walk("") {
			if err != nil {
				t.Logf("%s: %v", h.File, err)
				continue
			}
			at := ioc.Fold(k.Path())
			if seen[at] {
				t.Fatalf("%s was listed before", k.Path())
			}
			seen[at] = true
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d keys", len(seen))
	}
}
