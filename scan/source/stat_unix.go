//go:build linux || darwin

package source

import (
	"io/fs"
	"time"

	"iocscan/ioc"

	"golang.org/x/sys/unix"
)

func kindOf(mode uint32) Type {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return Regular
	case unix.S_IFDIR:
		return Dir
	case unix.S_IFLNK:
		return Link
	case unix.S_IFIFO:
		return FIFO
	case unix.S_IFSOCK:
		return Socket
	case unix.S_IFCHR, unix.S_IFBLK:
		return Device
	}
	return Other
}

func permissions(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	if mode&unix.S_ISUID != 0 {
		m |= fs.ModeSetuid
	}
	if mode&unix.S_ISGID != 0 {
		m |= fs.ModeSetgid
	}
	if mode&unix.S_ISVTX != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// ticks leaves out what FILETIME cannot hold, which only a damaged or made-up
// inode has.
func ticks(sec, nsec int64) int64 {
	const limit = 1 << 39 // seconds, some 17,000 years
	if sec <= -limit || sec >= limit {
		return 0
	}
	return ioc.Ticks(time.Unix(sec, nsec))
}
