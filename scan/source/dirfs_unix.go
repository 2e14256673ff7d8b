//go:build linux || darwin

package source

import (
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A dirFS is a folder of the scanner as the kernel shows it. Paths longer than
// the kernel takes in one call are walked in pieces.
//
// Confined, no link is passed on the way to a name, whatever happens to the
// evidence meanwhile: the caller has resolved links before, and one that turns
// up later is an error.
type dirFS struct {
	root     int    // descriptor of the folder
	host     string // its path on the scanner, "" for the scanner's root
	confined bool
	beneath  bool // openat2 is there: the kernel itself refuses links on the way
	touched  atomic.Uint64
	//lint:ignore U1000 Linux alone lists into buffers of ours
	bufs sync.Pool
}

func openDir(dir string, confined bool) (*dirFS, error) {
	fd, err := unix.Open(dir, searchFlags, 0)
	if err != nil {
		return nil, pathError("open", dir, err)
	}
	return &dirFS{root: fd, host: strings.TrimRight(dir, "/"), confined: confined, beneath: confined && hasBeneath(fd)}, nil
}

// Close gives the folder back; the FS cannot be used after it.
func (f *dirFS) Close() error { return unix.Close(f.root) }

// Touched implements Toucher.
func (f *dirFS) Touched() uint64 { return f.touched.Load() }

// at opens the folder from which the rest of a name fits one system call. The
// descriptor is given back by release.
func (f *dirFS) at(name string) (fd int, rest string, err error) {
	rest = strings.Trim(name, "/")
	if rest == "" {
		return f.root, ".", nil
	}
	if strings.IndexByte(rest, 0) >= 0 {
		return -1, "", unix.EINVAL
	}
	fd = f.root
	for {
		n := f.cut(rest)
		if n <= 0 {
			break
		}
		next, err := f.step(fd, rest[:n])
		f.release(fd)
		if err != nil {
			return -1, "", err
		}
		fd, rest = next, strings.TrimLeft(rest[n:], "/")
	}
	if f.confined && rest == ".." {
		f.release(fd)
		return -1, "", ErrEscapes
	}
	return fd, rest, nil
}

// cut says how much of a path to open first, 0 for nothing.
func (f *dirFS) cut(path string) int {
	if f.confined && !f.beneath {
		return strings.IndexByte(path, '/')
	}
	if len(path) < pathMax {
		if f.confined {
			return strings.LastIndexByte(path, '/')
		}
		return 0
	}
	return strings.LastIndexByte(path[:pathMax-1], '/')
}

// step opens a folder on the way.
func (f *dirFS) step(dir int, piece string) (int, error) {
	if f.beneath {
		return openBeneath(dir, piece, searchFlags)
	}
	flags := searchFlags
	if f.confined {
		if piece == ".." {
			return -1, ErrEscapes
		}
		flags |= unix.O_NOFOLLOW
	}
	return openat(dir, piece, flags)
}

func (f *dirFS) release(fd int) {
	if fd != f.root {
		unix.Close(fd)
	}
}

// openat, keeping on where a signal came between.
func openat(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// open opens an object for reading, if it may be without changing its access
// time. O_NONBLOCK: should the name have become a FIFO meanwhile, the call must
// not wait for somebody to write.
func (f *dirFS) open(dir int, name string, flags int) (int, error) {
	flags |= unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := openat(dir, name, flags|noatime)
	if err == unix.EPERM && noatime != 0 {
		// O_NOATIME is for the owner and for root.
		if fd, err = openat(dir, name, flags); err == nil {
			f.touched.Add(1)
		}
	}
	return fd, err
}

// Lstat implements FS.
func (f *dirFS) Lstat(name string) (Info, error) {
	dir, rest, err := f.at(name)
	if err != nil {
		return Info{}, pathError("lstat", name, err)
	}
	defer f.release(dir)
	info, err := stat(dir, rest)
	if err != nil {
		return Info{}, pathError("lstat", name, err)
	}
	return info, nil
}

// Open implements FS.
func (f *dirFS) Open(name string) (File, error) {
	dir, rest, err := f.at(name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	defer f.release(dir)
	info, err := stat(dir, rest)
	if err == nil {
		err = readable(info)
	}
	if err != nil {
		return nil, pathError("open", name, err)
	}
	fd, err := f.open(dir, rest, 0)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	// The name may have changed hands between the two calls.
	if info, err = fstat(fd); err == nil {
		err = readable(info)
	}
	if err != nil {
		unix.Close(fd)
		return nil, pathError("open", name, err)
	}
	return &unixFile{fd: fd, name: name}, nil
}

// Readlink implements FS.
func (f *dirFS) Readlink(name string) (string, error) {
	dir, rest, err := f.at(name)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	defer f.release(dir)
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(dir, rest, buf)
		if err == unix.EINTR {
			size /= 4
			continue
		}
		if err != nil {
			return "", pathError("readlink", name, err)
		}
		if n < size {
			return string(buf[:n]), nil
		}
		if size > maxPath {
			return "", pathError("readlink", name, errors.New("target without end"))
		}
	}
}

// unixFile is a plain descriptor: a regular file has no use for the poller that
// os.File brings along.
type unixFile struct {
	fd   int
	name string
}

// maxRead is the most that one call asks for; some kernels refuse 2 GiB.
const maxRead = 1 << 30

func (f *unixFile) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := unix.Read(f.fd, p[:min(len(p), maxRead)])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, pathError("read", f.name, err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (f *unixFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, pathError("read", f.name, unix.EINVAL)
	}
	done := 0
	for done < len(p) {
		n, err := unix.Pread(f.fd, p[done:min(len(p), done+maxRead)], off+int64(done))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return done, pathError("read", f.name, err)
		case n == 0:
			return done, io.EOF
		default:
			done += n
		}
	}
	return done, nil
}

func (f *unixFile) Close() error {
	if err := unix.Close(f.fd); err != nil {
		return pathError("close", f.name, err)
	}
	return nil
}

func (f *unixFile) Info() (Info, error) {
	info, err := fstat(f.fd)
	if err != nil {
		return info, pathError("stat", f.name, err)
	}
	return info, nil
}
