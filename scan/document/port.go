package document

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// ports is PortItem: the TCP and UDP sockets of a running system.
var ports = Table[port]{
	name:    "PortItem",
	summary: "open TCP and UDP sockets and their processes",
	needs:   []source.Capability{source.Live},
	label:   func(p *port) string { return p.label() },
	fields:  portFields("PortItem", func(p *port, yield func(*port, int) bool) error { yield(p, 0); return nil }),
	on: map[source.Platform]lister[port]{
		source.Linux:   listProcPorts,
		source.Windows: listWindowsPorts,
	},
}

// A port is one socket, and one process that has it.
type port struct {
	protocol      string // TCP or UDP
	local, remote netip.AddrPort
	state         string // in the words of Windows; empty: a socket of UDP has none
	created       int64  // ticks; 0: the system does not tell

	pid      uint64 // 0: the system keeps it for no process
	image    string // path of the process's image; empty where there is none
	ownerErr error  // whose it is cannot be told
	imageErr error  // the process is known, its image is not
}

func (p *port) label() string {
	text := fmt.Sprintf("%s %s", p.protocol, p.local)
	if p.connected() {
		text += " → " + p.remote.String()
	}
	if p.state != "" {
		text += " " + p.state
	}
	if p.ownerErr == nil && p.pid != 0 {
		text += fmt.Sprintf(" (process %d)", p.pid)
	}
	return text
}

// connected: a socket without a peer shows the unspecified address and port 0.
func (p *port) connected() bool {
	return p.remote.IsValid() && (p.remote.Port() != 0 || !p.remote.Addr().Unmap().IsUnspecified())
}

// portFields are the terms of a socket, which processes have below their own
// document; of gives the sockets of a row, each with its place among them.
func portFields[T any](prefix string, of func(*T, func(*port, int) bool) error) []Field[T] {
	single := prefix == "PortItem"
	add := func(name string, kind ioc.Kind, identity bool, get func(*port, func(ioc.Value) bool) error) Field[T] {
		f := match.Field{Term: prefix + "/" + name, Kind: kind, Identity: identity && single}
		if !single {
			f.Multi, f.Element, f.Cost = true, prefix, match.Open
		}
		if name == "state" {
			f.Same = sameState
		}
		return field(f, func(row *T, yield func(ioc.Value) bool) (err error) {
			listed := of(row, func(p *port, n int) bool {
				more := true
				err = get(p, func(v ioc.Value) bool { more = yield(v.At(n)); return more })
				return more && err == nil
			})
			return cmp.Or(err, listed)
		})
	}
	list := []Field[T]{
		add("protocol", ioc.Text, true, func(p *port, yield func(ioc.Value) bool) error {
			yield(ioc.TextValue(p.protocol))
			return nil
		}),
		add("localIP", ioc.Address, true, address(func(p *port) netip.Addr { return p.local.Addr() })),
		add("localPort", ioc.Int, true, func(p *port, yield func(ioc.Value) bool) error {
			yield(ioc.IntValue(uint64(p.local.Port())))
			return nil
		}),
		add("remoteIP", ioc.Address, true, func(p *port, yield func(ioc.Value) bool) error {
			if p.connected() {
				yield(ioc.AddressValue(p.remote.Addr()))
			}
			return nil
		}),
		add("remotePort", ioc.Int, true, func(p *port, yield func(ioc.Value) bool) error {
			if p.connected() {
				yield(ioc.IntValue(uint64(p.remote.Port())))
			}
			return nil
		}),
		add("state", ioc.Text, true, portState),
		add("CreationTime", ioc.Time, false, func(p *port, yield func(ioc.Value) bool) error {
			if p.created == 0 {
				return errNotCarried
			}
			yield(ioc.TicksValue(p.created))
			return nil
		}),
		add("pid", ioc.Int, true, func(p *port, yield func(ioc.Value) bool) error {
			if p.ownerErr == nil && p.pid != 0 {
				yield(ioc.IntValue(p.pid))
			}
			return p.ownerErr
		}),
		add("process", ioc.Text, true, ofImage(func(path string, yield func(ioc.Value) bool) { yield(ioc.TextValue(imageName(path))) })),
		add("path", ioc.Path, false, ofImage(func(path string, yield func(ioc.Value) bool) { yieldImagePath(path, yield) })),
	}
	if single {
		list = append(list, add("isIPv6", ioc.Bool, false, func(p *port, yield func(ioc.Value) bool) error {
			yield(ioc.BoolValue(p.local.Addr().Is6()))
			return nil
		}))
	}
	return list
}

func address[T any](of func(*T) netip.Addr) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		if a := of(row); a.IsValid() {
			yield(ioc.AddressValue(a))
		}
		return nil
	}
}

func ofImage(get func(string, func(ioc.Value) bool)) func(*port, func(ioc.Value) bool) error {
	return func(p *port, yield func(ioc.Value) bool) error {
		if err := cmp.Or(p.ownerErr, p.imageErr); err != nil || p.image == "" {
			return err
		}
		get(p.image, yield)
		return nil
	}
}

// stateForms are the words that tools have for one state of TCP, that of
// Windows first.
var stateForms = [][]string{
	{"LISTENING", "LISTEN"},
	{"SYN_SENT", "SYN-SENT"},
	{"SYN_RECEIVED", "SYN_RECV", "SYN_RCVD", "SYN-RECEIVED"},
	{"FIN_WAIT_1", "FIN_WAIT1", "FIN-WAIT-1"},
	{"FIN_WAIT_2", "FIN_WAIT2", "FIN-WAIT-2"},
	{"CLOSE_WAIT", "CLOSE-WAIT"},
	{"LAST_ACK", "LAST-ACK"},
	{"TIME_WAIT", "TIME-WAIT"},
	{"CLOSED", "CLOSE"},
}

func stateWords(word string) []string {
	for _, forms := range stateForms {
		for _, f := range forms {
			if ioc.EqualFold(f, word) {
				return forms
			}
		}
	}
	return []string{word}
}

func portState(p *port, yield func(ioc.Value) bool) error {
	if p.state != "" {
		yieldTexts(stateWords(p.state), yield)
	}
	return nil
}

func sameState(a, b string) bool {
	return ioc.EqualFold(stateWords(strings.TrimSpace(a))[0], stateWords(strings.TrimSpace(b))[0])
}
