package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	iphlpapi           = windows.NewLazySystemDLL("iphlpapi.dll")
	procTCPTable       = iphlpapi.NewProc("GetExtendedTcpTable")
	procUDPTable       = iphlpapi.NewProc("GetExtendedUdpTable")
	procIPNetTable     = iphlpapi.NewProc("GetIpNetTable")
	procIPNetTable2    = iphlpapi.NewProc("GetIpNetTable2")
	procIPForwardTable = iphlpapi.NewProc("GetIpForwardTable")
)

// mostTable bounds the bytes of a table of the network.
const mostTable = 64 << 20

// ipTable calls a function that fills a buffer and says how long it has to be,
// until the buffer is long enough: tables grow meanwhile.
func ipTable(what string, call func(buf *byte, size *uint32) error) ([]byte, error) {
	size := uint32(16 << 10)
	for {
		if size > mostTable {
			return nil, fmt.Errorf("%s: a table of %d bytes", what, size)
		}
		buf := make([]byte, size)
		err := call(&buf[0], &size)
		switch {
		case errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER):
			size = max(size, uint32(len(buf))) + 4<<10
		case errors.Is(err, windows.ERROR_NO_DATA):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", what, err)
		default:
			return buf, nil
		}
	}
}

// status is the error that a function of iphlpapi returns as its value.
func status(r uintptr) error {
	if r == 0 {
		return nil
	}
	return windows.Errno(r)
}

// tableRows cuts a table into its rows: a count of 4 bytes, and rows from an
// offset that their alignment sets.
func tableRows(table []byte, offset, size int) [][]byte {
	if len(table) < offset {
		return nil
	}
	n := min(int(binary.LittleEndian.Uint32(table)), (len(table)-offset)/size)
	var rows [][]byte
	for i := range n {
		rows = append(rows, table[offset+i*size:offset+(i+1)*size])
	}
	return rows
}

func addr4(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b[:4])) }

// netPort is a port in the order of the network, in the low half of a DWORD.
func netPort(b []byte) uint16 { return binary.BigEndian.Uint16(b) }

// interfaceName is what Windows shows as the name of a connection; empty where
// it is not known.
func interfaceName(index uint32) string {
	if dev, err := net.InterfaceByIndex(int(index)); err == nil {
		return dev.Name
	}
	return ""
}

// sockaddr is the address in a SOCKADDR_INET.
func sockaddr(s *windows.RawSockaddrInet) netip.Addr {
	switch s.Family {
	case windows.AF_INET:
		return addr4(unsafe.Slice((*byte)(unsafe.Pointer(&s.Data)), 4))
	case windows.AF_INET6:
		six := (*windows.RawSockaddrInet6)(unsafe.Pointer(s))
		return netip.AddrFrom16(six.Addr)
	}
	return netip.Addr{}
}
