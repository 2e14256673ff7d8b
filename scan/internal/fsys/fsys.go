// Package fsys is what the readers of file systems in disk images have in
// common: one file system, its objects known by numbers. Paths, links and the
// case of names are the business of whoever shows the file system to others.
//
// Nothing is written, and nothing is read but the volume. Readers bound every
// length by the size of the volume and end on every loop; what is damaged is an
// error of the object that it concerns.
package fsys

import (
	"context"
	"errors"
	"io"
	"iter"
)

// An ID is the number of an object, of the file system's own making: an inode,
// the reference of an MFT entry, the place of a directory entry.
type ID uint64

// Kind of an object.
type Kind uint8

const (
	Regular Kind = iota
	Dir
	Link // symbolic link, junction or another reparse point that redirects
	FIFO
	Socket
	Device
	Cloud // a placeholder whose content is elsewhere
	Other // a reparse point or type that this reader does not know
)

// A FileSystem is one volume. All methods may be called concurrently.
type FileSystem interface {
	Type() string  // ntfs, ext2, ext3, ext4, fat12, fat16, fat32, exfat, iso9660
	Label() string // of the volume; bytes in names are as in Entry
	// Serial is the volume's serial number (NTFS, FAT, exFAT) in hexadecimal
	// or its UUID (ext); empty: none.
	Serial() string
	Root() ID

	// ReadDir lists a folder in the file system's own order; "." and ".." are
	// left out, and so are deleted entries. An error ends the listing unless
	// more entries follow it; what came before it stands.
	ReadDir(ctx context.Context, dir ID) iter.Seq2[Entry, error]

	Stat(ID) (Info, error)

	// Open opens the content of a regular file, or ErrNotRegular.
	Open(ID) (Content, error)

	// Readlink is the raw target of a link. For a reparse point of Windows it
	// is the substitute name, such as \??\C:\Users.
	Readlink(ID) (string, error)

	// Deleted lists what is no longer in any folder but can still be told: by
	// entries that are marked as deleted.
	Deleted(ctx context.Context) iter.Seq2[Deleted, error]
}

// An Entry is one name in a folder. A name is bytes: as stored on ext, as
// wtf8.Encode writes UTF-16 elsewhere. It may hold anything, "/" included where
// the volume is damaged.
type Entry struct {
	Name string
	ID   ID
	Kind Kind
}

// A Deleted is a deleted object. Dir is the folder it was in, Root's ID and
// Orphan where that is not known. Name is empty where only the object is left,
// and the ID leads to errors where only the name is.
type Deleted struct {
	Entry
	Dir    ID
	Orphan bool
	// Reused: its content or a part of it belongs to something else by now;
	// reading it gives the other's bytes.
	Reused bool
	// InUse: it is no deleted object but one that is there and that no folder
	// names, which damage makes, or somebody who hides it.
	InUse bool
}

// Info of an object. Times are FILETIME ticks (100 ns since 1601-01-01 UTC, see
// ioc.Ticks), zero where the file system has none.
type Info struct {
	Kind Kind
	Size int64 // of the content; of a folder 0; -1 where deleting a file has cleared it

	Created, Modified, Accessed, Changed int64

	Mode       uint32 // permission bits with setuid 04000, setgid 02000, sticky 01000; 0 where there are none
	UID, GID   int64  // -1 where there are none
	SID        string // of the owner (NTFS); empty: not known
	Links      uint64 // names that the object has; 0: not known
	Attributes uint32 // FILE_ATTRIBUTE_* (NTFS, FAT, exFAT)
}

// Content is that of a regular file or of a stream. ReadAt may be called
// concurrently; holes and what lies beyond the initialised part are zeros.
type Content interface {
	io.ReaderAt
	Size() int64
}

// NameTimes are the times in a $FILE_NAME attribute of NTFS.
type NameTimes struct{ Created, Modified, Accessed, Changed int64 }

// A Stream is an alternate data stream of NTFS.
type Stream struct {
	Name string // without colons and type
	Size int64
}

// NTFS is what that file system has beside the others.
type NTFS interface {
	FileSystem
	// NameTimes are those of an object's first name, NameTimesIn those of the
	// name that an object with several has in a folder.
	NameTimes(ID) (NameTimes, error)
	NameTimesIn(id, dir ID, name string) (NameTimes, error)
	Streams(ID) ([]Stream, error)
	OpenStream(ID, string) (Content, error)
}

// A Noter is a FileSystem that may have something to say about the volume as a
// whole: what is odd about it, or holds files that are not shown.
type Noter interface{ Notes() []string }

var (
	// ErrNotRegular answers Open on anything but a regular file.
	ErrNotRegular = errors.New("not a regular file")
	// ErrEncrypted answers Open on a file whose content is encrypted (EFS, fscrypt).
	ErrEncrypted = errors.New("the content is encrypted")
	// ErrUnsupported is wrapped where the volume uses what the reader has not got.
	ErrUnsupported = errors.New("not supported")
)
