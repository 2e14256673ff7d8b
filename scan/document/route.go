package document

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/procfs"
	"iocscan/scan/source"
)

// routes is RouteEntryItem: the table by which a running system forwards.
var routes = Table[route]{
	name:    "RouteEntryItem",
	summary: "the routing table",
	needs:   []source.Capability{source.Live},
	label:   func(r *route) string { return fmt.Sprintf("%s via %s on %s", r.to, r.gateway, r.device) },
	fields:  routeFields,
	on: map[source.Platform]lister[route]{
		source.Linux:   listProcRoutes,
		source.Windows: listWindowsRoutes,
	},
}

// A route is an entry of the table.
type route struct {
	to       netip.Prefix
	gateway  netip.Addr // the unspecified address: on the link
	device   string
	index    uint64 // of the interface; 0: not told
	metric   uint64
	mtu      uint64 // 0: none is set
	flags    string // letters of route(8); empty: not told
	kind     string // direct or indirect, as Windows names them; empty: not told
	protocol string // how it was learned; empty: not told
	age      uint64 // seconds
	aged     bool   // age is told
}

// routeFields are the terms of RouteEntryItem. Not among them, and so reported
// as not supported: what only the newer interface of Windows tells, such as
// lifetimes and whether a route is published.
var routeFields = []Field[route]{
	field(match.Field{Term: "RouteEntryItem/Destination", Kind: ioc.Address, Identity: true}, address(func(r *route) netip.Addr { return r.to.Addr() })),
	field(match.Field{Term: "RouteEntryItem/Netmask", Kind: ioc.Address, Identity: true}, address(netmask)),
	field(match.Field{Term: "RouteEntryItem/Gateway", Kind: ioc.Address, Identity: true}, address(func(r *route) netip.Addr { return r.gateway })),
	field(match.Field{Term: "RouteEntryItem/Interface", Kind: ioc.Text, Same: any2, Identity: true}, func(r *route, yield func(ioc.Value) bool) error {
		if yieldTexts(some(r.device), yield) && r.index != 0 {
			yield(ioc.TextValue(fmt.Sprint(r.index)))
		}
		return nil
	}),
	field(match.Field{Term: "RouteEntryItem/Metric", Kind: ioc.Int}, func(r *route, yield func(ioc.Value) bool) error {
		yield(ioc.IntValue(r.metric))
		return nil
	}),
	field(match.Field{Term: "RouteEntryItem/MTU", Kind: ioc.Text}, func(r *route, yield func(ioc.Value) bool) error {
		if r.mtu != 0 {
			yield(ioc.TextValue(fmt.Sprint(r.mtu)))
		}
		return nil
	}),
	field(match.Field{Term: "RouteEntryItem/IsIPv6", Kind: ioc.Bool}, func(r *route, yield func(ioc.Value) bool) error {
		yield(ioc.BoolValue(r.to.Addr().Is6()))
		return nil
	}),
	field(match.Field{Term: "RouteEntryItem/IsLoopback", Kind: ioc.Bool}, func(r *route, yield func(ioc.Value) bool) error {
		yield(ioc.BoolValue(r.to.Addr().IsLoopback()))
		return nil
	}),
	field(match.Field{Term: "RouteEntryItem/Flags", Kind: ioc.Text}, toldText(func(r *route) string { return r.flags })),
	field(match.Field{Term: "RouteEntryItem/RouteType", Kind: ioc.Text}, toldText(func(r *route) string { return r.kind })),
	field(match.Field{Term: "RouteEntryItem/Protocol", Kind: ioc.Text}, toldText(func(r *route) string { return r.protocol })),
	field(match.Field{Term: "RouteEntryItem/RouteAge", Kind: ioc.Text}, func(r *route, yield func(ioc.Value) bool) error {
		if !r.aged {
			return errNotCarried
		}
		yield(ioc.TextValue(fmt.Sprint(r.age)))
		return nil
	}),
}

// toldText answers a text; an empty one is what the system does not tell.
func toldText[T any](of func(*T) string) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		s := of(row)
		if s == "" {
			return errNotCarried
		}
		yield(ioc.TextValue(s))
		return nil
	}
}

// netmask: only IPv4 has masks that are written as addresses.
func netmask(r *route) netip.Addr {
	if !r.to.Addr().Is4() {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(net.CIDRMask(r.to.Bits(), 32)))
}

func listProcRoutes(ctx context.Context, req *Request, list *Listing) iter.Seq2[route, error] {
	return func(yield func(route, error) bool) {
		p, err := openProc(ctx, req)
		if err != nil {
			yield(route{}, err)
			return
		}
		list.Full = true
		for _, table := range []string{"route", "ipv6_route"} {
			for in, err := range p.nets(table) {
				if missing(err) && table == "ipv6_route" {
					continue // a system without IPv6
				}
				if err != nil {
					if !yield(route{}, fmt.Errorf("routes: %w", err)) {
						return
					}
					continue
				}
				parse := procfs.Routes
				if table == "ipv6_route" {
					parse = procfs.Routes6
				}
				for r, err := range parse(in.file) {
					if err != nil {
						if !yield(route{}, fmt.Errorf("read %s: %w", in.path, err)) {
							return
						}
						continue
					}
					list.Objects++
					if !yield(procRoute(&r), nil) {
						return
					}
				}
			}
		}
	}
}

func procRoute(r *procfs.Route) route {
	out := route{to: r.Destination, gateway: r.Gateway, device: r.Device, metric: r.Metric, mtu: r.MTU, kind: "direct"}
	if r.Flags&procfs.RouteGateway != 0 {
		out.kind = "indirect"
	}
	letters := []struct {
		bit    uint64
		letter string
	}{{procfs.RouteUp, "U"}, {procfs.RouteGateway, "G"}, {procfs.RouteHost, "H"}, {procfs.RouteReject, "!"}}
	var b strings.Builder
	for _, l := range letters {
		if r.Flags&l.bit != 0 {
			b.WriteString(l.letter)
		}
	}
	out.flags = b.String()
	return out
}
