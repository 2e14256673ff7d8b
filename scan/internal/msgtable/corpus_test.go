package msgtable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/internal/pe"
)

// corpus is evidence that the project does not own.
var corpus = filepath.Join("..", "..", "..", "..", "shared", "corpus", "evidence", "pe")

// What real programs carry is read without an error.
func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the corpus is not here: ", err)
	}
	for _, c := range []struct {
		file   string
		id     uint32
		begins string
		texts  int
		events int
		mapped uint16 // event whose text is that of id, of version version
		of     uint8
	}{
		{"saferwall-pe/acpi.sys", 0xc0050001, "%1: ACPI Name Space Object %2 reports an _ADR (%3)", 17, 16, 1, 5},
		{"log2timeline-plaso/wrc-test-wevt_template.dll", 0xb0010001, "A test value", 1, 1, 1, 1},
		{"puffyCid-artemis/pe/resources/eventlog_provider.dll", 0x80000100, "%1!S!", 4, 0, 0, 0},
	} {
		b, err := os.ReadFile(filepath.Join(corpus, filepath.FromSlash(c.file)))
		if err != nil {
			t.Error(err)
			continue
		}
		p, err := pe.Open(strings.NewReader(string(b)), int64(len(b)))
		if err != nil {
			t.Error(err)
			continue
		}
		resources, err := p.Resources()
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		texts, events := 0, 0
		for _, r := range resources {
			if r.TypeWord() != "RT_MESSAGETABLE" && r.TypeWord() != "WEVT_TEMPLATE" {
				continue
			}
			data, err := p.Data(&r)
			if err != nil {
				t.Fatalf("%s: %v", c.file, err)
			}
			if r.TypeWord() == "WEVT_TEMPLATE" {
				m, err := ParseManifest(data)
				if err != nil {
					t.Errorf("%s: %v", c.file, err)
				}
				events += len(m.events)
				for key := range m.events {
					if e, ok := m.Event(key.provider, key.id, key.version); ok && key.id == c.mapped && key.version == c.of && (e.Message != c.id || !e.Plain(1)) {
						t.Errorf("%s: event %d is %+v", c.file, key.id, e)
					}
				}
				continue
			}
			table, err := ParseTable(data)
			if err != nil {
				t.Errorf("%s: %v", c.file, err)
			}
			for _, blk := range table.blocks {
				texts += len(blk.entries)
			}
			if m, ok := table.Message(c.id); !ok || !strings.HasPrefix(m.Text, c.begins) {
				t.Errorf("%s: %#x is %q, %v", c.file, c.id, m.Text, ok)
			}
		}
		if texts != c.texts || events != c.events {
			t.Errorf("%s: %d texts and %d events, want %d and %d", c.file, texts, events, c.texts, c.events)
		}
	}
}
