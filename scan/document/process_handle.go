package document

import (
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

const handleElement = "ProcessItem/HandleList/Handle"

const mostHandles = 1 << 20 // of one process

// A handle is one thing that a process has open.
type handle struct {
	number uint64   // handle value; descriptor on a Unix system
	kind   string   // File, Mutant, Event, Key, Socket, Pipe …
	name   string   // empty: it has none
	forms  []string // Windows: further names, as people write it
	why    error    // name or kind cannot be told

	access     uint64 // Windows
	hasAccess  bool
	object     uint64 // Windows: address in the kernel; 0: not told
	references uint64 // Windows: handles to the object
	pointers   uint64
	counted    bool

	inode  uint64 // Linux; 0: it has none
	socket *port  // Linux: what is told of a socket
}

// handles are what the process has open.
func (p *process) handles() ([]handle, error) {
	return p.handleList.get(func() ([]handle, error) { return ofLiving(p.host.handles(p.pid)) })
}

// handleFields are the terms of what a process has open. Not among them: the
// hashes of open files.
var handleFields = []Field[process]{
	ofHandle("Name", ioc.Text, func(h *handle, yield func(ioc.Value) bool) error {
		if h.name == "" || yieldObjectName(h.name, yield) && yieldTexts(h.forms, yield) {
			return h.why
		}
		return nil
	}),
	ofHandle("Type", ioc.Text, func(h *handle, yield func(ioc.Value) bool) error {
		if h.kind == "" {
			return h.why
		}
		yield(ioc.TextValue(h.kind))
		return nil
	}),
	ofHandle("Index", ioc.Int, func(h *handle, yield func(ioc.Value) bool) error {
		yield(ioc.IntValue(h.number))
		return nil
	}),
	ofHandle("FileDescriptor", ioc.Text, func(h *handle, yield func(ioc.Value) bool) error {
		if !h.hasAccess { // Windows has no descriptors
			yield(ioc.TextValue(strconv.FormatUint(h.number, 10)))
		}
		return nil
	}),
	ofHandle("AccessMask", ioc.Text, func(h *handle, yield func(ioc.Value) bool) error {
		if h.hasAccess && yield(ioc.TextValue("0x"+strconv.FormatUint(h.access, 16))) {
			yield(ioc.TextValue(strconv.FormatUint(h.access, 10)))
		}
		return nil
	}),
	ofHandle("ObjectAddress", ioc.Text, func(h *handle, yield func(ioc.Value) bool) error {
		if h.object != 0 {
			yield(ioc.TextValue("0x" + strconv.FormatUint(h.object, 16)))
			return nil
		}
		return onlyWindows(h)
	}),
	ofHandle("HandleCount", ioc.Int, func(h *handle, yield func(ioc.Value) bool) error {
		if h.counted {
			yield(ioc.IntValue(h.references))
			return nil
		}
		return onlyWindows(h)
	}),
	ofHandle("PointerCount", ioc.Text, func(h *handle, yield func(ioc.Value) bool) error {
		if h.counted {
			yield(ioc.TextValue(strconv.FormatUint(h.pointers, 10)))
			return nil
		}
		return onlyWindows(h)
	}),
	ofHandle("INode", ioc.Int, func(h *handle, yield func(ioc.Value) bool) error {
		if h.inode != 0 {
			yield(ioc.IntValue(h.inode))
		}
		return nil
	}),
	ofSocket("SocketProtocol", func(p *port) string { return p.protocol }),
	ofSocket("SocketLocalAddress", func(p *port) string { return p.local.Addr().Unmap().String() }),
	ofSocket("SocketLocalPort", func(p *port) string { return strconv.Itoa(int(p.local.Port())) }),
	ofSocket("SocketRemoteAddress", func(p *port) string {
		if !p.connected() {
			return ""
		}
		return p.remote.Addr().Unmap().String()
	}),
	ofSocket("SocketRemotePort", func(p *port) string {
		if !p.connected() {
			return ""
		}
		return strconv.Itoa(int(p.remote.Port()))
	}),
	ofSocket("SocketState", func(p *port) string { return p.state }),
}

// onlyWindows: on Windows it is there and was not told.
func onlyWindows(h *handle) error {
	if h.hasAccess {
		return errNotCarried
	}
	return nil
}

func ofHandle(term string, kind ioc.Kind, get func(*handle, func(ioc.Value) bool) error) Field[process] {
	f := match.Field{Term: handleElement + "/" + term, Kind: kind, Cost: match.Open, Multi: true, Element: handleElement}
	return field(f, func(p *process, yield func(ioc.Value) bool) error {
		list, fault := p.handles()
		return eachElement(list, fault, get, yield)
	})
}

func ofSocket(term string, of func(*port) string) Field[process] {
	return ofHandle(term, ioc.Text, func(h *handle, yield func(ioc.Value) bool) error {
		if h.socket == nil {
			return nil
		}
		if s := of(h.socket); s != "" {
			yield(ioc.TextValue(s))
		}
		return nil
	})
}

// yieldObjectName gives the name of an object of Windows in full and as
// programs ask for it: the mutex \BaseNamedObjects\x is x or Global\x, and
// \Sessions\1\BaseNamedObjects\x is x or Local\x.
func yieldObjectName(name string, yield func(ioc.Value) bool) bool {
	if !yield(ioc.TextValue(name)) {
		return false
	}
	const folder = `\BaseNamedObjects\`
	i := strings.Index(name, folder)
	if i < 0 || name[0] != '\\' {
		return true
	}
	short, space := name[i+len(folder):], `Local\`
	if i == 0 {
		space = `Global\`
	}
	return yield(ioc.TextValue(short)) && yield(ioc.TextValue(space+short))
}
