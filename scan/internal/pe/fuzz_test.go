package pe

import (
	"bytes"
	"testing"

	"iocscan/scan/internal/pe/petest"
)

// FuzzFile: nothing in a file makes the reader panic, hang or allocate beyond
// its bounds.
func FuzzFile(f *testing.F) {
	f.Add(whole(false).Bytes())
	f.Add(whole(true).Bytes())
	f.Add(petest.Image{}.Bytes())
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		everything(file)
		modules, _ := file.Imports()
		if n := len(modules); n > mostThings {
			t.Errorf("%d modules", n)
		}
	})
}
