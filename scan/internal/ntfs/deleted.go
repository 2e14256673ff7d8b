package ntfs

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"iocscan/scan/internal/fsys"
)

// Deleted lists the free records of the MFT that still tell a name, and those in
// use whose name no folder lists, because that was deleted and the record not
// yet, or because the index is damaged. Dir may be the ID of a deleted folder;
// an orphan's folder has given its record to something else.
func (v *volume) Deleted(ctx context.Context) iter.Seq2[fsys.Deleted, error] {
	return func(yield func(fsys.Deleted, error) bool) {
		used, listed := v.openBitmap(), v.listed(ctx)
		for number := int64(0); number < v.records; number++ {
			if err := ctx.Err(); err != nil {
				yield(fsys.Deleted{}, fmt.Errorf("list what is deleted: %w", err))
				return
			}
			if listed[number/8]>>(number%8)&1 != 0 {
				continue
			}
			id, err := v.lost(number)
			if err == nil {
				if !v.deleted(id, used, yield) {
					return
				}
			} else if !errors.Is(err, errUnused) && !yield(fsys.Deleted{}, fmt.Errorf("list what is deleted: %w", err)) {
				return
			}
		}
	}
}

// listed has a bit for each record that a folder names. What cannot be listed is
// no error here: ReadDir says so.
func (v *volume) listed(ctx context.Context) []byte {
	set := make([]byte, v.records/8+1)
	mark := func(id fsys.ID) {
		if number := int64(id & numberMask); number < v.records {
			set[number/8] |= 1 << (number % 8)
		}
	}
	mark(v.root)
	for number := range v.records {
		rec, err := v.record(number)
		if err != nil || rec.flags()&flagInUse == 0 || rec.flags()&flagFolder == 0 || rec.base() != 0 {
			continue
		}
		id := fsys.ID(number) | fsys.ID(rec.sequence())<<sequenceFrom
		for e, err := range v.ReadDir(ctx, id) {
			if err == nil && v.current(e.ID) {
				mark(e.ID)
			}
		}
	}
	return set
}

// current tells whether a reference is to a record in use.
func (v *volume) current(id fsys.ID) bool {
	rec, err := v.record(int64(id & numberMask))
	return err == nil && rec.flags()&flagInUse != 0 && rec.sequence() == uint16(id>>sequenceFrom)
}

// lost is the ID of the object in a record that no folder names.
func (v *volume) lost(number int64) (fsys.ID, error) {
	rec, err := v.record(number)
	if err != nil {
		return 0, err
	}
	if rec.base() != 0 { // a further record of another
		return 0, errUnused
	}
	id := fsys.ID(number) | fsys.ID(rec.sequence())<<sequenceFrom
	if rec.flags()&flagInUse == 0 {
		id |= deletedBit
	}
	return id, nil
}

func (v *volume) deleted(id fsys.ID, used *bitmap, yield func(fsys.Deleted, error) bool) bool {
	o, err := v.object(id)
	var names []fileName
	if err == nil {
		names, err = o.names()
	}
	if len(names) == 0 {
		// A record without a name is nothing to tell of.
		return err == nil || yield(fsys.Deleted{}, fmt.Errorf("read what is deleted: %w", err))
	}
	d := fsys.Deleted{Entry: fsys.Entry{ID: id}, InUse: id&deletedBit == 0}
	if d.Kind, _, err = v.kind(o); err != nil {
		d.Kind = fsys.Other
	}
	d.Reused = id&deletedBit != 0 && v.reused(o, used)
	for _, n := range names {
		d.Name = n.name()
		d.Dir, d.Orphan = v.parent(n.dir())
		if !yield(d, nil) {
			return false
		}
	}
	return true
}

// parent is the folder that a deleted object was in. When that is deleted too,
// its sequence number has gone up by one, 0 left out.
func (v *volume) parent(ref fsys.ID) (dir fsys.ID, orphan bool) {
	number := ref & numberMask
	rec, err := v.record(int64(number))
	if err != nil || rec.base() != 0 || rec.flags()&flagFolder == 0 {
		return v.root, true
	}
	was, is := uint16(ref>>sequenceFrom), rec.sequence()
	switch {
	case rec.flags()&flagInUse != 0 && was == is:
		return ref, false
	case rec.flags()&flagInUse == 0 && (was+1 == is || was == 0xffff && is == 1 || was == is):
		return number | deletedBit | fsys.ID(is)<<sequenceFrom, false
	}
	return v.root, true
}

// reused tells whether a cluster of the content belongs to something else. Where
// that cannot be told, it does.
func (v *volume) reused(o *object, used *bitmap) bool {
	c, err := v.stream(o, typeData, "")
	if err != nil {
		return !errors.Is(err, errAbsent)
	}
	for _, r := range c.runs {
		if r.lcn != sparse && used.any(r.lcn, r.count) {
			return true
		}
	}
	return false
}
