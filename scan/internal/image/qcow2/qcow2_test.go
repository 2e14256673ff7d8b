package qcow2

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/internal/image/container"
	"iocscan/scan/internal/image/imagetest"
)

// TestGuard: what the library would do something wrong with never reaches it.
func TestGuard(t *testing.T) {
	be := binary.BigEndian
	for _, c := range []struct {
		name   string
		change func(b []byte)
		err    string
	}{
		{"L1 beyond the end", func(b []byte) { be.PutUint64(b[40:], 1<<40) }, "L1 table is beyond the end"},
		{"L1 at 0", func(b []byte) { be.PutUint64(b[40:], 0) }, "L1 table is beyond the end"},
		{"no L1", func(b []byte) { be.PutUint32(b[36:], 0) }, "0 entries in the L1 table, 1 are needed"},
		{"L1 too small", func(b []byte) { be.PutUint64(b[24:], 1<<40) }, "1 entries in the L1 table"},
		{"huge L1", func(b []byte) { be.PutUint32(b[36:], 1<<32-1) }, "L1 table of 34359738360 bytes"},
		{"no size", func(b []byte) { be.PutUint64(b[24:], 0) }, "a size of 0 bytes"},
		{"clusters of 2^8", func(b []byte) { be.PutUint32(b[20:], 8) }, "clusters of 2^8"},
		{"clusters of 2^22", func(b []byte) { be.PutUint32(b[20:], 22) }, "clusters of 2^22"},
		{"subclusters", func(b []byte) { b[79] = extendedL2 }, "subclusters in clusters of 2^12"},
		{"header length", func(b []byte) { be.PutUint32(b[100:], 5000) }, "a header of 5000 bytes"},
		{"L2 beyond the end", func(b []byte) { be.PutUint64(b[4096:], 1<<63|1<<40) }, "unexpected EOF"},
		{"cluster beyond the end", func(b []byte) { be.PutUint64(b[8192:], 1<<63|1<<40) }, "reading 4096 bytes at 0x0"},
		{"compressed cluster beyond the end", func(b []byte) { be.PutUint64(b[8192:], 1<<62|1<<40) }, "unexpected EOF"},
	} {
		b := imagetest.QCOW2(imagetest.Content(16<<10), 12, false)
		c.change(b)
		d, err := Open(bytes.NewReader(b))
		if err == nil {
			_, err = io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		}
		if err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
	}
	b := imagetest.QCOW2(imagetest.Content(16<<10), 12, false)
	b[79], b[63] = dirty|corrupt, 2
	if d, err := Open(bytes.NewReader(b)); err != nil || strings.Join(d.Notes, "; ") != "the image holds 2 snapshots, which are not read; the image is marked as corrupt" {
		t.Error(d, err)
	}
}

// TestBackingFile: a file of the machine that scans is not opened, whatever
// the image says.
func TestBackingFile(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(strings.Repeat("secret", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	b := imagetest.QCOW2(make([]byte, 16<<10), 12, false)
	copy(b[1024:], secret)
	binary.BigEndian.PutUint64(b[8:], 1024)
	binary.BigEndian.PutUint32(b[16:], uint32(len(secret)))
	if _, err := Open(bytes.NewReader(b)); !errors.Is(err, container.ErrUnsupported) || !strings.Contains(err.Error(), "backing file") {
		t.Fatal(err)
	}
	// Without the guard's check, the header that the library gets names none.
	h, _, _ := check(bytes.NewReader(imagetest.QCOW2(make([]byte, 16<<10), 12, false)))
	lib, err := open(&guarded{bytes.NewReader(b), h.made()})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 16<<10)
	if _, err := lib.ReadAt(p, 0); err != nil && err != io.EOF || bytes.Contains(p, []byte("secret")) {
		t.Error(err, "the secret was read")
	}
}

type panicking struct{ container.Disk }

func (panicking) ReadAt([]byte, int64) (int, error) { panic("x") }

// TestPanic: a panic below the library is an error.
func TestPanic(t *testing.T) {
	b := imagetest.QCOW2(imagetest.Content(16<<10), 12, false)
	h, _, err := check(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(&guarded{panicking{bytes.NewReader(b)}, h.made()}); !errors.Is(err, container.ErrDamaged) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, compressed := range []bool{false, true} {
		f.Add(imagetest.QCOW2(imagetest.Content(4<<10), 9, compressed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := Open(bytes.NewReader(b)); err == nil {
			p := make([]byte, 9000)
			d.ReadAt(p, 0)
			d.ReadAt(p, max(d.Size()-512, 0))
		}
	})
}
