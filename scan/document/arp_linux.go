package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// NUD_* of neighbour.h, by their bits, and NDA_* of the same.
var neighbourStates = [...]string{"INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT"}

const (
	neighbourHead    = 12 // struct ndmsg: family, padding, interface, state, flags, type
	attrDestination  = 1
	attrLinkAddress  = 2
	neighbourForever = 0x80
)

// neighbours6 asks the kernel for the neighbours of IPv6 on the scanner's own
// network. The question goes to no other machine.
func neighbours6() iter.Seq2[neighbour, error] {
	return func(yield func(neighbour, error) bool) {
		b, err := syscall.NetlinkRIB(syscall.RTM_GETNEIGH, syscall.AF_INET6)
		if err != nil {
			yield(neighbour{}, err)
			return
		}
		messages, err := syscall.ParseNetlinkMessage(b)
		if err != nil {
			yield(neighbour{}, err)
			return
		}
		for _, m := range messages {
			if m.Header.Type != syscall.RTM_NEWNEIGH {
				continue
			}
			n, err := parseNeighbour(m.Data)
			if !yield(n, err) {
				return
			}
		}
	}
}

var errNeighbour = errors.New("message of an unknown form")

func parseNeighbour(b []byte) (n neighbour, err error) {
	if len(b) < neighbourHead {
		return n, errNeighbour
	}
	n.index = uint64(binary.NativeEndian.Uint32(b[4:]))
	state := binary.NativeEndian.Uint16(b[8:])
	n.kind = "dynamic"
	if state&neighbourForever != 0 {
		n.kind = "static"
	}
	var words []string
	for i, word := range neighbourStates {
		if state&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	n.state = strings.Join(words, " ")
	for b = b[neighbourHead:]; len(b) >= 4; {
		size, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if size < 4 || size > len(b) {
			return n, errNeighbour
		}
		switch data := b[4:size]; kind {
		case attrDestination:
			n.addr, _ = netip.AddrFromSlice(data)
		case attrLinkAddress:
			n.hardware = net.HardwareAddr(data).String()
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	if !n.addr.IsValid() {
		return n, errNeighbour
	}
	if dev, err := net.InterfaceByIndex(int(n.index)); err == nil {
		n.device = dev.Name
	} else {
		n.device = fmt.Sprint(n.index)
	}
	return n, nil
}
