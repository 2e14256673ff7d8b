package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// wineRegistry is planted in the registry: values of all types, names of many
// scripts, keys in the view of 32-bit programs.
const wineRegistry = `Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\iocscan test\types]
@="the default value"
"text"="wörter ключ 名前"
"expand"=hex(2):25,00,54,00,45,00,4d,00,50,00,25,00,00,00
"multi"=hex(7):6f,00,6e,00,65,00,00,00,74,00,77,00,6f,00,00,00,00,00
"number"=dword:deadbeef
"wide number"=hex(b):00,00,00,00,00,01,00,00
"binary"=hex:de,c0,ad,0b,00
"none"=hex(0):01
"own"=hex(ffff0012):01,02,03

[HKEY_LOCAL_MACHINE\SOFTWARE\iocscan test\ключ 名前]
"значение"="found by its name"

[HKEY_LOCAL_MACHINE\SOFTWARE\iocscan test\empty]

[HKEY_CURRENT_USER\Software\iocscan test]
"mine"="of the user"

[HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run]
"iocscan updater"="C:\\users\\analyst\\AppData\\Local\\Temp\\svch0st.exe -quiet"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\iocscan driver]
"Type"=dword:1
"Start"=dword:3
"ImagePath"="\\??\\C:\\windows\\system32\\drivers\\beep0.sys"
`

const (
	wineKeys = `HKEY_LOCAL_MACHINE\Software\iocscan test\`
	wineType = wineKeys + `types\`
)

// A wineFact is an indicator, and the object by which it has to be found.
type wineFact struct {
	name   string
	words  []string // as wineIOC takes them
	label  string   // without regard to case; empty: none, clear
	fields map[string]string
}

// one is an indicator of one condition.
func one(name, term, content, label string, fields map[string]string) wineFact {
	return wineFact{name, []string{term, "is", "string", content}, label, fields}
}

func both(name, label string, fields map[string]string, words ...string) wineFact {
	return wineFact{name, words, label, fields}
}

var wineFacts = []wineFact{
	one("default", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\types\(Default)`, wineType+"(Default)",
		map[string]string{"RegistryItem/Text": "the default value", "RegistryItem/Type": "REG_SZ"}),
	one("text", "RegistryItem/Path", `HKEY_LOCAL_MACHINE\software\IOCSCAN TEST\types\TEXT`, wineType+"text",
		map[string]string{"RegistryItem/Text": "wörter ключ 名前", "RegistryItem/ValueName": "text", "RegistryItem/Type": "REG_SZ"}),
	one("expand", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\types\expand`, wineType+"expand",
		map[string]string{"RegistryItem/Text": "%TEMP%", "RegistryItem/Type": "REG_EXPAND_SZ"}),
	one("multi", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\types\multi`, wineType+"multi", map[string]string{"RegistryItem/Type": "REG_MULTI_SZ"}),
	one("number", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\types\number`, wineType+"number",
		map[string]string{"RegistryItem/Text": "3735928559", "RegistryItem/Type": "REG_DWORD"}),
	one("wide number", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\types\wide number`, wineType+"wide number",
		map[string]string{"RegistryItem/Text": "1099511627776", "RegistryItem/Type": "REG_QWORD"}),
	both("binary", wineType+"binary", map[string]string{"RegistryItem/Type": "REG_BINARY"},
		"RegistryItem/Path", "is", "string", `HKLM\SOFTWARE\iocscan test\types\binary`, "RegistryItem/Value", "is", "string", "3sCtCwA="),
	one("none", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\types\none`, wineType+"none", map[string]string{"RegistryItem/Type": "REG_NONE"}),
	one("own type", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\types\own`, wineType+"own", map[string]string{"RegistryItem/Type": "0xFFFF0012"}),
	one("unicode", "RegistryItem/Path", `HKLM\SOFTWARE\IOCSCAN TEST\КЛЮЧ 名前\ЗНАЧЕНИЕ`, wineKeys+`ключ 名前\значение`,
		map[string]string{"RegistryItem/Text": "found by its name"}),
	one("empty key", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\empty`, wineKeys+"empty", nil),
	one("other view", "RegistryItem/Path", `HKLM\SOFTWARE\Wow6432Node\iocscan test\view`, `HKEY_LOCAL_MACHINE\Software\Wow6432Node\iocscan test\view`,
		map[string]string{"RegistryItem/Text": "of 32-bit programs"}),
	one("both views", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\view`, `HKEY_LOCAL_MACHINE\Software\Wow6432Node\iocscan test\view`, nil),
	one("user", "RegistryItem/Path", `HKCU\Software\iocscan test\mine`, `HKEY_USERS\S-1-5-21-0-0-0-1000\Software\iocscan test\mine`,
		map[string]string{"RegistryItem/Text": "of the user"}),
	both("time", wineType+"text", nil, "RegistryItem/Path", "is", "string", `HKLM\SOFTWARE\iocscan test\types\text`,
		"RegistryItem/Modified", "greater-than", "date", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)),
	both("run key", `HKEY_USERS\S-1-5-21-0-0-0-1000\Software\Microsoft\Windows\CurrentVersion\Run\iocscan updater`, nil,
		"RegistryItem/KeyPath", "contains", "string", `CurrentVersion\Run`, "RegistryItem/Text", "contains", "string", "svch0st.exe"),
	one("no such key", "RegistryItem/Path", `HKLM\SOFTWARE\iocscan test\nothing`, "", nil),
	both("persistence", "", map[string]string{"PersistenceItem/FilePath": wineTemp + "svch0st.exe"},
		"PersistenceItem/md5sum", "is", "md5", wineMD5(winePayload), "PersistenceItem/RegPath", "contains", "string", `Run\iocscan updater`),
	one("service", "ServiceItem/name", "iocscan service", `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\iocscan service`, map[string]string{
		"ServiceItem/path": wineTemp + "svch0st.exe", "ServiceItem/arguments": "-k evil", "ServiceItem/mode": "SERVICE_AUTO_START", "ServiceItem/status": "SERVICE_STOPPED"}),
	both("running service", `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\RpcSs`, map[string]string{"ServiceItem/mode": "SERVICE_DEMAND_START"},
		"ServiceItem/name", "is", "string", "rpcss", "ServiceItem/status", "is", "string", "SERVICE_RUNNING", "ServiceItem/pid", "greater-than", "int", "0"),
	both("service hash", `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\iocscan service`, nil, "ServiceItem/pathmd5sum", "is", "md5", wineMD5(winePayload)),
	one("driver", "DriverItem/Md5sum", wineMD5("no driver"), `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\iocscan driver`, nil),
	both("account", "", map[string]string{"UserItem/SecurityID": "S-1-5-21-0-0-0-1000"}, "UserItem/userid", "is", "int", "1000", "UserItem/disabled", "is", "string", "false"),
	both("volume", "C:", map[string]string{"VolumeItem/SerialNumber": "43000000", "VolumeItem/FileSystemName": "NTFS"},
		"VolumeItem/DriveLetter", "is", "string", "C:", "VolumeItem/IsMounted", "is", "bool", "true", "VolumeItem/TotalSize", "greater-than", "int", "1000000",
		"VolumeItem/SerialNumber", "is", "string", "4300-0000", "VolumeItem/FileSystemName", "is", "string", "ntfs"),
	one("disk", "DiskItem/DiskName", `\\.\PhysicalDrive0`, `\\.\PhysicalDrive0`, nil),
	both("system", "", nil, "SystemInfoItem/OS", "contains", "string", "Windows 10", "SystemInfoItem/directory", "is", "string", `C:\windows\system32`,
		"SystemInfoItem/drives", "is", "string", "D:", "SystemInfoItem/totalphysical", "greater-than", "int", "1000000", "SystemInfoItem/domain", "is", "string", "workgroup"),
	both("event", "", nil, "EventLogItem/log", "is", "string", "Security", "EventLogItem/message", "contains", "string", "203.0.113.9"),
}

// TestWineRegistry finds what was planted in the registry of the running system
// and what that tells of services, accounts, volumes and itself.
func TestWineRegistry(t *testing.T) {
	m := newWineMachine(t)
	m.plantRegistry(t)
	var names []string
	for _, f := range wineFacts {
		m.write("drive_c/run/iocs/live "+f.name+".ioc", strings.Replace(wineIOC("AND", f.words...), "NAME", "live "+f.name, 1))
		names = append(names, `iocs\live `+f.name+".ioc")
	}
	// Two at once, which must not disturb each other.
	var reports [2]wineReport
	var wg sync.WaitGroup
	for i := range reports {
		wg.Go(func() {
			stdout, stderr, _ := m.run(t, append([]string{"scan", "--format", "json"}, names...)...)
			if err := json.Unmarshal([]byte(stdout), &reports[i]); err != nil {
				t.Errorf("%v\n%s%s", err, stdout, stderr)
			}
		})
	}
	wg.Wait()
	for _, r := range reports {
		checkWineFacts(t, r)
	}
}

func checkWineFacts(t *testing.T, r wineReport) {
	t.Helper()
	found := 0
	for _, i := range r.IOCs {
		name := strings.TrimSuffix(strings.TrimPrefix(i.File, `iocs\live `), ".ioc")
		n := slices.IndexFunc(wineFacts, func(f wineFact) bool { return f.name == name })
		if n < 0 {
			t.Errorf("an indicator %q", i.File)
			continue
		}
		found++
		want := wineFacts[n]
		if want.label == "" && want.fields == nil && name == "no such key" {
			if i.Verdict != "clear" {
				t.Errorf("%s: %s %v", name, i.Verdict, i.Unchecked)
			}
			continue
		}
		if i.Verdict != "matched" || len(i.Matches) != 1 || len(i.Matches[0].Objects) != 1 {
			t.Errorf("%s: %s, %d matches, %v", name, i.Verdict, len(i.Matches), i.Unchecked)
			continue
		}
		o := i.Matches[0].Objects[0]
		if want.label != "" && !strings.EqualFold(o.Label, want.label) {
			t.Errorf("%s: %q, want %q", name, o.Label, want.label)
		}
		for term, value := range want.fields {
			if !slices.ContainsFunc(o.Fields[term], func(got string) bool { return strings.EqualFold(got, value) }) {
				t.Errorf("%s: %s is %q, want %q", name, term, o.Fields[term], value)
			}
		}
	}
	if found != len(wineFacts) {
		t.Errorf("%d indicators of %d in the report", found, len(wineFacts))
	}
	if t.Failed() {
		t.Logf("documents %+v, troubles %+v", r.Documents, r.Troubles)
	}
}

// plantRegistry plants what TestWineRegistry finds, by the means of the system.
func (m *wineMachine) plantRegistry(t *testing.T) {
	t.Helper()
	do := func(args ...string) {
		t.Helper()
		if out, err := m.command(args...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	m.write("drive_c/run/plant.reg", "\xff\xfe"+wineWide(strings.ReplaceAll(wineRegistry, "\n", "\r\n")))
	do("reg", "import", `C:\run\plant.reg`)
	do("reg", "add", `HKLM\SOFTWARE\iocscan test`, "/v", "view", "/d", "of 32-bit programs", "/reg:32", "/f")
	do("sc", "create", "iocscan service", "binpath=", wineTemp+"svch0st.exe -k evil", "start=", "auto")
	logs := m.path("drive_c/windows/system32/winevt/Logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join("testdata", "roots", "logs", "Windows", "System32", "winevt", "Logs", "Security.evtx"))
	if err != nil {
		t.Fatal(err)
	}
	m.write("drive_c/windows/system32/winevt/Logs/Security.evtx", string(log))
	t.Cleanup(func() {
		for _, args := range [][]string{
			{"sc", "delete", "iocscan service"},
			{"reg", "delete", `HKLM\SOFTWARE\iocscan test`, "/f"},
			{"reg", "delete", `HKLM\SOFTWARE\iocscan test`, "/reg:32", "/f"},
			{"reg", "delete", `HKCU\Software\iocscan test`, "/f"},
			{"reg", "delete", `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`, "/v", "iocscan updater", "/f"},
			{"reg", "delete", `HKLM\SYSTEM\CurrentControlSet\Services\iocscan driver`, "/f"},
		} {
			if out, err := m.command(args...).CombinedOutput(); err != nil {
				t.Errorf("%q: %v\n%s", args, err, out)
			}
		}
		if err := os.Remove(filepath.Join(logs, "Security.evtx")); err != nil {
			t.Error(err)
		}
	})
}

// TestWineAllKeys lists the whole registry of the running system.
func TestWineAllKeys(t *testing.T) {
	m := newWineMachine(t)
	m.write("drive_c/run/iocs/all keys.ioc", strings.Replace(wineIOC("OR", "RegistryItem/Text", "is", "string", "there is no such text"), "NAME", "all keys", 1))
	stdout, stderr, status := m.run(t, "scan", "--format", "json", "--keys", "all", `iocs\all keys.ioc`)
	var r wineReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	if status != 0 || r.Summary.Objects < 10000 {
		t.Errorf("status %d, %d values, %+v %s", status, r.Summary.Objects, r.Troubles, fmt.Sprint(r.Documents))
	}
}
