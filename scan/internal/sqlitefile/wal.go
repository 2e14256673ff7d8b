package sqlitefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The format: https://www.sqlite.org/fileformat2.html, section 4. All numbers
// are big-endian, but the checksums are computed over words of either order.
const (
	logMagic      = 0x377f0682 // words are little-endian; with the lowest bit set, big-endian
	logVersion    = 3007000
	logHeaderSize = 32
	frameHeader   = 24

	// mostLogPages bounds what is remembered of a log: of pages of 4 KiB, 4 GiB.
	mostLogPages = 1 << 20
)

// A Log is a write-ahead log: pages that a program has committed but not yet
// moved into the database. Of a page that is in it several times the last
// counts. What comes behind the last commit is a transaction that was never
// finished, or is left from an earlier use of the file.
type Log struct {
	file   io.ReaderAt
	page   int64
	size   int64            // of the database after the last commit
	places map[uint32]int64 // where pages lie in the file, by number; the first is 1

	uncommitted int   // pages of the transaction that was not finished
	damage      error // why what follows was not looked at; nil: it is of no concern
}

var errLogHeader = errors.New("the write-ahead log has a damaged header")

// ReadLog reads the log of so many bytes. An empty one, and one that no
// transaction was written to, has no pages. The error says why the log is not
// to be used at all.
func ReadLog(file io.ReaderAt, size int64) (*Log, error) {
	l := &Log{file: file, places: map[uint32]int64{}}
	var head [logHeaderSize]byte
	if size < logHeaderSize {
		return l, nil
	}
	if n, err := full(file, head[:], 0); n < len(head) {
		return nil, fmt.Errorf("read the write-ahead log: %w", err)
	}
	be := binary.BigEndian
	if be.Uint32(head[:])&^1 != logMagic {
		if head == [logHeaderSize]byte{} {
			return l, nil // reset, but for its length
		}
		return nil, errLogHeader
	}
	var order binary.ByteOrder = binary.LittleEndian
	if be.Uint32(head[:])&1 != 0 {
		order = be
	}
	l.page = int64(be.Uint32(head[8:]))
	sum := checksum{order: order}
	sum.add(head[:24])
	if l.page < 512 || l.page > 1<<16 || l.page&(l.page-1) != 0 || !sum.is(head[24:]) {
		return nil, errLogHeader
	}
	if v := be.Uint32(head[4:]); v != logVersion {
		return nil, fmt.Errorf("the write-ahead log is of format %d", v)
	}
	return l, l.readFrames(size, [8]byte(head[16:24]), sum)
}

// readFrames follows the frames, each of which vouches for all before it. It
// ends where one does not.
func (l *Log) readFrames(size int64, salt [8]byte, sum checksum) error {
	be := binary.BigEndian
	frame := make([]byte, frameHeader+l.page)
	pending := map[uint32]int64{}
	for at := int64(logHeaderSize); at+int64(len(frame)) <= size; at += int64(len(frame)) {
		if n, err := full(l.file, frame, at); n < len(frame) {
			return fmt.Errorf("read the write-ahead log: %w", err)
		}
		if [8]byte(frame[8:16]) != salt {
			break // of an earlier use of the file
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		number := be.Uint32(frame)
		if !sum.is(frame[16:24]) || number == 0 {
			l.damage = fmt.Errorf("the write-ahead log is damaged from byte %d on", at)
			break
		}
		pending[number] = at + frameHeader
		if len(l.places)+len(pending) > mostLogPages {
			return fmt.Errorf("the write-ahead log has more than %d pages", mostLogPages)
		}
		if pages := be.Uint32(frame[4:]); pages != 0 { // a commit
			for n, at := range pending {
				l.places[n] = at
			}
			clear(pending)
			l.size = int64(pages) * l.page
		}
	}
	l.uncommitted = len(pending)
	return nil
}

func (l *Log) pages() int { return len(l.places) }

// Damage says that a part of the log could not be used: what was committed last
// may be missing. nil for a sound one.
func (l *Log) Damage() error { return l.damage }

// String says what the log adds to the database.
func (l *Log) String() string {
	s := fmt.Sprintf("%d pages of the write-ahead log beside it were laid over the database", l.pages())
	if l.uncommitted > 0 {
		s += fmt.Sprintf("; %d pages of a transaction that was not finished were left out", l.uncommitted)
	}
	return s
}

// A checksum is that of section 4.2: over pairs of words, each sum weighted by
// the other.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

// is compares with a stored sum, which is always big-endian.
func (c *checksum) is(stored []byte) bool {
	return c.s0 == binary.BigEndian.Uint32(stored) && c.s1 == binary.BigEndian.Uint32(stored[4:])
}
