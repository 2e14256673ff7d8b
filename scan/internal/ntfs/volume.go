package ntfs

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"iocscan/scan/internal/fsys"
)

// blockSize is how much of the MFT is read at once, and blocks how many of such
// pieces are kept: 4 MB. Objects of one folder mostly lie close together.
const (
	blockSize = 64 << 10
	blocks    = 64
)

type volume struct {
	geometry
	r       io.ReaderAt
	size    int64    // bytes that there are; the boot sector may say more
	table   *content // $MFT
	records int64
	root    fsys.ID
	label   string
	cache   [blocks]atomic.Pointer[block]
	owners  func() map[uint32]string // by the id of the security descriptor
}

// A block is a piece of the MFT after the fixups of its records. It never
// changes, so attributes may point into it.
type block struct {
	first int64
	data  []byte
	errs  map[int64]error // of single records
}

// Open opens the volume that r holds from its first byte on. The boot sector,
// the record of $MFT and that of the root folder must be sound, everything else
// is an error where it is asked for.
func Open(r io.ReaderAt, size int64) (fsys.NTFS, error) {
	v := &volume{r: r, size: size}
	var err error
	if v.geometry, err = readBoot(r, size); err != nil {
		return nil, err
	}
	if err := v.openTable(); err != nil {
		return nil, fmt.Errorf("open $MFT: %w", err)
	}
	rec, err := v.record(recordRoot)
	if err == nil {
		v.root = fsys.ID(recordRoot | uint64(rec.sequence())<<sequenceFrom)
		var o *object
		if o, err = v.object(v.root); err == nil && !o.folder {
			err = errNotFolder
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the root folder: %w", err)
	}
	if o, err := v.fixed(recordVolume); err == nil {
		if b, err := v.bytes(o, typeVolumeName, 2*maxName); err == nil {
			v.label = decode(b)
		}
	}
	v.owners = sync.OnceValue(v.readOwners)
	return v, nil
}

// openTable finds the MFT by its own first record or the copy of that. Where
// that has an attribute list, what it names lies in the part already known.
func (v *volume) openTable() error {
	var first error
	for _, at := range []int64{v.mft, v.mirror} {
		if at == 0 {
			continue
		}
		err := v.openTableAt(at * v.cluster)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (v *volume) openTableAt(at int64) error {
	rec := make(record, v.recordSize)
	err := readFull(v.r, rec, at)
	if err == nil {
		err = sound(rec)
	}
	if err != nil {
		return err
	}
	var known []*attribute
	o := &object{}
	o.add(rec)
	for i := range o.attrs {
		if a := &o.attrs[i]; a.kind == typeData && len(a.name) == 0 && !a.resident {
			known = append(known, a)
		}
	}
	if len(known) == 0 {
		return errors.Join(o.absent(typeData), o.missing)
	}
	// The part that the record itself maps serves to read the rest.
	runs, vcn, err := decodeRuns(nil, known[0].pairs(), 0, v.clusters)
	if err != nil {
		return err
	}
	mapped := min(vcn*v.cluster, v.size)
	v.table = &content{v: v, runs: runs, size: mapped, initialised: mapped}
	v.records = mapped / v.recordSize
	for i := range o.attrs {
		if o.attrs[i].kind == typeList {
			v.extend(o, &o.attrs[i])
			break
		}
	}
	table, err := v.stream(o, typeData, "")
	if err != nil {
		return err
	}
	if table.size > v.size {
		return fmt.Errorf("%d bytes in a volume of %d", table.size, v.size)
	}
	for i := range v.cache {
		v.cache[i].Store(nil)
	}
	v.table, v.records = table, table.size/v.recordSize
	return nil
}

// sound checks a record and undoes its update sequence.
func sound(rec record) error {
	switch string(rec[:4]) {
	case "FILE":
		return fixup(rec)
	case "BAAD":
		return errors.New("marked as damaged")
	case "\x00\x00\x00\x00":
		return errUnused
	}
	return fmt.Errorf("magic %q", rec[:4])
}

// record is the MFT record of a number.
func (v *volume) record(number int64) (record, error) {
	if number < 0 || number >= v.records {
		return nil, fmt.Errorf("MFT record %d of %d: %w", number, v.records, errUnused)
	}
	per := blockSize / v.recordSize
	first := number - number%per
	slot := &v.cache[first/per%blocks]
	b := slot.Load()
	if b == nil || b.first != first {
		b = v.readBlock(first, int(min(per, v.records-first)))
		slot.Store(b)
	}
	if err := b.errs[number]; err != nil {
		return nil, fmt.Errorf("MFT record %d: %w", number, err)
	}
	at := (number - first) * v.recordSize
	return record(b.data[at : at+v.recordSize]), nil
}

// readBlock reads n records. Where they cannot be read at once they are read one
// by one.
func (v *volume) readBlock(first int64, n int) *block {
	size := v.recordSize
	b := &block{first: first, data: make([]byte, int64(n)*size), errs: map[int64]error{}}
	_, whole := v.table.ReadAt(b.data, first*size)
	for i := range int64(n) {
		rec := record(b.data[i*size : (i+1)*size])
		var err error
		if whole != nil && whole != io.EOF {
			_, err = v.table.ReadAt(rec, (first+i)*size)
		}
		if err == nil || err == io.EOF {
			err = sound(rec)
		}
		if err != nil {
			b.errs[first+i] = err
		}
	}
	return b
}

// fixed is one of the file system's own files.
func (v *volume) fixed(number int64) (*object, error) { return v.object(fsys.ID(number)) }

func (v *volume) Type() string  { return "ntfs" }
func (v *volume) Label() string { return v.label }

// Serial has 16 digits; what Windows shows as the serial number of a volume are
// the last 8.
func (v *volume) Serial() string { return fmt.Sprintf("%016X", v.serial) }

func (v *volume) Root() fsys.ID { return v.root }
