package ntfs

import (
	"errors"
	"fmt"
	"io/fs"

	"iocscan/scan/internal/fsys"
)

// Reparse tags of files whose own data is not what a program reads.
const (
	tagDedup = 0x80000013
	tagWOF   = 0x80000017
)

func (v *volume) Open(id fsys.ID) (fsys.Content, error) {
	c, err := v.open(id)
	if err != nil {
		return nil, fmt.Errorf("open MFT record %d: %w", id&numberMask, err)
	}
	return c, nil
}

func (v *volume) open(id fsys.ID) (fsys.Content, error) {
	o, err := v.object(id)
	if err != nil {
		return nil, err
	}
	kind, attributes, err := v.kind(o)
	if err != nil {
		return nil, err
	}
	if kind != fsys.Regular {
		return nil, fsys.ErrNotRegular
	}
	if attributes&fsys.AttrReparse != 0 {
		tag, err := v.tag(o)
		switch {
		case err != nil:
			return nil, err
		case tag == tagWOF:
			return v.openWOF(o)
		case tag == tagDedup:
			return nil, fmt.Errorf("deduplicated content: %w", fsys.ErrUnsupported)
		}
	}
	c, err := v.stream(o, typeData, "")
	if errors.Is(err, errAbsent) {
		return &content{v: v}, nil
	}
	return readable(c, err)
}

// readable is an opened stream unless its bytes are encrypted.
func readable(c *content, err error) (fsys.Content, error) {
	if err != nil {
		return nil, err
	}
	if c.flags&flagEncrypted != 0 {
		return nil, fsys.ErrEncrypted
	}
	return c, nil
}

// Streams lists the named streams of a file or folder. A part of the list comes
// without an error only if it is all.
func (v *volume) Streams(id fsys.ID) ([]fsys.Stream, error) {
	o, err := v.object(id)
	if err != nil {
		return nil, fmt.Errorf("list the streams of MFT record %d: %w", id&numberMask, err)
	}
	var streams []fsys.Stream
	failed := o.missing
	for i := range o.attrs {
		if a := &o.attrs[i]; a.kind == typeData && len(a.name) > 0 && a.vcn() == 0 {
			n, err := a.length()
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("stream %q: %w", decode(a.name), err))
				continue
			}
			streams = append(streams, fsys.Stream{Name: decode(a.name), Size: n})
		}
	}
	if failed != nil {
		failed = fmt.Errorf("list the streams of MFT record %d: %w", id&numberMask, failed)
	}
	return streams, failed
}

// OpenStream wraps fs.ErrNotExist where there is no such stream.
func (v *volume) OpenStream(id fsys.ID, name string) (fsys.Content, error) {
	o, err := v.object(id)
	if err == nil {
		if err = o.missing; err == nil {
			err = fs.ErrNotExist
		}
		for i := range o.attrs {
			if a := &o.attrs[i]; a.kind == typeData && len(a.name) > 0 && decode(a.name) == name {
				c, failed := readable(v.stream(o, typeData, string(a.name)))
				if failed == nil {
					return c, nil
				}
				err = failed
				break
			}
		}
	}
	return nil, fmt.Errorf("open stream %q of MFT record %d: %w", name, id&numberMask, err)
}
