package ntfs

import (
	"fmt"

	"iocscan/scan/internal/fsys"
)

// openWOF refuses what WOF has compressed: the content is in a stream of its
// own, and the unnamed data is a hole.
func (v *volume) openWOF(*object) (fsys.Content, error) {
	return nil, fmt.Errorf("content compressed by WOF: %w", fsys.ErrUnsupported)
}
