//go:build !linux

package document

// spaceAt is asked on a running Linux only.
func spaceAt(string) (total, free uint64, err error) { return 0, 0, errNotCarried }
