package ntfs

import (
	"errors"
	"fmt"
	"io"
	"sync"

	xpress "www.velocidex.com/golang/go-prefetch"

	"iocscan/scan/internal/fsys"
)

const (
	wofStream   = "W\x00o\x00f\x00C\x00o\x00m\x00p\x00r\x00e\x00s\x00s\x00e\x00d\x00D\x00a\x00t\x00a\x00"
	wofProvider = 2 // the compressed content is in a stream of the file; 1: it is in a WIM file
)

var errWOF = errors.New("damaged WOF content")

// wof is content that the Windows Overlay Filter has compressed. The unnamed
// data is a hole of the right size. The stream WofCompressedData has the offsets
// of all chunks but the first, 4 bytes each or 8 where the content is beyond
// 4 GB, counted from the end of this table, and the chunks; one that did not get
// smaller is stored as it is.
type wof struct {
	data  *content
	size  int64
	chunk int64 // bytes that each but the last one holds

	mu     sync.Mutex
	kept   []byte // the chunk that was unpacked last
	keptAt int64  // its number
	packed []byte
}

// openWOF reads the reparse point: version 4 bytes at 8, provider 4 at 12, of the
// provider of files version 4 at 16 and algorithm 4 at 20 ([MS-FSCC] 2.1.2.1 and
// WOF_EXTERNAL_INFO, FILE_PROVIDER_EXTERNAL_INFO_V1 of the Windows headers).
func (v *volume) openWOF(o *object) (fsys.Content, error) {
	b, err := v.bytes(o, typeReparse, maxReparse)
	if err != nil {
		return nil, err
	}
	if len(b) < 24 {
		return nil, fmt.Errorf("%w: reparse point of %d bytes", errWOF, len(b))
	}
	if provider := le.Uint32(b[12:]); provider != wofProvider {
		return nil, fmt.Errorf("content of WOF provider %d: %w", provider, fsys.ErrUnsupported)
	}
	w := &wof{keptAt: -1}
	switch algorithm := le.Uint32(b[20:]); algorithm {
	case 0:
		w.chunk = 4 << 10
	case 1:
		return nil, fmt.Errorf("content compressed by LZX: %w", fsys.ErrUnsupported)
	case 2:
		w.chunk = 8 << 10
	case 3:
		w.chunk = 16 << 10
	default:
		return nil, fmt.Errorf("content compressed by WOF algorithm %d: %w", algorithm, fsys.ErrUnsupported)
	}
	if w.size, err = o.size(); err != nil {
		return nil, err
	}
	w.data, err = v.stream(o, typeData, wofStream)
	if errors.Is(err, errAbsent) && w.size == 0 {
		return &content{v: v}, nil
	}
	if err == nil && w.data.flags&flagEncrypted != 0 {
		err = fsys.ErrEncrypted
	}
	if err != nil {
		return nil, fmt.Errorf("content compressed by WOF: %w", err)
	}
	return w, nil
}

func (w *wof) Size() int64 { return w.size }

func (w *wof) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fmt.Errorf("read at %d", at)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	done := 0
	for done < len(p) && at < w.size {
		if err := w.unpack(at / w.chunk); err != nil {
			return done, err
		}
		n := copy(p[done:], w.kept[at%w.chunk:])
		done, at = done+n, at+int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// bounds are where a chunk is in the stream.
func (w *wof) bounds(number int64) (from, to int64, err error) {
	width := int64(4)
	if w.size > 1<<32 {
		width = 8
	}
	last := (w.size - 1) / w.chunk
	table := last * width
	offset := func(number int64) (int64, error) {
		switch {
		case number == 0:
			return table, nil
		case number > last:
			return w.data.size, nil
		}
		b := make([]byte, 8)
		if err := readFull(w.data, b[:width], (number-1)*width); err != nil {
			return 0, fmt.Errorf("%w: no offset of chunk %d: %w", errWOF, number, err)
		}
		if b := le.Uint64(b); b <= uint64(w.data.size) {
			return table + int64(b), nil
		}
		return 0, fmt.Errorf("%w: chunk %d beyond the stream", errWOF, number)
	}
	if from, err = offset(number); err == nil {
		to, err = offset(number + 1)
	}
	return from, to, err
}

// unpack makes a chunk the one that is kept.
func (w *wof) unpack(number int64) error {
	if w.keptAt == number {
		return nil
	}
	w.keptAt = -1
	from, to, err := w.bounds(number)
	if err != nil {
		return err
	}
	want := min(w.chunk, w.size-number*w.chunk)
	if n := to - from; n <= 0 || n > want || to > w.data.size {
		return fmt.Errorf("%w: chunk %d is %d to %d of %d", errWOF, number, from, to, w.data.size)
	}
	if w.kept == nil {
		w.kept = make([]byte, w.chunk)
		w.packed = make([]byte, w.chunk+xpressSlack)
	}
	w.kept = w.kept[:want]
	packed := w.packed[:to-from]
	if err := readFull(w.data, packed, from); err != nil {
		return fmt.Errorf("%w: chunk %d: %w", errWOF, number, err)
	}
	if int64(len(packed)) == want {
		copy(w.kept, packed)
	} else {
		clear(w.packed[len(packed):])
		if err := unpackXpress(w.kept, w.packed[:len(packed)+xpressSlack]); err != nil {
			return fmt.Errorf("%w: chunk %d: %w", errWOF, number, err)
		}
	}
	w.keptAt = number
	return nil
}

// xpressSlack is how far beyond the end of a sound stream the library reads.
const xpressSlack = 8

// unpackXpress fills dst with what src holds, LZ77 with Huffman codes, [MS-XCA]
// 2.1 and 2.2. The library panics on streams that end too early.
func unpackXpress(dst, src []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decompress: %v", p)
		}
	}()
	_, n, err := xpress.LZXpressHuffmanDecompressChunk(0, src, 0, dst, len(dst))
	if err == nil && n != len(dst) {
		err = fmt.Errorf("decompress: %d bytes of %d", n, len(dst))
	}
	return err
}
