package ntfs

import (
	"errors"
	"math/bits"
)

const (
	maxUnit   = 1 << 20
	chunkSize = 4096
)

var errPacked = errors.New("damaged LZNT1 data")

// unpackLZNT1 fills dst with what src holds, [MS-XCA] 2.5: chunks of 4096 bytes,
// each with a header of 2 bytes, length less 3 in the lower 12 bits, compressed
// in the highest; a zero header, or the end, ends them. What dst has beyond is
// zeros.
func unpackLZNT1(dst, src []byte) error {
	for len(dst) > 0 && len(src) >= 2 {
		head := le.Uint16(src)
		if head == 0 {
			break
		}
		n := int(head&0xfff) + 3
		if n > len(src) {
			return errPacked
		}
		chunk := dst[:min(chunkSize, len(dst))]
		if head&0x8000 == 0 {
			clear(chunk[copy(chunk, src[2:n]):])
		} else if err := unpackChunk(chunk, src[2:n]); err != nil {
			return err
		}
		dst, src = dst[len(chunk):], src[n:]
	}
	clear(dst)
	return nil
}

// unpackChunk unpacks one chunk: a byte of flags, and for each of its bits a
// byte as it is or 2 bytes of a distance and a length, whose share of the 16
// bits follows from how far the chunk is.
func unpackChunk(dst, src []byte) error {
	at := 0
	for i := 0; i < len(src) && at < len(dst); {
		flags := src[i]
		i++
		for bit := 0; bit < 8 && i < len(src) && at < len(dst); bit, flags = bit+1, flags>>1 {
			if flags&1 == 0 {
				dst[at] = src[i]
				at, i = at+1, i+1
				continue
			}
			if i+2 > len(src) || at == 0 {
				return errPacked
			}
			pair := int(le.Uint16(src[i:]))
			i += 2
			shift := 12 - max(0, bits.Len(uint(at-1))-4)
			back, n := pair>>shift+1, pair&(1<<shift-1)+3
			if back > at {
				return errPacked
			}
			n = min(n, len(dst)-at)
			if back >= n {
				copy(dst[at:at+n], dst[at-back:])
			} else {
				for j := range n {
					dst[at+j] = dst[at+j-back]
				}
			}
			at += n
		}
	}
	clear(dst[at:])
	return nil
}
