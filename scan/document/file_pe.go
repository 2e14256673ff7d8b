package document

import (
	"context"
	"errors"
	"fmt"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/pe"
	"iocscan/scan/source"
)

// peState is what is known of the row in work as a Windows program. It is
// opened when the first of these fields is asked for; what the fields read of
// it is read once.
type peState struct {
	asked   bool
	file    source.File
	program *pe.File // nil: it is none
	err     error
}

func (s *peState) close() {
	if s.file != nil {
		s.file.Close() // read-only: nothing to lose
	}
	*s = peState{}
}

// program is the file as a Windows program, nil where it is none: every field
// of it is then absent.
func (f *file) program() (*pe.File, error) {
	if !f.hasContent() {
		return nil, nil
	}
	if f.why != nil {
		return nil, f.why
	}
	s := &f.item.pe
	if !s.asked {
		s.asked = true
		if s.err = s.open(f); s.err != nil {
			f.item.tell(s.err)
		}
	}
	return s.program, s.err
}

func (s *peState) open(f *file) (err error) {
	if f.typ == source.Cloud {
		return source.ErrOffline // not opened, so that nothing is fetched
	}
	if s.file, err = f.in.vol.FS.Open(f.path()); err != nil {
		s.file = nil
		return err
	}
	info, err := s.file.Info()
	if err != nil {
		return err
	}
	r := &counted{f.item.content.ctx, s.file, f.item.req.Progress}
	if s.program, err = pe.Open(r, info.Size); errors.Is(err, pe.ErrNotPE) {
		return nil
	}
	if most := f.item.content.max; err == nil && most > 0 && info.Size > most {
		s.program.WholeErr = errTooLarge
	}
	return err
}

// counted reads until the scan ends, and counts.
type counted struct {
	ctx      context.Context
	file     source.File
	progress *Progress
}

func (w *counted) ReadAt(p []byte, off int64) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.file.ReadAt(p, off)
	w.progress.addBytes(n)
	return n, err
}

// fileProgramFields are the terms of FileItem on Windows programs.
func fileProgramFields() []Field[file] {
	out := []Field[file]{
		field(match.Field{Term: "FileItem/PeakEntropy", Kind: ioc.Float, Cost: match.Parse}, ofProgram(peakEntropy(false))),
		field(match.Field{Term: "FileItem/PeakCodeEntropy", Kind: ioc.Float, Cost: match.Parse}, ofProgram(peakEntropy(true))),
	}
	for _, t := range programTerms() {
		t.Term = "FileItem/PEInfo/" + t.Term
		if t.Element != "" {
			t.Element = "FileItem/PEInfo/" + t.Element
		}
		t.Cost = match.Parse
		out = append(out, field(t.Field, ofProgram(t.get)))
	}
	return out
}

// ofProgram answers a field from the program. What is known not to be known of
// any file is no trouble of this one.
func ofProgram(get func(*pe.File, func(ioc.Value) bool) error) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		p, err := f.program()
		if p == nil || err != nil {
			return err
		}
		if err = get(p, yield); err == nil || errors.Is(err, errTrust) {
			return err
		}
		if !errors.Is(err, errTooLarge) { // which is told in the same words for all that it keeps from being read
			err = fmt.Errorf("PE: %w", err)
		}
		f.item.tell(err)
		return err
	}
}
