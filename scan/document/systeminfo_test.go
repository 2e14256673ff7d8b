package document

import (
	"io/fs"
	"strings"
	"testing"

	"iocscan/scan/source"
)

// tellUnix leaves out the terms that are not told of Unix systems, all of which
// must be unknown.
func tellUnix(t *testing.T, src source.Source) telling {
	t.Helper()
	got := atRest(t, tell(t, &system, src))
	for _, term := range []string{"patchLevel", "productID", "OSbitness", "installDate", "timezoneStandard", "timezoneDST", "gmtoffset", "processor",
		"biosInfo/biosVersion", "biosInfo/biosDate", "networkArray/networkInfo/adapter", "networkArray/networkInfo/description",
		"networkArray/networkInfo/ipArray/ipInfo/ipAddress", "networkArray/networkInfo/ipArray/ipInfo/ipv6Address", "networkArray/networkInfo/MAC", "networkArray/networkInfo/ipArray/ipInfo/subnetMask",
		"networkArray/networkInfo/ipGatewayArray/ipGateway", "networkArray/networkInfo/dhcpServerArray/dhcpServer",
		"networkArray/networkInfo/dhcpLeaseObtained", "networkArray/networkInfo/dhcpLeaseExpires"} {
		line := "  " + term + " = ?\n"
		if !strings.Contains(got.text, line) {
			t.Errorf("%q is not in\n%s", line, got.text)
		}
		got.text = strings.Replace(got.text, line, "", 1)
	}
	return got
}

// atRest leaves out the terms that only a running system tells, all of which
// must be unknown.
func atRest(t *testing.T, got telling) telling {
	t.Helper()
	for _, f := range liveFields {
		line := "  " + strings.TrimPrefix(f.Term, "SystemInfoItem/") + " = ?\n"
		if !strings.Contains(got.text, line) {
			t.Errorf("%q is not in\n%s", line, got.text)
		}
		got.text = strings.Replace(got.text, line, "", 1)
	}
	return got
}

func TestSystemOfLinux(t *testing.T) {
	m := source.NewMem(source.Linux).
		Add("/etc/hostname", "# a note\nfinch.example.org\n").
		AddLink("/etc/os-release", "../usr/lib/os-release").
		Add("/usr/lib/os-release", "PRETTY_NAME=\"Example \\\"One\\\" 12\"\nNAME='Example'\nVERSION_ID=12\n#BUILD_ID=x\n").
		AddLink("/etc/localtime", "/usr/share/zoneinfo/Europe/Berlin")
	tellUnix(t, m).want(t, `
		finch.example.org
		  hostname = finch.example.org | finch
		  machine = finch.example.org | finch
		  domain = example.org
		  OS = Example "One" 12
		  productName = Example
		  version = 12
		  platform = linux
		  timezone = Europe/Berlin
		`)
	m.Add("/etc/hostname", "finch\n").Add("/etc/resolv.conf", "nameserver 192.0.2.1\nsearch example.net example.com\n").
		Add("/etc/localtime", "TZif2").Add("/etc/timezone", "Etc/UTC\n")
	tellUnix(t, m).want(t, `
		finch
		  hostname = finch
		  machine = finch
		  domain = example.net
		  OS = Example "One" 12
		  productName = Example
		  version = 12
		  platform = linux
		  timezone = Etc/UTC
		`)
}

func TestSystemThatTellsLittle(t *testing.T) {
	m := source.NewMem(source.Linux).Put("/etc/os-release", source.MemNode{OpenErr: fs.ErrPermission})
	got := tellUnix(t, m)
	got.says(t, `
		this system
		  hostname = ?
		  machine = ?
		  domain = ?
		  OS = !
		  productName = !
		  version = !
		  buildNumber = !
		  platform = linux
		  timezone = ?
		`)
	got.tells(t, "/etc/os-release: ")
}

func TestSystemOfDarwin(t *testing.T) {
	m := source.NewMem(source.Darwin).
		Add("/System/Library/CoreServices/SystemVersion.plist", record("<key>ProductName</key><string>macOS</string><key>ProductVersion</key><string>14.1</string><key>ProductBuildVersion</key><string>23B74</string>")).
		Add("/Library/Preferences/SystemConfiguration/preferences.plist", record("<key>System</key><dict><key>System</key><dict><key>ComputerName</key><string>Anna's Mac</string></dict>"+
			"<key>Network</key><dict><key>HostNames</key><dict><key>LocalHostName</key><string>annas-mac</string></dict></dict></dict>")).
		AddLink("/private/etc/localtime", "/var/db/timezone/zoneinfo/Europe/Paris")
	tellUnix(t, m).want(t, `
		Anna's Mac
		  hostname = Anna's Mac | annas-mac
		  machine = Anna's Mac | annas-mac
		  domain = ?
		  OS = macOS 14.1
		  productName = macOS
		  version = 14.1
		  buildNumber = 23B74
		  platform = osx | macOS | darwin
		  timezone = Europe/Paris
		`)
}
