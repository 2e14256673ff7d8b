//go:build !darwin

package document

import (
	"context"
	"errors"
	"iter"
)

func listDarwinProcesses(context.Context, *Request, *Listing) iter.Seq2[process, error] {
	return func(yield func(process, error) bool) {
		yield(process{}, errors.New("this is not a running macOS"))
	}
}
