package plist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf16"
)

// The binary form, by CFBinaryPList.c of Apple's CoreFoundation: a head of 8
// bytes, objects, a table of their offsets, and a trailer of 32 bytes. All
// numbers are big-endian.
const (
	headSize    = 8
	trailerSize = 32
)

var (
	errShort = errors.New("an object runs out of the file")
	errLarge = errors.New("objects that overlap: together they are larger than the file")
)

// epoch is the zero of dates, 2001-01-01, in the seconds of Unix.
const epoch = 978307200

type reader struct {
	b         []byte // without the trailer
	table     uint64 // where the offsets begin
	width     uint64 // of an offset
	refWidth  uint64 // of a reference
	count     uint64
	left      uint64 // bytes that objects may still take
	done      map[uint64]any
	unfolding map[uint64]bool
}

func parseBinary(b []byte) (any, error) {
	if len(b) < headSize+trailerSize {
		return nil, errors.New("binary property list: cut short")
	}
	end := len(b) - trailerSize
	t := b[end:]
	r := &reader{
		b: b[:end], width: uint64(t[6]), refWidth: uint64(t[7]),
		count: binary.BigEndian.Uint64(t[8:]), table: binary.BigEndian.Uint64(t[24:]),
		left: uint64(len(b)), done: map[uint64]any{}, unfolding: map[uint64]bool{},
	}
	size := uint64(end)
	if r.width < 1 || r.width > 8 || r.refWidth < 1 || r.refWidth > 8 ||
		r.table < headSize || r.table > size || r.count > (size-r.table)/r.width {
		return nil, errors.New("binary property list: a trailer that cannot be")
	}
	v, err := r.object(binary.BigEndian.Uint64(t[16:]), 0)
	if err != nil {
		return nil, fmt.Errorf("binary property list: %w", err)
	}
	return v, nil
}

// number reads a big-endian number of 1 to 8 bytes.
func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// take is n bytes at off, which is moved behind them.
func (r *reader) take(off *uint64, n uint64) ([]byte, error) {
	size := uint64(len(r.b))
	if *off > size || n > size-*off {
		return nil, errShort
	}
	if n > r.left {
		return nil, errLarge
	}
	r.left -= n
	b := r.b[*off : *off+n]
	*off += n
	return b, nil
}

// object reads the object of a number, once.
func (r *reader) object(ref uint64, depth int) (any, error) {
	if v, ok := r.done[ref]; ok {
		return v, nil
	}
	switch {
	case ref >= r.count:
		return nil, fmt.Errorf("object %d of %d", ref, r.count)
	case r.unfolding[ref]:
		return nil, fmt.Errorf("object %d is a part of itself", ref)
	case depth > mostDepth:
		return nil, errDepth
	}
	r.unfolding[ref] = true
	at := r.table + ref*r.width
	v, err := r.value(number(r.b[at:at+r.width]), depth)
	if err != nil {
		return nil, err
	}
	delete(r.unfolding, ref)
	r.done[ref] = v
	return v, nil
}

// value reads the object at an offset: a byte with its kind above and a size
// below, and what belongs to it.
func (r *reader) value(off uint64, depth int) (any, error) {
	m, err := r.take(&off, 1)
	if err != nil {
		return nil, err
	}
	kind, low := m[0]>>4, uint64(m[0]&15)
	switch {
	case m[0] == 0x00:
		return nil, nil
	case m[0] == 0x08, m[0] == 0x09:
		return m[0] == 0x09, nil
	case kind == 1 && low <= 4, kind == 8: // integers, and the ids of archives
		n := uint64(1) << low
		if kind == 8 {
			n = low + 1
		}
		b, err := r.take(&off, n)
		if err != nil {
			return nil, err
		}
		v := number(b[max(0, len(b)-8):])
		if kind == 1 && n == 8 { // shorter ones have no sign
			return int64(v), nil
		}
		return integer(v), nil
	case kind == 2 && (low == 2 || low == 3), m[0] == 0x33:
		b, err := r.take(&off, 1<<low)
		if err != nil {
			return nil, err
		}
		f := math.Float64frombits(number(b))
		if low == 2 {
			f = float64(math.Float32frombits(uint32(number(b))))
		}
		if kind == 3 {
			return date(f)
		}
		return f, nil
	}
	n := low
	if low == 15 {
		if n, err = r.size(&off); err != nil {
			return nil, err
		}
	}
	switch kind {
	case 4:
		return r.take(&off, n)
	case 5:
		b, err := r.take(&off, n)
		return string(b), err
	case 6:
		return r.wide(&off, n)
	case 0xa, 0xb, 0xc: // arrays and sets
		return r.list(&off, n, depth)
	case 0xd:
		return r.dict(&off, n, depth)
	}
	return nil, fmt.Errorf("an object of unknown kind 0x%02x", m[0])
}

// size reads the integer that follows where a size did not fit below the kind.
func (r *reader) size(off *uint64) (uint64, error) {
	m, err := r.take(off, 1)
	if err != nil {
		return 0, err
	}
	if m[0]>>4 != 1 || m[0]&15 > 3 {
		return 0, fmt.Errorf("a size of kind 0x%02x", m[0])
	}
	b, err := r.take(off, 1<<(m[0]&15))
	return number(b), err
}

func (r *reader) wide(off *uint64, n uint64) (any, error) {
	if n > math.MaxInt32 {
		return nil, errShort
	}
	b, err := r.take(off, 2*n)
	if err != nil {
		return nil, err
	}
	units := make([]uint16, n)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

// refs reads n references.
func (r *reader) refs(off *uint64, n uint64) ([]byte, error) {
	if n > uint64(len(r.b)) {
		return nil, errShort
	}
	return r.take(off, n*r.refWidth)
}

func (r *reader) ref(refs []byte, i uint64) uint64 {
	return number(refs[i*r.refWidth : (i+1)*r.refWidth])
}

func (r *reader) list(off *uint64, n uint64, depth int) (any, error) {
	refs, err := r.refs(off, n)
	if err != nil {
		return nil, err
	}
	out := make([]any, n)
	for i := range n {
		if out[i], err = r.object(r.ref(refs, i), depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *reader) dict(off *uint64, n uint64, depth int) (any, error) {
	keys, err := r.refs(off, n)
	if err != nil {
		return nil, err
	}
	values, err := r.refs(off, n)
	if err != nil {
		return nil, err
	}
	out := make(Dict, n)
	for i := range n {
		k, err := r.object(r.ref(keys, i), depth+1)
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if !ok {
			return nil, errors.New("a key that is no text")
		}
		if out[key], err = r.object(r.ref(values, i), depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// date is seconds after the epoch, which are only dates near enough to it.
func date(sec float64) (any, error) {
	const most = 1e11 // three thousand years
	if !(math.Abs(sec) < most) {
		return nil, fmt.Errorf("a date %g seconds off", sec)
	}
	whole, frac := math.Modf(sec)
	return time.Unix(epoch+int64(whole), int64(frac*1e9)).UTC(), nil
}
