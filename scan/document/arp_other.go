//go:build !linux

package document

import (
	"errors"
	"iter"
)

func neighbours6() iter.Seq2[neighbour, error] {
	return func(yield func(neighbour, error) bool) {
		yield(neighbour{}, errors.New("this is not a running Linux"))
	}
}
