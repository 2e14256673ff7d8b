package msgtable

import (
	"testing"

	"iocscan/scan/internal/pe/petest"
)

// FuzzTable: nothing in a table makes the reader panic, hang or list more than
// its bounds.
func FuzzTable(f *testing.F) {
	f.Add(petest.MessageTable(petest.Message{ID: 1, Text: "a %1 b"}, petest.Message{ID: 2, Text: "x", Encoding: petest.ANSI}), uint32(2))
	f.Add(petest.MessageTable(petest.Message{ID: 0xffffffff, Text: "%2!08x! %0", Encoding: 2}, petest.Message{ID: 5}), uint32(0xffffffff))
	f.Fuzz(func(t *testing.T, b []byte, id uint32) {
		table, _ := ParseTable(b)
		n := 0
		for _, blk := range table.blocks {
			n += len(blk.entries)
		}
		if n > mostEntries {
			t.Errorf("%d texts", n)
		}
		m, _ := table.Message(id)
		text, _ := AppendFormat(nil, m.Text, func(dst []byte, n int) ([]byte, bool) {
			return AppendParameters(dst, b, func(id uint32) (string, bool) {
				m, ok := table.Message(id)
				return m.Text, ok
			})
		})
		if most := 3*mostText + 4*len(b); len(text) > most {
			t.Errorf("a text of %d bytes", len(text))
		}
	})
}

// FuzzManifest is the same for manifests.
func FuzzManifest(f *testing.F) {
	f.Add(petest.EventManifest(petest.Provider{Events: []petest.Event{{ID: 1, Message: 2, Items: []petest.Item{{In: 1, Out: 1}}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _ := ParseManifest(b)
		if len(m.events) > mostEvents {
			t.Errorf("%d events", len(m.events))
		}
		for key := range m.events {
			if e, ok := m.Event(key.provider, key.id, key.version); ok {
				e.Plain(1)
			}
		}
	})
}
