package ext

import (
	"fmt"
	"io"
	"sync"

	"iocscan/scan/internal/fsys"
)

// FS is one volume. All methods may be called concurrently.
type FS struct {
	r     io.ReaderAt
	size  int64 // of the volume in bytes
	super super
	notes []string

	cache cache
}

var _ fsys.FileSystem = (*FS)(nil)

// Open reads the superblock of a volume of size bytes. The error wraps
// fsys.ErrUnsupported where there is one that uses what this reader has not got.
//
// A backup serves where the first superblock is damaged. Those of a volume that
// was made into something else since may still be there: readers of other file
// systems are to be asked first.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	s, notes, err := findSuper(r, size)
	if err != nil {
		return nil, err
	}
	f := &FS{r: r, size: size, super: s, notes: notes}
	f.cache.most = max(16, int(cacheBytes/s.blockSize())/2)
	if s.blocks > uint64(size)>>s.blockBits {
		f.note("the volume has %d bytes and the file system %d: its end is missing", size, s.blocks<<s.blockBits)
	}
	switch {
	case s.backup:
	case s.incompat&incompatRecover != 0:
		f.note("the journal was not replayed: the last changes before the volume went out of use may be missing")
	case s.state&stateClean == 0:
		f.note("the volume was not unmounted cleanly: its last changes may be incomplete")
	}
	if !s.backup && s.state&stateErrors != 0 {
		f.note("the file system is marked as having errors")
	}
	return f, nil
}

func (f *FS) note(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// Notes says what is wrong with the volume as a whole, in sentences for the
// report.
func (f *FS) Notes() []string { return f.notes }

// Type is ext2, ext3 or ext4.
func (f *FS) Type() string { return f.super.version() }

// Label is the name of the volume, as stored.
func (f *FS) Label() string { return string(f.super.label) }

// Serial is the UUID of the volume; empty: none.
func (f *FS) Serial() string {
	u := f.super.uuid
	if len(u) < 16 || [16]byte(u) == [16]byte{} {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

// Root is the inode of the root folder.
func (f *FS) Root() fsys.ID { return rootInode }

// block is the content of a block of the metadata; it must not be changed.
func (f *FS) block(n uint64) ([]byte, error) {
	if err := f.inside(n, 1); err != nil {
		return nil, err
	}
	if b := f.cache.get(n); b != nil {
		return b, nil
	}
	b := make([]byte, f.super.blockSize())
	if got, err := f.read(b, n<<f.super.blockBits); got < len(b) {
		return nil, fmt.Errorf("block %d: %w", n, err)
	}
	f.cache.put(n, b)
	return b, nil
}

// read fills p from a place inside the file system, or as far as there is one on
// the volume; the error is never io.EOF, which would say that a file ends here.
func (f *FS) read(p []byte, at uint64) (n int, err error) {
	if at < uint64(f.size) {
		n, err = f.r.ReadAt(p[:min(uint64(len(p)), uint64(f.size)-at)], int64(at))
	}
	switch {
	case n == len(p):
		err = nil
	case err == nil || err == io.EOF:
		err = fmt.Errorf("the volume ends at %d: %w", at+uint64(n), io.ErrUnexpectedEOF)
	}
	return n, err
}

// inside checks count blocks from n. Block 0 has the boot sector, or on small
// volumes the superblock too: nothing points to it.
func (f *FS) inside(n, count uint64) error {
	s := &f.super
	if n == 0 || n < s.firstBlock || n >= s.blocks || count > s.blocks-n {
		return fmt.Errorf("%d blocks from %d are outside of the file system, which ends at %d", count, n, s.blocks)
	}
	return nil
}

// cacheBytes is what a volume may keep of its blocks.
const cacheBytes = 4 << 20

// A cache keeps between most and twice as many blocks: the young ones, and the
// generation before.
type cache struct {
	most int

	mu         sync.Mutex
	young, old map[uint64][]byte
}

func (c *cache) get(n uint64) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.young[n]; b != nil {
		return b
	}
	b := c.old[n]
	if b != nil {
		c.add(n, b)
	}
	return b
}

func (c *cache) put(n uint64, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(n, b)
}

func (c *cache) add(n uint64, b []byte) {
	if c.young == nil || len(c.young) >= c.most {
		c.young, c.old = make(map[uint64][]byte), c.young
	}
	c.young[n] = b
}
