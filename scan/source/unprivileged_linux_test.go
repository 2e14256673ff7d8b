package source_test

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// unprivileged runs f as a user who may not read everything. The identity for
// file systems is a thread's own on Linux, so that a test can give it away and
// take it back.
func unprivileged(t *testing.T, f func()) {
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const nobody = 65534
	if err := unix.Setfsuid(nobody); err != nil {
		t.Skip("cannot give up rights: ", err)
	}
	defer unix.Setfsuid(0)
	f()
}
