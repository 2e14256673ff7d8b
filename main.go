// Command iocscan searches a computer, or the evidence taken from one, for the
// indicators of compromise in a collection of OpenIOC files. README.md says
// how to use it; package scan how it works.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"iocscan/scan"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is no reason to die unheard
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the program at once
	// A library prints what it cannot decompress; the report is ours alone.
	stdout := os.Stdout
	os.Stdout = os.Stderr
	os.Exit(run(ctx, os.Args, os.Stdin, stdout, os.Stderr))
}

// run is the program with everything it touches as arguments. It returns the
// exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	boundMemory()
	err := newApp(stdin, stdout, stderr).run(ctx, args)
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	for _, e := range each(err) {
		fmt.Fprintf(stderr, "iocscan: error: %s\n", oneLine(e.Error()))
	}
	var h hinted
	if errors.As(err, &h) {
		fmt.Fprintf(stderr, "iocscan: hint: %s\n", h.hint)
	}
	return scan.ExitError
}

// each are the errors that were joined into one.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// exitStatus is an outcome that has been told already.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// hinted is an error with advice on what to do.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }
