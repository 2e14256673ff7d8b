package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"iocscan/ioc/match"
)

// A decoder reads what an encoder wrote, and refuses everything else: a key too
// many or too few means that the report says something this version would lose
// or invent.
type decoder struct {
	json   *json.Decoder
	layout layout
}

func newDecoder(r io.Reader) *decoder {
	d := &decoder{json.NewDecoder(r), layout{}}
	d.json.UseNumber()
	return d
}

// end makes sure that nothing follows.
func (d *decoder) end() error {
	if _, err := d.json.Token(); err == nil {
		return errors.New("something follows the end of the object")
	} else if err != io.EOF {
		return err
	}
	return nil
}

// token reads the next token, for which the end of input is too early.
func (d *decoder) token() (json.Token, error) {
	t, err := d.json.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

func (d *decoder) expect(delim json.Delim) error {
	t, err := d.token()
	if err != nil {
		return err
	}
	if t != delim {
		return fmt.Errorf("%s where %q should be", describe(t), delim.String())
	}
	return nil
}

// describe is a token as an error message names it.
func describe(t json.Token) string {
	switch t := t.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case json.Delim:
		return strconv.Quote(t.String())
	}
	return fmt.Sprint(t)
}

// value reads into v, which must be addressable.
func (d *decoder) value(v reflect.Value) error {
	switch {
	case v.Type() == rawType:
		var raw json.RawMessage
		if err := d.json.Decode(&raw); err != nil {
			return err
		}
		// The indentation is the report's, not the event's.
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return err
		}
		v.SetBytes(compact.Bytes())
		return nil
	case v.Type() == fieldsType:
		return d.fields(v)
	case v.Kind() == reflect.Struct:
		return d.object(v)
	case v.Kind() == reflect.Slice:
		return d.list(v)
	}
	t, err := d.token()
	if err != nil {
		return err
	}
	if v.Kind() == reflect.Pointer {
		if t == nil {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
		if v.Kind() == reflect.Struct {
			if t != json.Delim('{') {
				return fmt.Errorf("%s where an object should be", describe(t))
			}
			return d.members(v)
		}
	}
	return scalar(v, t)
}

func scalar(v reflect.Value, t json.Token) error {
	number, _ := t.(json.Number)
	var err error
	switch v.Kind() {
	case reflect.String:
		s, ok := t.(string)
		if !ok {
			return fmt.Errorf("%s where a string should be", describe(t))
		}
		v.SetString(s)
	case reflect.Bool:
		b, ok := t.(bool)
		if !ok {
			return fmt.Errorf("%s where true or false should be", describe(t))
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(string(number), 10, v.Type().Bits())
		v.SetInt(n)
	case reflect.Uint64:
		var n uint64
		n, err = strconv.ParseUint(string(number), 10, 64)
		v.SetUint(n)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(string(number), 64)
		v.SetFloat(f)
	}
	if err != nil {
		if number == "" {
			return fmt.Errorf("%s where a number should be", describe(t))
		}
		return fmt.Errorf("%.40s is not a number of the kind that should be here", number)
	}
	return nil
}

func (d *decoder) list(v reflect.Value) error {
	if err := d.expect('['); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i := 0; d.json.More(); i++ {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(element); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
		v.Set(reflect.Append(v, element))
	}
	return d.expect(']')
}

func (d *decoder) object(v reflect.Value) error {
	if err := d.expect('{'); err != nil {
		return err
	}
	return d.members(v)
}

// members reads the keys of an object and its closing brace.
func (d *decoder) members(v reflect.Value) error {
	keys := d.layout.of(v.Type())
	seen := make([]bool, len(keys))
	exact := map[string]reflect.Value{} // what the keys ending _base64 belong to
	for d.json.More() {
		name, err := d.name()
		if err != nil {
			return err
		}
		at := find(keys, name)
		if at < 0 {
			base, ok := strings.CutSuffix(name, exactSuffix)
			if at = find(keys, base); !ok || at < 0 || !seen[at] {
				return fmt.Errorf("unknown key %.80q", name)
			}
			if _, twice := exact[name]; twice {
				return fmt.Errorf("key %q is there twice", name)
			}
			exact[name] = v.FieldByIndex(keys[at].index)
			if err := d.exact(exact[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		if seen[at] {
			return fmt.Errorf("key %q is there twice", name)
		}
		seen[at] = true
		if err := d.value(v.FieldByIndex(keys[at].index)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := d.expect('}'); err != nil {
		return err
	}
	for i, k := range keys {
		if !seen[i] && !k.optional {
			return fmt.Errorf("key %q is missing", k.name)
		}
	}
	return nil
}

// name reads a key. The decoder of encoding/json has made sure that it is one.
func (d *decoder) name() (string, error) {
	t, err := d.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("%s where a key should be", describe(t))
	}
	return s, nil
}

// fields reads an object TERM: [value…] in its order.
func (d *decoder) fields(v reflect.Value) error {
	if err := d.expect('{'); err != nil {
		return err
	}
	fields := []match.FieldValues{}
	at := map[string]int{}
	exact := map[string]bool{}
	for d.json.More() {
		term, err := d.name()
		if err != nil {
			return err
		}
		if _, twice := at[term]; twice || exact[term] {
			return fmt.Errorf("key %.80q is there twice", term)
		}
		base, ok := strings.CutSuffix(term, exactSuffix)
		if i, isExact := at[base]; ok && isExact {
			exact[term] = true
			err = d.exact(reflect.ValueOf(&fields[i].Values).Elem())
		} else {
			f := match.FieldValues{Term: term}
			err = d.value(reflect.ValueOf(&f.Values).Elem())
			at[term] = len(fields)
			fields = append(fields, f)
		}
		if err != nil {
			return fmt.Errorf("%.80q: %w", term, err)
		}
	}
	v.Set(reflect.ValueOf(fields))
	return d.expect('}')
}

// exact reads the exact bytes of v, which has been read before, and makes sure
// that both say the same: a report must not show one name and mean another.
func (d *decoder) exact(v reflect.Value) error {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.String:
		var text string
		if err := d.value(reflect.ValueOf(&text).Elem()); err != nil {
			return err
		}
		s, err := exactText(text, v.String())
		v.SetString(s)
		return err
	case v.Type() == rawType:
		var text string
		if err := d.value(reflect.ValueOf(&text).Elem()); err != nil {
			return err
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		if string(eventText(raw)) != string(eventText(v.Bytes())) {
			return errors.New("does not say the same as the key before it")
		}
		v.SetBytes(raw)
		return nil
	case v.Type() == textsType:
		var list []*string
		if err := d.value(reflect.ValueOf(&list).Elem()); err != nil {
			return err
		}
		texts := v.Interface().([]string)
		if len(list) != len(texts) {
			return fmt.Errorf("%d elements where %d should be", len(list), len(texts))
		}
		for i, text := range list {
			if text == nil {
				continue
			}
			s, err := exactText(*text, texts[i])
			if err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
			texts[i] = s
		}
		return nil
	}
	return errors.New("belongs to a key that is not a string")
}

func exactText(encoded, shown string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case err != nil:
		return shown, err
	case utf8.Valid(raw):
		return shown, errors.New("is valid UTF-8 and needs no such key")
	case validUTF8(string(raw)) != shown:
		return shown, errors.New("does not say the same as the key before it")
	}
	return string(raw), nil
}
