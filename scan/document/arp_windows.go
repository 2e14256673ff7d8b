package document

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"net"
	"unsafe"

	"golang.org/x/sys/windows"
)

// neighbourRow is MIB_IPNET_ROW2.
type neighbourRow struct {
	address   windows.RawSockaddrInet
	index     uint32
	luid      uint64
	hardware  [32]byte
	length    uint32
	state     uint32
	flags     uint32
	reachable uint32
}

// reachStates are those of NL_NEIGHBOR_STATE.
var reachStates = [...]string{"Unreachable", "Incomplete", "Probe", "Delay", "Stale", "Reachable", "Permanent"}

func listWindowsNeighbours(ctx context.Context, req *Request, list *Listing) iter.Seq2[neighbour, error] {
	return func(yield func(neighbour, error) bool) {
		list.Full = true
		rows, err := neighbours2()
		if err != nil {
			// Systems without the newer function know IPv4 by the older.
			rows, err = neighbours1()
			if err == nil {
				err = fmt.Errorf("neighbours of IPv6: not told by this system")
			}
		}
		for _, n := range rows {
			list.Objects++
			if !yield(n, nil) {
				return
			}
		}
		if err != nil {
			yield(neighbour{}, err)
		}
	}
}

func neighbours2() ([]neighbour, error) {
	if err := procIPNetTable2.Find(); err != nil {
		return nil, err
	}
	var table *struct {
		count uint32
		_     uint32 // Windows puts 64 bits at a multiple of 8 for 32-bit programs too
		rows  [1]neighbourRow
	}
	r, _, _ := procIPNetTable2.Call(windows.AF_UNSPEC, uintptr(unsafe.Pointer(&table)))
	if err := status(r); err != nil {
		return nil, fmt.Errorf("neighbours: %w", err)
	}
	if table == nil {
		return nil, nil
	}
	defer windows.FreeMibTable(unsafe.Pointer(table))
	var list []neighbour
	rows := unsafe.Slice(&table.rows[0], table.count)
	for i := range rows {
		row := &rows[i]
		n := neighbour{
			addr: sockaddr(&row.address), device: interfaceName(row.index), index: uint64(row.index), kind: "dynamic",
			hardware: net.HardwareAddr(row.hardware[:min(row.length, 32)]).String(),
		}
		if int(row.state) < len(reachStates) {
			n.state = reachStates[row.state]
		}
		if n.state == "Permanent" {
			n.kind = "static"
		}
		list = append(list, n)
	}
	return list, nil
}

func neighbours1() ([]neighbour, error) {
	table, err := ipTable("neighbours of IPv4", func(buf *byte, size *uint32) error {
		r, _, _ := procIPNetTable.Call(uintptr(unsafe.Pointer(buf)), uintptr(unsafe.Pointer(size)), 0)
		return status(r)
	})
	if err != nil {
		return nil, err
	}
	var list []neighbour
	for _, row := range tableRows(table, 4, 24) { // MIB_IPNETROW
		le := binary.LittleEndian
		n := neighbour{addr: addr4(row[16:]), index: uint64(le.Uint32(row)), device: interfaceName(le.Uint32(row)), kind: "dynamic"}
		switch le.Uint32(row[20:]) {
		case 2:
			continue // no longer valid
		case 4:
			n.kind = "static"
		}
		n.hardware = net.HardwareAddr(row[8 : 8+min(le.Uint32(row[4:]), 8)]).String()
		list = append(list, n)
	}
	return list, nil
}
