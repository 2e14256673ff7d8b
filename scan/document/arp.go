package document

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/netip"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/procfs"
	"iocscan/scan/source"
)

// arps is ArpEntryItem: the neighbours on the network that the system knows.
var arps = Table[neighbour]{
	name:    "ArpEntryItem",
	summary: "known neighbours on the network and their hardware addresses",
	needs:   []source.Capability{source.Live},
	label: func(n *neighbour) string {
		return fmt.Sprintf("%s at %s on %s", n.addr, cmp.Or(n.hardware, "(no answer)"), n.device)
	},
	fields: arpFields,
	on: map[source.Platform]lister[neighbour]{
		source.Linux:   listProcNeighbours,
		source.Windows: listWindowsNeighbours,
	},
}

// A neighbour is an entry of the table.
type neighbour struct {
	addr     netip.Addr
	hardware string // 52-54-00-12-34-56, with any separator; empty: not resolved
	device   string // name of the interface
	index    uint64 // of the interface; 0: not told
	kind     string // static or dynamic, as the system calls it
	state    string // of reachability; empty: not told
}

// arpFields are the terms of ArpEntryItem. Not among them, and so reported as
// not supported: InterfaceType, IsRouter, LastReachable and LastUnreachable,
// which the tables read here do not hold.
var arpFields = []Field[neighbour]{
	field(match.Field{Term: "ArpEntryItem/IPv4Address", Kind: ioc.Address, Identity: true}, address(func(n *neighbour) netip.Addr { return only4(n.addr) })),
	field(match.Field{Term: "ArpEntryItem/IPv6Address", Kind: ioc.Address, Identity: true}, address(func(n *neighbour) netip.Addr { return only6(n.addr) })),
	field(match.Field{Term: "ArpEntryItem/PhysicalAddress", Kind: ioc.Text, Same: sameHardware, Identity: true}, func(n *neighbour, yield func(ioc.Value) bool) error {
		yieldHardware(n.hardware, yield)
		return nil
	}),
	field(match.Field{Term: "ArpEntryItem/Interface", Kind: ioc.Text, Identity: true, Same: any2}, func(n *neighbour, yield func(ioc.Value) bool) error {
		if yieldTexts(some(n.device), yield) && n.index != 0 {
			yield(ioc.TextValue(fmt.Sprint(n.index)))
		}
		return nil
	}),
	field(match.Field{Term: "ArpEntryItem/CacheType", Kind: ioc.Text}, textOf(func(n *neighbour) string { return n.kind })),
	field(match.Field{Term: "ArpEntryItem/State", Kind: ioc.Text}, func(n *neighbour, yield func(ioc.Value) bool) error {
		if n.state == "" {
			return errNotCarried
		}
		yield(ioc.TextValue(n.state))
		return nil
	}),
}

// any2: two contents may be forms of one thing, a name and a number.
func any2(string, string) bool { return true }

func only4(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is4() {
		return a
	}
	return netip.Addr{}
}

func only6(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is6() {
		return a.WithZone("")
	}
	return netip.Addr{}
}

// yieldHardware gives an address in the ways it is written: with hyphens as on
// Windows, with colons, and bare.
func yieldHardware(s string, yield func(ioc.Value) bool) bool {
	digits := bareHardware(s)
	if digits == "" {
		return true
	}
	var pairs []string
	for i := 0; i+2 <= len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return yield(ioc.TextValue(strings.Join(pairs, "-"))) && yield(ioc.TextValue(strings.Join(pairs, ":"))) && yield(ioc.TextValue(digits))
}

func bareHardware(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", ":", "", ".", "", " ", "").Replace(s))
}

func sameHardware(a, b string) bool { return bareHardware(a) == bareHardware(b) }

// listProcNeighbours lists /proc/net/arp, and the neighbours of IPv6, which
// Linux shows only over a netlink socket and for the scanner's own network.
func listProcNeighbours(ctx context.Context, req *Request, list *Listing) iter.Seq2[neighbour, error] {
	return func(yield func(neighbour, error) bool) {
		p, err := openProc(ctx, req)
		if err != nil {
			yield(neighbour{}, err)
			return
		}
		list.Full = true
		for net, err := range p.nets("arp") {
			if err != nil {
				if !yield(neighbour{}, fmt.Errorf("neighbours: %w", err)) {
					return
				}
				continue
			}
			for n, err := range procfs.Neighbours(net.file) {
				if err != nil {
					err = fmt.Errorf("read %s: %w", net.path, err)
					if !yield(neighbour{}, err) {
						return
					}
					continue
				}
				row := neighbour{addr: n.Addr, hardware: n.Hardware, device: n.Device, kind: "dynamic"}
				if n.Flags&procfs.ARPPermanent != 0 {
					row.kind = "static"
				}
				if n.Flags&procfs.ARPComplete == 0 {
					row.hardware = "" // the system asked and got no answer
				}
				list.Objects++
				if !yield(row, nil) {
					return
				}
			}
		}
		if !p.live {
			list.stop("a copy of /proc does not hold the neighbours of IPv6")
			return
		}
		for n, err := range neighbours6() {
			if err != nil {
				err = fmt.Errorf("neighbours of IPv6: %w", err)
			} else {
				list.Objects++
			}
			if !yield(n, err) {
				return
			}
		}
	}
}
