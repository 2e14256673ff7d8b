package document

import (
	"testing"

	"iocscan/ioc"
)

// The times that documents are said to have are terms of theirs, and every
// document of past events has one.
func TestItemTimes(t *testing.T) {
	for _, m := range itemTimes {
		for _, name := range m.times {
			if def, ok := ioc.Lookup(m.document + "/" + name); !ok || def.Type != "date" {
				t.Errorf("%s/%s is no time", m.document, name)
			}
		}
		for _, name := range m.origin {
			if _, ok := ioc.Lookup(m.document + "/" + name); !ok {
				t.Errorf("%s/%s is no term", m.document, name)
			}
		}
	}
	for _, d := range All() {
		r, ok := Remembers(d)
		if _, past := d.(Joint); past && (!ok || len(r.Times) != 1) {
			t.Errorf("%s: %+v", d.Name(), r)
		}
		for _, m := range itemTimes {
			if m.document == d.Name() && (!ok || len(r.Times) == 0) {
				t.Errorf("%s has none of its times", d.Name())
			}
		}
	}
}
