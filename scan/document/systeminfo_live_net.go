package document

import (
	"fmt"
	"net"
	"net/netip"

	"iocscan/scan/internal/procfs"
)

// interfaces are those of the scanner's own network, with the addresses that
// they have. That of the default route with the least metric is the first.
func (p proc) interfaces(req *Request, s *systemInfo) {
	l := s.live
	devices, err := net.Interfaces()
	gateways, first, errRoutes := p.gateways()
	if err != nil {
		err = fmt.Errorf("network interfaces: %w", err)
		req.trouble("network", err)
		s.networksErr = err
	} else {
		s.networksErr = nil
	}
	if errRoutes != nil {
		errRoutes = fmt.Errorf("routes: %w", errRoutes)
		req.trouble("network", errRoutes)
	}
	for _, f := range []*fact{&l.hardware, &l.first4, &l.first6} {
		f.why = errRoutes
		if err != nil {
			f.why = err
		}
	}
	for _, d := range devices {
		n := network{adapter: sure(d.Name), hardware: sure(d.HardwareAddr.String())}
		for _, f := range []*fact{&n.description, &n.servers} {
			f.why = errNotCarried
		}
		n.obtained.why, n.expires.why = errNotCarried, errNotCarried
		n.gateways = fact{values: gateways[d.Name], why: errRoutes}
		addresses, err := d.Addrs()
		if err != nil {
			err = fmt.Errorf("addresses of %s: %w", d.Name, err)
			req.trouble("network", err)
		}
		for _, a := range addresses {
			if of, ok := a.(*net.IPNet); ok {
				n.address(of)
			}
		}
		n.addresses.why, n.addresses6.why, n.masks.why = err, err, err
		if d.Name == first {
			l.hardware, l.first4, l.first6 = n.hardware, n.addresses, n.addresses6
			l.first4.values, l.first6.values = l.first4.values[:min(1, len(l.first4.values))], l.first6.values[:min(1, len(l.first6.values))]
		}
		s.networks = append(s.networks, n)
	}
	if s.networksErr == nil && len(s.networks) > mostNetworks {
		s.networks, s.networksErr = s.networks[:mostNetworks], fmt.Errorf("more than %d interfaces", mostNetworks)
	}
}

// address takes an address. Of IPv6 those that are good beyond the link come
// first.
func (n *network) address(of *net.IPNet) {
	a, ok := netip.AddrFromSlice(of.IP)
	if a = a.Unmap(); !ok {
		return
	}
	switch {
	case a.Is4():
		n.addresses.is(a.String())
		n.masks.is(net.IP(of.Mask).String())
	case a.IsLinkLocalUnicast():
		n.addresses6.is(a.String())
	default:
		n.addresses6.values = append([]string{a.String()}, n.addresses6.values...)
	}
}

// gateways are the routers of each interface, and the interface of the default
// route.
func (p proc) gateways() (of map[string][]string, first string, err error) {
	of = map[string][]string{}
	least := uint64(1 << 63)
	take := func(path string, read func(f netTable) error) {
		f, err2 := p.fs.Open(path)
		if missing(err2) {
			return // no such protocol
		}
		if err2 == nil {
			err2 = read(netTable{path, f})
			f.Close() // read-only: nothing to lose
		}
		if err == nil {
			err = err2
		}
	}
	add := func(r procfs.Route, bad error) error {
		if bad != nil {
			return bad
		}
		if r.Destination.Bits() != 0 || r.Flags&procfs.RouteUp == 0 || r.Flags&procfs.RouteReject != 0 {
			return nil
		}
		if !r.Gateway.IsUnspecified() && len(of[r.Device]) < mostNetworks {
			of[r.Device] = append(of[r.Device], r.Gateway.String())
		}
		if r.Metric < least {
			first, least = r.Device, r.Metric
		}
		return nil
	}
	take("/proc/self/net/route", func(t netTable) (err error) {
		for r, bad := range procfs.Routes(t.file) {
			if bad := add(r, bad); bad != nil {
				err = fmt.Errorf("read %s: %w", t.path, bad)
			}
		}
		return err
	})
	four := first
	take("/proc/self/net/ipv6_route", func(t netTable) (err error) {
		for r, bad := range procfs.Routes6(t.file) {
			if bad := add(r, bad); bad != nil {
				err = fmt.Errorf("read %s: %w", t.path, bad)
			}
		}
		return err
	})
	if four != "" {
		first = four // a system with both goes by that of IPv4
	}
	return of, first, err
}
