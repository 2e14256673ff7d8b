package vhdx

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

const dataAt = 4 << 20 // where imagetest puts the first block

// TestLog: what the log holds is as if it had been written, in its order.
func TestLog(t *testing.T) {
	disk := imagetest.Content(2 << 20)
	closed := imagetest.VHDX(disk)
	fill := func(c byte) []byte { return bytes.Repeat([]byte{c}, page) }
	sub := fill('m')
	copy(sub, "headhead")
	copy(sub[page-4:], "tail")
	writes := []imagetest.VHDXWrite{
		{At: dataAt, Page: fill('a')},
		{At: dataAt + page, Page: sub},
		{At: dataAt + 2*page, Page: fill('b')},
		{At: dataAt + 2*page, Clear: 2 * page},
		{At: dataAt + 3*page, Page: fill('c')},
		{At: dataAt, Page: fill('d')},
	}
	want := bytes.Clone(disk)
	copy(want, fill('d'))
	copy(want[page:], sub)
	clear(want[2*page : 4*page])
	copy(want[3*page:], fill('c'))
	for _, first := range []int{0, 3, 250, 255} { // the last two go round the end
		b := imagetest.VHDXLog(closed, first, writes...)
		d, err := Open(bytes.NewReader(b))
		if err != nil {
			t.Fatal(first, err)
		}
		got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("from page %d on: %v", first, err)
		}
		if len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "6 entries of its log") {
			t.Errorf("%q", d.Notes)
		}
	}
	// An entry in the middle is lost: the ones behind it have no beginning.
	b := imagetest.VHDXLog(closed, 0, writes...)
	b[1<<20+2*page]++
	if d, err := Open(bytes.NewReader(b)); err != nil || !strings.Contains(d.Notes[0], "1 entries of its log were applied in memory, 4 later ones were not") {
		t.Error(d, err)
	}
	// No entry is sound.
	b = imagetest.VHDXLog(closed, 0, writes[0])
	b[1<<20]++
	if _, err := Open(bytes.NewReader(b)); !errors.Is(err, container.ErrDamaged) {
		t.Error(err)
	}
	// The last was not written to its end: what the one before says counts.
	b = imagetest.VHDXLog(closed, 0, writes...)
	b[1<<20+9*page+100]++
	if d, err := Open(bytes.NewReader(b)); err != nil || !strings.Contains(d.Notes[0], "5 entries") {
		t.Error(d, err)
	}
	// The file is shorter than the log knows.
	b = imagetest.VHDXLog(closed, 0, writes...)
	if _, err := Open(bytes.NewReader(b[:len(b)-1])); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Error(err)
	}
}

// TestCopies: each structure that is there twice is read where one is lost,
// refused where both are.
func TestCopies(t *testing.T) {
	disk := imagetest.Content(1 << 20)
	closed := imagetest.VHDX(disk)
	for _, at := range []int{64 << 10, 192 << 10} {
		second := at + 64<<10
		for i, damage := range [][]int{{at}, {second}, {at, second}} {
			b := bytes.Clone(closed)
			for _, d := range damage {
				b[d+9]++
			}
			_, err := Open(bytes.NewReader(b))
			if (err != nil) != (i == 2) {
				t.Errorf("%#x: %v", damage, err)
			}
		}
	}
}

func TestDamage(t *testing.T) {
	le := binary.LittleEndian
	const item, bat = 2<<20 + 64<<10, 3 << 20
	for _, c := range []struct {
		name, want string
		change     func([]byte)
	}{
		{"block size", "blocks of 3145728 bytes", func(b []byte) { le.PutUint32(b[item:], 3<<20) }},
		{"size", "a size of", func(b []byte) { le.PutUint64(b[item+8:], 1<<62) }},
		{"size beyond the table", "block table has", func(b []byte) { le.PutUint64(b[item+8:], 1<<38) }},
		{"sector", "sectors of 100 bytes", func(b []byte) { le.PutUint32(b[item+16:], 100) }},
		{"entries", "entries", func(b []byte) { le.PutUint16(b[2<<20+10:], 60000) }},
		{"block beyond the end", "beyond the end of the file", func(b []byte) { le.PutUint64(b[bat:], 1<<40|6) }},
		{"state", "in state 7", func(b []byte) { b[bat] |= 7 }},
	} {
		b := imagetest.VHDX(imagetest.Content(1 << 20))
		c.change(b)
		d, err := Open(bytes.NewReader(b))
		if err == nil {
			_, err = d.ReadAt(make([]byte, 100), 0)
		}
		if !errors.Is(err, container.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzOpen mutates the structures; the input is where and what.
func FuzzOpen(f *testing.F) {
	content := imagetest.Content(64 << 10)
	open := imagetest.VHDXLog(imagetest.VHDX(content), 254, imagetest.VHDXWrite{At: dataAt, Page: content[:page]}, imagetest.VHDXWrite{At: dataAt, Clear: page})
	f.Add(uint32(3<<20), []byte{7}, uint32(2<<20), []byte{1})
	f.Add(uint32(2<<20+64<<10), []byte{1, 2, 3}, uint32(1<<20+8), []byte{0, 0, 1})
	f.Fuzz(func(t *testing.T, at1 uint32, a []byte, at2 uint32, b []byte) {
		image := bytes.Clone(open)
		copy(image[int(at1)%len(image):], a)
		copy(image[int(at2)%len(image):], b)
		if d, err := Open(bytes.NewReader(image)); err == nil {
			d.ReadAt(make([]byte, 5000), 1000)
		}
	})
}
