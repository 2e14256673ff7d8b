// Package source is where evidence comes from: the running host, a mounted or
// copied root, later images and archives. A source offers facilities, never
// documents; every document works on every source that offers what it needs.
//
// Everything is opened read-only and only here. Paths are the evidence's own
// below a volume: bytes, separated by "/", starting with "/", the volume's root
// being "/". Names are whatever bytes the evidence has.
package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"
)

// Platform is the operating system of the evidence, which need not be that of
// the scanner.
type Platform string

const (
	Windows Platform = "windows"
	Linux   Platform = "linux"
	Darwin  Platform = "darwin"
	Unknown Platform = ""
)

// A Capability is something that only some sources offer.
type Capability uint8

const (
	Files     Capability = iota // file systems
	Live                        // the running machine: processes, sockets, caches; or a copy of /proc
	Hives                       // registry hives, live or as files
	Logs                        // event logs of Windows
	Prefetch                    // prefetch files of Windows
	Tasks                       // scheduled tasks
	Histories                   // databases in which browsers keep what they remember
)

func (c Capability) String() string {
	return [...]string{"file systems", "the running machine", "registry hives", "event logs", "prefetch files", "scheduled tasks", "browser histories"}[c]
}

// A Source is one body of evidence.
type Source interface {
	Kind() string // host, root, image, archive, artifacts
	Name() string // what the user named: the root's path, the host's name
	Platform() Platform
	Has(Capability) bool
	Volumes() []Volume
	// LeftOut lists what the source deliberately does not walk, such as mounts
	// of pseudo and network file systems.
	LeftOut() []LeftOut
	// Notes say what whoever relies on the evidence as a whole has to know, such
	// as that an image is cut short or that a drive letter is assumed.
	Notes() []string
	io.Closer
}

// A Volume is one file system of a source.
type Volume struct {
	// Name is what stands before the path in the evidence's own notation: "C:"
	// on Windows, empty elsewhere. A volume of an image that the system shows
	// nowhere is "volume3:" or "[volume 3]".
	Name string
	// FoldCase: the evidence's system finds names without regard to case.
	FoldCase bool
	FS       FS
	Type     string // file system where known: ntfs, ext4 …
	Label    string // where known
	Serial   string // where known: hexadecimal, or a UUID
	// Unread says why nothing of it can be read; nil: it can.
	Unread error
	// Deleted lists what is in no folder, see there; nil where nothing can be.
	Deleted Deleted
}

// Separator is what parts the names in displayed paths of the volume.
func (v Volume) Separator() byte {
	if strings.HasSuffix(v.Name, ":") {
		return '\\'
	}
	return '/'
}

// LeftOut is a place that is not walked.
type LeftOut struct {
	Path   string // as reported
	Reason string // such as "network file system nfs4"
	// Volume is true for places that hold files of the evidence (a network
	// mount), false for kernel views such as /proc that hold none.
	Volume bool
}

// An FS reads one file system. Unlike io/fs it takes names of any bytes and
// resolves links inside the evidence. All methods may be called concurrently.
//
// Names are as ReadDir spells them or Resolve returns them. Errors are
// *fs.PathError with the evidence's path and wrap what the system said, so that
// errors.Is(err, fs.ErrNotExist) and fs.ErrPermission tell those cases apart.
type FS interface {
	// ReadDir lists a folder in the file system's own order, in batches, and
	// does not follow a link in the last component. An error ends the listing;
	// what came before it stands. "." and ".." are left out.
	ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error]

	// Lstat describes the object itself, not what a link leads to.
	Lstat(name string) (Info, error)

	// Open opens a regular file for reading, following no link in the last
	// component. Anything else answers ErrNotRegular without being opened, so
	// that a FIFO cannot block and a device is not touched.
	Open(name string) (File, error)

	// Readlink is the raw target of a link.
	Readlink(name string) (string, error)

	// Resolve finds the object that a path of the evidence leads to: without
	// regard to case where FoldCase says so, links followed inside the
	// evidence only. The result is a path without links in it, in the spelling
	// of the evidence. fs.ErrNotExist says that nothing is there.
	Resolve(name string) (string, error)
}

// File is an open regular file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Closer
	// Info describes the open file.
	Info() (Info, error)
}

// Type of a directory entry; its values are those of fsys.Kind.
type Type uint8

const (
	Regular Type = iota
	Dir
	Link // symbolic link, junction or another reparse point that redirects
	FIFO
	Socket
	Device
	Cloud // a placeholder whose content is not on this machine
	Other
)

// An Entry is one name in a folder.
type Entry struct {
	Name string // any bytes
	Type Type
	// Info is there when the listing gave it for free (Windows), else nil.
	Info *Info
}

// Times that are not known are zero. All are FILETIME ticks (100 ns since
// 1601-01-01 UTC); see ioc.Ticks.
type Info struct {
	Type       Type
	Size       int64
	Modified   int64
	Accessed   int64
	Changed    int64 // metadata
	Created    int64
	INode      uint64
	Mode       fs.FileMode // permission bits and setuid, setgid, sticky; 0 on Windows
	UID, GID   int64       // -1 where the file system has none
	Attributes uint32      // FILE_ATTRIBUTE_*; 0 elsewhere
	Links      uint64
}

// A Stream is an alternate data stream of an NTFS file.
type Stream struct {
	Name string // without the colons and the type
	Size int64
}

// NameTimes are those that NTFS keeps beside a name ($FILE_NAME), as ticks.
type NameTimes struct{ Created, Modified, Accessed, Changed int64 }

// NameTimer is offered by file systems that keep times beside names.
type NameTimer interface {
	NameTimes(name string) (NameTimes, error)
}

// Streamer is offered by file systems that have alternate data streams.
type Streamer interface {
	Streams(name string) ([]Stream, error)
	OpenStream(name, stream string) (File, error)
}

// Owner of an object.
type Owner struct {
	User, Group     string // names; empty where only ids are known
	UserID, GroupID string // SID, or decimal uid and gid
	Kind            string // Windows: the kind of the owner's SID (SidTypeUser …)
}

// Ownerer is offered by file systems that know owners.
type Ownerer interface {
	Owner(name string) (Owner, error)
}

// Pruner is offered by file systems that hold places which are not walked:
// those of LeftOut that lie on this volume.
type Pruner interface {
	// Prune says whether the folder is left out and why. A walker asks it for
	// every folder before it lists it; the answer is one look-up in a map and
	// touches no disk, so that a dead network mount cannot hold up a scan.
	Prune(folder string) (LeftOut, bool)
}

// Toucher is offered by file systems that cannot always keep access times.
type Toucher interface {
	// Touched counts the files and folders that were opened without the
	// system's means of keeping the time of last access (O_NOATIME, or
	// FILE_WRITE_ATTRIBUTES on Windows), because it was refused.
	Touched() uint64
}

var (
	// ErrNotRegular answers Open on anything but a regular file.
	ErrNotRegular = errors.New("not a regular file")
	// ErrOffline answers Open on a placeholder whose content is elsewhere.
	ErrOffline = errors.New("content is not on this machine (cloud placeholder)")
	// ErrEscapes answers Resolve on a path that leads to the network, to a
	// device, to a volume that the source lacks or to a place of LeftOut.
	ErrEscapes = errors.New("leads out of the evidence")
	// ErrReused answers Open on a deleted file whose content, or a part of it,
	// belongs to something else by now.
	ErrReused = errors.New("deleted, and its content is in use by something else")
	// ErrDeletedFolder answers ReadDir on a deleted folder: what was in it is
	// listed as deleted itself.
	ErrDeletedFolder = errors.New("deleted")
	// ErrLoop answers Resolve on a path that passes more than 40 links.
	ErrLoop = errors.New("too many links, or a loop of links")
)
