package pe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gope "www.velocidex.com/golang/go-pe"
)

// TestLibraryAgrees compares imports and version strings with go-pe
// where both can read them.
func TestLibraryAgrees(t *testing.T) {
	// go-pe follows a directory only into a section.
	inHeaders := map[string]bool{"pe/saferwall-pe/impbyord.exe": true}
	compared := 0
	for name, want := range facts(t) {
		if want.Error != "" || inHeaders[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			file, err := os.Open(filepath.Join(shared, "evidence", filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			lib, err := gope.NewPEFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := openSample(t, name)
			if err != nil {
				t.Fatal(err)
			}
			compared++
			var names, libNames []string
			modules, err := f.Imports()
			if err != nil {
				t.Error(err)
			}
			for _, m := range modules {
				for _, fn := range m.Functions {
					if !m.Delayed && fn.Name != "" {
						names = append(names, m.Name+"!"+fn.Name)
					}
				}
			}
			for _, s := range lib.Imports() {
				if _, fn, _ := strings.Cut(s, "!"); !strings.HasPrefix(fn, "0x") { // a number
					libNames = append(libNames, s)
				}
			}
			if d := cmp.Diff(libNames, names); d != "" {
				t.Errorf("imports (-go-pe +here)\n%s", d)
			}
			versions, err := f.Versions()
			if err != nil {
				t.Error(err)
			}
			dict := lib.VersionInformation()
			for _, v := range versions {
				for _, s := range v.Strings {
					if got, _ := dict.GetString(s.Name); got != s.Value {
						t.Errorf("%s is %q, for go-pe %q", s.Name, s.Value, got)
					}
				}
			}
		})
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}
