package report

import (
	"encoding/json"
	"reflect"
	"strings"

	"iocscan/ioc/match"
)

// exactSuffix ends the key that gives the exact bytes of a string that is not
// valid UTF-8, in base64 (RFC 4648, with padding).
const exactSuffix = "_base64"

var (
	rawType    = reflect.TypeFor[json.RawMessage]()
	fieldsType = reflect.TypeFor[[]match.FieldValues]()
	textsType  = reflect.TypeFor[[]string]()
)

// A key is one key of a JSON object: a field of a struct or of a struct
// embedded in it.
type key struct {
	name     string
	index    []int
	optional bool
}

// A layout is the keys of each struct type in the order they are written. The
// types of package scan are the only statement of that order.
type layout map[reflect.Type][]key

func (l layout) of(t reflect.Type) []key {
	if keys, ok := l[t]; ok {
		return keys
	}
	var keys []key
	for i := range t.NumField() {
		f := t.Field(i)
		tag, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			for _, k := range l.of(f.Type) {
				k.index = append([]int{i}, k.index...)
				keys = append(keys, k)
			}
		case tag != "" && tag != "-":
			k := key{tag, []int{i}, opts == "omitempty"}
			// A line of a stream says some things otherwise than the element
			// of the report that it embeds.
			if at := find(keys, f.Tag.Get("instead")); at >= 0 {
				keys[at] = k
			} else {
				keys = append(keys, k)
			}
		}
	}
	l[t] = keys
	return keys
}

func find(keys []key, name string) int {
	for i := range keys {
		if keys[i].name == name {
			return i
		}
	}
	return -1
}
