package ntfs

import "bytes"

// A bitmap is $Bitmap: a bit for each cluster in use.
type bitmap struct {
	c   *content // nil: it cannot be read
	buf []byte
	// budget in bytes: contents of deleted files that claim the whole volume
	// over and over are not looked up for ever.
	budget int64
}

const bitmapRead = 64 << 10

func (v *volume) openBitmap() *bitmap {
	b := &bitmap{buf: make([]byte, bitmapRead)}
	if o, err := v.fixed(recordBitmap); err == nil {
		if c, err := v.stream(o, typeData, ""); err == nil {
			b.c, b.budget = c, 16*(v.size/v.cluster/8+v.records)
		}
	}
	return b
}

// any tells whether one of count clusters is in use; where that cannot be read
// it is.
func (b *bitmap) any(first, count int64) bool {
	if b.c == nil {
		return true
	}
	for end := first + count; first < end; {
		from := first / 8
		buf := b.buf[:min(bitmapRead, (end+7)/8-from)]
		if b.budget -= int64(len(buf)); b.budget < 0 {
			return true
		}
		if n, _ := b.c.ReadAt(buf, from); n < len(buf) {
			return true
		}
		buf[0] &= 0xff << (first % 8)
		if next := (from + int64(len(buf))) * 8; next > end {
			buf[len(buf)-1] &= 0xff >> (next - end)
			first = end
		} else {
			first = next
		}
		if len(bytes.Trim(buf, "\x00")) > 0 {
			return true
		}
	}
	return false
}
