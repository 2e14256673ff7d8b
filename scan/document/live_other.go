//go:build !windows

package document

import "errors"

// notRunning lists what only a running Windows tells, on a scanner that is
// none: such a source cannot be opened there.
func notRunning[T any](yield func(T, error) bool) {
	var none T
	yield(none, errors.New("this is not a running Windows"))
}
