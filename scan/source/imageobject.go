package source

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"iocscan/scan/internal/fsys"
)

// An object of a file system of an image, as a name leads to it. Its methods
// take the path under which it is shown.
type object struct {
	fsys fsys.FileSystem
	child
	name string  // that led to it, in the folder dir; empty: none, as of a root
	dir  fsys.ID // unset for a root
}

// info is what the file system says of an object.
func (o object) info() (Info, error) {
	i, err := o.fsys.Stat(o.id)
	if err != nil {
		return Info{}, err
	}
	return Info{
		Type: Type(i.Kind), Size: i.Size,
		Created: i.Created, Modified: i.Modified, Accessed: i.Accessed, Changed: i.Changed,
		INode: inode(o.fsys, o.id), Mode: fileMode(i.Mode), UID: i.UID, GID: i.GID,
		Attributes: i.Attributes, Links: i.Links,
	}, nil
}

// inode is the number by which users of a file system know an object: without
// the sequence number in a reference of NTFS, and none where the file system
// has no such numbers.
func inode(f fsys.FileSystem, id fsys.ID) uint64 {
	switch kind := f.Type(); {
	case kind == "ntfs":
		return uint64(id) & (1<<47 - 1) // above are a mark of the reader and the sequence number
	case strings.HasPrefix(kind, "ext"):
		return uint64(id)
	}
	return 0
}

func fileMode(unix uint32) fs.FileMode {
	m := fs.FileMode(unix) & fs.ModePerm
	for bit, mode := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if unix&bit != 0 {
			m |= mode
		}
	}
	return m
}

func (o object) lstat(path string) (Info, error) {
	info, err := o.info()
	if err != nil {
		return Info{}, pathError("lstat", path, imageError(err))
	}
	return info, nil
}

func (o object) open(path string) (File, error) {
	err := readable(Info{Type: Type(o.kind)})
	var content fsys.Content
	if err == nil {
		content, err = o.fsys.Open(o.id)
	}
	if err != nil {
		return nil, pathError("open", path, imageError(err))
	}
	return newImageFile(path, content, o.info), nil
}

func (o object) readlink(path string) (target string, err error) {
	if o.kind != fsys.Link {
		err = fs.ErrInvalid
	} else {
		target, err = o.fsys.Readlink(o.id)
	}
	if err != nil {
		return "", pathError("readlink", path, imageError(err))
	}
	return target, nil
}

// ntfsObject is an object of NTFS, with what that has beside the others.
type ntfsObject struct {
	object
	ntfs fsys.NTFS
}

func (o ntfsObject) streams(path string) ([]Stream, error) {
	list, err := o.ntfs.Streams(o.id)
	var out []Stream
	for _, s := range list {
		out = append(out, Stream{Name: s.Name, Size: s.Size})
	}
	if err != nil {
		err = pathError("streams", path, imageError(err))
	}
	return out, err
}

func (o ntfsObject) openStream(path, stream string) (File, error) {
	whole := path + ":" + stream
	c, err := o.ntfs.OpenStream(o.id, stream)
	if err != nil {
		return nil, pathError("open", whole, imageError(err))
	}
	return newImageFile(whole, c, func() (Info, error) {
		return Info{Type: Regular, Size: c.Size(), UID: -1, GID: -1}, nil
	}), nil
}

func (o ntfsObject) owner(path string) (Owner, error) {
	info, err := o.ntfs.Stat(o.id)
	if err != nil {
		return Owner{}, pathError("owner", path, imageError(err))
	}
	return Owner{UserID: info.SID}, nil
}

// nameTimes are those of the name that led to the object, which may have others.
func (o ntfsObject) nameTimes(path string) (NameTimes, error) {
	var n fsys.NameTimes
	var err error
	if o.name == "" {
		n, err = o.ntfs.NameTimes(o.id)
	} else {
		n, err = o.ntfs.NameTimesIn(o.id, o.dir, o.name)
	}
	if err != nil {
		return NameTimes{}, pathError("lstat", path, imageError(err))
	}
	return NameTimes(n), nil
}

// imageFile is content as a File.
type imageFile struct {
	*io.SectionReader
	name string
	info func() (Info, error)
}

func newImageFile(name string, c fsys.Content, info func() (Info, error)) File {
	return &imageFile{io.NewSectionReader(c, 0, c.Size()), name, info}
}

func (f *imageFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, pathError("read", f.name, fmt.Errorf("%w: offset %d", fs.ErrInvalid, off))
	}
	n, err := f.SectionReader.ReadAt(p, off)
	return n, f.told(err)
}

func (f *imageFile) Read(p []byte) (int, error) {
	n, err := f.SectionReader.Read(p)
	return n, f.told(err)
}

func (f *imageFile) told(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return pathError("read", f.name, err)
}

func (f *imageFile) Close() error { return nil }

func (f *imageFile) Info() (Info, error) {
	info, err := f.info()
	if err != nil {
		return Info{}, pathError("stat", f.name, err)
	}
	return info, nil
}
