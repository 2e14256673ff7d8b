package plist

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// parseXML reads the XML form. Its DTD is never looked at.
func parseXML(b []byte) (any, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	v, err := parseRoot(d)
	if err != nil {
		return nil, fmt.Errorf("XML property list: %w", err)
	}
	return v, nil
}

// next is the next tag; nil is the end of the element that one is in.
func next(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, fmt.Errorf("text where none belongs: %.20q", bytes.TrimSpace(t))
			}
		}
	}
}

func parseRoot(d *xml.Decoder) (any, error) {
	e, err := next(d)
	if err != nil {
		return nil, err
	}
	if e.Name.Local != "plist" {
		return nil, fmt.Errorf("an element %.20q in place of plist", e.Name.Local)
	}
	if e, err = next(d); err != nil {
		return nil, err
	}
	if e == nil {
		return nil, errors.New("nothing in it")
	}
	return element(d, e, 0)
}

func element(d *xml.Decoder, e *xml.StartElement, depth int) (any, error) {
	if depth > mostDepth {
		return nil, errDepth
	}
	switch e.Name.Local {
	case "dict":
		return dict(d, depth)
	case "array":
		out := []any{}
		for {
			e, err := next(d)
			if err != nil || e == nil {
				return out, err
			}
			v, err := element(d, e, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	s, err := content(d)
	if err != nil {
		return nil, err
	}
	switch e.Name.Local {
	case "string":
		return s, nil
	case "true", "false":
		return e.Name.Local == "true", nil
	case "integer":
		s = strings.TrimSpace(s)
		if n, err := strconv.ParseInt(s, 0, 64); err == nil {
			return n, nil
		}
		return strconv.ParseUint(s, 0, 64)
	case "real":
		return strconv.ParseFloat(strings.TrimSpace(s), 64)
	case "date":
		return time.Parse(time.RFC3339, strings.TrimSpace(s))
	case "data":
		return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	}
	return nil, fmt.Errorf("an element %.20q", e.Name.Local)
}

func dict(d *xml.Decoder, depth int) (any, error) {
	out := Dict{}
	for {
		e, err := next(d)
		if err != nil || e == nil {
			return out, err
		}
		if e.Name.Local != "key" {
			return nil, fmt.Errorf("an element %.20q in place of a key", e.Name.Local)
		}
		key, err := content(d)
		if err != nil {
			return nil, err
		}
		if e, err = next(d); err != nil {
			return nil, err
		}
		if e == nil {
			return nil, fmt.Errorf("key %.40q without a value", key)
		}
		if out[key], err = element(d, e, depth+1); err != nil {
			return nil, err
		}
	}
}

// content is the text of an element that has nothing else.
func content(d *xml.Decoder) (string, error) {
	var b strings.Builder
	for {
		t, err := d.Token()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			return "", fmt.Errorf("an element %.20q in a text", t.Name.Local)
		case xml.EndElement:
			return b.String(), nil
		}
	}
}
