package document

import (
	"io/fs"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"iocscan/scan/source"
)

func TestSystemOfProcCopy(t *testing.T) {
	m := source.NewMem(source.Linux).Offer(source.Live).
		Add("/etc/os-release", "NAME=Example\n").
		Add("/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n").Add("/proc/sys/kernel/hostname", "finch\n").
		Add("/proc/uptime", "93784.21 1000.00\n").
		Add("/proc/meminfo", "MemTotal:       16384 kB\nMemFree:   10 kB\nMemAvailable:    1024 kB\nHugePages_Total:       0\n").
		Add("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Example CPU @ 2.00GHz\n\nprocessor\t: 1\nmodel name\t: Example CPU @ 2.00GHz\n").
		Add("/proc/10/stat", "10 (sh) S 1").
		Add("/run/utmp", logFile(opened("pts/0", "anna", "", 10, 1), opened("pts/1", "gone", "", 11, 2))).
		Add("/run/systemd/sessions/3", "UID=1001\nUSER=bert\nCLASS=user\n").
		Add("/run/systemd/sessions/c1", "USER=gdm\nCLASS=greeter\n").
		Put("/run/systemd/sessions/3.ref", source.MemNode{Info: source.Info{Type: source.FIFO}})
	got := tell(t, &system, m)
	for _, line := range []string{
		"hostname = finch", "kernelVersion = 6.1.0-13-amd64", "uptime = 26:03:04 | 93784", "totalphysical = 16777216", "availphysical = 1048576",
		"processor = Example CPU @ 2.00GHz", "loggedOnUser = anna | bert", "date = ?", "user = ?", "MAC = ?", "primaryIpAddress = ?",
		"primaryIpv6Address = ?", "networkArray/networkInfo/adapter = ?", "networkArray/networkInfo/MAC = ?",
	} {
		if !strings.Contains(got.text, "  "+line+"\n") {
			t.Errorf("%q is not in\n%s", line, got.text)
		}
	}
	if !got.Full || len(got.troubles) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestSystemThatShowsLittle(t *testing.T) {
	m := source.NewMem(source.Linux).Offer(source.Live).
		Add("/proc/uptime", "soon").
		Put("/proc/meminfo", source.MemNode{OpenErr: fs.ErrPermission}).
		Add("/run/utmp", strings.Repeat("\xff", 384))
	got := tell(t, &system, m)
	for _, line := range []string{"uptime = !", "totalphysical = !", "availphysical = !", "kernelVersion = ?", "processor = ?", "loggedOnUser = !", "hostname = ?"} {
		if !strings.Contains(got.text, "  "+line+"\n") {
			t.Errorf("%q is not in\n%s", line, got.text)
		}
	}
	got.tells(t, "/proc/uptime: ", "/proc/meminfo: ", "/run/utmp: ")
}

// What the running host says agrees with what its own interfaces say.
func TestSystemOfThisHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the state of a running system is read on Linux")
	}
	src, err := source.OpenHost(source.HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	got := tell(t, &system, src)
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	user, _ := source.CurrentUser()
	want := []string{"user = " + user, "date = 20", "uptime = ", "totalphysical = ", "kernelVersion = "}
	devices, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		if d.Flags&net.FlagLoopback != 0 {
			want = append(want, "networkArray/networkInfo/adapter = ")
			if !strings.Contains(got.text, d.Name) || !strings.Contains(got.text, "127.0.0.1") {
				t.Errorf("%s with 127.0.0.1 is not in\n%s", d.Name, got.text)
			}
		}
	}
	for _, line := range want {
		if !strings.Contains(got.text, "  "+line) || strings.Contains(got.text, "  "+line+"?") || strings.Contains(got.text, "  "+line+"!") {
			t.Errorf("%q is not in\n%s", line, got.text)
		}
	}
	if !strings.Contains(got.text, name) || !got.Full {
		t.Errorf("full %v (%s), or %q is not in\n%s", got.Full, got.Why, name, got.text)
	}
}
