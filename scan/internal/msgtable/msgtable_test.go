package msgtable

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"iocscan/scan/internal/pe/petest"
)

func TestMessage(t *testing.T) {
	table, err := ParseTable(petest.MessageTable(
		petest.Message{ID: 0x40001b85, Text: "A service was installed.\r\n"},
		petest.Message{ID: 0x40001b86, Text: "Größe 日本"},
		petest.Message{ID: 7, Text: "plain", Encoding: petest.ANSI},
		petest.Message{ID: 9, Text: "caf\xe9", Encoding: petest.ANSI},
		petest.Message{ID: 11, Text: "später", Encoding: 2},
		petest.Message{ID: 0xffffffff, Text: "last"},
	))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[uint32]Message{
		0x40001b85: {Text: "A service was installed.\r\n"}, 0x40001b86: {Text: "Größe 日本"},
		7: {Text: "plain"}, 9: {"café", true}, 11: {Text: "später"}, 0xffffffff: {Text: "last"},
	} {
		if got, ok := table.Message(id); !ok || got != want {
			t.Errorf("%#x: %+v, %v, want %+v", id, got, ok, want)
		}
	}
	for _, id := range []uint32{0, 6, 8, 10, 12, 0x40001b84, 0x40001b87, 0xfffffffe} {
		if got, ok := table.Message(id); ok {
			t.Errorf("%#x: %+v, want none", id, got)
		}
	}
}

func TestTableDamage(t *testing.T) {
	sound := petest.MessageTable(petest.Message{ID: 1, Text: "one"}, petest.Message{ID: 2, Text: "two"}, petest.Message{ID: 9, Text: "nine"})
	put := func(at int, n uint32) []byte {
		b := append([]byte(nil), sound...)
		binary.LittleEndian.PutUint32(b[at:], n)
		return b
	}
	// One block of so many numbers, all of whose texts are the same 4 bytes,
	// cannot be; blocks that share texts can.
	shared := binary.LittleEndian.AppendUint32(nil, 70)
	for i := range uint32(70) {
		for _, n := range []uint32{i << 16, i<<16 | 4095, 4 + 12*70} {
			shared = binary.LittleEndian.AppendUint32(shared, n)
		}
	}
	for range 4096 {
		shared = append(shared, 4, 0, 1, 0)
	}
	for _, c := range []struct {
		name  string
		b     []byte
		cause error
		has   uint32 // still found; 0: nothing
	}{
		{"empty", nil, ErrDamaged, 0},
		{"more blocks than there are", put(0, 1<<30), ErrDamaged, 9},
		{"numbers turned round", put(8, 0), ErrDamaged, 0},
		{"too many numbers", put(8, 0xffffffff), ErrDamaged, 2},
		{"texts behind the end", put(12, 1<<20), ErrDamaged, 0},
		{"a text of no length", put(28, 0), ErrDamaged, 0},
		{"blocks within one another", put(16, 2), ErrDamaged, 1},
		{"cut short", sound[:len(sound)-4], ErrDamaged, 2},
		{"texts in too many blocks", shared, ErrTooMuch, 1},
	} {
		table, err := ParseTable(c.b)
		if !errors.Is(err, c.cause) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.cause)
		}
		if _, ok := table.Message(c.has); c.has != 0 && !ok {
			t.Errorf("%s: %d is gone", c.name, c.has)
		}
	}
}

func TestManifest(t *testing.T) {
	one, other := GUID{1, 2, 3}, GUID{4}
	b := petest.EventManifest(
		petest.Provider{GUID: one, Events: []petest.Event{
			{ID: 7045, Message: 0xb0001b85, Items: []petest.Item{{In: 1, Out: 1}, {In: 8, Out: 8}, {In: 8, Out: 30}, {In: 1, Out: 1, Map: 40}, {In: 17, Out: 2}, {In: 15, Out: 14}, {In: 20, Out: 18}}},
			{ID: 7045, Version: 1, Message: 0xb1001b85},
			{ID: 5, Message: noMessage},
		}},
		petest.Provider{GUID: other, Events: []petest.Event{{ID: 1, Message: 77, Items: []petest.Item{{In: 1, Out: 1}}}}},
	)
	m, err := ParseManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		provider GUID
		id       uint16
		version  uint8
		message  uint32
		plain    string // by insertion from 0, which is none
	}{
		{one, 7045, 0, 0xb0001b85, "nyynnnyyn"}, {one, 7045, 1, 0xb1001b85, "nn"}, {other, 1, 0, 77, "nyn"},
		{one, 7045, 2, 0, ""}, {one, 5, 0, 0, ""}, {one, 1, 0, 0, ""}, {GUID{9}, 1, 0, 0, ""},
	} {
		e, ok := m.Event(c.provider, c.id, c.version)
		if ok != (c.message != 0) || e.Message != c.message {
			t.Errorf("event %d version %d: %#x, %v, want %#x", c.id, c.version, e.Message, ok, c.message)
		}
		for n, want := range c.plain {
			if e.Plain(n) != (want == 'y') {
				t.Errorf("event %d version %d: insertion %d plain %v", c.id, c.version, n, e.Plain(n))
			}
		}
	}
	for n := range b { // whatever is cut off is missed
		if _, err := ParseManifest(b[:n]); err == nil && n < 300 {
			t.Errorf("no error for the first %d bytes", n)
		}
	}
}

func TestFormat(t *testing.T) {
	values := []string{"", "anna", "255", "%%1833", strings.Repeat("x", 600_000)}
	insert := func(dst []byte, n int) ([]byte, bool) {
		if n >= len(values) {
			return append(dst, '?'), false
		}
		return append(dst, values[n]...), true
	}
	for _, c := range []struct {
		text, want string
		exact      bool
	}{
		{"", "", true},
		{"no insertion", "no insertion", true},
		{"User %1 has %2%n%tkeys%bnow%.", "User anna has 255\r\n\tkeys now.", true},
		{"100%% sure%!", "100% sure!", true},
		{"%1%0 never shown %9", "anna", true},
		{"%1!s! and %2!u!", "anna and 255", true},
		{"0x%2!08X! %2!x!", "0x000000FF ff", false},
		{"%1!x!", "anna", false},
		{"%1! he said", "anna! he said", true},
		{"%12", "?", false},
		{"%1,", "anna,", true},
		{"%%1833", "%1833", false},
		{"%q", "q", false},
		{"ends in %", "ends in %", true},
	} {
		got, exact := AppendFormat([]byte("> "), c.text, insert)
		if string(got) != "> "+c.want || exact != c.exact {
			t.Errorf("%q: %q, %v, want %q, %v", c.text, got, exact, c.want, c.exact)
		}
	}
	if got, exact := AppendFormat(nil, strings.Repeat("%4", 1000), insert); exact || len(got) > 2*mostText {
		t.Errorf("a text of %d bytes, exact %v", len(got), exact)
	}
}

func TestParameters(t *testing.T) {
	parameter := func(id uint32) (string, bool) {
		text, ok := map[uint32]string{1833: "Impersonation\r\n", 7: ""}[id]
		return text, ok
	}
	for _, c := range []struct {
		value, want string
		exact       bool
	}{
		{"anna", "anna", true},
		{"%%1833", "Impersonation", true},
		{"a %%1833, b %%1833.", "a Impersonation, b Impersonation.", true},
		{"100%% or 5 %", "100%% or 5 %", true},
		{"%%7", "", true},
		{"%%8", "%%8", false},
		{"%%99999999999999999999", "%%99999999999999999999", false},
		{"%%4294967303", "%%4294967303", false}, // 2^32 + 7
	} {
		got, exact := AppendParameters([]byte("> "), []byte(c.value), parameter)
		if string(got) != "> "+c.want || exact != c.exact {
			t.Errorf("%q: %q, %v, want %q, %v", c.value, got, exact, c.want, c.exact)
		}
	}
}
