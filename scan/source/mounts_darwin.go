package source

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const thisPlatform = Darwin

// readMounts asks the kernel without asking the servers of network mounts
// (MNT_NOWAIT), which could be gone.
func readMounts() ([]mount, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, fmt.Errorf("read the table of mounts: %w", err)
	}
	stats := make([]unix.Statfs_t, n+8) // a few may come in between
	if n, err = unix.Getfsstat(stats, unix.MNT_NOWAIT); err != nil {
		return nil, fmt.Errorf("read the table of mounts: %w", err)
	}
	mounts := make([]mount, 0, n)
	for _, st := range stats[:n] {
		mounts = append(mounts, mount{
			path:   unix.ByteSliceToString(st.Mntonname[:]),
			kind:   unix.ByteSliceToString(st.Fstypename[:]),
			remote: st.Flags&unix.MNT_LOCAL == 0,
		})
	}
	return mounts, nil
}
