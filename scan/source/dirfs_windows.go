package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/wtf8"
)

// A dirFS is a folder of the scanner as Windows shows it. Paths go to the
// system with the prefix \\?\, so that neither their length nor a dot at the
// end of a name matters.
//
// Confined or not makes no difference here: Windows has no way to refuse links
// on the way, only the resolution before.
type dirFS struct {
	prefix  string // \\?\C: or \\?\C:\evidence, without a separator at the end
	touched atomic.Uint64
	raw     *rawVolume // of a drive of the running system; nil: none
}

// openDir takes an absolute path.
func openDir(dir string, _ bool) (*dirFS, error) {
	enableBackup()
	f := &dirFS{prefix: extendedPath(dir)}
	info, err := f.Lstat("/")
	if err != nil {
		return nil, pathError("open", dir, err)
	}
	if info.Type != Dir && info.Type != Link {
		return nil, pathError("open", dir, windows.ERROR_DIRECTORY)
	}
	return f, nil
}

func extendedPath(dir string) string {
	dir = strings.TrimRight(strings.ReplaceAll(dir, "/", `\`), `\`)
	switch {
	case strings.HasPrefix(dir, `\\?\`), strings.HasPrefix(dir, `\\.\`):
		return dir
	case strings.HasPrefix(dir, `\\`):
		return `\\?\UNC\` + dir[2:]
	}
	return `\\?\` + dir
}

// Close implements io.Closer.
func (f *dirFS) Close() error {
	if f.raw == nil {
		return nil
	}
	return f.raw.Close()
}

// Touched implements Toucher. Listing a folder may renew its access time on
// volumes that keep it; Windows offers nothing against that, and it does not
// count.
func (f *dirFS) Touched() uint64 { return f.touched.Load() }

// wide is a path for the system. A name that Windows cannot have, or would take
// for a pattern or a stream, is not there.
func (f *dirFS) wide(name, suffix string) (*uint16, error) {
	if strings.ContainsAny(name, "\\:*?\"<>|\x00") {
		return nil, fmt.Errorf("%w: not a name on Windows", fs.ErrNotExist)
	}
	name = strings.ReplaceAll(strings.TrimRight(name, "/"), "/", `\`)
	if name == "" && suffix == "" {
		suffix = `\` // of a volume, its root and not its device
	}
	path, ok := wtf8.Decode(f.prefix + name + suffix)
	if !ok {
		return nil, fmt.Errorf("%w: not a name on Windows", fs.ErrNotExist)
	}
	return &append(path, 0)[0], nil
}

// systemError maps what Windows says of names that cannot be to "not there".
func systemError(err error) error {
	switch err {
	case windows.ERROR_INVALID_NAME, windows.ERROR_BAD_PATHNAME, windows.ERROR_FILENAME_EXCED_RANGE:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}

const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

// inspect opens an object itself, without the right to its content.
func (f *dirFS) inspect(name string, access uint32) (windows.Handle, error) {
	path, err := f.wide(name, "")
	if err != nil {
		return 0, err
	}
	h, err := windows.CreateFile(path, access, shareAll, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_OPEN_NO_RECALL, 0)
	return h, systemError(err)
}

// Lstat implements FS. Files that the system keeps for itself (pagefile.sys)
// are described by the listing of their folder, which knows less.
func (f *dirFS) Lstat(name string) (Info, error) {
	h, err := f.inspect(name, windows.FILE_READ_ATTRIBUTES)
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, fs.ErrPermission) {
		if found, e := f.find(name); e == nil {
			return found.info(), nil
		}
	}
	if err != nil {
		return Info{}, pathError("lstat", name, err)
	}
	defer windows.CloseHandle(h)
	info, err := handleInfo(h)
	if err != nil {
		return Info{}, pathError("lstat", name, err)
	}
	return info, nil
}

type basicInfo struct { // FILE_BASIC_INFO
	created, accessed, modified, changed int64
	attributes                           uint32
	_                                    uint32
}

type tagInfo struct { // FILE_ATTRIBUTE_TAG_INFO
	attributes, tag uint32
}

const (
	classBasic = 0
	classTag   = 9
)

func handleInfo(h windows.Handle) (Info, error) {
	var by windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &by); err != nil {
		return Info{}, err
	}
	info := Info{
		Size:       int64(by.FileSizeHigh)<<32 | int64(by.FileSizeLow),
		Modified:   filetime(by.LastWriteTime),
		Accessed:   filetime(by.LastAccessTime),
		Created:    filetime(by.CreationTime),
		INode:      uint64(by.FileIndexHigh)<<32 | uint64(by.FileIndexLow),
		Links:      uint64(by.NumberOfLinks),
		Attributes: by.FileAttributes,
		UID:        -1,
		GID:        -1,
	}
	// Only the newer call has the time of change; FAT has none to tell.
	var basic basicInfo
	if windows.GetFileInformationByHandleEx(h, classBasic, (*byte)(unsafe.Pointer(&basic)), uint32(unsafe.Sizeof(basic))) == nil {
		info.Changed = basic.changed
	}
	var tag tagInfo
	if info.Attributes&fsys.AttrReparse != 0 {
		if err := windows.GetFileInformationByHandleEx(h, classTag, (*byte)(unsafe.Pointer(&tag)), uint32(unsafe.Sizeof(tag))); err != nil {
			return Info{}, err
		}
	}
	info.Type = Type(fsys.ReparseKind(info.Attributes, tag.tag))
	if info.Type == Dir {
		info.Size = 0
	}
	return info, nil
}

func filetime(t windows.Filetime) int64 {
	return int64(t.HighDateTime)<<32 | int64(t.LowDateTime)
}

// findData is WIN32_FIND_DATAW; that of x/sys is a character short.
type findData struct {
	attributes                  uint32
	created, accessed, modified windows.Filetime
	sizeHigh, sizeLow           uint32
	tag                         uint32 // dwReserved0 of a reparse point
	_                           uint32
	name                        [windows.MAX_PATH]uint16
	short                       [14]uint16
}

func (d *findData) info() Info {
	info := Info{
		Type:       Type(fsys.ReparseKind(d.attributes, d.tag)),
		Size:       int64(d.sizeHigh)<<32 | int64(d.sizeLow),
		Modified:   filetime(d.modified),
		Accessed:   filetime(d.accessed),
		Created:    filetime(d.created),
		Attributes: d.attributes,
		UID:        -1,
		GID:        -1,
	}
	if info.Type == Dir {
		info.Size = 0
	}
	return info
}

func (d *findData) entry() Entry {
	n := 0
	for n < len(d.name) && d.name[n] != 0 {
		n++
	}
	info := d.info()
	return Entry{Name: wtf8.Encode(d.name[:n]), Type: info.Type, Info: &info}
}

var (
	kernel32            = windows.NewLazySystemDLL("kernel32.dll")
	procFindFirstFileEx = kernel32.NewProc("FindFirstFileExW")
	procFindNextFile    = kernel32.NewProc("FindNextFileW")
)

const (
	findInfoBasic  = 1 // without the 8.3 name
	findNameMatch  = 0
	findLargeFetch = 2
)

func findFirst(path *uint16, d *findData) (windows.Handle, error) {
	h, _, err := procFindFirstFileEx.Call(uintptr(unsafe.Pointer(path)), findInfoBasic,
		uintptr(unsafe.Pointer(d)), findNameMatch, 0, findLargeFetch)
	if windows.Handle(h) == windows.InvalidHandle {
		return windows.InvalidHandle, systemError(err)
	}
	return windows.Handle(h), nil
}

// find describes one object by the listing of its folder.
func (f *dirFS) find(name string) (*findData, error) {
	path, err := f.wide(name, "")
	if err != nil {
		return nil, err
	}
	d := new(findData)
	h, err := findFirst(path, d)
	if err != nil {
		return nil, err
	}
	windows.FindClose(h)
	return d, nil
}

// spell implements speller: Windows finds names without regard to case, and by
// their 8.3 form.
func (f *dirFS) spell(dir, name string) (string, error) {
	d, err := f.find(Join(dir, name))
	if err != nil {
		return "", err
	}
	return d.entry().Name, nil
}

// ReadDir implements FS. Entries carry Info without INode, Changed and Links;
// times and size are those that the folder knows, which Windows may be late to
// renew while a file is being written.
func (f *dirFS) ReadDir(ctx context.Context, name string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var d findData
		h, err := f.openFolder(name, &d)
		if err != nil {
			yield(Entry{}, pathError("open", name, err))
			return
		}
		if h == windows.InvalidHandle {
			return
		}
		defer windows.FindClose(h)
		for n := 0; ; n++ {
			if n%256 == 0 && ctx.Err() != nil {
				yield(Entry{}, pathError("readdir", name, ctx.Err()))
				return
			}
			if e := d.entry(); e.Name != "." && e.Name != ".." && !yield(e, nil) {
				return
			}
			ok, _, err := procFindNextFile.Call(uintptr(h), uintptr(unsafe.Pointer(&d)))
			if ok == 0 {
				if err != windows.ERROR_NO_MORE_FILES {
					yield(Entry{}, pathError("readdir", name, err))
				}
				return
			}
		}
	}
}

// openFolder begins a listing; the handle is invalid where there is nothing to
// list. The pattern would lead through a link, so that links are told first.
func (f *dirFS) openFolder(name string, d *findData) (windows.Handle, error) {
	path, err := f.wide(name, "")
	if err != nil {
		return 0, err
	}
	attributes, err := windows.GetFileAttributes(path)
	switch {
	case err != nil:
		return 0, systemError(err)
	case attributes&fsys.AttrDirectory == 0:
		return 0, syscall.ENOTDIR
	case attributes&(fsys.AttrReparse|fsys.AttrRecallOpen|fsys.AttrRecallAccess) != 0 && strings.Trim(name, "/") != "":
		info, err := f.Lstat(name)
		switch {
		case err != nil:
			return 0, err
		case info.Type == Cloud:
			return 0, ErrOffline
		case info.Type != Dir:
			return 0, syscall.ENOTDIR
		}
	}
	if path, err = f.wide(name, `\*`); err != nil {
		return 0, err
	}
	h, err := findFirst(path, d)
	if errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
		// The root of an empty volume has not even "." in it.
		return windows.InvalidHandle, nil
	}
	return h, err
}

// Open implements FS.
func (f *dirFS) Open(name string) (File, error) {
	info, err := f.Lstat(name)
	if err == nil {
		err = readable(info)
	}
	if err != nil {
		return nil, pathError("open", name, err)
	}
	path, err := f.wide(name, "")
	if err != nil {
		return nil, pathError("open", name, err)
	}
	file, err := f.openFile(name, path, info.Attributes&fsys.AttrReparse != 0, false)
	if err != nil {
		file, err = f.raw.opened(name, err, held)
	}
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return file, nil
}

// openFile opens a regular file without renewing its access time, which needs
// the right to write attributes. A file stored by way of a reparse point has to
// be opened through it. A stream may belong to a folder.
func (f *dirFS) openFile(name string, path *uint16, reparse, stream bool) (File, error) {
	flags := uint32(windows.FILE_FLAG_BACKUP_SEMANTICS | windows.FILE_FLAG_SEQUENTIAL_SCAN | windows.FILE_FLAG_OPEN_NO_RECALL)
	if !reparse {
		flags |= windows.FILE_FLAG_OPEN_REPARSE_POINT
	}
	open := func(access uint32) (windows.Handle, error) {
		return windows.CreateFile(path, access, shareAll, nil, windows.OPEN_EXISTING, flags, 0)
	}
	h, err := open(windows.GENERIC_READ | windows.FILE_WRITE_ATTRIBUTES)
	if err == nil {
		keep := windows.Filetime{LowDateTime: 0xffffffff, HighDateTime: 0xffffffff}
		if windows.SetFileTime(h, nil, &keep, nil) != nil {
			f.touched.Add(1)
		}
	} else if h, err = open(windows.GENERIC_READ); err == nil {
		f.touched.Add(1)
	}
	if err != nil {
		return nil, systemError(err)
	}
	info, err := handleInfo(h)
	if err == nil && !stream {
		err = readable(info)
	}
	if err != nil {
		windows.CloseHandle(h)
		return nil, err
	}
	return &winFile{handle: h, name: name}, nil
}

// winFile keeps its own place: reading at an offset moves that of the handle.
type winFile struct {
	handle windows.Handle
	name   string
	off    int64
}

func (f *winFile) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := f.read(p, f.off)
	f.off += int64(n)
	return n, err
}

func (f *winFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, pathError("read", f.name, windows.ERROR_NEGATIVE_SEEK)
	}
	done := 0
	for done < len(p) {
		n, err := f.read(p[done:], off+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (f *winFile) read(p []byte, off int64) (int, error) {
	const most = 1 << 30
	at := windows.Overlapped{Offset: uint32(off), OffsetHigh: uint32(off >> 32)}
	var n uint32
	err := windows.ReadFile(f.handle, p[:min(len(p), most)], &n, &at)
	switch {
	case err == windows.ERROR_HANDLE_EOF, err == nil && n == 0:
		return int(n), io.EOF
	case err != nil:
		return int(n), pathError("read", f.name, err)
	}
	return int(n), nil
}

func (f *winFile) Close() error {
	if err := windows.CloseHandle(f.handle); err != nil {
		return pathError("close", f.name, err)
	}
	return nil
}

func (f *winFile) Info() (Info, error) {
	info, err := handleInfo(f.handle)
	if err != nil {
		return info, pathError("stat", f.name, err)
	}
	return info, nil
}

// Readlink implements FS.
func (f *dirFS) Readlink(name string) (string, error) {
	h, err := f.inspect(name, windows.FILE_READ_ATTRIBUTES)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	defer windows.CloseHandle(h)
	buf := make([]byte, windows.MAXIMUM_REPARSE_DATA_BUFFER_SIZE)
	var n uint32
	if err := windows.DeviceIoControl(h, windows.FSCTL_GET_REPARSE_POINT, nil, 0, &buf[0], uint32(len(buf)), &n, nil); err != nil {
		return "", pathError("readlink", name, err)
	}
	target, err := fsys.ReparseTarget(buf[:min(int(n), len(buf))])
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return target, nil
}
