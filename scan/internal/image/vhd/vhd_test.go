package vhd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"iocscan/scan/internal/image/container"
	"iocscan/scan/internal/image/imagetest"
)

func TestOpen(t *testing.T) {
	be := binary.BigEndian
	disk := imagetest.Content(100 << 10)
	fixed, dynamic := imagetest.VHDFixed(disk), imagetest.VHDDynamic(disk, 4096)
	for _, c := range []struct {
		name      string
		image     []byte
		change    func(b []byte) []byte
		err, note string
	}{
		{"fixed", fixed, func(b []byte) []byte { return b }, "", ""},
		{"dynamic", dynamic, func(b []byte) []byte { return b }, "", ""},
		{"old footer of 511 bytes", fixed, func(b []byte) []byte { return b[:len(b)-1] }, "", ""},
		{"footer lost", dynamic, func(b []byte) []byte { return b[:len(b)-512] }, "", "may be cut short"},
		{"copy of the footer lost", dynamic, func(b []byte) []byte { clear(b[:512]); return b }, "", ""},
		{"footer damaged", dynamic, func(b []byte) []byte { b[len(b)-400]++; return b }, "", "may be cut short"},
		{"both footers changed", dynamic, func(b []byte) []byte { b[len(b)-440]++; b[72]++; return b }, "", "wrong checksum"},
		{"header changed", dynamic, func(b []byte) []byte { b[512+900]++; return b }, "", "header of the dynamic disk has a wrong checksum"},
		{"header lost", dynamic, func(b []byte) []byte { b[512]++; return b }, "has no header", ""},
		{"part of a fixed disk", fixed, func(b []byte) []byte { return b[4096:] }, "only a part", ""},
		{"no footer", fixed, func(b []byte) []byte { return b[:len(b)-512] }, "no footer", ""},
		{"block size", dynamic, func(b []byte) []byte { be.PutUint32(b[512+32:], 1<<31); return b }, "blocks of 2147483648 bytes", ""},
		{"table size", dynamic, func(b []byte) []byte { be.PutUint32(b[512+28:], 1<<32-1); return b }, "beyond the end of the file", ""},
		{"table too small", dynamic, func(b []byte) []byte { be.PutUint32(b[512+28:], 3); return b }, "25 blocks in a table of 3", ""},
		{"table place", dynamic, func(b []byte) []byte { be.PutUint64(b[512+16:], 1<<63); return b }, "beyond the end of the file", ""},
		{"block beyond the end", dynamic, func(b []byte) []byte { be.PutUint32(b[1536:], 1<<31); return b }, "at 0x0 of the disk", ""},
	} {
		b := c.change(bytes.Clone(c.image))
		d, err := Open(bytes.NewReader(b))
		var got []byte
		if err == nil {
			if notes := strings.Join(d.Notes, "; "); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
				t.Errorf("%s: notes %q, want %q", c.name, notes, c.note)
			}
			got, err = io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", c.name, err, c.err)
			}
		} else if err != nil || !bytes.Equal(got, disk) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
	if _, err := Open(bytes.NewReader(fixed[4096:])); !errors.Is(err, ErrPart) {
		t.Error(err)
	}
	if _, err := Open(bytes.NewReader(imagetest.VHDFooter(1<<62, 2, 0))); !errors.Is(err, container.ErrDamaged) && !errors.Is(err, ErrPart) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(imagetest.VHDFixed(imagetest.Content(1024)))
	f.Add(imagetest.VHDDynamic(imagetest.Content(6<<10), 4096))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := Open(bytes.NewReader(b)); err == nil {
			p := make([]byte, 9000)
			d.ReadAt(p, 0)
			d.ReadAt(p, max(d.Size()-512, 0))
		}
	})
}
