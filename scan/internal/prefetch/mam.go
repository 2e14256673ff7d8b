package prefetch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	lzx "www.velocidex.com/golang/go-prefetch"
)

// chunkSize is what one Huffman table of the compression serves.
const chunkSize = 64 << 10

// unpack undoes the compression that Windows 10 and later put around a file:
// "MAM", a byte whose low half names the algorithm (4 is LZXPRESS Huffman) and
// whose top bit says that a checksum follows, and the size of the content. What
// is not compressed is returned as it is.
//
// The library's own loop takes a stream that ends early for a whole one, so
// its chunks are put together here.
func unpack(data []byte) (out []byte, err error) {
	if len(data) < 4 || string(data[:3]) != "MAM" {
		return data, nil
	}
	if data[3]&^0x80 != 4 {
		return nil, fmt.Errorf("compressed by algorithm %d, which is not known", data[3]&^0x80)
	}
	in := 8
	if data[3]&0x80 != 0 {
		in = 12
	}
	if len(data) < in {
		return nil, errShort
	}
	size := int(binary.LittleEndian.Uint32(data[4:]))
	if size > MaxUnpacked {
		return nil, fmt.Errorf("says to hold %d bytes, more than %d", size, MaxUnpacked)
	}
	if in == 12 {
		// The checksum is that of the whole file with its own place zero.
		sum := crc32.ChecksumIEEE(data[:8])
		sum = crc32.Update(sum, crc32.IEEETable, make([]byte, 4))
		sum = crc32.Update(sum, crc32.IEEETable, data[12:])
		if sum != binary.LittleEndian.Uint32(data[8:]) {
			return nil, errors.New("the checksum of the compressed content is wrong")
		}
	}
	defer func() {
		if p := recover(); p != nil { // an index beyond the end of the stream
			out, err = nil, errStream
		}
	}()
	out = make([]byte, size)
	for done := 0; done < size; {
		next := min(chunkSize, size-done)
		was := done
		if in, done, err = lzx.LZXpressHuffmanDecompressChunk(in, data, done, out, next); err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
		if done < was+next {
			return nil, errStream
		}
	}
	return out, nil
}

var (
	errShort  = errors.New("cut short")
	errStream = errors.New("decompress: the stream is damaged or cut short")
)
