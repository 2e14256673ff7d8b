package ntfs

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"testing"

	"iocscan/scan/internal/fsys"
)

// TestParallel reads the same contents at the same time, each from its own
// content and all from a shared one, between listings.
func TestParallel(t *testing.T) {
	v := rich(1024).open(t)
	root, _ := list(t, v, v.Root())
	want, shared := map[string][]byte{}, map[string]fsys.Content{}
	for name, e := range root {
		c, err := v.Open(e.ID)
		if err != nil {
			continue
		}
		shared[name] = c
		if want[name], err = contents(c, nil); err != nil {
			t.Fatal(name, err)
		}
	}
	names := slices.Sorted(maps.Keys(want))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for round := range 20 {
				name := names[(i*7+round)%len(names)]
				for _, c := range []func() (fsys.Content, error){
					func() (fsys.Content, error) { return v.Open(root[name].ID) },
					func() (fsys.Content, error) { return shared[name], nil },
				} {
					if got, err := contents(c()); err != nil || !bytes.Equal(got, want[name]) {
						t.Errorf("%s: differs, %v", name, err)
					}
				}
				if _, err := v.Stat(root[name].ID); err != nil {
					t.Error(name, err)
				}
				for _, err := range v.ReadDir(t.Context(), root["folder"].ID) {
					if err != nil {
						t.Error(err)
					}
				}
			}
			for _, err := range v.Deleted(t.Context()) {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
