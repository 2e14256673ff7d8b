package source

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// DiskHashes are those of a disk, in hexadecimal.
type DiskHashes struct {
	SHA256    string
	MD5, SHA1 string // only where the image has them stored
}

// hashBlock is what is read of a disk at a time.
const hashBlock = 4 << 20

// Hash reads the whole disk and tells read how much of it at a time.
func (d *DiskImage) Hash(ctx context.Context, read func(n int)) (DiskHashes, error) {
	var out DiskHashes
	sums := map[*string]hash.Hash{&out.SHA256: sha256.New()}
	if d.MD5 != "" {
		sums[&out.MD5] = md5.New()
	}
	if d.SHA1 != "" {
		sums[&out.SHA1] = sha1.New()
	}
	block := make([]byte, min(hashBlock, d.Size))
	for at := int64(0); at < d.Size; {
		if err := ctx.Err(); err != nil {
			return DiskHashes{}, err
		}
		b := block[:min(int64(len(block)), d.Size-at)]
		n, err := d.disk.ReadAt(b, at)
		if err == io.EOF && n == len(b) {
			err = nil
		}
		if err != nil {
			return DiskHashes{}, fmt.Errorf("read the disk in %s at byte %d: %w", d.Path, at+int64(n), err)
		}
		for _, h := range sums {
			h.Write(b)
		}
		read(n)
		at += int64(n)
	}
	for to, h := range sums {
		*to = hex.EncodeToString(h.Sum(nil))
	}
	return out, nil
}
