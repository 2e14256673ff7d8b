package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"iocscan/scan/internal/ext"
	"iocscan/scan/internal/fat"
	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/iso"
	"iocscan/scan/internal/ntfs"
	"iocscan/scan/internal/partition"
)

// An imageVolume is a file system of an image that can be read.
type imageVolume struct {
	fsys   fsys.FileSystem
	tree   *imageTree
	system Platform // that is installed on it; Unknown: none
}

// openPart finds out what a partition holds.
func openPart(disk io.ReaderAt, p *partition.Partition, zone *time.Location) ImagePart {
	out := ImagePart{Number: p.Number, Start: p.Start, Size: p.Size, Type: p.TypeName, Label: p.Label, id: p.ID}
	if out.Type == "" {
		out.Type = p.Type
	}
	r := io.NewSectionReader(disk, p.Start, p.Size)
	kind, err := partition.Identify(r, p.Size)
	out.Kind = string(kind)
	var f fsys.FileSystem
	switch kind {
	case partition.NTFS:
		f, err = opened(ntfs.Open(r, p.Size))
	case partition.Ext2, partition.Ext3, partition.Ext4:
		f, err = opened(ext.Open(r, p.Size))
	case partition.FAT12, partition.FAT16, partition.FAT32, partition.ExFAT:
		f, err = fat.Open(r, p.Size, zone)
	case partition.ISO9660:
		f, err = iso.Open(r, p.Size)
	case partition.Swap, partition.Empty:
		out.NoFiles = true
		return out
	case partition.Unknown:
		if err == nil {
			err = errors.New("no file system was recognised")
		}
	case partition.BitLocker:
		// BitLocker To Go puts a FAT before what it encrypts, with a program
		// that asks for the password.
		if f, err = fat.Open(r, p.Size, zone); err == nil {
			out.Unread = errors.New("BitLocker To Go: only the files before the encrypted part can be read")
		} else {
			err = errors.New("encrypted by BitLocker")
		}
	case partition.LUKS:
		err = errors.New("encrypted by LUKS")
	default:
		err = fmt.Errorf("%s is not read by this version", kind)
	}
	if err != nil {
		out.Unread = err
		return out
	}
	if label := f.Label(); label != "" {
		out.Label = label
	}
	out.Kind, out.Serial = f.Type(), f.Serial()
	if n, ok := f.(fsys.Noter); ok {
		out.Notes = n.Notes()
	}
	switch kind {
	case partition.FAT12, partition.FAT16, partition.FAT32:
		if zone == nil {
			out.Notes = append(out.Notes, "its times are those of some local clock, and taken for UTC")
		}
	}
	v := &imageVolume{fsys: f, tree: newImageTree(f)}
	switch found, drives, err := detect(v.tree, Unknown); {
	case err != nil:
		out.Notes = append(out.Notes, "whether a system is installed on it is not known: "+err.Error())
	case drives[0].folder == "/":
		v.system = found
	}
	out.volume = v
	return out
}

// opened makes an interface of a file system's own type; nil stays nil.
func opened[F fsys.FileSystem](f F, err error) (fsys.FileSystem, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// closed is what of the part cannot be read, as a volume beside the one that
// can, if there is one.
func (p *ImagePart) closed() Volume {
	v := Volume{Name: p.Name, FS: sealed{p.Unread}, Type: p.Kind, Label: p.Label, Unread: p.Unread}
	if p.volume != nil {
		v.Name = "encrypted part of " + p.Name
	}
	return v
}

// show is the part as a volume of a source.
func (p *ImagePart) show(platform Platform) Volume {
	windows := platform == Windows
	v := Volume{
		Name: p.Name, FoldCase: windows || platform == Darwin, Type: p.Kind, Label: p.Label, Serial: p.Serial,
	}
	tree := &linkTree{folder: p.volume.tree, confined: true, resolver: &resolver{
		tree: p.volume.tree, platform: platform, volume: p.Name, fold: v.FoldCase, still: true,
	}}
	n, isNTFS := p.volume.fsys.(fsys.NTFS)
	switch {
	case isNTFS:
		v.FS = &ntfsTree{linkTree: tree, ntfs: n, of: p.volume.tree}
	case windows:
		v.FS = tree // FAT has no owners
	default:
		v.FS = withOwners(tree)
	}
	return v
}

// sealed is a volume of which nothing can be read.
type sealed struct{ why error }

func (s sealed) err(op, name string) error { return pathError(op, name, s.why) }

func (s sealed) ReadDir(_ context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, s.err("open", name)) }
}

func (s sealed) Lstat(name string) (Info, error) {
	if name == "/" {
		return Info{Type: Dir, UID: -1, GID: -1}, nil
	}
	return Info{}, s.err("lstat", name)
}

func (s sealed) Open(name string) (File, error)       { return nil, s.err("open", name) }
func (s sealed) Readlink(name string) (string, error) { return "", s.err("readlink", name) }

func (s sealed) Resolve(name string) (string, error) {
	if name == "/" {
		return "/", nil
	}
	return "", s.err("resolve", name)
}

// ntfsTree adds what NTFS has beside files.
type ntfsTree struct {
	*linkTree
	ntfs fsys.NTFS
	of   *imageTree
}

// object finds what a path names, links on the way followed.
func (t *ntfsTree) object(op, name string) (ntfsObject, error) {
	at, err := t.place(op, name)
	if err != nil {
		return ntfsObject{}, err
	}
	_, o, err := t.of.find(at)
	if err != nil {
		return ntfsObject{}, pathError(op, name, imageError(err))
	}
	return ntfsObject{o, t.ntfs}, nil
}

// Streams implements Streamer.
func (t *ntfsTree) Streams(name string) ([]Stream, error) {
	o, err := t.object("streams", name)
	if err != nil {
		return nil, err
	}
	return o.streams(name)
}

// OpenStream implements Streamer.
func (t *ntfsTree) OpenStream(name, stream string) (File, error) {
	o, err := t.object("open", name)
	if err != nil {
		return nil, err
	}
	return o.openStream(name, stream)
}

// Owner implements Ownerer.
func (t *ntfsTree) Owner(name string) (Owner, error) {
	o, err := t.object("owner", name)
	if err != nil {
		return Owner{}, err
	}
	return o.owner(name)
}

// NameTimes implements NameTimer.
func (t *ntfsTree) NameTimes(name string) (NameTimes, error) {
	o, err := t.object("lstat", name)
	if err != nil {
		return NameTimes{}, err
	}
	return o.nameTimes(name)
}

var (
	_ FS        = sealed{}
	_ FS        = (*ntfsTree)(nil)
	_ Streamer  = (*ntfsTree)(nil)
	_ Ownerer   = (*ntfsTree)(nil)
	_ NameTimer = (*ntfsTree)(nil)
)
