package procfs

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"strconv"
	"strings"
)

// A Socket is a line of /proc/net/tcp, tcp6, udp or udp6.
type Socket struct {
	Local, Remote netip.AddrPort
	State         uint8  // of tcp_states.h
	UID           uint64 // of whoever made it
	INode         uint64 // as in the link of a descriptor, socket:[n]; 0: no process has it
}

// ErrForm is the error of a line that is not of the form it should have.
var ErrForm = errors.New("line of an unknown form")

const maxLine = 64 << 10

// lines are the fields of the lines of a table, with their numbers. The first
// line holds the names of columns where heading says so.
func lines(r io.Reader, heading bool) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		s := bufio.NewScanner(r)
		s.Buffer(nil, maxLine)
		for s.Scan() {
			if heading {
				heading = false
				continue
			}
			if f := strings.Fields(s.Text()); len(f) > 0 && !yield(f, nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// parsed turns lines into what they mean.
func parsed[T any](r io.Reader, heading bool, parse func([]string) (T, bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for f, err := range lines(r, heading) {
			if err != nil {
				yield(none, err)
				return
			}
			v, ok := parse(f)
			if !ok {
				err = fmt.Errorf("%w: %.80q", ErrForm, strings.Join(f, " "))
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// Sockets reads a table of sockets. An error beside a zero Socket is that of
// one line, or ends the table.
func Sockets(r io.Reader) iter.Seq2[Socket, error] {
	return parsed(r, true, func(f []string) (s Socket, ok bool) {
		// sl local remote st queues timer retransmits uid timeout inode …
		if len(f) < 10 {
			return s, false
		}
		local, ok1 := addrPort(f[1])
		remote, ok2 := addrPort(f[2])
		state, err1 := strconv.ParseUint(f[3], 16, 8)
		uid, err2 := strconv.ParseUint(f[7], 10, 32)
		inode, err3 := strconv.ParseUint(f[9], 10, 64)
		return Socket{local, remote, uint8(state), uid, inode}, ok1 && ok2 && errors.Join(err1, err2, err3) == nil
	})
}

// addrPort reads "0100007F:1F90". The words of an address are in the order of
// the processor, which is taken for little-endian: Linux runs on hardly any other.
func addrPort(s string) (netip.AddrPort, bool) {
	host, port, ok := strings.Cut(s, ":")
	if !ok {
		return netip.AddrPort{}, false
	}
	b, err := hex.DecodeString(host)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, false
	}
	swap(b)
	addr, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr, uint16(n)), true
}

func swap(b []byte) {
	for ; len(b) >= 4; b = b[4:] {
		binary.BigEndian.PutUint32(b, binary.LittleEndian.Uint32(b))
	}
}

// A Neighbour is a line of /proc/net/arp.
type Neighbour struct {
	Addr     netip.Addr
	Hardware string // as written: 52:55:0a:00:02:02
	Device   string
	Type     uint64 // of hardware, ARPHRD_*
	Flags    uint64 // ATF_*: 2 complete, 4 permanent
}

// ARP flags of if_arp.h.
const (
	ARPComplete  = 0x2
	ARPPermanent = 0x4
)

// Neighbours reads /proc/net/arp.
func Neighbours(r io.Reader) iter.Seq2[Neighbour, error] {
	return parsed(r, true, func(f []string) (n Neighbour, ok bool) {
		// address, type of hardware, flags, hardware address, mask, device
		if len(f) != 6 {
			return n, false
		}
		addr, err1 := netip.ParseAddr(f[0])
		kind, err2 := strconv.ParseUint(f[1], 0, 32)
		flags, err3 := strconv.ParseUint(f[2], 0, 32)
		return Neighbour{addr, f[3], f[5], kind, flags}, errors.Join(err1, err2, err3) == nil
	})
}

// A Route is a line of /proc/net/route or ipv6_route.
type Route struct {
	Destination netip.Prefix
	Gateway     netip.Addr // the unspecified address: the destination is on the link
	Device      string
	Flags       uint64 // RTF_* of route.h
	Metric      uint64
	MTU         uint64 // 0: none is set; ipv6_route does not tell it
}

// Flags of routes.
const (
	RouteUp      = 0x1
	RouteGateway = 0x2
	RouteHost    = 0x4
	RouteReject  = 0x200
)

// Routes reads /proc/net/route.
func Routes(r io.Reader) iter.Seq2[Route, error] {
	return parsed(r, true, func(f []string) (rt Route, ok bool) {
		// iface destination gateway flags refcnt use metric mask mtu window irtt
		if len(f) < 9 {
			return rt, false
		}
		dest, ok1 := word(f[1])
		gateway, ok2 := word(f[2])
		mask, ok3 := word(f[7])
		flags, err1 := strconv.ParseUint(f[3], 16, 32)
		metric, err2 := strconv.ParseUint(f[6], 10, 32)
		mtu, err3 := strconv.ParseUint(f[8], 10, 32)
		if !ok1 || !ok2 || !ok3 || errors.Join(err1, err2, err3) != nil {
			return rt, false
		}
		ones := maskBits(mask.As4())
		return Route{netip.PrefixFrom(dest, ones), gateway, f[0], flags, metric, mtu}, ones >= 0
	})
}

func word(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		return netip.Addr{}, false
	}
	swap(b)
	return netip.AddrFrom4([4]byte(b)), true
}

// maskBits is the length of a mask, -1 for one with holes.
func maskBits(m [4]byte) int {
	n := binary.BigEndian.Uint32(m[:])
	ones := 0
	for ; n&(1<<31) != 0; n <<= 1 {
		ones++
	}
	if n != 0 {
		return -1
	}
	return ones
}

// Routes6 reads /proc/net/ipv6_route.
func Routes6(r io.Reader) iter.Seq2[Route, error] {
	return parsed(r, false, func(f []string) (rt Route, ok bool) {
		// destination, its length, source, its length, next hop, metric,
		// references, use, flags, device; all in hexadecimal
		if len(f) != 10 {
			return rt, false
		}
		dest, ok1 := addr6(f[0])
		gateway, ok2 := addr6(f[4])
		ones, err1 := strconv.ParseUint(f[1], 16, 8)
		metric, err2 := strconv.ParseUint(f[5], 16, 32)
		flags, err3 := strconv.ParseUint(f[8], 16, 32)
		if !ok1 || !ok2 || errors.Join(err1, err2, err3) != nil || ones > 128 {
			return rt, false
		}
		return Route{netip.PrefixFrom(dest, int(ones)), gateway, f[9], flags, metric, 0}, true
	})
}

// addr6 reads the 32 digits of an address in the order of the network.
func addr6(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16([16]byte(b)), true
}
