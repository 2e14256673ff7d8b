package iso

import (
	"context"
	"fmt"
	"iter"

	"iocscan/scan/internal/fsys"
)

type system struct{ *volume }

var _ fsys.Noter = (*system)(nil)

func (s *system) Type() string   { return "iso9660" }
func (s *system) Label() string  { return s.label }
func (s *system) Serial() string { return "" }
func (s *system) Root() fsys.ID  { return rootID }

// records reads a folder. Records do not go over the border of a sector, where
// a zero fills the rest. After a bad one the next sector follows.
func (v *volume) records(ctx context.Context, e extent) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		// One record is often all that is wanted: the first sector comes alone.
		var b []byte
		size := sector - e.at&(sector-1)
		for done := int64(0); done < e.size; done += int64(len(b)) {
			if err := ctx.Err(); err != nil {
				yield(record{}, err)
				return
			}
			if n := min(size, e.size-done); int64(cap(b)) < n {
				b = make([]byte, n)
			} else {
				b = b[:n]
			}
			size = 32 * sector
			got, err := v.readAt(b, e.at+done)
			for from := 0; from < got; {
				place := e.at + done + int64(from)
				part := b[from:min(from+sector-int(place&(sector-1)), got)]
				from += len(part)
				for at := 0; at < len(part) && part[at] != 0; {
					r, err := parse(place+int64(at), part[at:])
					if !yield(r, err) {
						return
					}
					if err != nil {
						break
					}
					at += len(r.fields)
				}
			}
			if err != nil {
				yield(record{}, err)
				return
			}
		}
	}
}

// mostParts bounds the extents of a file: each has up to 4 GB.
const mostParts = 4096

// join adds the content in a further record to an object.
func (v *volume) join(o *object, t *tree, r record) {
	if len(o.parts) == mostParts {
		o.refusal = unsupported(fmt.Sprintf("content in more than %d parts", mostParts))
		return
	}
	e := t.extent(r.fields)
	o.parts = append(o.parts, e)
	if o.Kind == fsys.Regular {
		o.info.Size += e.size
	}
}

// objects reads a folder of a tree.
func (v *volume) objects(ctx context.Context, t *tree, e extent) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		var o object
		more := false // o waits for a record with the same name
		var name string
		for r, err := range v.records(ctx, e) {
			if more {
				if err == nil && string(r.name()) == name {
					v.join(&o, t, r)
					if more = r.more(); !more && !yield(o, nil) {
						return
					}
					continue
				}
				more = false
				if !yield(object{}, damaged("a part of the file %q is missing", o.Name)) {
					return
				}
			}
			if err == nil && r.own() {
				continue
			}
			o = object{}
			if err == nil {
				o, err = v.object(t, r)
				if more = err == nil && r.more() && o.Kind == fsys.Regular; more {
					name = string(r.name())
					continue
				}
			}
			if err != nil {
				if o.Name != "" {
					err = fmt.Errorf("read the directory record %q at %d: %w", o.Name, r.at, err)
				}
				o = object{}
			}
			if !yield(o, err) {
				return
			}
		}
		if more {
			yield(object{}, damaged("a part of the file %q is missing", o.Name))
		}
	}
}

// find is the object that an ID means.
func (s *system) find(id fsys.ID) (object, error) {
	if id == rootID {
		o := object{Entry: fsys.Entry{ID: rootID, Kind: fsys.Dir}, parts: []extent{s.root}}
		o.info = fsys.Info{Kind: fsys.Dir, UID: -1, GID: -1}
		if s.ridge { // the record of the folder itself has more
			for r, err := range s.records(context.Background(), extent{s.root.at, min(s.root.size, sector)}) {
				if err == nil && r.own() {
					err = s.readRidge(&s.tree, r, &o)
				}
				o.Kind = fsys.Dir
				return o, err
			}
		}
		return o, nil
	}
	if id < firstPlace || int64(id) > s.size-leastRecord {
		return object{}, damaged("there can be no directory record at %d", id)
	}
	// A record ends in its sector; those that follow it may be in the next.
	at := int64(id)
	var o object
	name := ""
	for r, err := range s.records(context.Background(), extent{at, mostParts * 256}) {
		if err != nil {
			return object{}, err
		}
		if name == "" {
			if r.at != at {
				break
			}
			if o, err = s.object(&s.tree, r); err != nil || !r.more() || o.Kind != fsys.Regular {
				return s.move(o, err)
			}
			name = string(r.name())
			continue
		}
		if string(r.name()) != name {
			break
		}
		s.join(&o, &s.tree, r)
		if !r.more() {
			return o, nil
		}
	}
	if name == "" {
		return object{}, damaged("there is no directory record at %d", id)
	}
	return object{}, damaged("a part of the file %q is missing", o.Name)
}

// move follows Rock Ridge to where a folder was moved: its own record there says
// how large it is.
func (s *system) move(o object, err error) (object, error) {
	if err != nil || o.moved == 0 {
		return o, err
	}
	for r, err := range s.records(context.Background(), extent{o.moved, sector}) {
		if err == nil && !r.own() {
			err = damaged("there is no folder at %d", o.moved)
		}
		if err != nil {
			return o, err
		}
		o.parts = []extent{{o.moved, s.extent(r.fields).size}}
		return o, nil
	}
	return o, damaged("there is no folder at %d", o.moved)
}

func (s *system) ReadDir(ctx context.Context, dir fsys.ID) iter.Seq2[fsys.Entry, error] {
	return func(yield func(fsys.Entry, error) bool) {
		where := s.root
		if dir != rootID {
			d, err := s.find(dir)
			if err == nil && d.Kind != fsys.Dir {
				err = damaged("the record at %d is no folder", dir)
			}
			if err != nil {
				yield(fsys.Entry{}, err)
				return
			}
			where = d.parts[0]
		}
		for o, err := range s.objects(ctx, &s.tree, where) {
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
	switch {
	case err != nil:
		return nil, err
	case o.Kind != fsys.Regular:
		return nil, fsys.ErrNotRegular
	case o.refusal != nil:
		return nil, o.refusal
	case o.info.Size > max(s.size, s.space):
		return nil, damaged("%d bytes in a volume of %d", o.info.Size, s.space)
	}
	return newContent(s.volume, o.parts), nil
}

func (s *system) Readlink(id fsys.ID) (string, error) {
	o, err := s.find(id)
	if err == nil && o.Kind != fsys.Link {
		err = damaged("the record at %d is no symbolic link", id)
	}
	return o.target, err
}

// Deleted is empty: nothing is ever deleted from such a volume.
func (s *system) Deleted(context.Context) iter.Seq2[fsys.Deleted, error] {
	return func(func(fsys.Deleted, error) bool) {}
}
