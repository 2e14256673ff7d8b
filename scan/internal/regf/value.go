package regf

const (
	valueHeader = 20
	inlineData  = 1 << 31 // in the size: the data stands in place of its offset
	usualName   = 256     // bytes of names that are read at once; there may be 32766
	segmentSize = 16344   // bytes in each segment of big data but the last
)

// A Value is one value of a key. The one that a listing yields is used again
// for the next value; copy it to keep it.
type Value struct {
	h      *Hive
	off    uint32
	vk     []byte // header and name
	free   bool   // the cell is marked as unused
	budget *budget

	loaded bool
	data   []byte
	err    error
}

func (h *Hive) value(v *Value, off uint32, b *budget) *Trouble {
	vk, c, err := h.readAt(off, valueHeader+usualName)
	if err != nil {
		return err
	}
	if len(vk) < valueHeader || vk[0] != 'v' || vk[1] != 'k' {
		return damage(int64(off), "no value (vk) here")
	}
	n := int64(le16(vk, 2))
	if valueHeader+n > c.size {
		return damage(int64(off), "value name of %d bytes does not fit its cell", n)
	}
	if n > usualName {
		if !b.spend(n) {
			return overspent(off)
		}
		if vk, err = h.read(c, valueHeader+n); err != nil {
			return err
		}
	}
	*v = Value{h: h, off: off, vk: vk, free: c.free, budget: b}
	return nil
}

// Name is the value's name as Key.Name gives names; empty for the default
// value.
func (v *Value) Name() string { return string(v.AppendName(nil)) }

// AppendName appends the name to dst.
func (v *Value) AppendName(dst []byte) []byte {
	return appendName(dst, v.rawName(), v.latin1())
}

func (v *Value) rawName() []byte { return v.vk[valueHeader : valueHeader+le16(v.vk, 2)] }
func (v *Value) latin1() bool    { return le16(v.vk, 16)&1 != 0 }

// Offset of the value's cell in the file.
func (v *Value) Offset() int64 { return int64(v.off) + baseSize }

// Type of the data.
func (v *Value) Type() Type { return Type(le32(v.vk, 12)) }

// Size is the length of the data in bytes that the value claims.
func (v *Value) Size() int { return int(le32(v.vk, 4) &^ inlineData) }

// Data is the raw data. Where it is damaged, what can be had is returned
// together with a *Trouble.
func (v *Value) Data() ([]byte, error) {
	if !v.loaded {
		v.loaded = true
		var err *Trouble
		if v.data, err = v.read(); err != nil {
			v.err = err.losing("data of a value: %d read of %d bytes", len(v.data), v.Size())
		}
	}
	return v.data, v.err
}

// Text is the data as text, see AppendText.
func (v *Value) Text() (string, error) {
	data, err := v.Data()
	return string(AppendText(nil, v.Type(), data)), err
}

func (v *Value) read() ([]byte, *Trouble) {
	size := v.Size()
	if le32(v.vk, 4)&inlineData != 0 {
		if size > 4 {
			return v.vk[8:12:12], damage(int64(v.off), "data of %d bytes in place of an offset", size)
		}
		return v.vk[8 : 8+size : 8+size], nil
	}
	if size == 0 {
		return nil, nil
	}
	off := le32(v.vk, 8)
	c, err := v.h.locate(off)
	if err != nil {
		return nil, err
	}
	if c.size < int64(size) && size > segmentSize {
		db, err := v.h.read(c, 8)
		if err == nil && len(db) == 8 && db[0] == 'd' && db[1] == 'b' {
			return v.bigData(off, db, size)
		}
	}
	n := min(int64(size), c.size)
	if !v.budget.spend(n) {
		return nil, overspent(off)
	}
	data, err := v.h.read(c, n)
	switch {
	case err != nil:
	case n < int64(size):
		err = damage(int64(off), "data of %d bytes in a cell of %d", size, n)
	case c.free:
		err = damage(int64(off), "data lies in a cell marked free")
	}
	return data, err
}

// bigData joins the segments of data that is longer than one cell of it may
// be: db, count, list of segments.
func (v *Value) bigData(off uint32, db []byte, size int) ([]byte, *Trouble) {
	segments, at := le16(db, 2), le32(db, 4)
	need := (size + segmentSize - 1) / segmentSize
	listed := 4 * int64(min(segments, need))
	if !v.budget.spend(listed) {
		return nil, overspent(at)
	}
	list, _, err := v.h.readAt(at, listed)
	if err != nil {
		return nil, err
	}
	var out []byte
	for i := 0; i < len(list)/4; i++ {
		seg := le32(list, 4*i)
		c, err := v.h.locate(seg)
		if err != nil {
			return out, err
		}
		want := int64(min(size-len(out), segmentSize))
		n := min(want, c.size)
		if !v.budget.spend(n) {
			return out, overspent(seg)
		}
		data, err := v.h.read(c, n)
		if err != nil {
			return out, err
		}
		out = append(out, data...)
		if n < want {
			return out, damage(int64(seg), "data segment of %d bytes in a cell of %d", want, c.size)
		}
	}
	if len(out) < size {
		return out, damage(int64(off), "%d data segments for %d bytes", segments, size)
	}
	return out, nil
}
