package report

import (
	"errors"
	"io"
	"runtime"
	"syscall"

	"iocscan/scan"
)

// A Fan tells several sinks the same. One that fails is told no more; the
// others go on, and so does the scan.
type Fan struct {
	sinks  []scan.Sink
	errors []error
}

// Multi makes a Fan. Its own methods never return an error: see Failures.
func Multi(sinks ...scan.Sink) *Fan {
	return &Fan{sinks, make([]error, len(sinks))}
}

// A Failure is the error that ended a sink.
type Failure struct {
	Sink int // its place among the arguments of Multi, from 0
	Err  error
}

// Failures are the sinks that failed, in the order of the arguments. A reader
// that closed its end of a pipe is not one of them.
func (f *Fan) Failures() []Failure {
	var out []Failure
	for i, err := range f.errors {
		if err != nil && !PipeClosed(err) {
			out = append(out, Failure{i, err})
		}
	}
	return out
}

func (f *Fan) each(tell func(scan.Sink) error) error {
	for i, s := range f.sinks {
		if f.errors[i] == nil {
			f.errors[i] = tell(s)
		}
	}
	return nil
}

func (f *Fan) Begin(h *scan.Header) error {
	return f.each(func(s scan.Sink) error { return s.Begin(h) })
}

func (f *Fan) Match(m *scan.Match) error {
	return f.each(func(s scan.Sink) error { return s.Match(m) })
}

func (f *Fan) Trouble(t *scan.Trouble) error {
	return f.each(func(s scan.Sink) error { return s.Trouble(t) })
}

func (f *Fan) End(r *scan.Result) error {
	return f.each(func(s scan.Sink) error { return s.End(r) })
}

// PipeClosed reports whether an error says that the reader of a pipe is gone.
func PipeClosed(err error) bool {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return true
	}
	// ERROR_BROKEN_PIPE and ERROR_NO_DATA, which are other errors elsewhere.
	errno, ok := errors.AsType[syscall.Errno](err)
	return ok && runtime.GOOS == "windows" && (errno == 109 || errno == 232)
}
