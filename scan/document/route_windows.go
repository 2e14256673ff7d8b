package document

import (
	"context"
	"encoding/binary"
	"iter"
	"math/bits"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

// routeProtocols are those of NL_ROUTE_PROTOCOL and MIB_IPFORWARD_PROTO, as far
// as Windows writes them.
var routeProtocols = map[uint32]string{1: "OTHER", 2: "LOCAL", 3: "NETMGMT", 4: "ICMP", 8: "RIP", 13: "OSPF", 14: "BGP", 10002: "NT_AUTOSTATIC", 10006: "NT_STATIC", 10007: "NT_STATIC_NON_DOD"}

func listWindowsRoutes(ctx context.Context, req *Request, list *Listing) iter.Seq2[route, error] {
	return func(yield func(route, error) bool) {
		list.Full = true
		rows, err := routes2()
		if err != nil {
			var older error
			if rows, older = routes1(); older != nil {
				err = older
			}
		}
		for _, r := range rows {
			list.Objects++
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(route{}, err)
		}
	}
}

func routes2() ([]route, error) {
	var table *windows.MibIpForwardTable2
	if err := windows.GetIpForwardTable2(windows.AF_UNSPEC, &table); err != nil {
		return nil, err
	}
	defer windows.FreeMibTable(unsafe.Pointer(table))
	var list []route
	// The rows have 64 bits in them, which Windows puts at a multiple of 8 for
	// 32-bit programs too, and Go does not.
	rows := unsafe.Slice((*windows.MibIpForwardRow2)(unsafe.Add(unsafe.Pointer(table), 8)), table.NumEntries)
	for i := range rows {
		row := &rows[i]
		to := sockaddr(&row.DestinationPrefix.Prefix)
		list = append(list, route{
			to: netip.PrefixFrom(to, min(int(row.DestinationPrefix.PrefixLength), to.BitLen())), gateway: sockaddr(&row.NextHop),
			device: interfaceName(row.InterfaceIndex), index: uint64(row.InterfaceIndex), metric: uint64(row.Metric),
			kind: routeKind(sockaddr(&row.NextHop)), protocol: routeProtocols[row.Protocol], age: uint64(row.Age), aged: true,
		})
	}
	return list, nil
}

func routeKind(gateway netip.Addr) string {
	if gateway.IsValid() && !gateway.IsUnspecified() {
		return "indirect"
	}
	return "direct"
}

// routes1 is the table of IPv4 by the older function.
func routes1() ([]route, error) {
	table, err := ipTable("routes of IPv4", func(buf *byte, size *uint32) error {
		r, _, _ := procIPForwardTable.Call(uintptr(unsafe.Pointer(buf)), uintptr(unsafe.Pointer(size)), 0)
		return status(r)
	})
	if err != nil {
		return nil, err
	}
	var list []route
	for _, row := range tableRows(table, 4, 56) { // MIB_IPFORWARDROW
		le := binary.LittleEndian
		n := func(i int) uint32 { return le.Uint32(row[4*i:]) }
		list = append(list, route{
			to: netip.PrefixFrom(addr4(row), bits.OnesCount32(n(1))), gateway: addr4(row[12:]),
			device: interfaceName(n(4)), index: uint64(n(4)), metric: uint64(n(9)),
			kind: routeKind(addr4(row[12:])), protocol: routeProtocols[n(6)], age: uint64(n(7)), aged: true,
		})
	}
	return list, nil
}
