package source

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/wtf8"
)

// winTree adds what NTFS has beside files: streams, and owners by SID.
type winTree struct {
	*linkTree
	dir      *dirFS // the folder
	accounts Accounts
}

var (
	procFindFirstStream = kernel32.NewProc("FindFirstStreamW")
	procFindNextStream  = kernel32.NewProc("FindNextStreamW")
)

type streamData struct { // WIN32_FIND_STREAM_DATA
	size int64
	name [windows.MAX_PATH + 36]uint16
}

// Streams implements Streamer. File systems without streams have none.
func (t *winTree) Streams(name string) ([]Stream, error) {
	at, err := t.place("streams", name)
	if err != nil {
		return nil, err
	}
	info, err := t.dir.Lstat(at)
	if err != nil {
		return nil, pathError("streams", name, err)
	}
	if info.Type != Regular && info.Type != Dir {
		return nil, nil // the call would go through a link or fetch a placeholder
	}
	path, err := t.dir.wide(at, "")
	if err != nil {
		return nil, pathError("streams", name, err)
	}
	var d streamData
	h, _, err := procFindFirstStream.Call(uintptr(unsafe.Pointer(path)), 0, uintptr(unsafe.Pointer(&d)), 0)
	if windows.Handle(h) == windows.InvalidHandle {
		if err == windows.ERROR_HANDLE_EOF || err == windows.ERROR_INVALID_PARAMETER || err == windows.ERROR_NOT_SUPPORTED {
			return nil, nil
		}
		return nil, pathError("streams", name, err)
	}
	defer windows.FindClose(windows.Handle(h))
	const most = 1 << 16 // streams of one file
	var list []Stream
	for range most {
		n := 0
		for n < len(d.name) && d.name[n] != 0 {
			n++
		}
		// ":name:$DATA"; the content itself has no name.
		stream, kind, _ := strings.Cut(strings.TrimPrefix(wtf8.Encode(d.name[:n]), ":"), ":")
		if stream != "" && kind == "$DATA" {
			list = append(list, Stream{Name: stream, Size: d.size})
		}
		ok, _, err := procFindNextStream.Call(h, uintptr(unsafe.Pointer(&d)))
		if ok == 0 {
			if err == windows.ERROR_HANDLE_EOF {
				return list, nil
			}
			return list, pathError("streams", name, err)
		}
	}
	return list, pathError("streams", name, fmt.Errorf("more than %d streams", most))
}

// OpenStream implements Streamer.
func (t *winTree) OpenStream(name, stream string) (File, error) {
	whole := name + ":" + stream
	at, err := t.place("open", name)
	if err != nil {
		return nil, err
	}
	if stream == "" || strings.ContainsAny(stream, ":/\\\x00") {
		return nil, pathError("open", whole, fs.ErrNotExist)
	}
	info, err := t.dir.Lstat(at)
	if err == nil && info.Type == Cloud {
		err = ErrOffline
	}
	if err == nil && info.Type != Regular && info.Type != Dir {
		err = ErrNotRegular
	}
	if err != nil {
		return nil, pathError("open", whole, err)
	}
	path, err := t.dir.wide(at, ":"+stream+":$DATA")
	if err != nil {
		return nil, pathError("open", whole, err)
	}
	f, err := t.dir.openFile(whole, path, info.Attributes&fsys.AttrReparse != 0, true)
	if err != nil {
		return nil, pathError("open", whole, err)
	}
	return f, nil
}

// Owner implements Ownerer. User and Group are as Windows writes them:
// DOMAIN\name.
func (t *winTree) Owner(name string) (Owner, error) {
	at, err := t.place("owner", name)
	if err != nil {
		return Owner{}, err
	}
	h, err := t.dir.inspect(at, windows.READ_CONTROL)
	if err != nil {
		return Owner{}, pathError("owner", name, err)
	}
	defer windows.CloseHandle(h)
	sd, err := windows.GetSecurityInfo(h, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.GROUP_SECURITY_INFORMATION)
	if err != nil {
		return Owner{}, pathError("owner", name, err)
	}
	var o Owner
	if sid, _, err := sd.Owner(); err == nil && sid != nil {
		o.UserID = sid.String()
		o.User, o.Kind = t.accounts.Name(sid)
	}
	if sid, _, err := sd.Group(); err == nil && sid != nil {
		o.GroupID = sid.String()
		o.Group, _ = t.accounts.Name(sid)
	}
	if o.UserID == "" {
		return o, pathError("owner", name, errors.New("the security descriptor names no owner"))
	}
	return o, nil
}

var (
	_ FS       = (*winTree)(nil)
	_ Streamer = (*winTree)(nil)
	_ Ownerer  = (*winTree)(nil)
)
