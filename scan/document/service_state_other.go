//go:build !windows

package document

import "iter"

func listServiceStates() iter.Seq2[serviceState, error] { return notRunning[serviceState] }
