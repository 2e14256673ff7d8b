package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"iocscan/scan/internal/fsys"
)

var (
	// ErrNotFAT answers Open on anything else.
	ErrNotFAT = errors.New("not a FAT or exFAT volume")
	// ErrDamaged is the cause where the volume contradicts itself or ends early.
	ErrDamaged = errors.New("damaged")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

var le = binary.LittleEndian

// most is the largest volume: two bits of an ID are marks beside the place.
const most = 1 << 60

// A volume is what FAT and exFAT have in common.
type volume struct {
	r      io.ReaderAt
	size   int64 // as far as there is something to read
	zone   *time.Location
	kind   string
	serial string
	layout
	table *table
	used  *usage
	notes []string
}

// A layout says where things are, in bytes from the start of the volume.
type layout struct {
	sector  int64
	length  int64 // of the volume, by its boot sector
	cluster int64
	heap    int64  // of cluster 2, the first
	limit   uint32 // the number behind that of the last cluster
	tables  []int64
	bits    int // of an entry of the table: 12, 16, 28 or, exFAT, 32
	root    place
}

// Open opens the volume of size bytes. Times that the volume has in local time
// are taken to be of the zone, nil for UTC. The volume may be longer than size
// (an image that is cut short): what lies behind is an error where it is read.
func Open(r io.ReaderAt, size int64, zone *time.Location) (fsys.FileSystem, error) {
	if size < 512 || size > most {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotFAT, size)
	}
	if zone == nil {
		zone = time.UTC
	}
	v := &volume{r: r, size: size, zone: zone}
	boot := make([]byte, 512)
	if _, err := v.readAt(boot, 0); err != nil {
		return nil, fmt.Errorf("read the boot sector: %w", err)
	}
	var f format
	var err error
	if string(boot[3:11]) == "EXFAT   " {
		f, err = v.openExFAT(boot)
	} else {
		f, err = v.openFAT(boot)
	}
	if err != nil {
		return nil, err
	}
	if v.length > size {
		v.note("the volume has %d bytes, of which %d are there", v.length, size)
	}
	s := &system{volume: v, format: f}
	s.label = sync.OnceValue(s.findLabel)
	return s, nil
}

func (v *volume) note(format string, args ...any) {
	v.notes = append(v.notes, fmt.Sprintf(format, args...))
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

// offset is where a cluster is.
func (v *volume) offset(cluster uint32) int64 {
	return v.heap + int64(cluster-2)*v.cluster
}

// in reports whether there is such a cluster.
func (l *layout) in(cluster uint32) bool { return cluster >= 2 && cluster < l.limit }

// count is how many clusters so many bytes take, at most those there are and
// one more.
func (l *layout) count(size int64) uint32 {
	n := size / l.cluster
	if size%l.cluster != 0 {
		n++
	}
	return uint32(min(n, int64(l.limit)))
}

// width is how many bits an entry of the table takes.
func (l *layout) width() int64 {
	if l.bits == 28 {
		return 32
	}
	return int64(l.bits)
}
