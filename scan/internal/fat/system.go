package fat

import (
	"context"
	"fmt"
	"iter"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/fsys"
)

// rootID is no place of an entry: those are multiples of 32.
const rootID = 1

// Marks in an ID beside the place of the entry.
const (
	// lost: found among deleted entries, so that the table no longer knows its
	// clusters and they are taken to lie behind each other.
	lost fsys.ID = 1 << 63
	// packed: the entry is in a folder whose clusters lie behind each other
	// without the table (exFAT, where an entry can go on in the next cluster).
	packed fsys.ID = 1 << 62
	marks          = lost | packed
)

// An object is what a folder entry says.
type object struct {
	fsys.Entry
	place
	valid   int64 // of the content, zeros follow
	deleted bool
	special byte // isLabel: no object of its own
	info    fsys.Info
}

// A format is what FAT and exFAT do not have in common.
type format interface {
	// objects decodes the entries of a folder. An error concerns one entry or a
	// part of the folder; more may follow.
	objects(from iter.Seq2[slot, error], marks fsys.ID) iter.Seq2[object, error]
	// object decodes the entry at a place.
	object(id fsys.ID) (object, error)
	// remains is where the content of a deleted folder may still be; not ok
	// where it is not.
	remains(o object) (p place, ok bool, err error)
	// label is that of the volume, from the root folder or the boot sector.
	label(root iter.Seq2[object, error]) string
}

type system struct {
	*volume
	format format
	label  func() string
}

var _ fsys.Noter = (*system)(nil)

func (s *system) Type() string   { return s.kind }
func (s *system) Label() string  { return s.label() }
func (s *system) Serial() string { return s.serial }
func (s *system) Root() fsys.ID  { return rootID }

func (s *system) findLabel() string {
	return s.format.label(s.list(context.Background(), s.root, 0, nil))
}

// Notes are what is odd about the volume as a whole.
func (s *system) Notes() []string {
	return append(append([]string(nil), s.notes...), s.compareTables()...)
}

// list is all that a folder has, marked entries included.
func (s *system) list(ctx context.Context, p place, marks fsys.ID, seen seen) iter.Seq2[object, error] {
	if p.contiguous {
		marks |= packed
	}
	return s.format.objects(s.slots(ctx, p, seen), marks)
}

// find is the object that an ID means.
func (s *system) find(id fsys.ID) (object, error) {
	if id == rootID {
		return object{Entry: fsys.Entry{ID: rootID, Kind: fsys.Dir}, place: s.root,
			info: fsys.Info{Kind: fsys.Dir, UID: -1, GID: -1, Attributes: fsys.AttrDirectory}}, nil
	}
	if at := id &^ marks; at%slotSize != 0 || int64(at) > s.size-slotSize {
		return object{}, damaged("there can be no entry at %d", at)
	}
	o, err := s.format.object(id)
	if err != nil {
		return object{}, fmt.Errorf("read the entry at %d: %w", id&^marks, err)
	}
	if id&lost == 0 {
		return o, nil
	}
	if o.Kind == fsys.Dir {
		p, ok, err := s.format.remains(o)
		if err == nil && !ok {
			err = damaged("the content of the deleted folder is gone")
		}
		o.place = p
		return o, err
	}
	o.place = s.lostPlace(o.place)
	return o, nil
}

// lostPlace is where the content of a deleted file was. FAT frees the chain;
// exFAT frees only the bits and leaves the table as it was, most of the time.
func (s *system) lostPlace(p place) place {
	if !p.contiguous && s.bits == 32 {
		if _, err := s.runs(p); err == nil {
			return p
		}
	}
	p.contiguous = true
	return p
}

func (s *system) ReadDir(ctx context.Context, dir fsys.ID) iter.Seq2[fsys.Entry, error] {
	return func(yield func(fsys.Entry, error) bool) {
		d, err := s.find(dir)
		if err == nil && d.Kind != fsys.Dir {
			err = damaged("the entry at %d is no folder", dir&^marks)
		}
		if err != nil {
			yield(fsys.Entry{}, err)
			return
		}
		for o, err := range s.list(ctx, d.place, dir&lost, nil) {
			if err == nil && (o.special != 0 || o.deleted && dir&lost == 0) {
				continue
			}
			if !yield(o.Entry, err) {
				return
			}
		}
	}
}

func (s *system) Stat(id fsys.ID) (fsys.Info, error) {
	o, err := s.find(id)
	if err != nil {
		return fsys.Info{}, err
	}
	return o.info, nil
}

func (s *system) Open(id fsys.ID) (fsys.Content, error) {
	o, err := s.find(id)
	if err != nil {
		return nil, err
	}
	if o.Kind != fsys.Regular {
		return nil, fsys.ErrNotRegular
	}
	return s.content(o.place, o.valid), nil
}

// Readlink always fails: there are no links.
func (s *system) Readlink(id fsys.ID) (string, error) {
	return "", fmt.Errorf("links on %s: %w", s.kind, fsys.ErrUnsupported)
}

// dosTime turns a date and a time of day of FAT into ticks; hundredths are of
// two seconds. A date that does not exist is none.
func dosTime(date, clock uint16, hundredths byte, zone *time.Location) int64 {
	year, month, day := 1980+int(date>>9), time.Month(date>>5&15), int(date&31)
	hour, minute, second := int(clock>>11), int(clock>>5&63), int(clock&31)*2
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return 0
	}
	if hundredths > 199 {
		hundredths = 0
	}
	t := time.Date(year, month, day, hour, minute, second, int(hundredths)*10_000_000, zone)
	if t.Day() != day {
		return 0
	}
	return ioc.Ticks(t)
}
