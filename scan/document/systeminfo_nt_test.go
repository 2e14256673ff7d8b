package document

import (
	"strings"
	"testing"

	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

const (
	ethernet = "{5F3F359E-9D52-4566-9BEC-37EFDFB25ABE}"
	wireless = "{3F215CB0-2D43-4C99-825F-0142C4FAFAB5}"
)

func windowsSystem() map[string]keys {
	const control, parameters = `ControlSet001\Control\`, `ControlSet001\Services\Tcpip\Parameters`
	const version = `Microsoft\Windows NT\CurrentVersion`
	system := systemKeys()
	system[parameters] = []regftest.Value{sz("Hostname", "finch"), sz("Domain", "example.org")}
	system[parameters+`\Interfaces\`+ethernet] = []regftest.Value{
		dword("EnableDHCP", 1), sz("DhcpIPAddress", "192.0.2.17"), sz("DhcpSubnetMask", "255.255.255.0"), sz("DhcpServer", "192.0.2.1"),
		multi("DhcpDefaultGateway", "192.0.2.254"), dword("LeaseObtainedTime", 1600000000), dword("LeaseTerminatesTime", 1600003600),
		multi("IPAddress", "10.0.0.9")}
	system[parameters+`\Interfaces\`+wireless] = []regftest.Value{
		dword("EnableDHCP", 0), multi("IPAddress", "198.51.100.2", "198.51.100.3"), multi("SubnetMask", "255.255.0.0", "255.255.0.0"),
		multi("DefaultGateway", ""), sz("DhcpIPAddress", "192.0.2.99")}
	system[control+`Network\`+netClass+`\`+ethernet+`\Connection`] = []regftest.Value{sz("Name", "Ethernet0")}
	system[control+`Class\`+netClass+`\0001`] = []regftest.Value{sz("NetCfgInstanceId", strings.ToLower(ethernet)), sz("DriverDesc", "Example Adapter")}
	system[control+`Session Manager\Environment`] = []regftest.Value{sz("PROCESSOR_ARCHITECTURE", "AMD64"), sz("PROCESSOR_IDENTIFIER", "Intel64 Family 6")}
	system[control+`SystemInformation`] = []regftest.Value{sz("BIOSVersion", "1.2.3"), sz("BIOSReleaseDate", "12/01/2006")}
	system[control+`TimeZoneInformation`] = []regftest.Value{sz("TimeZoneKeyName", "Pacific Standard Time"), sz("StandardName", "@tzres.dll,-212"),
		sz("DaylightName", "@tzres.dll,-211"), dword("ActiveTimeBias", 420)}
	system[`MountedDevices`] = []regftest.Value{bytesValue(`\DosDevices\D:`, []byte("x")), bytesValue(`\DosDevices\C:`, []byte("y")), bytesValue(`\??\Volume{1}`, []byte("y"))}
	software := softwareKeys()
	software[version] = []regftest.Value{sz("SystemRoot", `C:\Windows`), sz("ProductName", "Windows 10 Pro"), sz("CurrentVersion", "6.3"), sz("CurrentBuildNumber", "22631"),
		dword("UBR", 3007), dword("CurrentMajorVersionNumber", 10), dword("CurrentMinorVersionNumber", 0), sz("DisplayVersion", "23H2"),
		sz("ProductId", "00330-80000-00000-AA123"), sz("RegisteredOwner", "Boris"), sz("RegisteredOrganization", "Example"),
		dword("InstallDate", 1600000000), sz("CurrentType", "Multiprocessor Free")}
	software[version+`\Time Zones\Pacific Standard Time`] = []regftest.Value{sz("Std", "Pacific Standard Time"), sz("Dlt", "Pacific Daylight Time")}
	name := utf16Text("EXAMPLE")
	return map[string]keys{"SYSTEM": system, "SOFTWARE": software,
		"SECURITY": {`Policy\PolPrDmN`: {bytesValue("", append([]byte{byte(len(name)), 0, 16, 0, 8, 0, 0, 0}, name...))}}}
}

func TestSystemOfWindows(t *testing.T) {
	atRest(t, tell(t, &system, hives(windowsSystem()))).want(t, `
		FINCH
		  hostname = FINCH | finch.example.org
		  machine = FINCH | finch.example.org
		  domain = example.org | EXAMPLE
		  OS = Windows 10 Pro | Windows 10 Pro 22631 | Windows 11 Pro | Windows 11 Pro 22631
		  productName = Windows 10 Pro | Windows 11 Pro
		  version = 10.0.22631 | 10.0 | 10.0.22631.3007 | 23H2
		  buildNumber = 22631 | 22631.3007
		  OSbitness = 64-bit
		  platform = win | windows
		  productID = 00330-80000-00000-AA123
		  regOwner = Boris
		  regOrg = Example
		  installDate = 2020-09-13T12:26:40Z
		  timezone = Pacific Standard Time
		  timezoneStandard = Pacific Standard Time
		  timezoneDST = Pacific Daylight Time
		  gmtoffset = -07:00 ~
		  directory = C:\Windows\system32 | C:\Windows
		  drives = C: | D: | C:,D: ~
		  processor = Intel64 Family 6 ~
		  procType = Multiprocessor Free ~
		  biosInfo/biosVersion = 1.2.3 ~
		  biosInfo/biosDate = 12/01/2006 ~
		  networkArray/networkInfo/adapter = {3F215CB0-2D43-4C99-825F-0142C4FAFAB5} | {5F3F359E-9D52-4566-9BEC-37EFDFB25ABE} | Ethernet0
		  networkArray/networkInfo/description = Example Adapter?
		  networkArray/networkInfo/ipArray/ipInfo/ipAddress = 198.51.100.2 | 198.51.100.3 | 192.0.2.17
		  networkArray/networkInfo/ipArray/ipInfo/ipv6Address = ?
		  networkArray/networkInfo/ipArray/ipInfo/subnetMask = 255.255.0.0 | 255.255.0.0 | 255.255.255.0
		  networkArray/networkInfo/ipGatewayArray/ipGateway = 192.0.2.254
		  networkArray/networkInfo/dhcpServerArray/dhcpServer = 192.0.2.1
		  networkArray/networkInfo/MAC = ?
		  networkArray/networkInfo/dhcpLeaseObtained = 2020-09-13T12:26:40Z
		  networkArray/networkInfo/dhcpLeaseExpires = 2020-09-13T13:26:40Z
		`)
}

// Windows XP: other values have the version, and names of zones are words.
func TestSystemOfOldWindows(t *testing.T) {
	h := windowsSystem()
	h["SOFTWARE"][`Microsoft\Windows NT\CurrentVersion`] = []regftest.Value{sz("ProductName", "Microsoft Windows XP"), sz("CurrentVersion", "5.1"),
		sz("CurrentBuildNumber", "2600"), sz("CurrentBuild", "1.511.1 () (Obsolete data - do not use)"), sz("CSDVersion", "Service Pack 3")}
	h["SYSTEM"][`ControlSet001\Control\TimeZoneInformation`] = []regftest.Value{sz("StandardName", "W. Europe Standard Time"),
		sz("DaylightName", "W. Europe Daylight Time"), dword("ActiveTimeBias", 0xffffffc4)}
	got := atRest(t, tell(t, &system, hives(h)))
	for _, want := range []string{
		"  OS = Microsoft Windows XP | Microsoft Windows XP 2600 Service Pack 3\n", "  version = 5.1.2600 | 5.1\n", "  buildNumber = 2600\n",
		"  patchLevel = Service Pack 3\n", "  timezone = W. Europe Standard Time\n", "  timezoneDST = W. Europe Daylight Time\n", "  gmtoffset = +01:00 ~\n",
	} {
		if !strings.Contains(got.text, want) {
			t.Errorf("%q is not in\n%s", want, got.text)
		}
	}
}

// What is missing or damaged is unknown, and only that.
func TestDamagedSystemOfWindows(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(h map[string]keys)
		says    []string
		trouble string
	}{
		{"no SYSTEM", func(h map[string]keys) { delete(h, "SYSTEM") },
			[]string{"this system\n", "  hostname = !\n", "  domain = EXAMPLE!\n", "  productName = Windows 10 Pro", "  timezone = !\n", "ipAddress = !\n", "  drives = !\n"}, "no such hive"},
		{"no SOFTWARE", func(h map[string]keys) { delete(h, "SOFTWARE") },
			[]string{"FINCH\n", "  OS = !\n", "  regOwner = !\n", "  patchLevel = !\n", "  installDate = !\n", "  timezone = Pacific Standard Time\n", "  timezoneStandard = ?\n"}, "no such hive"},
		{"no SECURITY", func(h map[string]keys) { delete(h, "SECURITY") }, []string{"  domain = example.org!\n"}, "no such hive"},
		{"a counted text that is too long", func(h map[string]keys) { h["SECURITY"][`Policy\PolPrDmN`][0].Data[1] = 1 }, []string{"  domain = example.org!\n"}, "lies outside"},
		{"a type", func(h map[string]keys) {
			h["SYSTEM"][`ControlSet001\Control\ComputerName\ComputerName`] = []regftest.Value{dword("ComputerName", 1)}
		}, []string{"  hostname = finch | finch.example.org!\n"}, "the type is REG_DWORD"},
		{"no interfaces", func(h map[string]keys) {
			for path := range h["SYSTEM"] {
				if strings.Contains(path, "Interfaces") {
					delete(h["SYSTEM"], path)
				}
			}
		}, []string{"ipAddress = ?\n"}, ""},
		{"a lease", func(h map[string]keys) {
			v := h["SYSTEM"][`ControlSet001\Services\Tcpip\Parameters\Interfaces\`+ethernet]
			v[5] = sz("LeaseObtainedTime", "x")
		}, []string{"dhcpLeaseObtained = !\n", "dhcpLeaseExpires = 2020-09-13T13:26:40Z\n"}, "the type is REG_SZ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := windowsSystem()
			c.change(h)
			got := atRest(t, tell(t, &system, hives(h)))
			for _, want := range c.says {
				if !strings.Contains(got.text, want) {
					t.Errorf("%q is not in\n%s", want, got.text)
				}
			}
			if c.trouble == "" {
				got.tells(t)
			} else if !strings.Contains(strings.Join(got.troubles, "\n"), c.trouble) {
				t.Errorf("troubles %q, none with %q", got.troubles, c.trouble)
			}
		})
	}
	got := atRest(t, tell(t, &system, source.NewMem(source.Windows)))
	if !strings.Contains(got.text, "  hostname = !\n") || len(got.troubles) != 3 {
		t.Errorf("no hives: %s %q", got.text, got.troubles)
	}
}

// A hive whose last changes are only in logs that are not there may have other
// values than it shows.
func TestSystemOfADirtyHive(t *testing.T) {
	h := windowsSystem()
	m := hives(h).Add(`C:\Windows\System32\config\SYSTEM`, h["SYSTEM"].dirtyHive())
	got := atRest(t, tell(t, &system, m))
	for _, want := range []string{"  hostname = FINCH | finch.example.org!\n", "  regOwner = Boris\n", "ipAddress = 198.51.100.2 | 198.51.100.3 | 192.0.2.17!\n", "  drives = C: | D: | C:,D: ~\n"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("%q is not in\n%s", want, got.text)
		}
	}
	got.tells(t, "hive is dirty")
	if !got.Complete {
		t.Error("not complete, with an item whose terms tell what is not known")
	}
}
