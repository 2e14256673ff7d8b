package ntfs

import (
	"errors"
	"fmt"

	"iocscan/scan/internal/fsys"
)

// An ID is a file reference: the number of the MFT record in the lower 48 bits
// and its sequence number above. No volume has 2^32 records, so a bit between
// tells the deleted: their records are free, and only such IDs open them.
const (
	deletedBit   = 1 << 47
	numberMask   = 1<<47 - 1
	sequenceFrom = 48
)

// Records with fixed numbers.
const (
	recordMFT    = 0
	recordVolume = 3
	recordRoot   = 5
	recordBitmap = 6
	recordSecure = 9
)

const (
	maxList    = 256 << 10 // bytes of an attribute list, the limit of Windows
	minElement = 26        // bytes of an element of it
)

var (
	errUnused = errors.New("not in use any more")
	errAbsent = errors.New("no such attribute")
)

// An object is all that the MFT says of a file or folder: the attributes of its
// base record and of those that the attribute list names.
type object struct {
	id      fsys.ID
	folder  bool
	attrs   []attribute
	missing error // some attributes could not be read
}

// object reads an object. The sequence number tells one that has taken over the
// record of another.
func (v *volume) object(id fsys.ID) (*object, error) {
	number := int64(id & numberMask)
	rec, err := v.record(number)
	if err != nil {
		return nil, err
	}
	deleted := id&deletedBit != 0
	if want := uint16(id >> sequenceFrom); want != 0 && want != rec.sequence() || rec.base() != 0 ||
		(rec.flags()&flagInUse == 0) != deleted {
		return nil, fmt.Errorf("MFT record %d: %w", number, errUnused)
	}
	o := &object{id: id, folder: rec.flags()&flagFolder != 0, attrs: make([]attribute, 0, 6)}
	o.add(rec)
	for i := range o.attrs {
		if o.attrs[i].kind == typeList {
			v.extend(o, &o.attrs[i])
			break
		}
	}
	if o.missing != nil {
		o.missing = fmt.Errorf("MFT record %d: %w", number, o.missing)
	}
	return o, nil
}

func (o *object) add(rec record) {
	for a, err := range rec.attributes() {
		if err != nil {
			o.missing = errors.Join(o.missing, err)
			return
		}
		o.attrs = append(o.attrs, a)
	}
}

// extend adds the attributes that are in further records. An element of the
// list: type 4 bytes, length 2, name 2, first VCN 8, reference 8, id 2.
func (v *volume) extend(o *object, list *attribute) {
	b := list.value
	if !list.resident {
		c, err := v.join([]*attribute{list})
		if err == nil {
			b, err = readAll(c, maxList)
		}
		if err != nil {
			o.missing = errors.Join(o.missing, fmt.Errorf("attribute list: %w", err))
			return
		}
	}
	seen := map[int64]bool{int64(o.id & numberMask): true}
	for len(b) >= minElement {
		n := int(le.Uint16(b[4:]))
		if n < minElement || n > len(b) {
			o.missing = errors.Join(o.missing, fmt.Errorf("attribute list: element of %d bytes in %d", n, len(b)))
			return
		}
		ref := fsys.ID(le.Uint64(b[16:]))
		b = b[n:]
		number := int64(ref & numberMask)
		if seen[number] {
			continue
		}
		seen[number] = true
		rec, err := v.record(number)
		if err == nil && !extends(rec, ref, o.id) {
			err = fmt.Errorf("MFT record %d: %w", number, errUnused)
		}
		if err != nil {
			o.missing = errors.Join(o.missing, fmt.Errorf("attribute list: %w", err))
			continue
		}
		o.add(rec)
	}
}

// extends tells whether a record is the one that an attribute list means. When
// an object is deleted, its records get new sequence numbers one by one.
func extends(rec record, ref, base fsys.ID) bool {
	if fsys.ID(rec.base())&numberMask != base&numberMask {
		return false
	}
	return base&deletedBit != 0 || rec.flags()&flagInUse != 0 && rec.sequence() == uint16(ref>>sequenceFrom)
}

// find is the first attribute of a type that has no name.
func (o *object) find(kind uint32) (*attribute, error) {
	for i := range o.attrs {
		if a := &o.attrs[i]; a.kind == kind && len(a.name) == 0 {
			return a, nil
		}
	}
	return nil, o.absent(kind)
}

// absent is errAbsent where all attributes are known.
func (o *object) absent(kind uint32) error {
	if o.missing != nil {
		return o.missing
	}
	return fmt.Errorf("MFT record %d: attribute %#x: %w", o.id&numberMask, kind, errAbsent)
}

// stream opens an attribute, wherever its parts are.
func (v *volume) stream(o *object, kind uint32, name string) (*content, error) {
	var parts []*attribute
	for i := range o.attrs {
		if a := &o.attrs[i]; a.kind == kind && string(a.name) == name {
			parts = append(parts, a)
		}
	}
	if len(parts) == 0 {
		return nil, o.absent(kind)
	}
	c, err := v.join(parts)
	if err != nil {
		return nil, fmt.Errorf("MFT record %d: attribute %#x: %w", o.id&numberMask, kind, errors.Join(err, o.missing))
	}
	return c, nil
}

// bytes are those of a small attribute without a name.
func (v *volume) bytes(o *object, kind uint32, limit int64) ([]byte, error) {
	c, err := v.stream(o, kind, "")
	if err != nil {
		return nil, err
	}
	return readAll(c, limit)
}
