package document

import (
	"errors"
	"fmt"

	"iocscan/ioc"
	"iocscan/scan/internal/pe"
)

// language is the name of a language identifier.
func language(id uint16) (string, error) {
	name, ok := pe.Language(id)
	if !ok {
		return "", fmt.Errorf("the language 0x%04x has no name here", id)
	}
	return name, nil
}

func versionString(name string) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		list, err := p.Versions()
		for n := range list {
			for _, s := range list[n].Strings {
				if s.Is(name) && !yield(ioc.TextValue(s.Value).At(n)) {
					return nil
				}
			}
		}
		return err
	}
}

func versionLanguage(p *pe.File, yield func(ioc.Value) bool) error {
	list, err := p.Versions()
	for n := range list {
		fault := list[n].LanguageErr
		name := ""
		if fault == nil {
			name, fault = language(list[n].Language)
		}
		switch {
		case fault == nil:
			if !yield(ioc.TextValue(name).At(n)) {
				return nil
			}
		case err == nil:
			err = fault
		}
	}
	return err
}

func resources(value func(*pe.Resource) ioc.Value) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		list, err := p.Resources()
		for n := range list {
			if !yield(value(&list[n]).At(n)) {
				return nil
			}
		}
		return err
	}
}

func resourceLanguage(p *pe.File, yield func(ioc.Value) bool) error {
	list, err := p.Resources()
	for n := range list {
		name, fault := language(list[n].Language)
		switch {
		case fault == nil:
			if !yield(ioc.TextValue(name).At(n)) {
				return nil
			}
		case err == nil:
			err = fault
		}
	}
	return err
}

// mostResourceData bounds what the resources of one file may be read for: they
// may all be the same bytes.
const mostResourceData = 256 << 20

var errResourceData = errors.New("more resource data than is read")

func resourceData(p *pe.File, yield func(ioc.Value) bool) error {
	list, err := p.Resources()
	left := int64(mostResourceData)
	for n := range list {
		if left -= int64(list[n].Size); left < 0 {
			return errResourceData
		}
		b, fault := p.Data(&list[n])
		if fault != nil {
			if err == nil {
				err = fault
			}
		} else if !yield(ioc.TextValue(string(b)).At(n)) {
			return nil
		}
	}
	return err
}
