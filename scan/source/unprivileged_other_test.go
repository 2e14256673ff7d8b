//go:build !linux

package source_test

import (
	"os"
	"testing"
)

func unprivileged(t *testing.T, f func()) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	f()
}
