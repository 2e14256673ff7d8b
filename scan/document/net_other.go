//go:build !windows

package document

import (
	"context"
	"iter"
)

func listWindowsProcesses(context.Context, *Request, *Listing) iter.Seq2[process, error] {
	return notRunning[process]
}

func listWindowsPorts(context.Context, *Request, *Listing) iter.Seq2[port, error] {
	return notRunning[port]
}

func listWindowsNeighbours(context.Context, *Request, *Listing) iter.Seq2[neighbour, error] {
	return notRunning[neighbour]
}

func listWindowsRoutes(context.Context, *Request, *Listing) iter.Seq2[route, error] {
	return notRunning[route]
}

func listWindowsNames(context.Context) iter.Seq2[dnsEntry, error] {
	return notRunning[dnsEntry]
}
