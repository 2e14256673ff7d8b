package document

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

// corpusHive is a hive of the shared corpus, unpacked to a file of its own.
func corpusHive(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../shared/corpus/evidence/registry", name))
	if err != nil {
		t.Skip("the shared corpus is absent: ", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err == nil {
		b, err = io.ReadAll(z)
	}
	file := filepath.Join(sourcetest.TempDir(t), "hive")
	if err == nil {
		err = os.WriteFile(file, b, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

type counting struct {
	mu       sync.Mutex
	document match.Document
	fields   map[string]int // items that have a value, by term
	items    int
}

func (c *counting) Close() error { return nil }

func (c *counting) Item(it match.Item) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items++
	for n, f := range c.document.Fields {
		any := false
		it.Each(n, func(ioc.Value) bool { any = true; return false })
		if any {
			c.fields[f.Term]++
		}
	}
	return nil
}

// The counts are what reglookup says of the hives: keys below Services of the
// control set in use that have a value Type, how many of these are of a type
// of drivers, and how many have a ServiceDll, below Parameters or beside. Both
// hives were in use when they were copied, and their logs are not there.
func TestServicesOfCorpus(t *testing.T) {
	for name, want := range map[string]struct{ services, drivers, libraries int }{
		"mkorman90-regipy/SYSTEM_2.gz":           {423, 255, 144},
		"mkorman90-regipy/SYSTEM_WIN_10_1709.gz": {682, 392, 221},
	} {
		given := []source.GivenHive{{File: corpusHive(t, name)}}
		src := source.OpenArtifacts(name, source.Hives)
		count := func(d Document) *counting {
			r := source.NewRegistry(src, source.RegistryOptions{Given: given})
			defer r.Close()
			c := &counting{document: d.Schema(), fields: map[string]int{}}
			l, err := d.Run(context.Background(), &Request{Source: src, Registry: r, Trouble: func(object string, err error) {
				if !strings.Contains(err.Error(), "hive is dirty") {
					t.Errorf("%s: %s: %v", name, object, err)
				}
			}}, 2, func() Worker { return c })
			if err != nil || l.Complete || l.Full || int(l.Objects) != c.items {
				t.Errorf("%s: %+v, %v", name, l, err)
			}
			return c
		}
		if c := count(&services); c.items != want.services || c.fields["ServiceItem/serviceDLL"] != want.libraries || c.fields["ServiceItem/pathmd5sum"] != 0 {
			t.Errorf("%s: %d services, %d with a DLL, want %+v", name, c.items, c.fields["ServiceItem/serviceDLL"], want)
		}
		if c := count(&drivers); c.items != want.drivers || c.fields["DriverItem/DriverName"] != want.drivers {
			t.Errorf("%s: %d drivers, want %+v", name, c.items, want)
		}
	}
}
