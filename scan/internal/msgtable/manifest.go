package msgtable

import "fmt"

// A GUID is a provider's identifier as it is stored.
type GUID [16]byte

// A Manifest says which texts the events of providers have.
type Manifest struct {
	b      []byte
	events map[eventKey]event
}

type eventKey struct {
	provider GUID
	id       uint16
	version  uint8
}

type event struct{ message, template uint32 }

// An Event is what a manifest says of one.
type Event struct {
	Message  uint32 // number in the message table
	manifest *Manifest
	template uint32
}

const (
	noMessage = 0xffffffff

	manifestHead   = 16
	providerSize   = 20
	providerHead   = 20
	elementSize    = 8
	eventsHead     = 16
	eventSize      = 48
	templateHead   = 40
	descriptorSize = 20

	// mostEvents is many times what any known manifest has.
	mostEvents = 1 << 17
	// mostElements is more than there are kinds of elements.
	mostElements = 64
)

// ParseManifest reads the resource WEVT_TEMPLATE, which it keeps. The error
// comes beside what could be read.
func ParseManifest(b []byte) (*Manifest, error) {
	m := &Manifest{b: b, events: map[eventKey]event{}}
	if err := m.providers(); err != nil {
		return m, fmt.Errorf("event manifest: %w", err)
	}
	return m, nil
}

// signed is the part at an offset, which begins with a signature.
func (m *Manifest) signed(at uint32, signature string, n uint64) ([]byte, error) {
	p, err := part(m.b, uint64(at), n)
	if err == nil && string(p[:len(signature)]) != signature {
		err = damaged("%q in place of %s at 0x%x", p[:len(signature)], signature, at)
	}
	return p, err
}

func (m *Manifest) providers() error {
	head, err := m.signed(0, "CRIM", manifestHead)
	if err != nil {
		return err
	}
	left := mostEvents
	for i := range uint64(le.Uint32(head[12:])) {
		if left--; left < 0 {
			return ErrTooMuch
		}
		p, err := part(m.b, manifestHead+providerSize*i, providerSize)
		if err != nil {
			return err
		}
		if err := m.provider(GUID(p), le.Uint32(p[16:]), &left); err != nil {
			return fmt.Errorf("provider %d: %w", i, err)
		}
	}
	return nil
}

func (m *Manifest) provider(id GUID, at uint32, left *int) error {
	head, err := m.signed(at, "WEVT", providerHead)
	if err != nil {
		return err
	}
	n := le.Uint32(head[12:])
	if n > mostElements {
		return fmt.Errorf("%d elements: %w", n, ErrTooMuch)
	}
	for i := range uint64(n) {
		e, err := part(m.b, uint64(at)+providerHead+elementSize*i, elementSize)
		if err != nil {
			return err
		}
		kind, err := part(m.b, uint64(le.Uint32(e)), 4)
		if err != nil {
			return err
		}
		if string(kind) != "EVNT" {
			continue
		}
		if err := m.list(id, le.Uint32(e), left); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) list(id GUID, at uint32, left *int) error {
	head, err := m.signed(at, "EVNT", eventsHead)
	if err != nil {
		return err
	}
	for i := range uint64(le.Uint32(head[8:])) {
		e, err := part(m.b, uint64(at)+eventsHead+eventSize*i, eventSize)
		if err != nil {
			return err
		}
		if *left--; *left < 0 {
			return ErrTooMuch
		}
		key := eventKey{id, le.Uint16(e), e[2]}
		if _, twice := m.events[key]; !twice {
			m.events[key] = event{le.Uint32(e[16:]), le.Uint32(e[20:])}
		}
	}
	return nil
}

// Event finds an event of a provider that has a text.
func (m *Manifest) Event(provider GUID, id uint16, version uint8) (e Event, ok bool) {
	found, ok := m.events[eventKey{provider, id, version}]
	if !ok || found.message == noMessage {
		return Event{}, false
	}
	return Event{found.message, m, found.template}, true
}

// The types of the values of a template as numbers (winmeta.xml of the Windows
// SDK).
const (
	inString, inANSI                = 1, 2
	inInt8, inUint64                = 3, 10 // and the integers between them
	inBool, inGUID, inSID           = 13, 15, 19
	inPointer, inHex32, inHex64     = 16, 20, 21
	outString, outBool, outGUID     = 1, 13, 14
	outInt8, outUint64              = 3, 10
	outHex32, outHex64              = 18, 19
	outProcess, outThread           = 20, 21
	atFlags, atIn, atOut            = 0, 4, 5
	atMap, atCount, atTemplateItems = 8, 12, 16
)

// Plain reports whether Windows writes the value of an insertion, counted from
// 1, into the text as the record has it. Others are turned into words, as by a
// map or of an error, or written in a form of their own, as times.
func (e Event) Plain(n int) bool {
	if e.manifest == nil || n < 1 {
		return false
	}
	t, err := e.manifest.signed(e.template, "TEMP", templateHead)
	if err != nil || uint64(n) > uint64(le.Uint32(t[8:])) {
		return false
	}
	d, err := part(e.manifest.b, uint64(le.Uint32(t[atTemplateItems:]))+descriptorSize*uint64(n-1), descriptorSize)
	if err != nil || le.Uint32(d[atFlags:]) != 0 || le.Uint32(d[atMap:]) != 0 || le.Uint32(d[atCount:]) != 0 {
		return false
	}
	in, out := d[atIn], d[atOut]
	switch {
	case in == inString, in == inANSI, in == inSID:
		return out == outString || out == 0
	case inInt8 <= in && in <= inUint64:
		return outInt8 <= out && out <= outUint64 || out == outProcess || out == outThread || out == 0
	case in == inBool:
		return out == outBool || out == 0
	case in == inGUID:
		return out == outGUID || out == 0
	case in == inHex32, in == inHex64, in == inPointer:
		return out == outHex32 || out == outHex64 || out == 0
	}
	return false
}
