package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sys/windows"
)

// newRawVolume is the volume of a drive, such as C:. It opens nothing yet.
func newRawVolume(drive string) *rawVolume {
	return &rawVolume{open: func() (rawDevice, error) { return openDevice(drive) }}
}

// held reports whether an error is one of those with which the system keeps a
// file for itself.
func held(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, fs.ErrPermission)
}

// A winDevice is the device of a volume, opened for reading.
type winDevice struct {
	alignedReader
	file *winFile
}

func (d *winDevice) Close() error { return d.file.Close() }

const ioctlLengthInfo = 0x7405c // IOCTL_DISK_GET_LENGTH_INFO

func openDevice(drive string) (rawDevice, error) {
	name := `\\.\` + strings.TrimSuffix(drive, `\`)
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(path, windows.GENERIC_READ, shareAll, nil, windows.OPEN_EXISTING, 0, 0)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return nil, fmt.Errorf("open %s: %w: it takes the rights of an administrator", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	file := &winFile{handle: h, name: name}
	var length [8]byte
	var n uint32
	if err = windows.DeviceIoControl(h, ioctlLengthInfo, nil, 0, &length[0], uint32(len(length)), &n, nil); err == nil && n < 8 {
		err = io.ErrUnexpectedEOF
	}
	size := int64(binary.LittleEndian.Uint64(length[:]))
	if err == nil && size < 0 {
		err = fmt.Errorf("a size of %d bytes", size)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("ask %s for its size: %w", name, err)
	}
	const sector = 4096 // no disk has larger ones
	return &winDevice{alignedReader{file, sector, size}, file}, nil
}
