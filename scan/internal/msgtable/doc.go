// Package msgtable reads the texts that Windows programs have for the events
// they log, and puts the values of an event into them.
//
// A text is found by its number in a message table ([Table], the resource
// RT_MESSAGETABLE). Programs of the older interface log that number itself; of
// programs with a manifest the events are mapped to it by a second resource
// ([Manifest], WEVT_TEMPLATE). [AppendFormat] then replaces the insertions (%1)
// and [AppendParameters] what stands in the values for texts of a further
// table (%%1234).
//
// Tables follow MESSAGE_RESOURCE_DATA and its parts in winnt.h, texts the
// message compiler's "Message Text Files" and FormatMessage, manifests
// "Windows Event manifest binary format" by Joachim Metz.
//
// Memory and time follow what is in a resource, never what it says is in it.
// What has been parsed is not changed and safe for concurrent use.
package msgtable

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var (
	// ErrDamaged is the cause where a resource contradicts itself or ends early.
	ErrDamaged = errors.New("damaged")
	// ErrTooMuch is the cause where more is listed than an honest resource has.
	ErrTooMuch = errors.New("more than can be listed")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

var le = binary.LittleEndian

// part is n bytes at an offset.
func part(b []byte, at, n uint64) ([]byte, error) {
	if at > uint64(len(b)) || n > uint64(len(b))-at {
		return nil, damaged("%d bytes at 0x%x are behind the end", n, at)
	}
	return b[at : at+n], nil
}
