package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema compiles schema.json, or a part of it.
func schema(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertContent()
	if err := c.AddResource("https://iocscan.invalid/schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://iocscan.invalid/schema.json" + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t *testing.T, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// The schema accepts what the sinks write and nothing with a key more or less.
func TestSchema(t *testing.T) {
	t.Run("json", func(t *testing.T) {
		refusesOthers(t, schema(t, ""), told(t, canonical(), JSON))
	})
	t.Run("interrupted", func(t *testing.T) {
		lines := told(t, canonical(), JSONL)
		text, err := convert(lines[:len(lines)/2], JSON)
		if err != nil {
			t.Fatal(err)
		}
		refusesOthers(t, schema(t, ""), text)
	})
	line := schema(t, "#/$defs/line")
	types := map[string]bool{}
	for i, text := range bytes.Split(bytes.TrimSpace(told(t, canonical(), JSONL)), []byte("\n")) {
		t.Run(fmt.Sprintf("line %d", i+1), func(t *testing.T) { refusesOthers(t, line, text) })
		types[parse(t, text).(map[string]any)["type"].(string)] = true
	}
	if len(types) != 6 {
		t.Errorf("the run has lines of types %v only", types)
	}
}

// refusesOthers checks that a text is valid, and that it is not once any key
// of the format is missing, is added or has another kind of value.
func refusesOthers(t *testing.T, s *jsonschema.Schema, text []byte) {
	t.Helper()
	doc := parse(t, text)
	if err := s.Validate(doc); err != nil {
		t.Fatalf("%v", err)
	}
	tried := 0
	try := func(path, what string) {
		t.Helper()
		tried++
		if s.Validate(doc) == nil {
			t.Errorf("%s: accepted although %s", path, what)
		}
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case []any:
			for i := range v {
				walk(fmt.Sprintf("%s/%d", path, i), v[i])
			}
		case map[string]any:
			if strings.HasSuffix(path, "/event") {
				return // free
			}
			free := strings.HasSuffix(path, "/fields")
			if !free {
				v["surplus"] = "x"
				try(path, "a key is too many")
				delete(v, "surplus")
			}
			for _, k := range keysOf(v) {
				was := v[k]
				if k != "event" {
					v[k] = map[string]any{"wrong": json.Number("1")}
					try(path+"/"+k, "it is an object of another kind")
				}
				if !free && k != "event" && !strings.HasSuffix(k, exactSuffix) {
					delete(v, k)
					try(path+"/"+k, "it is missing")
				}
				v[k] = was
				walk(path+"/"+k, was)
			}
		}
	}
	walk("", doc)
	if tried < 5 {
		t.Errorf("only %d changes tried", tried)
	}
}

func keysOf(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
