package petest

import "slices"

// A Message is a text of a message table. Its Encoding is 1 for UTF-16, which 0
// stands for too, 2 for UTF-8, and ANSI for bytes of any code page.
type Message struct {
	ID       uint32
	Text     string
	Encoding int
}

// ANSI as an Encoding asks for the bytes as they are.
const ANSI = -1

// MessageTable is the content of a resource of type 11. Messages with
// consecutive numbers share a block.
func MessageTable(messages ...Message) []byte {
	var first []int
	for i, m := range messages {
		if i == 0 || m.ID != messages[i-1].ID+1 {
			first = append(first, i)
		}
	}
	b := le.AppendUint32(nil, uint32(len(first)))
	var texts []byte
	for k, from := range first {
		to := len(messages)
		if k+1 < len(first) {
			to = first[k+1]
		}
		for _, n := range []uint32{messages[from].ID, messages[to-1].ID, uint32(4 + 12*len(first) + len(texts))} {
			b = le.AppendUint32(b, n)
		}
		for _, m := range messages[from:to] {
			text, encoding := units(m.Text+"\x00"), uint16(1)
			switch m.Encoding {
			case ANSI:
				text, encoding = []byte(m.Text+"\x00"), 0
			case 2:
				text, encoding = []byte(m.Text+"\x00"), 2
			}
			for len(text)%4 != 0 {
				text = append(text, 0)
			}
			texts = le.AppendUint16(texts, uint16(4+len(text)))
			texts = le.AppendUint16(texts, encoding)
			texts = append(texts, text...)
		}
	}
	return slices.Concat(b, texts)
}

// A Provider is one of an event manifest.
type Provider struct {
	GUID   [16]byte
	Events []Event
}

// An Event is one of a provider, with the values that its template has.
type Event struct {
	ID      uint16
	Version uint8
	Message uint32
	Items   []Item
}

// An Item is a value of a template: its types when written and when shown, and
// where there is a map.
type Item struct {
	In, Out byte
	Map     uint32
}

// EventManifest is the content of a resource of type WEVT_TEMPLATE.
func EventManifest(providers ...Provider) []byte {
	b := []byte("CRIM\x00\x00\x00\x00\x03\x00\x01\x00")
	b = le.AppendUint32(b, uint32(len(providers)))
	heads := len(b)
	b = append(b, make([]byte, 20*len(providers))...)
	for i, p := range providers {
		copy(b[heads+20*i:], p.GUID[:])
		le.PutUint32(b[heads+20*i+16:], uint32(len(b)))
		start := uint32(len(b))
		b = append(b, "WEVT\x00\x00\x00\x00\xff\xff\xff\xff"...)
		for _, n := range []uint32{2, 0, start + 36, 0, start + 48, 0} {
			b = le.AppendUint32(b, n)
		}
		b = append(b, "OPCO\x00\x00\x00\x00\x00\x00\x00\x00"...)
		b = append(b, "EVNT\x00\x00\x00\x00"...)
		b = le.AppendUint32(le.AppendUint32(b, uint32(len(p.Events))), 0)
		at := len(b)
		b = append(b, make([]byte, 48*len(p.Events))...)
		for k, e := range p.Events {
			d := b[at+48*k:]
			le.PutUint16(d, e.ID)
			d[2] = e.Version
			le.PutUint32(d[16:], e.Message)
			le.PutUint32(d[20:], uint32(len(b)))
			b = append(b, "TEMP\x00\x00\x00\x00"...)
			for _, n := range []uint32{uint32(len(e.Items)), uint32(len(e.Items)), uint32(len(b) + 32), 1, 0, 0, 0, 0} {
				b = le.AppendUint32(b, n)
			}
			for _, item := range e.Items {
				b = append(b, 0, 0, 0, 0, item.In, item.Out, 0, 0)
				for _, n := range []uint32{item.Map, 0, 0} {
					b = le.AppendUint32(b, n)
				}
			}
		}
	}
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}
