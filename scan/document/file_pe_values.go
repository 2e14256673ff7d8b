package document

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/pe"
)

func unixTime(seconds uint32) ioc.Value { return ioc.TimeValue(time.Unix(int64(seconds), 0)) }

// header answers a field of the optional header.
func header(value func(*pe.File) ioc.Value) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		if p.HeaderErr == nil {
			yield(value(p))
		}
		return p.HeaderErr
	}
}

func storedChecksum(p *pe.File) ioc.Value { return ioc.IntValue(uint64(p.StoredChecksum)) }

func computedChecksum(p *pe.File, yield func(ioc.Value) bool) error {
	sum, err := p.Checksum()
	if err == nil {
		yield(ioc.IntValue(uint64(sum)))
	}
	return err
}

func programType(p *pe.File, yield func(ioc.Value) bool) error {
	kind, err := p.Type()
	if err == nil {
		yield(ioc.TextValue(kind))
	}
	return err
}

// linkTime: the file header may be there where what follows it is not.
func linkTime(p *pe.File, yield func(ioc.Value) bool) error {
	if !p.HasFileHeader() {
		return p.HeaderErr
	}
	yield(unixTime(p.Time))
	return nil
}

const subsystemPrefix = "IMAGE_SUBSYSTEM_"

// subsystem is the word with and without its prefix.
func subsystem(p *pe.File, yield func(ioc.Value) bool) error {
	if p.HeaderErr != nil {
		return p.HeaderErr
	}
	if word := p.SubsystemWord(); yield(ioc.TextValue(word)) {
		yield(ioc.TextValue(subsystemPrefix + word))
	}
	return nil
}

func sameSubsystem(a, b string) bool {
	bare := func(s string) string {
		return strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), subsystemPrefix)
	}
	return bare(a) == bare(b)
}

func overlay(p *pe.File, yield func(ioc.Value) bool) error {
	n, err := p.Overlay()
	if err == nil {
		yield(ioc.TextValue(strconv.FormatInt(n, 10)))
	}
	return err
}

func anomalies(p *pe.File, yield func(ioc.Value) bool) error {
	return p.Anomalies(func(s string) bool { return yield(ioc.TextValue(s)) })
}

func claimedSections(p *pe.File, yield func(ioc.Value) bool) error {
	if !p.HasFileHeader() {
		return p.HeaderErr
	}
	yield(ioc.IntValue(uint64(p.NumberOfSections)))
	return nil
}

// actualSections: a table that is cut off has as many as there are.
func actualSections(p *pe.File, yield func(ioc.Value) bool) error {
	if p.SectionErr != nil && !(p.HasFileHeader() && errors.Is(p.SectionErr, pe.ErrDamaged)) {
		return p.SectionErr
	}
	yield(ioc.IntValue(uint64(len(p.Sections))))
	return nil
}

func sections(value func(*pe.Section) ioc.Value) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		for n := range p.Sections {
			if !yield(value(&p.Sections[n]).At(n)) {
				return nil
			}
		}
		return p.SectionErr
	}
}

// sectionWords: each word, and where there are several all in one text.
func sectionWords(p *pe.File, yield func(ioc.Value) bool) error {
	for n := range p.Sections {
		words := p.Sections[n].Words()
		if len(words) > 1 {
			words = append(words, strings.Join(words, " "))
		}
		for _, w := range words {
			if !yield(ioc.TextValue(w).At(n)) {
				return nil
			}
		}
	}
	return p.SectionErr
}

func sectionEntropy(p *pe.File, yield func(ioc.Value) bool) error {
	fault := p.SectionErr
	for n := range p.Sections {
		h, err := p.Entropy(&p.Sections[n])
		if err != nil {
			if fault == nil {
				fault = err
			}
			continue
		}
		if !yield(ioc.FloatValue(h).At(n)) {
			return nil
		}
	}
	return fault
}

// peakEntropy is the highest of all sections, or of those with code.
func peakEntropy(code bool) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		peak, any := 0.0, false
		for n := range p.Sections {
			s := &p.Sections[n]
			if code && !s.IsCode() {
				continue
			}
			h, err := p.Entropy(s)
			if err != nil {
				return err // it might be the highest
			}
			peak, any = max(peak, h), true
		}
		if p.SectionErr == nil && any {
			yield(ioc.FloatValue(peak))
		}
		return p.SectionErr
	}
}

func modules(value func(*pe.Module) ioc.Value) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		list, err := p.Imports()
		for n := range list {
			if !yield(value(&list[n]).At(n)) {
				return nil
			}
		}
		return err
	}
}

// importedFunctions: one imported by its number is #35, and ord35 as it stands
// in import hashes.
func importedFunctions(p *pe.File, yield func(ioc.Value) bool) error {
	list, err := p.Imports()
	for n := range list {
		for _, f := range list[n].Functions {
			if !yield(ioc.TextValue(f.String()).At(n)) {
				return nil
			}
			if f.Name == "" && !yield(ioc.TextValue("ord"+strconv.Itoa(int(f.Ordinal))).At(n)) {
				return nil
			}
		}
	}
	return err
}

// exported answers a number of the export directory.
func exported(value func(*pe.Exports) ioc.Value) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		e, err := p.Exports()
		if e == nil {
			return err
		}
		yield(value(e))
		return nil
	}
}

func exportName(p *pe.File, yield func(ioc.Value) bool) error {
	e, err := p.Exports()
	switch {
	case e == nil:
		return err
	case e.DLLNameErr != nil:
		return e.DLLNameErr
	}
	yield(ioc.TextValue(e.DLLName))
	return nil
}

func exportedFunctions(p *pe.File, yield func(ioc.Value) bool) error {
	e, err := p.Exports()
	if e == nil {
		return err
	}
	for _, name := range e.Names {
		if !yield(ioc.TextValue(name)) {
			return nil
		}
	}
	return err
}
