package vmdk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/internal/image/container"
	"iocscan/scan/internal/image/imagetest"
)

func TestDescriptor(t *testing.T) {
	const head = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"
	for _, c := range []struct {
		text string
		want []extent
		err  string
	}{
		{"createType=\"twoGbMaxExtentFlat\"\r\nRW 10 FLAT \"a b.vmdk\" 3\r\nRDONLY 2 ZERO\r\nNOACCESS 1 VMFS \"c\"\r\n\x00\x00", []extent{
			{kind: "FLAT", file: "a b.vmdk", size: 5120, offset: 1536, line: 6}, {kind: "ZERO", size: 1024, line: 7}, {kind: "VMFS", file: "c", size: 512, line: 8}}, ""},
		{"encoding=\"UTF-8\"\nddb.adapterType = \"ide\"\nRW 1 SPARSE \"ü.vmdk\"", []extent{{kind: "SPARSE", file: "ü.vmdk", size: 512, line: 7}}, ""},
		{"", nil, "no extents"},
		{"RW 1 FLAT", nil, "without a file"},
		{"RW 1 FLAT \"a", nil, "without a file"},
		{"RW 1", nil, "without a size and a kind"},
		{"RW -1 ZERO", nil, `"-1" sectors`},
		{"RW 99999999999999999999 ZERO", nil, "sectors"},
		{"RW 1 FLAT \"a\" 9007199254740993", nil, "sectors"},
		{"RW 1 NEW \"a\"", nil, `"NEW"`},
		{"encoding=\"GBK\"\nRW 1 ZERO", nil, `encoding "GBK"`},
		{strings.Repeat("RW 1 ZERO\n", maxExtents+1), nil, "more than"},
	} {
		d, err := parse(head + c.text)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%.60q: %v, want %q", c.text, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.60q: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(c.want, d.extents, cmp.AllowUnexported(extent{})); diff != "" {
			t.Errorf("%.60q: want -, got +\n%s", c.text, diff)
		}
	}
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]bool{
		"disk-s001.vmdk": true, "ü b.vmdk": true, "computer": true, "COM10": true, "a..b": true,
		"": false, ".": false, "..": false, "a/b": false, `a\b`: false, "/dev/sda": false, "C:a": false, "a:stream": false, "a\x00": false,
		"NUL": false, "nul.vmdk": false, "com1": false, "LPT9.txt": false, "COM¹": false, "con .x": false, "CONIN$": false, "a*": false,
		strings.Repeat("a", 256): false,
	} {
		if got := Plain(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func none(string) (container.Disk, error) { return nil, errors.New("no other file") }

func TestDamage(t *testing.T) {
	le := binary.LittleEndian
	disk := imagetest.Content(128 << 10)
	for _, c := range []struct {
		name   string
		stream bool
		change func(b []byte) []byte
		err    string
	}{
		{"wrong sector in a marker", true, func(b []byte) []byte { b[1536]++; return b }, "is that of sector 1"},
		{"grain damaged", true, func(b []byte) []byte { b[1536+100]++; return b }, "zlib"},
		{"grain too short", true, func(b []byte) []byte { le.PutUint32(b[1536+8:], 20); return b }, "zlib"},
		{"no markers", true, func(b []byte) []byte { b[len(b)-1024+10] &^= 2; return b }, "without markers"},
		{"no footer", true, func(b []byte) []byte { return b[:len(b)-1024] }, "no footer"},
		{"other compression", true, func(b []byte) []byte { b[len(b)-1024+77] = 2; return b }, "compression 2"},
		{"grain beyond the end", false, func(b []byte) []byte { le.PutUint32(b[len(b)-1024-512:], 1<<31); return b }, "reading"},
		{"table beyond the end", false, func(b []byte) []byte { le.PutUint32(b[len(b)-512:], 1<<31); return b }, "grain table"},
		{"version", false, func(b []byte) []byte { b[4] = 9; return b }, "version 9"},
		{"directory", false, func(b []byte) []byte { le.PutUint64(b[56:], 1<<50); return b }, "grain directory"},
	} {
		b := c.change(imagetest.VMDK(disk, c.stream))
		d, err := Open(bytes.NewReader(b), none)
		if err == nil {
			_, err = io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		}
		if err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
	}
	b := imagetest.VMDK(disk, false)
	b[72] = 1
	clear(b[28:44])
	d, err := Open(bytes.NewReader(b), none)
	if err != nil || len(d.Notes) != 2 || !strings.Contains(d.Notes[0], "not shut down") || !strings.Contains(d.Notes[1], "without a descriptor") {
		t.Error(d, err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, stream := range []bool{false, true} {
		f.Add(imagetest.VMDK(imagetest.Content(12<<10), stream))
	}
	f.Add([]byte("# Disk DescriptorFile\nRW 8 ZERO\nRW 8 FLAT \"a\" 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Open(bytes.NewReader(b), func(name string) (container.Disk, error) {
			if !Plain(name) {
				t.Fatalf("%q was asked for", name)
			}
			return container.Zeros(1 << 20), nil
		})
		if err != nil {
			return
		}
		p := make([]byte, 9000)
		d.ReadAt(p, 0)
		d.ReadAt(p, max(d.Size()-512, 0))
	})
}
