package document

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"net/netip"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A socketTable is one of those that GetExtendedTcpTable and
// GetExtendedUdpTable fill; offsets are into their rows of the class
// OWNER_MODULE, which has the time of creation.
type socketTable struct {
	protocol           string
	six                bool
	class              uintptr
	size               int
	state              int // -1: there is none, likewise below
	local, localPort   int
	remote, remotePort int
	owner, created     int
}

var windowsSockets = []socketTable{
	{"TCP", false, 8, 160, 0, 4, 8, 12, 16, 20, 24},
	{"TCP", true, 8, 192, 48, 0, 20, 24, 44, 52, 56},
	{"UDP", false, 2, 160, -1, 0, 4, -1, -1, 8, 16},
	{"UDP", true, 2, 176, -1, 0, 20, -1, -1, 24, 32},
}

// windowsStates are those of MIB_TCP_STATE.
var windowsStates = [...]string{
	1: "CLOSED", 2: "LISTENING", 3: "SYN_SENT", 4: "SYN_RECEIVED", 5: "ESTABLISHED", 6: "FIN_WAIT_1", 7: "FIN_WAIT_2",
	8: "CLOSE_WAIT", 9: "CLOSING", 10: "LAST_ACK", 11: "TIME_WAIT", 12: "DELETE_TCB",
}

func listWindowsPorts(ctx context.Context, req *Request, list *Listing) iter.Seq2[port, error] {
	return func(yield func(port, error) bool) {
		list.Full = true
		names := driveNames()
		for i := range windowsSockets {
			t := &windowsSockets[i]
			table, err := t.read()
			if err != nil {
				if !yield(port{}, err) {
					return
				}
				continue
			}
			for _, row := range tableRows(table, 8, t.size) {
				p := t.port(row)
				if p.pid != 0 {
					p.image, p.imageErr = imageOf(uint32(p.pid), names)
				}
				list.Objects++
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

func (t *socketTable) read() ([]byte, error) {
	proc, family, name := procTCPTable, uintptr(windows.AF_INET), t.protocol+" sockets of IPv4"
	if t.protocol == "UDP" {
		proc = procUDPTable
	}
	if t.six {
		family, name = windows.AF_INET6, t.protocol+" sockets of IPv6"
	}
	return ipTable(name, func(buf *byte, size *uint32) error {
		r, _, _ := proc.Call(uintptr(unsafe.Pointer(buf)), uintptr(unsafe.Pointer(size)), 0, family, t.class, 0)
		return status(r)
	})
}

func (t *socketTable) port(row []byte) port {
	le := binary.LittleEndian
	at := func(addr, port int) netip.AddrPort {
		a := addr4(row[addr:])
		if t.six {
			a = netip.AddrFrom16([16]byte(row[addr : addr+16]))
		}
		return netip.AddrPortFrom(a, netPort(row[port:]))
	}
	p := port{
		protocol: t.protocol, local: at(t.local, t.localPort),
		pid: uint64(le.Uint32(row[t.owner:])), created: int64(le.Uint64(row[t.created:])),
	}
	if t.remote >= 0 {
		p.remote = at(t.remote, t.remotePort)
	}
	if t.state >= 0 {
		if n := le.Uint32(row[t.state:]); int(n) < len(windowsStates) {
			p.state = windowsStates[n]
		}
	}
	if p.state == "LISTENING" {
		p.remote = netip.AddrPort{} // Windows leaves a port there that means nothing
	}
	return p
}

// systemProcess is the process of the kernel, which has no image of its own.
const systemProcess = 4

// imageOf is the path of a process's image. It needs no right over the
// process but to ask for it, and where that is refused none.
func imageOf(pid uint32, names kernelNames) (string, error) {
	if pid == 0 || pid == systemProcess {
		return "", nil
	}
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) {
		return "", errNoProcess
	}
	if err == nil {
		defer windows.CloseHandle(h)
		buf := make([]uint16, 1<<15)
		n := uint32(len(buf))
		if err = windows.QueryFullProcessImageName(h, 0, &buf[0], &n); err == nil {
			return windows.UTF16ToString(buf[:min(int(n), len(buf))]), nil
		}
		if hasEnded(h) {
			return "", errNoProcess
		}
	}
	if path, ok := listedImage(pid, names); ok {
		return path, nil
	}
	return "", err
}

// listedImage is the path of an image as the kernel's list of processes has it.
// The processes Registry and Memory Compression have a name there and no path.
func listedImage(pid uint32, names kernelNames) (string, bool) {
	var text [1 << 14]uint16
	q := struct {
		pid  uintptr
		name windows.NTUnicodeString
	}{uintptr(pid), windows.NTUnicodeString{MaximumLength: uint16(len(text) * 2), Buffer: &text[0]}}
	if windows.NtQuerySystemInformation(windows.SystemProcessIdInformation, unsafe.Pointer(&q), uint32(unsafe.Sizeof(q)), nil) != nil {
		return "", false
	}
	name := windows.UTF16ToString(text[:min(int(q.name.Length)/2, len(text))])
	if path, ok := names.file(name); ok {
		return path, true
	}
	if !strings.HasPrefix(name, `\`) {
		return "", true
	}
	return name, true
}
