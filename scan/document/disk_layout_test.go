package document

import (
	"encoding/binary"
	"strings"
	"testing"
)

// layout is a table of partitions as Windows tells it.
func layout(style uint32, parts ...[4]uint64) []byte {
	b := make([]byte, 48)
	binary.LittleEndian.PutUint32(b, style)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(parts)))
	for _, p := range parts {
		e := make([]byte, 144)
		binary.LittleEndian.PutUint32(e, style)
		binary.LittleEndian.PutUint64(e[8:], p[0])
		binary.LittleEndian.PutUint64(e[16:], p[1])
		binary.LittleEndian.PutUint32(e[24:], uint32(p[2]))
		e[32] = byte(p[3])
		b = append(b, e...)
	}
	return b
}

func TestDriveLayout(t *testing.T) {
	said := func(parts []diskPart) string {
		var b strings.Builder
		for i := range parts {
			p := &parts[i]
			for _, a := range []amount{p.number, p.offset, p.length} {
				b.WriteString(string(rune('0' + a.n%10)))
			}
			b.WriteString(" " + strings.Join(p.kind.values, "|"))
			if p.kind.why != nil {
				b.WriteString("?")
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	gpt := layout(1, [4]uint64{1, 2, 3, 0})
	copy(gpt[48+32:], "\xa2\xa0\xd0\xeb\xe5\xb9\x33\x44\x87\xc0\x68\xb6\xb7\x26\x99\xc7")
	for _, c := range []struct {
		name string
		in   []byte
		want string
		err  error
	}{
		{"MBR", layout(0, [4]uint64{1, 2, 1, 7}, [4]uint64{0, 0, 0, 0}, [4]uint64{3, 4, 2, 0x99}), "112 PARTITION_IFS|0x07\n234 0x99\n", nil},
		{"GPT", gpt, "312 PARTITION_BASIC_DATA_GUID|{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}|ebd0a0a2-b9e5-4433-87c0-68b6b72699c7\n", nil},
		{"none", layout(2), "", nil},
		{"another style", layout(9, [4]uint64{1, 2, 3, 0}), "312 ?\n", nil},
		{"cut short", gpt[:100], "", errLayout},
		{"empty", nil, "", errLayout},
		{"a count that lies", append(binary.LittleEndian.AppendUint32(nil, 0), "\xff\xff\xff\xff"...), "", errLayout},
	} {
		parts, err := driveLayout(c.in)
		if got := said(parts); got != c.want || err != c.err {
			t.Errorf("%s: %v\n%s", c.name, err, got)
		}
	}
	descriptor := make([]byte, 40)
	for bus, want := range map[byte]string{7: "USB", 17: "NVMe", 0: "", 200: ""} {
		descriptor[28] = bus
		if got, ok := busType(descriptor); got != want || ok != (want != "") {
			t.Errorf("bus %d: %q", bus, got)
		}
	}
	if _, ok := busType(descriptor[:31]); ok {
		t.Error("a descriptor that is cut short")
	}
}

func FuzzDriveLayout(f *testing.F) {
	f.Add(layout(0, [4]uint64{1, 2, 1, 7}))
	f.Add(layout(1, [4]uint64{1, 2, 1, 7}, [4]uint64{1, 0, 1, 7}))
	f.Fuzz(func(t *testing.T, b []byte) {
		parts, err := driveLayout(b)
		if len(parts) > len(b)/144 {
			t.Errorf("%d partitions in %d bytes, %v", len(parts), len(b), err)
		}
	})
}
