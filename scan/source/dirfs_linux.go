package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"iter"

	"golang.org/x/sys/unix"
)

const (
	pathMax     = 4096 // of <linux/limits.h>, with the NUL at the end
	noatime     = unix.O_NOATIME
	searchFlags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
)

const resolveBeneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS

// hasBeneath: openat2 came with Linux 5.6, and sandboxes may refuse it.
func hasBeneath(dir int) bool {
	fd, err := openBeneath(dir, ".", searchFlags)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}

func openBeneath(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat2(dir, name, &unix.OpenHow{Flags: uint64(flags), Resolve: resolveBeneath})
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// dirBuf holds what one getdents64 call answers and the names out of it.
type dirBuf struct {
	block [32 << 10]byte
	names []byte
}

// ReadDir implements FS. The names of one block are one string, cut up.
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
		defer unix.Close(fd)
		buf, _ := f.bufs.Get().(*dirBuf)
		if buf == nil {
			buf = new(dirBuf)
		}
		defer f.bufs.Put(buf)
		for {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, pathError("readdir", name, err))
				return
			}
			n, err := unix.Getdents(fd, buf.block[:])
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				yield(Entry{}, pathError("readdir", name, err))
				return
			}
			if n <= 0 || !buf.each(fd, n, yield) {
				return
			}
		}
	}
}

// A record of getdents64(2): inode 8 bytes, offset 8, length 2, type 1, name
// with a NUL at the end, padding.
const (
	direntLen  = 16
	direntType = 18
	direntName = 19
)

// each yields the entries of the first n bytes of the block. Records with inode
// 0 count like others: FUSE file systems have them.
func (b *dirBuf) each(fd, n int, yield func(Entry, error) bool) bool {
	b.names = b.names[:0]
	for rec := b.block[:n]; len(rec) > direntName; {
		size, name := record(rec)
		b.names = append(b.names, name...)
		rec = rec[size:]
	}
	names := string(b.names)
	for rec := b.block[:n]; len(rec) > direntName; {
		size, raw := record(rec)
		name, kind := names[:len(raw)], rec[direntType]
		names, rec = names[len(raw):], rec[size:]
		if name == "." || name == ".." {
			continue
		}
		if !yield(Entry{Name: name, Type: direntKind(fd, name, kind)}, nil) {
			return false
		}
	}
	return true
}

// record takes the first record apart.
func record(rec []byte) (size int, name []byte) {
	size = int(binary.NativeEndian.Uint16(rec[direntLen:]))
	if size <= direntName || size > len(rec) {
		size = len(rec)
	}
	name = rec[direntName:size]
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	return size, name
}

// direntKind asks the inode where the file system does not tell in the listing.
// Where even that fails the entry is Other, and Lstat will say why.
func direntKind(fd int, name string, kind byte) Type {
	switch kind {
	case unix.DT_REG:
		return Regular
	case unix.DT_DIR:
		return Dir
	case unix.DT_LNK:
		return Link
	case unix.DT_FIFO:
		return FIFO
	case unix.DT_SOCK:
		return Socket
	case unix.DT_CHR, unix.DT_BLK:
		return Device
	case unix.DT_UNKNOWN:
		if info, err := stat(fd, name); err == nil {
			return info.Type
		}
	}
	return Other
}

func stat(dir int, name string) (Info, error) {
	return statx(dir, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT)
}

func fstat(fd int) (Info, error) {
	return statx(fd, "", unix.AT_EMPTY_PATH)
}

func statx(dir int, name string, flags int) (Info, error) {
	var st unix.Statx_t
	for {
		err := unix.Statx(dir, name, flags|unix.AT_STATX_DONT_SYNC, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
		switch err {
		case nil:
			return statxInfo(&st), nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EPERM: // no such call, or a sandbox that knows none
			return oldStat(dir, name, flags)
		default:
			return Info{}, err
		}
	}
}

func statxInfo(st *unix.Statx_t) Info {
	info := Info{
		Type:     kindOf(uint32(st.Mode)),
		Size:     int64(st.Size),
		Modified: ticks(st.Mtime.Sec, int64(st.Mtime.Nsec)),
		Accessed: ticks(st.Atime.Sec, int64(st.Atime.Nsec)),
		Changed:  ticks(st.Ctime.Sec, int64(st.Ctime.Nsec)),
		INode:    st.Ino,
		Mode:     permissions(uint32(st.Mode)),
		UID:      int64(st.Uid),
		GID:      int64(st.Gid),
		Links:    uint64(st.Nlink),
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		info.Created = ticks(st.Btime.Sec, int64(st.Btime.Nsec))
	}
	return info
}

func oldStat(dir int, name string, flags int) (Info, error) {
	var st unix.Stat_t
	var err error
	for {
		if name == "" {
			err = unix.Fstat(dir, &st)
		} else {
			err = unix.Fstatat(dir, name, &st, flags)
		}
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return Info{}, err
	}
	return statInfo(&st), nil
}

func statInfo(st *unix.Stat_t) Info {

	return Info{
		Type:     kindOf(st.Mode),
		Size:     st.Size,
		Modified: ticks(st.Mtim.Unix()),
		Accessed: ticks(st.Atim.Unix()),
		Changed:  ticks(st.Ctim.Unix()),
		INode:    st.Ino,
		Mode:     permissions(st.Mode),
		UID:      int64(st.Uid),
		GID:      int64(st.Gid),
		Links:    uint64(st.Nlink),
	}
}
