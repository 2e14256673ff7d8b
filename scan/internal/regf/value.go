package regf

const (
	valueHeader = 20
	inlineData  = 1 << 31 // in the size: the data stands in place of its offset
	segmentSize = 16344   // bytes in each segment of big data but the last
)

// A Value is one value of a key. The one that a listing yields is used again
// for the next value; copy it to keep it.
type Value struct {
	h      *Hive
	off    uint32
	vk     []byte // content of its cell, at least valueHeader long
	free   bool   // the cell is marked as unused
	budget *budget

	loaded bool
	data   []byte
	err    error
}

func (h *Hive) value(v *Value, off uint32, b *budget) *Trouble {
	vk, free, err := h.cell(off)
	if err != nil {
		return err
	}
	if len(vk) < valueHeader || vk[0] != 'v' || vk[1] != 'k' {
		return damage(int64(off), "no value (vk) here")
	}
	if n := le16(vk, 2); valueHeader+n > len(vk) {
		return damage(int64(off), "value name of %d bytes does not fit its cell", n)
	}
	*v = Value{h: h, off: off, vk: vk, free: free, budget: b}
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
	data, free, err := v.h.cell(off)
	if err != nil {
		return nil, err
	}
	if len(data) < size && size > segmentSize && len(data) >= 8 && data[0] == 'd' && data[1] == 'b' {
		return v.bigData(off, data, size)
	}
	n := min(size, len(data))
	if !v.budget.spend(int64(n)) {
		return nil, overspent(off)
	}
	if n < size {
		return data, damage(int64(off), "data of %d bytes in a cell of %d", size, n)
	}
	if free {
		return data[:n:n], damage(int64(off), "data lies in a cell marked free")
	}
	return data[:n:n], nil
}

// bigData joins the segments of data that is longer than one cell of it may
// be: db, count, list of segments.
func (v *Value) bigData(off uint32, db []byte, size int) ([]byte, *Trouble) {
	count, at := le16(db, 2), le32(db, 4)
	list, _, err := v.h.cell(at)
	if err != nil {
		return nil, err
	}
	var out []byte
	for i := 0; i < min(count, len(list)/4) && len(out) < size; i++ {
		seg := le32(list, 4*i)
		data, _, err := v.h.cell(seg)
		if err != nil {
			return out, err
		}
		want := min(size-len(out), segmentSize)
		n := min(want, len(data))
		if !v.budget.spend(int64(n)) {
			return out, overspent(seg)
		}
		if out == nil {
			// The segments that there are bound what is asked for, not the
			// size that the value claims.
			out = make([]byte, 0, min(size, (len(list)/4)*segmentSize, int(v.h.image.size)))
		}
		out = append(out, data[:n]...)
		if n < want {
			return out, damage(int64(seg), "data segment of %d bytes in a cell of %d", want, len(data))
		}
	}
	if len(out) < size {
		return out, damage(int64(off), "%d data segments for %d bytes", count, size)
	}
	return out, nil
}
