package document

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"

	"iocscan/scan/source"
)

// A digest is one hash of a content.
type digest uint8

const (
	digestMD5   digest = iota
	digestMD54K        // of the first 4096 bytes
	digestSHA1
	digestSHA256
	digestSHA512
	digests
)

const head4K = 4096

// digestSet is a set of digests.
type digestSet uint8

func setOf(d digest) digestSet        { return 1 << d }
func (s digestSet) has(d digest) bool { return s&setOf(d) != 0 }

const (
	blockSize = 256 << 10

	// unsizedMost bounds a file that says it is empty and is not, as those of
	// kernel views do.
	unsizedMost = 64 << 20
	// sizedMost is more than any file holds: /proc/kcore and its like name
	// their address space as their size.
	sizedMost = 1 << 42
)

var (
	errTooLarge = errors.New("larger than --max-file-size")
	errEndless  = errors.New("content has no end")
)

// A reading reads contents, once each, into as many hashes as are wanted. Its
// buffers are used over and over.
type reading struct {
	ctx      context.Context
	max      int64 // bytes, 0: no limit
	progress *Progress
	lanes    *lanes // where MD5s are computed; nil: here
	block    []byte
	hash     [digests]hash.Hash
	sum      [digests][sha512.Size]byte
	length   [digests]int
}

func (r *reading) start(want digestSet) {
	if r.block == nil {
		r.block = make([]byte, blockSize)
	}
	for d := range digests {
		if !want.has(d) {
			continue
		}
		if r.hash[d] == nil {
			switch d {
			case digestMD5:
				r.hash[d] = r.lanes.hash()
			case digestMD54K:
				r.hash[d] = md5.New()
			case digestSHA1:
				r.hash[d] = sha1.New()
			case digestSHA256:
				r.hash[d] = sha256.New()
			case digestSHA512:
				r.hash[d] = sha512.New()
			}
		}
		r.hash[d].Reset()
	}
}

// read takes the content of a file as it was when it was opened: bytes that
// are added while it is read are not looked at, and one that gets shorter is
// an error, since what was read is no state the file ever was in.
func (r *reading) read(f source.File, want digestSet, blocks func([]byte)) (size int64, err error) {
	info, err := f.Info()
	if err != nil {
		return 0, err
	}
	if r.max > 0 && info.Size > r.max {
		return 0, errTooLarge
	}
	if info.Size > sizedMost {
		return 0, fmt.Errorf("says it has %d bytes: %w", info.Size, errEndless)
	}
	limit, sized := info.Size, info.Size > 0
	if !sized {
		limit = unsizedMost
	}
	headOnly := want == setOf(digestMD54K) && blocks == nil
	if headOnly {
		limit = min(limit, head4K)
	}
	r.start(want)
	for empty := 0; size < limit; {
		if err := r.ctx.Err(); err != nil {
			return size, err
		}
		n, err := f.Read(r.block[:min(int64(len(r.block)), limit-size)])
		if n > 0 {
			r.feed(r.block[:n], size, want)
			if blocks != nil {
				blocks(r.block[:n])
			}
			size += int64(n)
			r.progress.addBytes(n)
			empty = 0
		} else if empty++; empty > 100 && err == nil {
			err = io.ErrNoProgress
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return size, err
		}
	}
	switch {
	case sized && size < limit:
		return size, fmt.Errorf("became shorter while it was read: %d of %d bytes", size, info.Size)
	case !sized && size == limit && !headOnly:
		return size, errEndless
	case !sized && r.max > 0 && size > r.max:
		return size, errTooLarge
	}
	for d := range digests {
		if want.has(d) {
			r.length[d] = len(r.hash[d].Sum(r.sum[d][:0]))
		}
	}
	return size, nil
}

func (r *reading) feed(b []byte, off int64, want digestSet) {
	for d := range digests {
		if !want.has(d) {
			continue
		}
		part := b
		if d == digestMD54K {
			if off >= head4K {
				continue
			}
			part = b[:min(int64(len(b)), head4K-off)]
		}
		r.hash[d].Write(part) // never fails
	}
}

// raw is a hash of the last content read, valid until the next one is.
func (r *reading) raw(d digest) string { return text(r.sum[d][:r.length[d]]) }
