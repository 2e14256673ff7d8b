package document

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

// A network is what is configured of a network interface, or was last given to
// it.
type network struct {
	adapter, description fact
	addresses, masks     fact
	addresses6, hardware fact // of a running system
	gateways             fact
	servers              fact // of DHCP
	obtained, expires    moment
}

const networkElement = "SystemInfoItem/networkArray/networkInfo"

var networkFields = []Field[systemInfo]{
	networkFact("adapter", ioc.Text, func(n *network) *fact { return &n.adapter }),
	networkFact("description", ioc.Text, func(n *network) *fact { return &n.description }),
	networkFact("ipArray/ipInfo/ipAddress", ioc.Address, func(n *network) *fact { return &n.addresses }),
	networkFact("ipArray/ipInfo/ipv6Address", ioc.Address, func(n *network) *fact { return &n.addresses6 }),
	networkFact("ipArray/ipInfo/subnetMask", ioc.Text, func(n *network) *fact { return &n.masks }),
	networkFact("ipGatewayArray/ipGateway", ioc.Address, func(n *network) *fact { return &n.gateways }),
	networkFact("dhcpServerArray/dhcpServer", ioc.Address, func(n *network) *fact { return &n.servers }),
	networkFact("MAC", ioc.Text, func(n *network) *fact { return &n.hardware }),
	networkTime("dhcpLeaseObtained", func(n *network) *moment { return &n.obtained }),
	networkTime("dhcpLeaseExpires", func(n *network) *moment { return &n.expires }),
}

// networkField answers a term of the interfaces, each an element of the system.
func networkField(term string, kind ioc.Kind, get func(n *network, yield func(ioc.Value) bool) (more bool, err error)) Field[systemInfo] {
	return field(match.Field{Term: networkElement + "/" + term, Kind: kind, Multi: true, Element: networkElement},
		func(s *systemInfo, yield func(ioc.Value) bool) error {
			err := s.networksErr
			for i := range s.networks {
				more, of := get(&s.networks[i], func(v ioc.Value) bool { return yield(v.At(i)) })
				if !more {
					return nil
				}
				if of != nil && !errors.Is(err, of) { // many may lack the same
					err = errors.Join(err, of)
				}
			}
			return err
		})
}

func networkFact(term string, kind ioc.Kind, of func(*network) *fact) Field[systemInfo] {
	return networkField(term, kind, func(n *network, yield func(ioc.Value) bool) (bool, error) {
		f := of(n)
		for _, s := range f.values {
			v := ioc.TextValue(s)
			if kind == ioc.Address {
				v = addressOf(s)
			} else if term == "MAC" {
				if !yieldHardware(s, yield) {
					return false, nil
				}
				continue
			}
			if !yield(v) {
				return false, nil
			}
		}
		return true, f.why
	})
}

func networkTime(term string, of func(*network) *moment) Field[systemInfo] {
	return networkField(term, ioc.Time, func(n *network, yield func(ioc.Value) bool) (bool, error) {
		m := of(n)
		return m.ticks == 0 || yield(ioc.TicksValue(m.ticks)), m.why
	})
}

// addressOf is an address; a text that is none stays what it is.
func addressOf(s string) ioc.Value {
	if a, err := netip.ParseAddr(s); err == nil {
		return ioc.AddressValue(a)
	}
	return ioc.Value{Kind: ioc.Address, Str: s}
}

// netClass is the class of devices that are network adapters.
const netClass = `{4D36E972-E325-11CE-BFC1-08002BE10318}`

// mostNetworks bounds the interfaces that are read.
const mostNetworks = 1 << 12

// readNetworks reads the interfaces of TCP/IP, which are named for the GUIDs of
// their adapters.
func readNetworks(control keyValues) (list []network, err error) {
	k, err := control.below(`Services\Tcpip\Parameters\Interfaces`)
	if err != nil {
		return nil, err
	}
	descriptions, descriptionsErr := adapterDescriptions(control)
	var errs []error
	for sub, err := range k.Subkeys() {
		if err == nil && len(list) >= mostNetworks {
			return list, fmt.Errorf("registry key %s: more than %d interfaces", k.Path(), mostNetworks)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		of := keyValues{sub}
		n := of.network()
		guid := of.name()
		n.adapter.is(guid)
		if c, err := control.below(`Control\Network\` + netClass + `\` + guid + `\Connection`); err == nil {
			c.fill(&n.adapter, "Name")
		} else if !missing(err) {
			n.adapter.why = err
		}
		n.description.is(descriptions[ioc.Fold(guid)])
		if n.description.values == nil {
			n.description.why = cmp.Or(descriptionsErr, errNotCarried)
		}
		list = append(list, n)
	}
	return list, errors.Join(errs...)
}

// network reads the values of an interface: those that were set, or where DHCP
// is on those that it gave.
func (k keyValues) network() (n network) {
	dhcp, err := k.number("EnableDHCP")
	prefix := ""
	if dhcp.n != 0 {
		prefix = "Dhcp"
		k.fill(&n.servers, "DhcpServer")
		n.obtained, n.expires = k.unixTime("LeaseObtainedTime"), k.unixTime("LeaseTerminatesTime")
	}
	k.fill(&n.addresses, prefix+"IPAddress")
	k.fill(&n.masks, prefix+"SubnetMask")
	k.fill(&n.gateways, prefix+"DefaultGateway")
	n.addresses6.why, n.hardware.why = errNotCarried, errNotCarried
	for _, f := range []*fact{&n.addresses, &n.masks, &n.gateways, &n.servers} {
		f.why = errors.Join(f.why, err)
		f.values = slices.DeleteFunc(f.values, func(s string) bool { return s == "0.0.0.0" }) // there is none
	}
	n.servers.values = slices.DeleteFunc(n.servers.values, func(s string) bool { return s == "255.255.255.255" }) // none has answered
	return n
}

// adapterDescriptions are what drivers call the adapters, by their GUIDs.
func adapterDescriptions(control keyValues) (map[string]string, error) {
	k, err := control.below(`Control\Class\` + netClass)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	of := map[string]string{}
	var errs []error
	for sub, err := range k.Subkeys() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		adapter := keyValues{sub}
		guid, err1 := adapter.text("NetCfgInstanceId")
		name, err2 := adapter.text("DriverDesc")
		if err := errors.Join(err1, err2); err != nil {
			errs = append(errs, err)
		} else if guid != "" && len(of) < mostNetworks {
			of[ioc.Fold(guid)] = name
		}
	}
	return of, errors.Join(errs...)
}
