package document

import (
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"iocscan/scan/source"
)

// procCopy is a copy of /proc with two processes and four tables.
func procCopy() *source.Mem {
	return source.NewMem(source.Linux).Offer(source.Live).
		Add("/proc/net/tcp", "sl\n"+
			"0: 0100007F:1F90 00000000:0000 0A 0:0 00:00000000 00000000 1000 0 500 1\n"+
			"1: 0F02000A:D431 08080808:01BB 01 0:0 00:00000000 00000000 0 0 501 1\n"+
			"2: 0F02000A:D432 08080808:01BB 06 0:0 00:00000000 00000000 0 0 0 1\n").
		Add("/proc/net/udp", "sl\n0: 00000000:0044 00000000:0000 07 0:0 00:00000000 00000000 0 0 502 1\n").
		Add("/proc/net/arp", "IP address HW type Flags HW address Mask Device\n10.0.2.2 0x1 0x6 52:55:0a:00:02:02 * eth0\n10.0.2.9 0x1 0x0 00:00:00:00:00:00 * eth0\n").
		Add("/proc/net/route", "Iface\neth0 00000000 0202000A 0003 0 0 100 00000000 1400 0 0\n").
		Add("/proc/net/ipv6_route", "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0\n").
		Add("/proc/7/stat", "7 (nc) S 1").AddLink("/proc/7/exe", "/usr/bin/nc (deleted)").
		AddLink("/proc/7/fd/3", "socket:[500]").AddLink("/proc/7/fd/4", "/dev/null").
		AddLink("/proc/8/fd/0", "socket:[500]").AddLink("/proc/8/exe", "/opt/agent/bin/agent")
}

func TestPortsOfProc(t *testing.T) {
	tell(t, &ports, procCopy()).want(t, `
		TCP 10.0.2.15:54321 → 8.8.8.8:443 ESTABLISHED
		  protocol = TCP
		  localIP = 10.0.2.15
		  localPort = 54321
		  remoteIP = 8.8.8.8
		  remotePort = 443
		  state = ESTABLISHED
		  CreationTime = ?
		  isIPv6 = false
		TCP 10.0.2.15:54322 → 8.8.8.8:443 TIME_WAIT
		  protocol = TCP
		  localIP = 10.0.2.15
		  localPort = 54322
		  remoteIP = 8.8.8.8
		  remotePort = 443
		  state = TIME_WAIT | TIME-WAIT
		  CreationTime = ?
		  isIPv6 = false
		TCP 127.0.0.1:8080 LISTENING (process 7)
		  protocol = TCP
		  localIP = 127.0.0.1
		  localPort = 8080
		  state = LISTENING | LISTEN
		  CreationTime = ?
		  pid = 7
		  process = nc
		  path = /usr/bin/nc | /usr/bin | usr/bin
		  isIPv6 = false
		TCP 127.0.0.1:8080 LISTENING (process 8)
		  protocol = TCP
		  localIP = 127.0.0.1
		  localPort = 8080
		  state = LISTENING | LISTEN
		  CreationTime = ?
		  pid = 8
		  process = agent
		  path = /opt/agent/bin/agent | /opt/agent/bin | opt/agent/bin
		  isIPv6 = false
		UDP 0.0.0.0:68
		  protocol = UDP
		  localIP = 0.0.0.0
		  localPort = 68
		  CreationTime = ?
		  isIPv6 = false
	`)
}

func TestNeighboursOfProc(t *testing.T) {
	got := tell(t, &arps, procCopy())
	got.says(t, `
		10.0.2.2 at 52:55:0a:00:02:02 on eth0
		  IPv4Address = 10.0.2.2
		  PhysicalAddress = 52-55-0A-00-02-02 | 52:55:0A:00:02:02 | 52550A000202
		  Interface = eth0
		  CacheType = static
		  State = ?
		10.0.2.9 at (no answer) on eth0
		  IPv4Address = 10.0.2.9
		  Interface = eth0
		  CacheType = dynamic
		  State = ?
	`)
	if got.Complete {
		t.Error("complete, though a copy has no neighbours of IPv6")
	}
}

func TestRoutesOfProc(t *testing.T) {
	tell(t, &routes, procCopy()).want(t, `
		0.0.0.0/0 via 10.0.2.2 on eth0
		  Destination = 0.0.0.0
		  Netmask = 0.0.0.0
		  Gateway = 10.0.2.2
		  Interface = eth0
		  Metric = 100
		  MTU = 1400
		  IsIPv6 = false
		  IsLoopback = false
		  Flags = UG
		  RouteType = indirect
		  Protocol = ?
		  RouteAge = ?
		fe80::/64 via :: on eth0
		  Destination = fe80::
		  Gateway = ::
		  Interface = eth0
		  Metric = 256
		  IsIPv6 = true
		  IsLoopback = false
		  Flags = U
		  RouteType = direct
		  Protocol = ?
		  RouteAge = ?
	`)
}

func TestNamesOfHosts(t *testing.T) {
	src := source.NewMem(source.Windows).Add(`C:\Windows\System32\drivers\etc\hosts`,
		"\ufeff# a comment\r\n10.0.0.9\tupdate.example  cdn.example # trailing\r\nnonsense line\r\n::1 localhost\r\n")
	got := tell(t, &names, src)
	got.says(t, `
		cdn.example A 10.0.0.9 (C:\Windows\System32\drivers\etc\hosts)
		  Host = cdn.example
		  RecordName = cdn.example
		  RecordType = A | 1
		  RecordData/Type = A | 1
		  RecordData/IPv4Address = 10.0.0.9
		localhost AAAA ::1 (C:\Windows\System32\drivers\etc\hosts)
		  Host = localhost
		  RecordName = localhost
		  RecordType = AAAA | 28
		  RecordData/Type = AAAA | 28
		  RecordData/IPv6Address = ::1
		update.example A 10.0.0.9 (C:\Windows\System32\drivers\etc\hosts)
		  Host = update.example
		  RecordName = update.example
		  RecordType = A | 1
		  RecordData/Type = A | 1
		  RecordData/IPv4Address = 10.0.0.9
	`)
	if got.Complete {
		t.Error("complete, though the cache of a system that does not run is not to be had")
	}
}

func TestResolved(t *testing.T) {
	const answer = `{"parameters":{"dump":[{"protocol":"dns","cache":[
		{"key":{"class":1,"type":1,"name":"bad.example"},"rrs":[{"rr":{"key":{"class":1,"type":1,"name":"bad.example"},"address":[192,0,2,7]},"raw":"x"}],"until":5},
		{"key":{"class":1,"type":5,"name":"www.bad.example"},"rrs":[{"rr":{"key":{"class":1,"type":5,"name":"www.bad.example"},"name":"bad.example"}}]},
		{"key":{"class":1,"type":28,"name":"none.example"},"type":"nxdomain"}]}]}}` + "\x00"
	var got []string
	for e, err := range resolvedEntries(strings.NewReader(answer)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.label())
	}
	want := "bad.example A 192.0.2.7 (resolver cache); www.bad.example CNAME bad.example (resolver cache); none.example AAAA  (resolver cache)"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	for _, bad := range []string{"", `{"error":"io.systemd.PermissionDenied"}` + "\x00", "{\x00", `{"parameters":{}}`} {
		n := 0
		for _, err := range resolvedEntries(strings.NewReader(bad)) {
			if err == nil {
				t.Errorf("%q: an entry", bad)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%q: %d errors, want one", bad, n)
		}
	}
}

// A socket that this test opens is among those of the running machine, and is
// this process's.
func TestPortsOfThisMachine(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("sockets of macOS are not supported")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	host, err := source.OpenHost(source.HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	want := "TCP " + l.Addr().String() + " LISTENING"
	for p, err := range ports.lister(host.Platform())(t.Context(), &Request{Source: host}, &Listing{}) {
		if err != nil {
			t.Log(err) // what others have open is not for everybody
		} else if p.pid == 0 && p.label() == want && runtime.GOOS == "windows" {
			return // Wine knows whose a socket is only once it was used
		} else if p.label() == want+" (process "+strconv.Itoa(os.Getpid())+")" {
			if exe, err := os.Executable(); err != nil || p.image != exe {
				t.Errorf("image %q, want %q, %v", p.image, exe, err)
			}
			return
		}
	}
	t.Errorf("%s is not among the sockets", want)
}
