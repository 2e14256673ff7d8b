package evtx

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// edited are published values that are not those of the log: its bytes have
// Explorer.EXE only.
var edited = map[string]string{`C:\Windows\Explorer.exe`: `C:\Windows\Explorer.EXE`}

// published decodes what is published beside a log: one event, or several one
// after the other in a string.
func published(t *testing.T, raw json.RawMessage) (events []map[string]any) {
	t.Helper()
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			t.Fatal(err)
		}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for d.More() {
		var m map[string]any
		if err := d.Decode(&m); err != nil {
			t.Logf("published text is not JSON: %v", err)
			return events
		}
		events = append(events, m)
	}
	return events
}

// places lists a record's values by their place as the published JSON has it.
func places(rec *Record) map[string][]string {
	m := map[string][]string{}
	for i, f := range rec.Fields() {
		if f.Continues() {
			continue
		}
		place := rec.r.PathText(f.Path)
		switch {
		case f.Attr != 0:
			place += "/#attributes/" + rec.r.NameText(f.Attr)
		case f.Path == rec.r.dataPath && rec.FieldName(i) != "":
			place = "/Event/EventData/" + rec.FieldName(i)
		}
		m[place] = append(m[place], rec.Value(i).String())
	}
	return m
}

// bare drops what the published text writes differently: the braces of GUIDs,
// digits of times beyond the microsecond, blanks at the end of command lines.
func bare(s string) string {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		s = t.Truncate(time.Microsecond).Format(time.RFC3339Nano)
	}
	return strings.TrimRight(s, " ")
}

func TestCorpusPublishedEvents(t *testing.T) {
	var truth map[string]json.RawMessage
	readTruth(t, "evtx-events-sigma.json", &truth)
	var events, values, wrong int
	for name, raw := range truth {
		want := map[string]map[string]any{}
		for _, m := range published(t, raw) {
			sys := m["Event"].(map[string]any)["System"].(map[string]any)
			want[fmt.Sprint(sys["EventRecordID"])] = m
		}
		readLog(t, openCorpus(t, name), func(_ int, rec *Record) {
			key := fmt.Sprint(rec.EventRecordID())
			m, ok := want[key]
			if !ok {
				return
			}
			delete(want, key)
			events++
			got := places(rec)
			var walk func(place string, v any)
			walk = func(place string, v any) {
				switch v := v.(type) {
				case map[string]any:
					for k, e := range v {
						if k == "#text" {
							walk(place, e)
						} else {
							walk(place+"/"+k, e)
						}
					}
					return
				case []any:
					for _, e := range v {
						walk(place, e)
					}
					return
				}
				text := ""
				if v != nil {
					text = fmt.Sprint(v)
				}
				values++
				for _, g := range got[place] {
					if bare(g) == bare(text) || g == edited[text] {
						return
					}
				}
				if text == "" && len(got[place]) == 0 {
					return // an element of attributes without a value
				}
				wrong++
				t.Errorf("%s: event %s: %s: got %q, published %q", name, key, place, got[place], text)
			}
			walk("", m)
		})
		for id := range want {
			t.Errorf("%s: event %s is missing", name, id)
		}
	}
	if events != 162 || values != 5623 || wrong != 0 {
		t.Errorf("%d events, %d values, %d wrong; want 162 and 5623", events, values, wrong)
	}
}
