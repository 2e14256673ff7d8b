package document

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
	"iocscan/scan/source"
)

// keyValues are the values of a key of the registry, by name. A value that is
// not there is empty and no error; one of another type than is asked for, or
// that is damaged, is an error. Like the hive, they serve one goroutine at a
// time, and so are read by what lists a document, not by its fields.
type keyValues struct{ source.RegistryKey }

var errNoRegistry = errors.New("the evidence has no registry")

// openKey finds a key by its path in the registry. missing says of its error
// that the key, or the hive it would be in, is not there.
func openKey(req *Request, path string) (keyValues, error) {
	if req.Registry == nil {
		return keyValues{}, errNoRegistry
	}
	k, err := req.Registry.Key(path)
	return keyValues{k}, err
}

// below finds a key below.
func (k keyValues) below(path string) (keyValues, error) {
	sub, err := k.Find(path)
	if err != nil {
		return keyValues{}, fmt.Errorf("registry key %s: %w", source.JoinKeys(k.Path(), path), err)
	}
	return keyValues{sub}, nil
}

// name is the last part of the key's path.
func (k keyValues) name() string {
	_, name := splitKey(k.Path())
	return name
}

// raw is the data as it is stored; there is false for a value that the key has
// not got.
func (k keyValues) raw(name string) (t regf.Type, data []byte, there bool, err error) {
	v, err := k.Value(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil, false, nil
	}
	if err == nil {
		t = v.Type()
		data, err = v.Data()
	}
	if err != nil {
		return 0, nil, false, fmt.Errorf("registry value %s: %w", source.JoinKeys(k.Path(), name), err)
	}
	return t, data, true, nil
}

func (k keyValues) otherType(name string, t regf.Type, want string) error {
	return fmt.Errorf("registry value %s: the type is %v, not that of %s", source.JoinKeys(k.Path(), name), t, want)
}

// text is REG_SZ or REG_EXPAND_SZ data up to its NUL, as Windows reads it.
func (k keyValues) text(name string) (string, error) {
	t, data, there, err := k.raw(name)
	if err != nil || !there {
		return "", err
	}
	if t != regf.SZ && t != regf.ExpandSZ {
		return "", k.otherType(name, t, "a text")
	}
	s, _, _ := strings.Cut(string(regf.AppendText(nil, t, data)), "\x00")
	return s, nil
}

// texts are the strings of REG_MULTI_SZ data that are not empty, or the one of
// REG_SZ data.
func (k keyValues) texts(name string) ([]string, error) {
	t, data, there, err := k.raw(name)
	if err != nil || !there {
		return nil, err
	}
	if t != regf.MultiSZ {
		s, err := k.text(name)
		return some(s), err
	}
	var list []string
	for s := range regf.Strings(data) {
		if len(s) > 0 {
			list = append(list, regf.DecodeText(s))
		}
	}
	return list, nil
}

// number is REG_DWORD or REG_QWORD data.
func (k keyValues) number(name string) (number, error) {
	t, data, there, err := k.raw(name)
	if err != nil || !there {
		return number{}, err
	}
	n, ok := regf.Number(t, data)
	if !ok {
		return number{}, k.otherType(name, t, "a number")
	}
	return number{n, true}, nil
}

// fill adds the texts of a value to a fact; an error makes it unknown.
func (k keyValues) fill(f *fact, name string) {
	texts, err := k.texts(name)
	f.is(texts...)
	if err != nil {
		f.why = err
	}
}

// unixTime is a number as seconds since 1970.
func (k keyValues) unixTime(name string) (m moment) {
	n, err := k.number(name)
	if m.why = err; n.is && n.n > 0 && n.n < 1<<32 {
		m.ticks = ioc.Ticks(time.Unix(int64(n.n), 0))
	}
	return m
}

// useHives opens the hives of the kinds that a document reads, and lets the
// listing say what was done to read them. What damage took away is an error.
// Where a hive is a loose one nobody knows that it is the system's own, so that
// the listing is not full.
func useHives(req *Request, list *Listing, kinds ...source.HiveKind) (errs []error) {
	if req.Registry == nil {
		return []error{errNoRegistry}
	}
	for _, h := range req.Registry.Hives() {
		h.Open()
		of := false
		for _, kind := range kinds {
			of = of || h.Kind == kind
		}
		if !of {
			continue
		}
		if h.Loose {
			list.Full = false
		}
		if note := h.Note(); note != "" {
			list.Notes = append(list.Notes, h.File+": "+note)
		}
		for _, err := range h.Damage() {
			if t := (*regf.Trouble)(nil); !errors.As(err, &t) || t.Lost != "" {
				errs = append(errs, fmt.Errorf("%s: %w", h.File, err))
			}
		}
	}
	return errs
}
