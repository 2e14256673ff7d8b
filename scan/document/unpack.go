package document

import (
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"iocscan/scan/source"
)

// errXZ: the reader of xz that there is makes a window as large as a block asks
// for, up to 4 GiB, before it has read anything of it.
var errXZ = errors.New("compressed with xz, which is not read")

const (
	mostUnpacked = 256 << 20 // bytes of a file that was compressed
	mostWindow   = 64 << 20  // bytes that a decoder may keep
)

// An unpacked is a file of which the content is compressed as the end of its
// name says; one with no such end is as it is.
type unpacked struct {
	io.Reader
	close []func()
}

func (u *unpacked) Close() error {
	for _, f := range u.close {
		f()
	}
	return nil
}

// packings are the ends of names that say how a file is compressed.
var packings = [...]string{".gz", ".bz2", ".zst", ".xz"}

// unpackedName is a name without such an end.
func unpackedName(name string) string {
	for _, end := range packings {
		if short, ok := strings.CutSuffix(name, end); ok {
			return short
		}
	}
	return name
}

// unpack reads a file that it closes, also where it answers an error.
func unpack(ctx context.Context, f source.File, name string) (*unpacked, error) {
	u := &unpacked{Reader: f, close: []func(){func() { f.Close() }}} // read-only: nothing to lose
	var err error
	switch {
	case strings.HasSuffix(name, ".gz"):
		u.Reader, err = gzip.NewReader(f)
	case strings.HasSuffix(name, ".bz2"):
		u.Reader = bzip2.NewReader(f)
	case strings.HasSuffix(name, ".zst"):
		var d *zstd.Decoder
		if d, err = zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(mostWindow)); err == nil {
			u.Reader, u.close = d, append([]func(){d.Close}, u.close...)
		}
	case strings.HasSuffix(name, ".xz"):
		err = errXZ
	}
	if err != nil {
		u.Close()
		return nil, err
	}
	u.Reader = &bounded{ctx: ctx, r: u.Reader, left: mostUnpacked}
	return u, nil
}

// A bounded reader ends in an error where there is more than there may be, and
// when nobody waits for it any more.
type bounded struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("more than %d bytes", int64(mostUnpacked))
	}
	return n, err
}
