package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/charmbracelet/x/term"
	"github.com/mattn/go-isatty"

	"iocscan/report"
	"iocscan/scan"
)

type outputOptions struct {
	format         string   // of standard output
	files          []string // -o
	color          bool     // allowed; still only on a terminal
	quiet, verbose bool
}

// outputs are the reports of one run: standard output and any number of files.
type outputs struct {
	fan   *report.Fan // standard output, then the files
	files []*report.File
}

// check finds what is wrong with the formats without touching a file.
func (o *outputOptions) check() error {
	if _, err := report.ParseFormat(o.format); err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	for i, name := range o.files {
		if name == "-" {
			continue
		}
		if _, err := report.ForPath(name); err != nil {
			return fmt.Errorf("-o %w", err)
		}
		for _, other := range o.files[:i] {
			if filepath.Clean(other) == filepath.Clean(name) {
				return fmt.Errorf("-o %s is given twice", name)
			}
		}
	}
	return nil
}

// openOutputs makes the reports ready before anything is scanned, so that one
// that cannot be written is known at once.
func (a *app) openOutputs(o outputOptions) (_ *outputs, err error) {
	out := &outputs{}
	defer func() {
		if err != nil {
			out.discard()
		}
	}()
	format, err := report.ParseFormat(o.format)
	if err != nil {
		return nil, fmt.Errorf("--format: %w", err)
	}
	human := report.HumanOptions{Quiet: o.quiet, Verbose: o.verbose}
	onScreen := human
	onScreen.Color = o.color && os.Getenv("NO_COLOR") == "" && isTerminal(a.stdout)
	onScreen.Width = columns(a.stdout)
	sink, err := report.New(format, a.stdout, onScreen)
	if err != nil {
		return nil, err
	}
	sinks := []scan.Sink{sink}
	for _, name := range o.files {
		if name == "-" {
			continue // standard output has its report already
		}
		format, err := report.ForPath(name)
		if err != nil {
			return nil, fmt.Errorf("-o %w", err)
		}
		f, err := format.Create(name)
		if err != nil {
			return nil, err
		}
		out.files = append(out.files, f)
		sink, err := report.New(format, f, human)
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, sink)
	}
	out.fan = report.Multi(sinks...)
	return out, nil
}

func (o *outputs) sink() scan.Sink { return o.fan }

// paths are the files written, absolute where that can be found out.
func paths(names []string) []string {
	var out []string
	for _, n := range names {
		if n == "-" {
			continue
		}
		if abs, err := filepath.Abs(n); err == nil {
			n = abs
		}
		out = append(out, n)
	}
	return out
}

// finish puts the files in place. A report that could not be written is an
// error, and the others are written all the same.
func (o *outputs) finish() error {
	var errs []error
	bad := map[int]bool{}
	for _, f := range o.fan.Failures() {
		bad[f.Sink] = true
		err := f.Err // that of a file names it
		if f.Sink == 0 {
			err = fmt.Errorf("write report to standard output: %w", err)
		}
		errs = append(errs, err)
	}
	for i, f := range o.files {
		if bad[i+1] {
			f.Discard()
			continue
		}
		if err := f.Commit(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (o *outputs) discard() {
	for _, f := range o.files {
		f.Discard()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// columns is the width of the terminal, 0 where there is none.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(f.Fd())
	if err != nil {
		return 0
	}
	return width
}
