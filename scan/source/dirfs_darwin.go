package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"

	"golang.org/x/sys/unix"
)

const (
	pathMax     = 1024 // of <sys/syslimits.h>, with the NUL at the end
	noatime     = 0    // macOS has no such flag: reading changes the access time of files on volumes that keep it
	searchFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	dataless    = 0x40000000 // SF_DATALESS of <sys/stat.h>: the content is in the cloud
)

func hasBeneath(int) bool { return false }

func openBeneath(int, string, int) (int, error) { return -1, unix.ENOSYS }

// ReadDir implements FS.
func (f *dirFS) ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		dir, rest, err := f.at(name)
		if err != nil {
			yield(Entry{}, pathError("open", name, err))
			return
		}
		fd, err := f.open(dir, rest, unix.O_DIRECTORY)
		f.release(dir)
		if err != nil {
			yield(Entry{}, pathError("open", name, err))
			return
		}
		// os looks entries of unknown type up by the path of the folder.
		folder := os.NewFile(uintptr(fd), f.host+name)
		defer folder.Close()
		for {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, pathError("readdir", name, err))
				return
			}
			list, err := folder.ReadDir(1000)
			for _, e := range list {
				if !yield(Entry{Name: e.Name(), Type: entryKind(fd, e)}, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Entry{}, pathError("readdir", name, err))
				return
			}
		}
	}
}

// entryKind: the listing does not tell a placeholder from a file; Open and
// Lstat do.
func entryKind(fd int, e fs.DirEntry) Type {
	switch t := e.Type(); {
	case t.IsRegular():
		return Regular
	case t&fs.ModeDir != 0:
		return Dir
	case t&fs.ModeSymlink != 0:
		return Link
	case t&fs.ModeNamedPipe != 0:
		return FIFO
	case t&fs.ModeSocket != 0:
		return Socket
	case t&fs.ModeDevice != 0:
		return Device
	}
	if info, err := stat(fd, e.Name()); err == nil {
		return info.Type
	}
	return Other
}

// spell implements speller: APFS and HFS+ find names without regard to case and
// normal form.
func (f *dirFS) spell(dir, name string) (string, error) {
	want, err := f.Lstat(Join(dir, name))
	if err != nil {
		return "", err
	}
	key, like := foldKey(Darwin, name), ""
	for e, err := range f.ReadDir(context.Background(), dir) {
		if err != nil {
			return "", err
		}
		if e.Name == name {
			return name, nil
		}
		if like == "" && foldKey(Darwin, e.Name) == key {
			if info, err := f.Lstat(Join(dir, e.Name)); err == nil && info.INode == want.INode {
				like = e.Name
			}
		}
	}
	if like == "" {
		return name, nil
	}
	return like, nil
}

func stat(dir int, name string) (Info, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil {
			return statInfo(&st), nil
		}
		if err != unix.EINTR {
			return Info{}, err
		}
	}
}

func fstat(fd int) (Info, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstat(fd, &st)
		if err == nil {
			return statInfo(&st), nil
		}
		if err != unix.EINTR {
			return Info{}, err
		}
	}
}

func statInfo(st *unix.Stat_t) Info {
	info := Info{
		Type:     kindOf(uint32(st.Mode)),
		Size:     st.Size,
		Modified: ticks(st.Mtim.Unix()),
		Accessed: ticks(st.Atim.Unix()),
		Changed:  ticks(st.Ctim.Unix()),
		Created:  ticks(st.Btim.Unix()),
		INode:    st.Ino,
		Mode:     permissions(uint32(st.Mode)),
		UID:      int64(st.Uid),
		GID:      int64(st.Gid),
		Links:    uint64(st.Nlink),
	}
	if info.Type == Regular && st.Flags&dataless != 0 {
		info.Type = Cloud
	}
	return info
}
