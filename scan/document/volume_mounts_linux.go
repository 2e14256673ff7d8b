package document

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spaceAt is the size of the file system at a place, and what is free for all,
// in bytes.
func spaceAt(point string) (total, free uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(point, &s); err != nil {
		return 0, 0, fmt.Errorf("size of the file system at %s: %w", point, err)
	}
	unit := uint64(s.Frsize)
	if unit == 0 {
		unit = uint64(s.Bsize)
	}
	return s.Blocks * unit, s.Bavail * unit, nil
}
