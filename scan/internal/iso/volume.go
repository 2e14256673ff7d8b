package iso

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/wtf8"
)

var (
	// ErrNotISO answers Open on anything else.
	ErrNotISO = errors.New("not an ISO 9660 volume")
	// ErrDamaged is the cause where the volume contradicts itself or ends early.
	ErrDamaged = errors.New("damaged")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

var le = binary.LittleEndian

const (
	sector     = 2048
	mostHeads  = 64
	rootID     = 1 // no place of a record
	firstPlace = 16 * sector
)

// A tree is one of the hierarchies of a volume.
type tree struct {
	root   extent
	label  string
	block  int64
	joliet bool
	// Rock Ridge: skip bytes stand in front of each record's system use fields.
	ridge bool
	skip  int
}

// An extent is a part of the volume.
type extent struct{ at, size int64 }

type volume struct {
	r     io.ReaderAt
	size  int64 // as far as there is something to read
	space int64 // by the volume descriptor
	tree
	other *tree // the one that is not shown
	udf   bool
}

// Open opens the volume of size bytes. It may be longer than that (an image that
// is cut short): what lies behind is an error where it is read.
func Open(r io.ReaderAt, size int64) (fsys.FileSystem, error) {
	v := &volume{r: r, size: size}
	var primary, joliet *tree
	b := make([]byte, sector)
heads:
	for i := range int64(mostHeads) {
		if _, err := v.readAt(b, firstPlace+i*sector); err != nil {
			if primary == nil {
				if errors.Is(err, ErrDamaged) {
					err = ErrNotISO
				}
				return nil, fmt.Errorf("read the volume descriptors: %w", err)
			}
			break
		}
		// ECMA-119 8: type at 0, CD001 at 1; those of UDF stand behind.
		switch id := string(b[1:6]); {
		case strings.HasPrefix(id, "NSR0"):
			v.udf = true
		case id == "BEA01" || id == "TEA01" || id == "BOOT2":
		case id != "CD001":
			break heads
		case b[0] == 1 && primary == nil:
			t, err := newTree(b)
			if err != nil {
				return nil, err
			}
			primary, v.space = t, int64(le.Uint32(b[80:]))*t.block
		case b[0] == 2 && joliet == nil && isJoliet(b[88:]):
			if t, err := newTree(b); err == nil {
				joliet = t
				t.joliet = true
				t.label = ucs2(b[40:72])
			}
		}
	}
	if primary == nil {
		return nil, ErrNotISO
	}
	v.tree = *primary
	v.findRidge()
	switch {
	case v.ridge:
		v.other = joliet
	case joliet != nil:
		v.tree, v.other = *joliet, primary
	}
	return &system{v}, nil
}

// newTree reads a volume descriptor, ECMA-119 8.4: name at 40, block size 128,
// record of the root folder 156.
func newTree(b []byte) (*tree, error) {
	t := &tree{label: strings.TrimRight(string(b[40:72]), " \x00"), block: int64(le.Uint16(b[128:]))}
	if t.block < 512 || t.block > sector || t.block&(t.block-1) != 0 {
		return nil, damaged("blocks of %d bytes", t.block)
	}
	root := b[156:190]
	t.root = t.extent(root)
	return t, nil
}

// extent is the content of a directory record, without the extended attributes
// in front of it.
func (t *tree) extent(b []byte) extent {
	return extent{(int64(le.Uint32(b[2:])) + int64(b[1])) * t.block, int64(le.Uint32(b[10:]))}
}

// isJoliet knows the escape sequences of UCS-2, levels 1 to 3.
func isJoliet(b []byte) bool {
	return b[0] == '%' && b[1] == '/' && (b[2] == '@' || b[2] == 'C' || b[2] == 'E')
}

func ucs2(b []byte) string {
	name := make([]uint16, len(b)/2)
	for i := range name {
		name[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return strings.TrimRight(wtf8.Encode(name), " \x00")
}

// readAt reads like an io.ReaderAt, but never says io.EOF: that the volume ends
// inside of what belongs to it is damage.
func (v *volume) readAt(p []byte, off int64) (int, error) {
	if off < 0 || off > v.size {
		return 0, damaged("the volume ends at %d, before %d", v.size, off)
	}
	part := p[:min(int64(len(p)), v.size-off)]
	n, err := v.r.ReadAt(part, off)
	switch {
	case n < len(part) && (err == nil || errors.Is(err, io.EOF)):
		return n, damaged("the volume can be read up to %d only", off+int64(n))
	case n < len(part):
		return n, fmt.Errorf("read at %d: %w", off+int64(n), err)
	case n < len(p):
		return n, damaged("the volume ends at %d", v.size)
	}
	return n, nil
}
