package document

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

// written is what was said of items, of terms with one of the beginnings.
func written(items map[string]string, terms []string) string {
	var b strings.Builder
	for _, label := range slices.Sorted(maps.Keys(items)) {
		for line := range strings.Lines(items[label]) {
			if !strings.HasPrefix(line, "  ") || len(terms) == 0 ||
				slices.ContainsFunc(terms, func(t string) bool { return strings.HasPrefix(strings.TrimSpace(line), t) }) {
				b.WriteString(line)
			}
		}
	}
	return b.String()
}

func someServices() []regftest.Key {
	return []regftest.Key{
		{Name: "Dnscache", Values: []regftest.Value{dword("Type", 0x20), dword("Start", 2), expandValue("ImagePath", `%SystemRoot%\system32\svchost.exe -k NetworkService`),
			sz("DisplayName", `@%SystemRoot%\System32\dnsapi.dll,-101`), sz("Description", "Names"), sz("ObjectName", `NT AUTHORITY\NetworkService`)},
			Subkeys: []regftest.Key{{Name: "Parameters", Values: []regftest.Value{expandValue("ServiceDll", `%SystemRoot%\System32\dnsrslvr.dll`)}}}},
		{Name: "Evil", Values: []regftest.Value{dword("Type", 0x110), dword("Start", 3), sz("ImagePath", `C:\Program Files\Evil Corp\evil.exe /svc`), sz("DisplayName", "Evil Service")}},
		{Name: "Gone", Values: []regftest.Value{dword("Type", 0x10), dword("Start", 4), sz("ImagePath", `"C:\gone.exe"`)}},
		{Name: "null", Values: []regftest.Value{dword("Type", 1), dword("Start", 1)}},
		{Name: "rdbss", Values: []regftest.Value{dword("Type", 2), dword("Start", 0), sz("ImagePath", `system32\DRIVERS\rdbss.sys`)}},
		{Name: "NoService", Values: []regftest.Value{sz("ImagePath", `C:\x.exe`)}},
	}
}

func TestServicesOfWindows(t *testing.T) {
	m := windowsMachine(map[string]string{"SYSTEM": systemHive(someServices()...)}).
		Add(`C:\Windows\System32\svchost.exe`, "svchost").Add(`C:\Windows\System32\dnsrslvr.dll`, "dns").
		Add(`C:\Program Files\Evil Corp\evil.exe`, "evil").Add(`C:\Windows\System32\drivers\null.sys`, "null")
	got := tellWindows(t, &services, m, nil, "name", "descr", "mode", "type", "path =", "pathmd5sum", "arg", "cmd", "started", "serviceDLL =", "serviceDLLmd5", "pathSignatureE")
	got.want(t, `
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Dnscache
		  name = Dnscache
		  descriptiveName = @%SystemRoot%\System32\dnsapi.dll,-101!
		  description = Names
		  mode = SERVICE_AUTO_START
		  type = SERVICE_WIN32_SHARE_PROCESS
		  path = %SystemRoot%\system32\svchost.exe | C:\Windows\system32\svchost.exe
		  arguments = -k NetworkService
		  cmdLine = %SystemRoot%\system32\svchost.exe -k NetworkService
		  startedAs = NT AUTHORITY\NetworkService
		  serviceDLL = %SystemRoot%\System32\dnsrslvr.dll | C:\Windows\System32\dnsrslvr.dll
		  pathmd5sum = `+md5Of("svchost")+`
		  serviceDLLmd5sum = `+md5Of("dns")+`
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Evil
		  name = Evil
		  descriptiveName = Evil Service
		  mode = SERVICE_DEMAND_START
		  type = SERVICE_WIN32_OWN_PROCESS | SERVICE_INTERACTIVE_PROCESS | SERVICE_WIN32_OWN_PROCESS SERVICE_INTERACTIVE_PROCESS
		  path = C:\Program Files\Evil Corp\evil.exe
		  arguments = /svc
		  cmdLine = C:\Program Files\Evil Corp\evil.exe /svc
		  startedAs = LocalSystem
		  pathmd5sum = `+md5Of("evil")+`
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Gone
		  name = Gone
		  mode = SERVICE_DISABLED
		  type = SERVICE_WIN32_OWN_PROCESS
		  path = C:\gone.exe
		  cmdLine = "C:\gone.exe"
		  startedAs = LocalSystem
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\null
		  name = null
		  mode = SERVICE_SYSTEM_START
		  type = SERVICE_KERNEL_DRIVER
		  path = System32\drivers\null.sys | C:\Windows\System32\drivers\null.sys
		  cmdLine = System32\drivers\null.sys
		  pathmd5sum = `+md5Of("null")+`
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\rdbss
		  name = rdbss
		  mode = SERVICE_BOOT_START
		  type = SERVICE_FILE_SYSTEM_DRIVER
		  path = system32\DRIVERS\rdbss.sys | C:\Windows\system32\DRIVERS\rdbss.sys
		  cmdLine = system32\DRIVERS\rdbss.sys
		`)
}

// What cannot be read is unknown, and the listing says whether all is there.
func TestUnreadableServicesOfWindows(t *testing.T) {
	m := windowsMachine(map[string]string{"SYSTEM": systemHive(regftest.Key{Name: "Odd",
		Values: []regftest.Value{sz("Type", "sixteen"), sz("ImagePath", `C:\x.exe`)}})})
	got := tellWindows(t, &services, m, nil, "name", "path =", "pathmd5", "mode")
	got.says(t, `
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Odd
		  name = Odd
		  mode = !
		  path = !
		  pathmd5sum = !
		`)
	got.tells(t, `Services\Odd: value Type: no number`)

	m = windowsMachine(map[string]string{"SYSTEM": "rubbish"})
	if got := tellWindows(t, &services, m, nil); got.Complete || got.Full || len(got.troubles) == 0 {
		t.Errorf("a hive that is none: %+v, troubles %q", got.Listing, got.troubles)
	}
	m.Remove(`C:\Windows\System32\config\SYSTEM`)
	if got := tellWindows(t, &services, m, nil); got.Complete || got.Full || !strings.Contains(got.Why, "no such hive") {
		t.Errorf("no hive: %+v", got.Listing)
	}
	m = source.NewMem(source.Windows)
	if got := tellWindows(t, &services, m, nil); got.Complete || got.Full || !strings.Contains(got.Why, "registry hives") {
		t.Errorf("no registry: %+v", got.Listing)
	}
}
