package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// FileHeader is what the header of a log claims. None of it is needed to read
// the log: a log that was not closed properly has it wrong.
type FileHeader struct {
	Magic        bool // begins with ElfFile
	CRC          bool // checksum holds
	Major, Minor uint16
	Chunks       int    // how many chunks there are
	NextRecord   uint64 // number of the next record to be written
	Dirty, Full  bool   // not closed; full, so that events may be lost
}

// A File is a log whose chunks can be read in any order and at the same time.
type File struct {
	Header FileHeader
	r      io.ReaderAt
	size   int64
	carved []int64 // offsets; nil where chunks stand at their usual places
}

var fileMagic = []byte("ElfFile\x00")

// Open reads the header of a log of the given size. What has neither the
// header of a log nor a chunk at its first place is ErrFormat.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size}
	var b [fileHeaderSize + 8]byte
	n, err := f.readAt(b[:], 0)
	if err != nil {
		return nil, fmt.Errorf("read log header: %w", err)
	}
	h := &f.Header
	if h.Magic = bytes.HasPrefix(b[:n], fileMagic); !h.Magic && !bytes.HasPrefix(b[fileHeaderSize:], chunkMagic) {
		return nil, ErrFormat
	}
	h.CRC = crc32.ChecksumIEEE(b[:120]) == le.Uint32(b[124:])
	h.NextRecord = le.Uint64(b[24:])
	h.Minor, h.Major = le.Uint16(b[36:]), le.Uint16(b[38:])
	h.Chunks = int(le.Uint16(b[42:]))
	flags := le.Uint32(b[120:])
	h.Dirty, h.Full = flags&1 != 0, flags&2 != 0
	return f, nil
}

// Carve finds the chunks of any stretch of bytes, a log or not, by their magic
// at multiples of 512 bytes. Those inside another chunk are not counted.
func Carve(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, carved: []int64{}}
	const sector, many = 512, 2048
	b := make([]byte, sector*many)
	for base := int64(0); base < size; base += int64(len(b)) {
		n, err := f.readAt(b, base)
		if err != nil {
			return f, fmt.Errorf("search for chunks at %d: %w", base, err)
		}
		for o := 0; o < n; o += sector {
			at := base + int64(o)
			if !bytes.HasPrefix(b[o:n], chunkMagic) {
				continue
			}
			if k := len(f.carved); k > 0 && at < f.carved[k-1]+ChunkSize {
				continue
			}
			f.carved = append(f.carved, at)
		}
	}
	return f, nil
}

// Chunks is the number of places where chunks may be, whatever the header
// says.
func (f *File) Chunks() int {
	if f.carved != nil {
		return len(f.carved)
	}
	if f.size <= fileHeaderSize {
		return 0
	}
	return int((f.size - fileHeaderSize + ChunkSize - 1) / ChunkSize)
}

// Offset is where the chunk i begins in the file.
func (f *File) Offset(i int) int64 {
	if f.carved != nil {
		return f.carved[i]
	}
	return fileHeaderSize + int64(i)*ChunkSize
}

// Read reads the chunk i into buf, which has ChunkSize bytes, and returns what
// the file has of it. A place without anything written, or without the magic
// of a chunk, is told by the State.
func (f *File) Read(i int, buf []byte) ([]byte, State, error) {
	n, err := f.readAt(buf[:ChunkSize], f.Offset(i))
	b := buf[:n]
	if err != nil {
		return b, Unread, fmt.Errorf("read chunk at %d: %w", f.Offset(i), err)
	}
	switch {
	case bytes.HasPrefix(b, chunkMagic):
		return b, Present, nil
	case allZero(b):
		return b, Empty, nil
	}
	return b, Foreign, nil
}

// State says what is at the place of a chunk.
type State uint8

const (
	Present State = iota // a chunk
	Empty                // nothing but zeros: not used yet
	Foreign              // something without the magic of a chunk: overwritten, at least in part
	Unread               // the file could not be read there
)

// readAt fills b as far as the file goes.
func (f *File) readAt(b []byte, off int64) (int, error) {
	want := int(min(int64(len(b)), max(0, f.size-off)))
	n, err := f.r.ReadAt(b[:want], off)
	clear(b[n:])
	if n == want || errors.Is(err, io.EOF) { // the file may have shrunk
		err = nil
	}
	return n, err
}
