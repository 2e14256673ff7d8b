package inflate

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

const (
	window = 32 << 10 // how far back a match may reach
	piece  = 64 << 10 // decoded before it is handed out
	most   = 258      // bytes of a match
	inSize = 32 << 10
)

var (
	errCorrupt  = errors.New("the compressed data is damaged")
	errChecksum = errors.New("the checksum does not fit the content")
)

// mode is what comes next in the compressed data.
type mode uint8

const (
	atMember mode = iota // the header of a gzip member
	atBlock              // the header of a block
	inStored             // bytes that are stored as they are
	inCodes              // codes of a block
	atEnd                // nothing
)

// A state is where a decoder stands between two codes, beside the last bytes of
// what it decoded.
type state struct {
	mode     mode
	final    bool    // the block is the last one
	stored   int     // bytes left of a stored block
	lengths  []uint8 // of the codes of the block; not changed once made
	literals int     // how many of them are of literals and lengths

	later bool   // a gzip member was read before
	crc   uint32 // of the content so far: of all, or of the gzip member
	size  uint32 // of that content, modulo 2^32
}

// A decoder reads one stream of compressed data from a point on.
type decoder struct {
	state
	gzip bool
	out  int64 // bytes of content decoded

	src   io.ReaderAt
	at    int64 // where in src the buffer ends
	in    []byte
	pos   int    // in the buffer
	bits  uint64 // read and not used yet, the next one lowest
	nbits uint

	codes, dists table

	// buf[from:w] is the content that matches reach back to, buf[r:w] has not
	// been handed out.
	buf        []byte
	from, r, w int
	summed     int // buf[summed:w] is not in the checksum yet
	err        error
}

// A point is where decoding can begin.
type point struct {
	state
	out  int64  // bytes of content before it
	bit  int64  // bits of compressed data before it
	back []byte // the content before it that matches may reach
}

func newDecoder(src io.ReaderAt, p *point, gzip bool) (*decoder, error) {
	d := &decoder{
		state: p.state, gzip: gzip, out: p.out, src: src,
		in: make([]byte, 0, inSize), buf: make([]byte, window+piece+most),
	}
	d.w = copy(d.buf, p.back)
	d.r = d.w
	if d.mode == inCodes && !d.tables() {
		return nil, errCorrupt
	}
	if err := d.seek(p.bit / 8); err != nil {
		return nil, err
	}
	if n := uint(p.bit % 8); n > 0 {
		if err := d.need(n); err != nil {
			return nil, err
		}
		d.drop(n)
	}
	return d, nil
}

// point is where the decoder stands; everything has been handed out.
func (d *decoder) point() point {
	back := d.buf[max(d.from, d.w-window):d.w]
	return point{
		state: d.state, out: d.out, bit: (d.at-int64(len(d.in)-d.pos))*8 - int64(d.nbits),
		back: append([]byte(nil), back...),
	}
}

func (d *decoder) tables() bool {
	return d.codes.build(d.lengths[:d.literals]) && d.dists.build(d.lengths[d.literals:])
}

// fill decodes a piece. io.EOF says that the content has ended, and fits its
// checksum if the stream has one.
func (d *decoder) fill() error {
	if d.err != nil {
		return d.err
	}
	if d.w > window {
		keep := copy(d.buf, d.buf[d.w-window:d.w])
		d.from = max(0, d.from-(d.w-keep))
		d.w = keep
	}
	d.r, d.summed = d.w, d.w
	for d.err == nil && d.w < len(d.buf)-most {
		switch d.mode {
		case atMember:
			d.err = d.member()
		case atBlock:
			d.err = d.block()
		case inStored:
			d.err = d.copyStored()
		case inCodes:
			d.err = d.decode()
		case atEnd:
			d.err = io.EOF
		}
	}
	d.sum()
	if d.w > d.r {
		return nil // what there is first, then the error
	}
	return d.err
}

// sum takes what was decoded since the last time into the checksum.
func (d *decoder) sum() {
	fresh := d.buf[d.summed:d.w]
	d.crc = crc32.Update(d.crc, crc32.IEEETable, fresh)
	d.size += uint32(len(fresh))
	d.out += int64(len(fresh))
	d.summed = d.w
}

// block reads the header of a block.
func (d *decoder) block() error {
	if d.final {
		d.final = false
		if d.mode = atEnd; d.gzip {
			return d.trailer()
		}
		return nil
	}
	if err := d.need(3); err != nil {
		return err
	}
	d.final = d.bits&1 != 0
	kind := d.bits >> 1 & 3
	d.drop(3)
	switch kind {
	case 0:
		return d.storedHeader()
	case 1:
		d.lengths, d.literals = fixedLengths()
	case 2:
		if err := d.readLengths(); err != nil {
			return err
		}
	default:
		return errCorrupt
	}
	if !d.tables() {
		return errCorrupt
	}
	d.mode = inCodes
	return nil
}

func (d *decoder) storedHeader() error {
	d.drop(d.nbits % 8)
	if err := d.need(32); err != nil {
		return err
	}
	n, inverse := uint16(d.bits), uint16(d.bits>>16)
	d.drop(32)
	if n != ^inverse {
		return errCorrupt
	}
	d.stored, d.mode = int(n), inStored
	return nil
}

// copyStored goes on with a stored block; the bits end with a byte there.
func (d *decoder) copyStored() error {
	if d.nbits > 0 {
		if err := d.seek(d.at - int64(len(d.in)-d.pos) - int64(d.nbits/8)); err != nil {
			return err
		}
	}
	for d.stored > 0 && d.w < len(d.buf)-most {
		if d.pos == len(d.in) {
			if err := d.load(); err != nil {
				return err
			}
		}
		n := copy(d.buf[d.w:min(len(d.buf)-most, d.w+d.stored)], d.in[d.pos:])
		d.pos += n
		d.w += n
		d.stored -= n
	}
	if d.stored == 0 {
		d.mode = atBlock
	}
	return nil
}

// readLengths reads the description of a block's codes (RFC 1951, 3.2.7).
func (d *decoder) readLengths() error {
	if err := d.need(14); err != nil {
		return err
	}
	literals, dists, n := int(d.bits&31)+257, int(d.bits>>5&31)+1, int(d.bits>>10&15)+4
	d.drop(14)
	if literals > 286 || dists > 30 {
		return errCorrupt
	}
	var of [len(lengthOrder)]uint8
	for _, symbol := range lengthOrder[:n] {
		if err := d.need(3); err != nil {
			return err
		}
		of[symbol] = uint8(d.bits & 7)
		d.drop(3)
	}
	if !d.codes.build(of[:]) {
		return errCorrupt
	}
	lengths := make([]uint8, 0, literals+dists)
	for len(lengths) < literals+dists {
		symbol, err := d.symbol(&d.codes)
		if err != nil {
			return err
		}
		if symbol < 16 {
			lengths = append(lengths, uint8(symbol))
			continue
		}
		var repeated uint8
		extra, times := uint(7), 11
		switch symbol {
		case 16:
			if len(lengths) == 0 {
				return errCorrupt
			}
			repeated, extra, times = lengths[len(lengths)-1], 2, 3
		case 17:
			extra, times = 3, 3
		}
		if err := d.need(extra); err != nil {
			return err
		}
		times += int(d.bits & (1<<extra - 1))
		d.drop(extra)
		if len(lengths)+times > literals+dists {
			return errCorrupt
		}
		for range times {
			lengths = append(lengths, repeated)
		}
	}
	d.lengths, d.literals = lengths, literals
	return nil
}

// symbol decodes one symbol, outside the loop that has to be fast.
func (d *decoder) symbol(t *table) (int, error) {
	if err := d.refill(); err != nil {
		return 0, err
	}
	e := t.find(d.bits)
	switch n := uint(e & 15); {
	case n == 0 && d.nbits >= maxCode:
		return 0, errCorrupt
	case n == 0 || n > d.nbits:
		return 0, io.ErrUnexpectedEOF
	default:
		d.drop(n)
		return int(e >> 4), nil
	}
}

// decode goes on with the codes of a block.
func (d *decoder) decode() error {
	buf, end := d.buf, len(d.buf)-most
	for d.w < end {
		if d.nbits < 48 { // the most that a length and its distance have
			if d.pos+8 <= len(d.in) {
				d.bits |= binary.LittleEndian.Uint64(d.in[d.pos:]) << d.nbits
				d.pos += int(63-d.nbits) / 8
				d.nbits |= 56
			} else if err := d.refill(); err != nil {
				return err
			}
		}
		bits, n := d.bits, d.nbits
		e := d.codes.find(bits)
		used := uint(e & 15)
		switch {
		case used == 0 && n >= maxCode:
			return errCorrupt
		case used == 0 || used > n:
			return io.ErrUnexpectedEOF
		}
		symbol := int(e >> 4)
		if symbol < 256 {
			buf[d.w] = byte(symbol)
			d.w++
			d.bits, d.nbits = bits>>used, n-used
			continue
		}
		if symbol == 256 {
			d.bits, d.nbits = bits>>used, n-used
			d.mode = atBlock
			return nil
		}
		if symbol -= 257; symbol >= len(lengthBase) {
			return errCorrupt
		}
		extra := uint(lengthExtra[symbol])
		length := int(lengthBase[symbol]) + int(bits>>used&(1<<extra-1))
		used += extra

		e = d.dists.find(bits >> used)
		size := uint(e & 15)
		switch {
		case size == 0 && n >= used+maxCode:
			return errCorrupt
		case size == 0:
			return io.ErrUnexpectedEOF
		}
		used += size
		symbol = int(e >> 4)
		if symbol >= len(distBase) {
			return errCorrupt
		}
		extra = uint(distExtra[symbol])
		dist := int(distBase[symbol]) + int(bits>>used&(1<<extra-1))
		if used += extra; used > n {
			return io.ErrUnexpectedEOF
		}
		if dist > d.w-d.from {
			return errCorrupt
		}
		d.bits, d.nbits = bits>>used, n-used
		at := d.w
		d.w += length
		if dist >= length {
			copy(buf[at:d.w], buf[at-dist:])
			continue
		}
		// A match that overlaps itself repeats what it begins with.
		for copied := dist; at < d.w; copied *= 2 {
			at += copy(buf[at:d.w], buf[at-copied:at])
		}
	}
	return nil
}
