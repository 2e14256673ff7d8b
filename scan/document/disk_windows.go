package document

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// listWindowsDisks asks for the disks by the names that Windows gives them.
// Their size and their partitions are told to whoever asks; their content,
// which would take the rights of an administrator, is not needed.
func listWindowsDisks(ctx context.Context, req *Request, list *Listing) iter.Seq2[disk, error] {
	return func(yield func(disk, error) bool) {
		numbers, err := physicalDrives()
		list.Full = true
		for _, n := range numbers {
			d := askDisk(n)
			if err := cmp.Or(d.size.why, d.partsErr); err != nil {
				req.trouble(d.shown, err)
			}
			list.Objects++
			if ctx.Err() != nil || !yield(d, nil) {
				return
			}
		}
		if err != nil {
			yield(disk{}, fmt.Errorf("list the disks: %w", err))
		}
	}
}

// physicalDrives are the numbers of the disks, from the names of all devices.
func physicalDrives() ([]int, error) {
	for size := 1 << 16; ; size *= 2 {
		buf := make([]uint16, size)
		n, err := windows.QueryDosDevice(nil, &buf[0], uint32(len(buf)))
		if errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) && size < 1<<24 {
			continue
		}
		if err != nil {
			return nil, err
		}
		var numbers []int
		for name := range strings.SplitSeq(string(utf16.Decode(buf[:min(int(n), len(buf))])), "\x00") {
			if rest, ok := strings.CutPrefix(name, "PhysicalDrive"); ok {
				if n, err := strconv.ParseUint(rest, 10, 16); err == nil {
					numbers = append(numbers, int(n))
				}
			}
		}
		slices.Sort(numbers)
		return slices.Compact(numbers), nil
	}
}

func askDisk(number int) (d disk) {
	name := fmt.Sprintf("PhysicalDrive%d", number)
	d.shown = `\\.\` + name
	d.names = sure(d.shown, name)
	d.path, d.kind, d.connection = fact{why: errNotCarried}, fact{why: errNotCarried}, fact{why: errNotCarried}
	if at, err := windows.UTF16PtrFromString(name); err == nil {
		var buf [1024]uint16
		if _, err = windows.QueryDosDevice(at, &buf[0], uint32(len(buf))); err == nil {
			d.path = sure(windows.UTF16ToString(buf[:]))
		}
	}
	h, err := openDisk(d.shown)
	if err != nil {
		d.size.why, d.partsErr = err, err
		return d
	}
	defer windows.CloseHandle(h)
	const geometry, driveLayoutEx, property = 0x700a0, 0x70050, 0x2d1400
	b, err := deviceAnswer(h, geometry, nil, 256)
	if err == nil && len(b) < 32 {
		err = errLayout
	}
	if err != nil {
		d.size.why = fmt.Errorf("ask %s for its size: %w", d.shown, err)
	} else {
		d.size = amountIs(binary.LittleEndian.Uint64(b[24:]), nil)
		switch binary.LittleEndian.Uint32(b[8:]) {
		case 11:
			d.kind = sure("RemovableMedia")
		case 12:
			d.kind = sure("FixedMedia")
		}
	}
	if b, err = deviceAnswer(h, driveLayoutEx, nil, 4<<10); err == nil {
		d.parts, err = driveLayout(b)
	}
	if err != nil {
		d.partsErr = fmt.Errorf("ask %s for its partitions: %w", d.shown, err)
	}
	if b, err = deviceAnswer(h, property, make([]byte, 12), 1<<10); err == nil {
		if bus, ok := busType(b); ok {
			d.connection = sure(bus)
		}
	}
	return d
}

// openDisk opens a disk to ask about it, not to read it.
func openDisk(path string) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	h, err := windows.CreateFile(name, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	switch {
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return 0, fmt.Errorf("open %s: %w: it takes the rights of an administrator", path, err)
	case err != nil:
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	return h, nil
}

// deviceAnswer is what a device answers to a control code.
func deviceAnswer(h windows.Handle, code uint32, in []byte, size int) ([]byte, error) {
	var ask *byte
	if len(in) > 0 {
		ask = &in[0]
	}
	for ; size <= 1<<20; size *= 4 {
		buf := make([]byte, size)
		var n uint32
		err := windows.DeviceIoControl(h, code, ask, uint32(len(in)), &buf[0], uint32(len(buf)), &n, nil)
		if errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) || errors.Is(err, windows.ERROR_MORE_DATA) {
			continue
		}
		return buf[:min(int(n), len(buf))], err
	}
	return nil, io.ErrShortBuffer
}
