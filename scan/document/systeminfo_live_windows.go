package document

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	procMemoryStatus = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	procSessionInfo  = windows.NewLazySystemDLL("wtsapi32.dll").NewProc("WTSQuerySessionInformationW")
)

// askSystem asks a running Windows for its state.
func askSystem() (now ntLive) {
	now.uptime = upSpan{d: windows.DurationSinceBoot()}
	now.total, now.available = askMemory()
	now.names, now.domain = askNames()
	now.drives = askDrives()
	now.loggedOn = askSessions()
	now.adapters, now.adaptersErr = askAdapters()
	return now
}

type memoryStatus struct { // MEMORYSTATUSEX
	length, load                                                                  uint32
	total, available, totalPage, availablePage, totalVirtual, availableVirtual, _ uint64
}

func askMemory() (total, available amount) {
	var m memoryStatus
	m.length = uint32(unsafe.Sizeof(m))
	if r, _, err := procMemoryStatus.Call(uintptr(unsafe.Pointer(&m))); r == 0 {
		err = fmt.Errorf("ask for the memory: %w", err)
		return amount{why: err}, amount{why: err}
	}
	return amountIs(m.total, nil), amountIs(m.available, nil)
}

// askNames asks for the names of the machine, and for the domain or workgroup
// that it belongs to.
func askNames() (names, domain fact) {
	for _, kind := range []struct {
		number uint32
		of     *fact
	}{{windows.ComputerNameNetBIOS, &names}, {windows.ComputerNameDnsHostname, &names}, {windows.ComputerNameDnsFullyQualified, &names}, {windows.ComputerNameDnsDomain, &domain}} {
		buf := make([]uint16, 1<<10)
		n := uint32(len(buf))
		if err := windows.GetComputerNameEx(kind.number, &buf[0], &n); err != nil {
			kind.of.why = cmp.Or(kind.of.why, fmt.Errorf("ask for the name of the machine: %w", err))
			continue
		}
		if name := windows.UTF16ToString(buf); !slices.Contains(kind.of.values, name) {
			kind.of.is(name)
		}
	}
	var joined *uint16
	var kind uint32
	if err := windows.NetGetJoinInformation(nil, &joined, &kind); err != nil {
		domain.why = cmp.Or(domain.why, fmt.Errorf("ask for the domain of the machine: %w", err))
		return names, domain
	}
	defer windows.NetApiBufferFree((*byte)(unsafe.Pointer(joined)))
	domain.is(windows.UTF16PtrToString(joined))
	return names, domain
}

func askDrives() (drives fact) {
	bits, err := windows.GetLogicalDrives()
	if err != nil {
		return fact{why: fmt.Errorf("list the drives: %w", err)}
	}
	for i := range 26 {
		if bits&(1<<i) != 0 {
			drives.is(string(rune('A'+i)) + ":")
		}
	}
	if len(drives.values) > 1 {
		drives.is(strings.Join(drives.values, ","))
	}
	return drives
}

// askSessions are the users who have a session, with their domain and without.
func askSessions() (users fact) {
	var sessions *windows.WTS_SESSION_INFO
	var count uint32
	if err := windows.WTSEnumerateSessions(0, 0, 1, &sessions, &count); err != nil {
		return fact{why: fmt.Errorf("list the sessions: %w", err)}
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(sessions)))
	for _, s := range unsafe.Slice(sessions, min(count, mostEntries)) {
		const userName, domainName = 5, 7
		name, err := askSession(s.SessionID, userName)
		if err != nil {
			users.why = err
			continue
		}
		domain, err := askSession(s.SessionID, domainName)
		if err != nil {
			users.why = err
		}
		if name == "" {
			continue // nobody's: services, a screen where nobody is logged in
		}
		users.is(name)
		if domain != "" {
			users.is(domain + `\` + name)
		}
	}
	slices.Sort(users.values)
	users.values = slices.Compact(users.values)
	return users
}

func askSession(session uint32, class uintptr) (string, error) {
	var text *uint16
	var n uint32
	if r, _, err := procSessionInfo.Call(0, uintptr(session), class, uintptr(unsafe.Pointer(&text)), uintptr(unsafe.Pointer(&n))); r == 0 {
		return "", fmt.Errorf("ask for the user of session %d: %w", session, err)
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(text)))
	return windows.UTF16PtrToString(text), nil
}

// askAdapters asks for the network interfaces. That of the default route is the
// one with a gateway that has the least metric.
func askAdapters() (list []ntAdapter, err error) {
	const flags = 0x2 | 0x4 | 0x8 | 0x80 // no anycast, multicast and name servers; gateways
	var buf []byte
	size := uint32(16 << 10)
	for {
		if size > mostTable {
			return nil, errors.New("list the network interfaces: more than any system has")
		}
		buf = make([]byte, size)
		err = windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0])), &size)
		if !errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) {
			break
		}
		size = max(size, uint32(len(buf))+4<<10)
	}
	if errors.Is(err, windows.ERROR_NO_DATA) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the network interfaces: %w", err)
	}
	first, least := -1, uint64(1)<<32
	for a := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0])); a != nil && len(list) < mostNetworks; a = a.Next {
		if a.IfType == windows.IF_TYPE_SOFTWARE_LOOPBACK {
			continue
		}
		n := ntAdapter{guid: windows.BytePtrToString(a.AdapterName)}
		n.adapter = sure(n.guid, windows.UTF16PtrToString(a.FriendlyName))
		n.description = sure(windows.UTF16PtrToString(a.Description))
		n.hardware = sure(net.HardwareAddr(a.PhysicalAddress[:min(int(a.PhysicalAddressLength), len(a.PhysicalAddress))]).String())
		for u := a.FirstUnicastAddress; u != nil; u = u.Next {
			if ip := u.Address.IP(); ip != nil {
				bits := 8 * len(ip)
				if four := ip.To4(); four != nil {
					ip, bits = four, 32
				}
				n.address(&net.IPNet{IP: ip, Mask: net.CIDRMask(min(int(u.OnLinkPrefixLength), bits), bits)})
			}
		}
		for g := a.FirstGatewayAddress; g != nil; g = g.Next {
			if ip := g.Address.IP(); ip != nil {
				n.gateways.is(ip.String())
			}
		}
		if ip := a.Dhcpv4Server.IP(); ip != nil {
			n.servers.is(ip.String())
		}
		if len(n.gateways.values) > 0 && uint64(a.Ipv4Metric) < least {
			first, least = len(list), uint64(a.Ipv4Metric)
		}
		list = append(list, n)
	}
	if first >= 0 {
		list[first].first = true
	}
	return list, nil
}
