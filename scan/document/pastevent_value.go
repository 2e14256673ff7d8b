package document

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
)

// What terms of past events are made of. Each of these functions names the
// values of the event's data that it reads.

// pastText is a value as it is written.
func pastText(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		yield(ioc.TextValue(s))
		return nil
	}, []string{name}}
}

// pastWord is the same for every event of the kind.
func pastWord(word string) pastAnswer {
	return pastAnswer{func(_ *pastEvent, _ []evtx.NameID, yield func(ioc.Value) bool) error {
		yield(ioc.TextValue(word))
		return nil
	}, nil}
}

// pastNone: such an event has no such thing.
var pastNone = pastAnswer{func(*pastEvent, []evtx.NameID, func(ioc.Value) bool) error { return nil }, nil}

// pastNumber is a number, stored as one or written in decimal or, as the ids of
// processes in the security log are, in hexadecimal.
func pastNumber(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		v, ok := e.value(ids[0])
		if !ok {
			return errNotLogged
		}
		n, ok := v.Uint()
		if !ok {
			return errNoNumber
		}
		yield(ioc.IntValue(n))
		return nil
	}, []string{name}}
}

// pastHash is the digest of an algorithm in what Sysmon writes of them all:
// "SHA1=…,MD5=…,SHA256=…".
func pastHash(name, algorithm string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, _ := e.text(ids[0])
		for s != "" {
			var one string
			one, s, _ = strings.Cut(s, ",")
			if a, digits, ok := strings.Cut(one, "="); ok && ioc.EqualFold(a, algorithm) {
				raw, err := hex.DecodeString(digits)
				if err != nil {
					return errNotLogged
				}
				yield(ioc.DigestValue(string(raw)))
				return nil
			}
		}
		return errNotLogged
	}, []string{name}}
}

// pastTime is a time as Sysmon writes it: that of what happened, a moment
// before it was logged. Where it cannot be read the event was logged all the
// same.
func pastTime(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, _ := e.text(ids[0])
		t, err := time.Parse("2006-01-02 15:04:05", s) // a fraction is taken unasked
		if err != nil {
			return genTime(&e.view.event, yield)
		}
		yield(ioc.TimeValue(t))
		return nil
	}, []string{name}}
}

// pastCreated is when the event was logged.
var pastCreated = pastAnswer{func(e *pastEvent, _ []evtx.NameID, yield func(ioc.Value) bool) error {
	return genTime(&e.view.event, yield)
}, nil}

// pastAccount is DOMAIN\name in one value, and the name alone.
func pastAccount(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		yieldAccount(s, yield)
		return nil
	}, []string{name}}
}

func yieldAccount(s string, yield func(ioc.Value) bool) bool {
	if !yield(ioc.TextValue(s)) {
		return false
	}
	_, account, qualified := strings.Cut(s, `\`)
	return !qualified || yield(ioc.TextValue(account))
}

// pastSubject is an account of the security log: its SID, domain and name. The
// log names the system by the account that the machine has in its domain, so
// that the name which goes with the SID everywhere is given besides.
func pastSubject(subjects ...string) pastAnswer {
	var names []string
	for _, s := range subjects {
		names = append(names, s+"UserSid", s+"DomainName", s+"UserName")
	}
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		for ; len(ids) > 0; ids = ids[3:] {
			e.buf = e.buf[:0]
			account, known := e.text(ids[2])
			if !known {
				continue // of a process that runs as who started it, the target is empty
			}
			if domain, known := e.text(ids[1]); known && !yield(ioc.TextValue(domain+`\`+account)) {
				return nil
			}
			if !yield(ioc.TextValue(account)) {
				return nil
			}
			if sid, known := e.text(ids[0]); known {
				if name, everywhere := knownSID(sid); everywhere {
					for _, f := range name.forms() {
						if !yield(ioc.TextValue(f)) {
							return nil
						}
					}
				}
			}
			return nil
		}
		return errNotLogged
	}, names}
}

// pastHost is the name that was looked up.
func pastHost(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		if yield(ioc.TextValue(s)) && strings.HasSuffix(s, ".") { // the root of all names, seldom written
			yield(ioc.TextValue(strings.TrimSuffix(s, ".")))
		}
		return nil
	}, []string{name}}
}

// A pastSide is one end of a connection: what the event calls source began it,
// so that source is the local end of what went out.
type pastSide struct {
	remote              bool
	source, destination string
	direction           string
}

func (s pastSide) answer(get func(e *pastEvent, id evtx.NameID, yield func(ioc.Value) bool) error) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		out, known := e.outgoing(ids[2])
		switch {
		case !known:
			return errNotLogged
		case out == s.remote:
			return get(e, ids[1], yield)
		}
		return get(e, ids[0], yield)
	}, []string{s.source, s.destination, s.direction}}
}

// outgoing reads the direction of a connection: a truth value in Sysmon's
// events; in those of the filtering platform the number of a word, 14593 for
// outbound and 14592 for inbound.
func (e *pastEvent) outgoing(id evtx.NameID) (out, known bool) {
	v, ok := e.value(id)
	if !ok {
		return false, false
	}
	if out, known = v.Bool(); known {
		return out, true
	}
	switch s, _ := e.text(id); {
	case s == "%%14593" || ioc.EqualFold(s, "true"):
		return true, true
	case s == "%%14592" || ioc.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

func (s pastSide) address() pastAnswer { return s.answer((*pastEvent).address) }
func (s pastSide) port() pastAnswer    { return s.answer((*pastEvent).port) }

func (e *pastEvent) address(id evtx.NameID, yield func(ioc.Value) bool) error {
	s, _ := e.text(id)
	a, err := netip.ParseAddr(s)
	if err != nil {
		return errNotLogged
	}
	yield(ioc.AddressValue(a))
	return nil
}

func (e *pastEvent) port(id evtx.NameID, yield func(ioc.Value) bool) error {
	v, ok := e.value(id)
	if !ok {
		return errNotLogged
	}
	n, ok := v.Uint()
	if !ok {
		return errNoNumber
	}
	yield(ioc.IntValue(n))
	return nil
}

// pastAddress and pastPort are those of the only end that an event has.
func pastAddress(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		return e.address(ids[0], yield)
	}, []string{name}}
}

// pastIPv4: the class is that of connections of IPv4.
func pastIPv4(name string) pastTest {
	return pastTest{func(e *pastEvent, ids []evtx.NameID) bool {
		e.buf = e.buf[:0]
		s, _ := e.text(ids[0])
		return strings.IndexByte(s, ':') < 0 // what cannot be read counts
	}, []string{name}}
}

// protocolWords are those of the IANA's numbers that logs have.
var protocolWords = map[string]string{"1": "ICMP", "2": "IGMP", "6": "TCP", "17": "UDP", "47": "GRE", "58": "ICMPv6"}

// pastProtocol is the word for a protocol, and its number if the log has that.
func pastProtocol(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		if yield(ioc.TextValue(s)) && protocolWords[s] != "" {
			yield(ioc.TextValue(protocolWords[s]))
		}
		return nil
	}, []string{name}}
}

// pastURL is a URL, and what follows the host in it, as the term is defined.
func pastURL(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		if _, rest := splitURL(s); yield(ioc.TextValue(s)) && rest != "" {
			yield(ioc.TextValue(rest))
		}
		return nil
	}, []string{name}}
}

func pastURLHost(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		if host, _ := splitURL(s); host != "" {
			yield(ioc.TextValue(host))
		}
		return nil
	}, []string{name}}
}

// splitURL cuts a URL into its host, without user and port, and the rest from
// the path on. What has no scheme has no host.
func splitURL(s string) (host, rest string) {
	_, s, ok := strings.Cut(s, "://")
	if !ok {
		return "", ""
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s, rest = s[:i], s[i:]
	}
	s = s[strings.LastIndexByte(s, '@')+1:]
	if end := strings.IndexByte(s, ']'); strings.HasPrefix(s, "[") && end > 0 {
		return s[1:end], rest
	}
	host, _, _ = strings.Cut(s, ":")
	return host, rest
}
