package ntfs

import (
	"errors"
	"fmt"
	"slices"

	"iocscan/scan/internal/fsys"
)

const (
	// attributeMask leaves out flags that only $FILE_NAME has, and 0x40000: in the
	// volume it says that there are extended attributes, while the systems show
	// FILE_ATTRIBUTE_RECALL_ON_OPEN by it, which is never stored.
	attributeMask = 0x0fffffff &^ fsys.AttrRecallOpen
	nameFolder    = 0x10000000
	maxReparse    = 16 << 10 // [MS-FSCC] 2.1.2
	maxDescriptor = 64 << 10
)

func (v *volume) Stat(id fsys.ID) (fsys.Info, error) {
	info, err := v.stat(id)
	if err != nil {
		err = fmt.Errorf("read the metadata of MFT record %d: %w", id&numberMask, err)
	}
	return info, err
}

// stat reads $STANDARD_INFORMATION: created, modified, changed, accessed 8 bytes
// each, attributes 4 at 32; since NTFS 3.0 the id of the security descriptor 4
// at 52.
func (v *volume) stat(id fsys.ID) (info fsys.Info, err error) {
	o, err := v.object(id)
	if err != nil {
		return info, err
	}
	info = fsys.Info{UID: -1, GID: -1}
	if info.Kind, info.Attributes, err = v.kind(o); err != nil {
		return info, err
	}
	si, err := o.standard()
	if err != nil {
		return info, err
	}
	info.Created, info.Modified, info.Changed, info.Accessed = ticks(si), ticks(si[8:]), ticks(si[16:]), ticks(si[24:])
	info.SID = v.owner(o, si)
	if names, err := o.names(); err == nil {
		info.Links = uint64(len(names))
	}
	if !o.folder {
		info.Size, err = o.size()
	}
	return info, err
}

func (o *object) standard() ([]byte, error) {
	a, err := o.find(typeStandard)
	if err != nil {
		return nil, err
	}
	if len(a.value) < 48 {
		return nil, fmt.Errorf("$STANDARD_INFORMATION of %d bytes", len(a.value))
	}
	return a.value, nil
}

// size is that of the unnamed data. Some of the file system's own files have
// none, which is as good as empty.
func (o *object) size() (int64, error) {
	for i := range o.attrs {
		if a := &o.attrs[i]; a.kind == typeData && len(a.name) == 0 {
			if a.vcn() == 0 {
				return a.length()
			}
		}
	}
	return 0, o.missing
}

// length is the size of a stream, which its first part tells.
func (a *attribute) length() (int64, error) {
	if a.resident {
		return int64(len(a.value)), nil
	}
	if a.size() > maxVolume {
		return 0, fmt.Errorf("attribute %#x of %d bytes", a.kind, a.size())
	}
	return int64(a.size()), nil
}

// kind is what an object is, and its attributes.
func (v *volume) kind(o *object) (fsys.Kind, uint32, error) {
	si, err := o.standard()
	if err != nil {
		return 0, 0, err
	}
	attributes := le.Uint32(si[32:]) & attributeMask
	if o.folder {
		attributes |= fsys.AttrDirectory
	}
	var tag uint32
	if attributes&fsys.AttrReparse != 0 {
		if tag, err = v.tag(o); err != nil {
			return 0, 0, err
		}
	}
	return fsys.ReparseKind(attributes, tag), attributes, nil
}

// tag is that of the object's reparse point; 0: it has none.
func (v *volume) tag(o *object) (uint32, error) {
	b, err := v.bytes(o, typeReparse, maxReparse)
	switch {
	case errors.Is(err, errAbsent):
		return 0, nil
	case err != nil:
		return 0, err
	case len(b) < 8:
		return 0, fmt.Errorf("reparse point of %d bytes", len(b))
	}
	return le.Uint32(b), nil
}

func (v *volume) Readlink(id fsys.ID) (string, error) {
	o, err := v.object(id)
	if err == nil {
		var b []byte
		if b, err = v.bytes(o, typeReparse, maxReparse); err == nil {
			var target string
			if target, err = fsys.ReparseTarget(b); err == nil {
				return target, nil
			}
		}
	}
	return "", fmt.Errorf("read the link of MFT record %d: %w", id&numberMask, err)
}

// NameTimes are those of the first name that is not only a short form.
func (v *volume) NameTimes(id fsys.ID) (fsys.NameTimes, error) {
	return v.nameTimes(id, func(fileName) bool { return true })
}

func (v *volume) NameTimesIn(id, dir fsys.ID, name string) (fsys.NameTimes, error) {
	return v.nameTimes(id, func(n fileName) bool {
		return n.dir()&numberMask == dir&numberMask && n.name() == name
	})
}

func (v *volume) nameTimes(id fsys.ID, is func(fileName) bool) (fsys.NameTimes, error) {
	o, err := v.object(id)
	if err == nil {
		var names []fileName
		names, err = o.names()
		if i := slices.IndexFunc(names, is); i >= 0 {
			return names[i].times(), nil
		}
		if err == nil {
			err = o.absent(typeName)
		}
	}
	return fsys.NameTimes{}, fmt.Errorf("read the names of MFT record %d: %w", id&numberMask, err)
}
