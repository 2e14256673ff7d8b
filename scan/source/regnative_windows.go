package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"unsafe"

	"golang.org/x/sys/windows"

	"iocscan/scan/internal/regf"
	"iocscan/scan/internal/wtf8"
)

// The functions of ntdll on keys, of which those of advapi32 are made. Only
// they take names of any characters, NUL too, and show the registry as it is
// stored, without the view for 32-bit programs laid over it.
var (
	ntdll                 = windows.NewLazySystemDLL("ntdll.dll")
	procOpenKeyEx         = ntdll.NewProc("NtOpenKeyEx")
	procQueryKey          = ntdll.NewProc("NtQueryKey")
	procEnumerateKey      = ntdll.NewProc("NtEnumerateKey")
	procEnumerateValueKey = ntdll.NewProc("NtEnumerateValueKey")
	procQueryValueKey     = ntdll.NewProc("NtQueryValueKey")
)

const (
	optionBackup = 4 // REG_OPTION_BACKUP_RESTORE

	keyBasic = 0 // KEY_INFORMATION_CLASS
	keyFull  = 2
	keyName  = 3

	valueFull = 1 // KEY_VALUE_INFORMATION_CLASS
)

// A nativeKey is the handle of an open key.
type nativeKey windows.Handle

func (k nativeKey) close() { windows.CloseHandle(windows.Handle(k)) }

// openNative opens a key by its path as the kernel has it, or by its name below
// an open key, and does not follow a link in the last place. With the right to
// make backups access lists do not count.
func openNative(in nativeKey, path string) (nativeKey, error) {
	units, ok := wtf8.Decode(path)
	if !ok || len(units) == 0 || len(units) > 1<<15-1 {
		return 0, fs.ErrNotExist
	}
	name := windows.NTUnicodeString{Length: uint16(2 * len(units)), MaximumLength: uint16(2 * len(units)), Buffer: &units[0]}
	attributes := windows.OBJECT_ATTRIBUTES{
		RootDirectory: windows.Handle(in), ObjectName: &name,
		Attributes: windows.OBJ_CASE_INSENSITIVE | windows.OBJ_OPENLINK,
	}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	open := func(option uintptr) (h windows.Handle, status windows.NTStatus) {
		r, _, _ := procOpenKeyEx.Call(uintptr(unsafe.Pointer(&h)), windows.KEY_READ|windows.KEY_WOW64_64KEY, uintptr(unsafe.Pointer(&attributes)), option)
		return h, windows.NTStatus(uint32(r))
	}
	h, status := open(0)
	if status == windows.STATUS_ACCESS_DENIED {
		if h, status = open(optionBackup); status != 0 {
			status = windows.STATUS_ACCESS_DENIED
		}
	}
	if status != 0 && status != windows.STATUS_PREDEFINED_HANDLE {
		return 0, nativeError(status)
	}
	return nativeKey(h), nil
}

// nativeError: STATUS_KEY_DELETED answers on a key that is gone since it was
// opened.
func nativeError(status windows.NTStatus) error {
	switch status {
	case 0:
		return nil
	case windows.STATUS_OBJECT_NAME_NOT_FOUND, windows.STATUS_OBJECT_PATH_NOT_FOUND, windows.STATUS_KEY_DELETED, windows.STATUS_NO_MORE_ENTRIES, windows.STATUS_OBJECT_NAME_INVALID:
		return fs.ErrNotExist
	case windows.STATUS_ACCESS_DENIED:
		return fmt.Errorf("%w: it takes the right to make backups (SeBackupPrivilege)", windows.ERROR_ACCESS_DENIED)
	}
	return status
}

// mostNative bounds what is taken of one name or value.
const mostNative = 64 << 20

// fill calls a function until its buffer is long enough: values grow meanwhile.
func fill(buf []byte, call func(buf []byte, need *uint32) windows.NTStatus) ([]byte, error) {
	for {
		var need uint32
		status := call(buf, &need)
		switch {
		case status == windows.STATUS_BUFFER_OVERFLOW || status == windows.STATUS_BUFFER_TOO_SMALL:
			if need > mostNative || len(buf) > mostNative {
				return nil, fmt.Errorf("more than %d bytes", mostNative)
			}
			buf = make([]byte, max(int(need), 2*len(buf)))
		case status != 0:
			return nil, nativeError(status)
		default:
			return buf[:min(int(need), len(buf))], nil
		}
	}
}

func (k nativeKey) query(class uintptr, size int) ([]byte, error) {
	return fill(make([]byte, size), func(buf []byte, need *uint32) windows.NTStatus {
		r, _, _ := procQueryKey.Call(uintptr(k), class, uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), uintptr(unsafe.Pointer(need)))
		return windows.NTStatus(uint32(r))
	})
}

var errNative = errors.New("the system answered in another form")

// name is the key's path as the kernel has it (KEY_NAME_INFORMATION).
func (k nativeKey) name() (string, error) {
	b, err := k.query(keyName, 512)
	if err != nil {
		return "", err
	}
	return nativeText(b, 0, 4)
}

// nativeText is a text whose length in bytes stands at one offset and which
// begins at another.
func nativeText(b []byte, length, at int) (string, error) {
	if len(b) < max(length+4, at) {
		return "", errNative
	}
	n := binary.LittleEndian.Uint32(b[length:])
	if uint64(n) > uint64(len(b)-at) {
		return "", errNative
	}
	return regf.DecodeText(b[at : at+int(n)]), nil
}

// A nativeInfo is what a key tells of itself.
type nativeInfo struct {
	written         int64
	subkeys, values int
}

// info reads KEY_FULL_INFORMATION. A key that stands for something else, as
// those of performance data, has nothing of its own.
func (k nativeKey) info() (nativeInfo, error) {
	b, err := k.query(keyFull, 256)
	if errors.Is(err, windows.STATUS_INVALID_HANDLE) {
		return nativeInfo{}, nil
	}
	if err == nil && len(b) < 44 {
		err = errNative
	}
	if err != nil {
		return nativeInfo{}, err
	}
	const most = 1<<31 - 1
	return nativeInfo{
		written: int64(binary.LittleEndian.Uint64(b)),
		subkeys: int(min(binary.LittleEndian.Uint32(b[20:]), most)),
		values:  int(min(binary.LittleEndian.Uint32(b[32:]), most)),
	}, nil
}

// each calls one of the functions that enumerate until there is no more.
func (k nativeKey) each(proc *windows.LazyProc, class uintptr, take func([]byte, error) bool) {
	buf := make([]byte, 1024)
	for i := uint32(0); ; i++ {
		entry, err := fill(buf, func(buf []byte, need *uint32) windows.NTStatus {
			r, _, _ := proc.Call(uintptr(k), uintptr(i), class, uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), uintptr(unsafe.Pointer(need)))
			return windows.NTStatus(uint32(r))
		})
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, windows.STATUS_INVALID_HANDLE) {
			return
		}
		if !take(entry, err) || err != nil {
			return
		}
	}
}

// subkeys are the names of the keys below (KEY_BASIC_INFORMATION). An error
// ends them.
func (k nativeKey) subkeys() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		k.each(procEnumerateKey, keyBasic, func(b []byte, err error) bool {
			name := ""
			if err == nil {
				name, err = nativeText(b, 12, 16)
			}
			return yield(name, err)
		})
	}
}

// values are the values of the key. An error ends them.
func (k nativeKey) values() iter.Seq2[*regf.Value, error] {
	return func(yield func(*regf.Value, error) bool) {
		k.each(procEnumerateValueKey, valueFull, func(b []byte, err error) bool {
			var v *regf.Value
			if err == nil {
				v, err = nativeValue(b)
			}
			return yield(v, err)
		})
	}
}

// value finds a value by its name.
func (k nativeKey) value(name string) (*regf.Value, error) {
	units, ok := wtf8.Decode(name)
	if !ok || len(units) > 1<<15-1 {
		return nil, fs.ErrNotExist
	}
	s := windows.NTUnicodeString{Length: uint16(2 * len(units)), MaximumLength: uint16(2 * len(units))}
	if len(units) > 0 {
		s.Buffer = &units[0]
	}
	b, err := fill(make([]byte, 1024), func(buf []byte, need *uint32) windows.NTStatus {
		r, _, _ := procQueryValueKey.Call(uintptr(k), uintptr(unsafe.Pointer(&s)), valueFull, uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), uintptr(unsafe.Pointer(need)))
		return windows.NTStatus(uint32(r))
	})
	if errors.Is(err, windows.STATUS_INVALID_HANDLE) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return nativeValue(b)
}

// nativeValue reads KEY_VALUE_FULL_INFORMATION: the type, the place and the
// length of the data, the length of the name, the name.
func nativeValue(b []byte) (*regf.Value, error) {
	if len(b) < 20 {
		return nil, errNative
	}
	n := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(b[4*i:])) }
	at, size, name := n(2), n(3), n(4)
	if 20+name > uint64(len(b)) || size > 0 && at+size > uint64(len(b)) {
		return nil, errNative
	}
	var data []byte
	if size > 0 {
		data = append(data, b[at:at+size]...)
	}
	return regf.NewValue(b[20:20+name], regf.Type(n(1)), data, nil)
}
