package inflate

import (
	"encoding/binary"
	"io"
)

// seek goes to a byte of the compressed data.
func (d *decoder) seek(to int64) error {
	d.bits, d.nbits = 0, 0
	if from := d.at - int64(len(d.in)); to >= from && to <= d.at {
		d.pos = int(to - from)
		return nil
	}
	d.at, d.in, d.pos = to, d.in[:0], 0
	return nil
}

// load reads on. io.ErrUnexpectedEOF says that there is no more.
func (d *decoder) load() error {
	n, err := d.src.ReadAt(d.in[:cap(d.in)], d.at)
	d.in, d.pos = d.in[:n], 0
	d.at += int64(n)
	switch {
	case n > 0:
		return nil
	case err == nil || err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// refill has more than 48 bits at hand unless the data ends before.
func (d *decoder) refill() error {
	for d.nbits <= 56 {
		if d.pos == len(d.in) {
			if err := d.load(); err == io.ErrUnexpectedEOF {
				d.bits &= 1<<d.nbits - 1
				return nil // whoever needs more than there is says so
			} else if err != nil {
				return err
			}
		}
		d.bits = d.bits&(1<<d.nbits-1) | uint64(d.in[d.pos])<<d.nbits
		d.pos++
		d.nbits += 8
	}
	return nil
}

// need has n bits at hand, at most 48.
func (d *decoder) need(n uint) error {
	if d.nbits >= n {
		return nil
	}
	if err := d.refill(); err != nil {
		return err
	}
	if d.nbits < n {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (d *decoder) drop(n uint) {
	d.bits >>= n
	d.nbits -= n
}

// Flags of a gzip member (RFC 1952, 2.3.1).
const (
	hasHeaderCRC = 1 << 1
	hasExtra     = 1 << 2
	hasName      = 1 << 3
	hasComment   = 1 << 4
	reserved     = 7 << 5
)

// member reads the header of a gzip member. What stands behind the last one,
// such as the zeros that fill a tape's block, belongs to nothing.
func (d *decoder) member() error {
	var head [10]byte
	for i := range head {
		b, err := d.byte()
		if err == io.ErrUnexpectedEOF && d.later && i < 2 {
			d.mode = atEnd
			return nil
		}
		if err != nil {
			return err
		}
		head[i] = b
		if d.later && (i == 0 && b != 0x1f || i == 1 && b != 0x8b) {
			d.mode = atEnd
			return nil
		}
	}
	if head[0] != 0x1f || head[1] != 0x8b || head[2] != 8 || head[3]&reserved != 0 {
		return errCorrupt
	}
	flags := head[3]
	if flags&hasExtra != 0 {
		low, err := d.byte()
		if err != nil {
			return err
		}
		high, err := d.byte()
		if err != nil {
			return err
		}
		if err := d.skip(int(low) | int(high)<<8); err != nil {
			return err
		}
	}
	for _, text := range []byte{hasName, hasComment} {
		for flags&text != 0 {
			b, err := d.byte()
			if err != nil {
				return err
			}
			if b == 0 {
				break
			}
		}
	}
	if flags&hasHeaderCRC != 0 {
		if err := d.skip(2); err != nil {
			return err
		}
	}
	d.crc, d.size, d.from, d.mode = 0, 0, d.w, atBlock
	return nil
}

// trailer compares the content of a gzip member with what stands behind it.
func (d *decoder) trailer() error {
	d.sum()
	d.drop(d.nbits % 8)
	var tail [8]byte
	for i := range tail {
		b, err := d.byte()
		if err != nil {
			return err
		}
		tail[i] = b
	}
	if binary.LittleEndian.Uint32(tail[:]) != d.crc || binary.LittleEndian.Uint32(tail[4:]) != d.size {
		return errChecksum
	}
	d.mode, d.later = atMember, true
	return nil
}

func (d *decoder) byte() (byte, error) {
	if err := d.need(8); err != nil {
		return 0, err
	}
	b := byte(d.bits)
	d.drop(8)
	return b, nil
}

func (d *decoder) skip(n int) error {
	for range n {
		if _, err := d.byte(); err != nil {
			return err
		}
	}
	return nil
}
