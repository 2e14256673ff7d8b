package evtx

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// leaves lists the values of an event in XML: path, attribute, text.
func leaves(t *testing.T, text string) (list []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	var path []string
	var chars string
	kids := false
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			for _, a := range tok.Attr {
				if a.Name.Local != "xmlns" {
					list = append(list, fmt.Sprintf("/%s@%s=%s", strings.Join(path, "/"), a.Name.Local, a.Value))
				}
			}
			chars, kids = "", false
		case xml.CharData:
			chars += string(tok)
		case xml.EndElement:
			if s := strings.TrimSpace(chars); !kids && s != "" {
				list = append(list, fmt.Sprintf("/%s=%s", strings.Join(path, "/"), s))
			}
			path = path[:len(path)-1]
			chars, kids = "", true
		}
	}
}

// TestCorpusPublishedXML compares events whose text the repository of another
// decoder publishes: entity references in attributes, and a forwarded event.
func TestCorpusPublishedXML(t *testing.T) {
	const capi2 = "E_Windows_system32_winevt_logs_Microsoft-Windows-CAPI2%4Operational.evtx"
	for snap, where := range map[string]struct {
		log    string
		number uint64
		values int
	}{
		"event_xml_sample_with_entity_ref":       {capi2, 28, 59},
		"event_xml_sample_with_entity_ref_2":     {capi2, 25, 41},
		"event_xml_sample_with_user_data":        {capi2, 1, 18},
		"event_json_with_multiple_data_elements": {"MSExchange_Management_wec.evtx", 1, 26},
	} {
		b, err := os.ReadFile(filepath.Join(corpusDir, "truth/upstream/omerbenamram-evtx/test_record_samples__"+snap+".snap"))
		if err != nil {
			t.Skip("no shared corpus beside the repository: ", err)
		}
		want := leaves(t, string(b[strings.Index(string(b), "<?xml"):]))
		var got []string
		readLog(t, openCorpus(t, "evtx/omerbenamram-evtx/"+where.log), func(_ int, rec *Record) {
			if rec.Number != where.number {
				return
			}
			for i, f := range rec.Fields() {
				text := strings.TrimSpace(rec.Value(i).String())
				switch {
				case f.Continues() || f.Attr != 0 && (f.Attr == rec.r.xmlns || f.Type() == Null):
				case f.Attr != 0:
					got = append(got, fmt.Sprintf("%s@%s=%s", rec.r.PathText(f.Path), rec.r.NameText(f.Attr), text))
				default:
					if f.Name != 0 {
						got = append(got, fmt.Sprintf("%s@Name=%s", rec.r.PathText(f.Path), rec.r.NameText(f.Name)))
					}
					if text != "" {
						got = append(got, fmt.Sprintf("%s=%s", rec.r.PathText(f.Path), text))
					}
				}
			}
		})
		normal := func(list []string) {
			for i, s := range list {
				place, text, _ := strings.Cut(s, "=")
				if strings.HasSuffix(place, "@Guid") || strings.HasSuffix(place, "ActivityID") {
					text = strings.ToUpper(bare(text))
				}
				if strings.HasSuffix(place, "@SystemTime") {
					text = bare(text)
				}
				list[i] = place + "=" + strings.ReplaceAll(text, "\r\n", "\n")
			}
			slices.Sort(list)
		}
		normal(got)
		normal(want)
		if len(want) != where.values {
			t.Errorf("%s: %d values published, want %d", snap, len(want), where.values)
		}
		if !slices.Equal(got, want) {
			for _, g := range got {
				if !slices.Contains(want, g) {
					t.Errorf("%s: ours alone: %s", snap, g)
				}
			}
			for _, w := range want {
				if !slices.Contains(got, w) {
					t.Errorf("%s: published alone: %s", snap, w)
				}
			}
		}
	}
}
