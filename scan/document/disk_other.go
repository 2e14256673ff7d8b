//go:build !windows

package document

import (
	"context"
	"iter"
)

func listWindowsDisks(context.Context, *Request, *Listing) iter.Seq2[disk, error] {
	return notRunning[disk]
}
