package source_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/source"

	"golang.org/x/sys/windows"
)

// TestHeldFile: a file that a program keeps for itself is read from the disk,
// or it is told why that is not possible either.
func TestHeldFile(t *testing.T) {
	dir, err := os.MkdirTemp("", "held")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "held.dat")
	if err := os.WriteFile(path, []byte(strings.Repeat("held", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path); os.Remove(dir) })
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ, 0, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(h)
	volume, at := locate(t, path)
	f, err := volume.Open(at)
	if err != nil {
		if !strings.Contains(err.Error(), "nor from the disk itself: ") {
			t.Errorf("%v", err)
		}
		return
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if n, ok := f.(source.Noter); err != nil || len(content) != 4*4096 || !ok || n.Note() == "" {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}
