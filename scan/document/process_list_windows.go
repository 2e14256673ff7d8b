package document

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A listedProcess is a row of the system's list of processes.
type listedProcess struct {
	pid, parent uint64
	name        string
	timed       bool
	times       processTimes
}

// mostSystemInformation bounds the bytes of a list of the system's.
const mostSystemInformation = 256 << 20

// systemInformation is what NtQuerySystemInformation answers, in a buffer that
// is large enough: lists grow meanwhile. It lies at a multiple of 8.
func systemInformation(class int32, what string) ([]byte, error) {
	for size := uint32(256 << 10); ; {
		if size > mostSystemInformation {
			return nil, fmt.Errorf("%s: a list of %d bytes", what, size)
		}
		buf := make([]uint64, size/8)
		var need uint32
		err := windows.NtQuerySystemInformation(class, unsafe.Pointer(&buf[0]), size, &need)
		if !errors.Is(err, windows.STATUS_INFO_LENGTH_MISMATCH) {
			if err != nil {
				return nil, fmt.Errorf("%s: %w", what, err)
			}
			n := size
			if need != 0 {
				n = min(n, need)
			}
			return unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), n), nil
		}
		size = max(2*size, (need+64<<10)&^7)
	}
}

// systemProcesses lists by NtQuerySystemInformation, which has the times. Each
// row says how far it is to the next.
func systemProcesses() ([]listedProcess, error) {
	buf, err := systemInformation(windows.SystemProcessInformation, "list processes")
	if err != nil {
		return nil, err
	}
	var list []listedProcess
	for {
		if uintptr(len(buf)) < unsafe.Offsetof(windows.SYSTEM_PROCESS_INFORMATION{}.HandleCount) {
			return list, errors.New("list processes: the list ends inside a row")
		}
		row := (*windows.SYSTEM_PROCESS_INFORMATION)(unsafe.Pointer(&buf[0]))
		p := listedProcess{
			pid: uint64(row.UniqueProcessID), parent: uint64(row.InheritedFromUniqueProcessID), name: unicodeString(buf, &row.ImageName), timed: true,
			times: processTimes{started: row.CreateTime, kernel: time.Duration(row.KernelTime) * 100, user: time.Duration(row.UserTime) * 100},
		}
		if p.pid == 0 {
			p.name, p.timed = idleProcess, false // it counts the time in which nothing runs
		}
		list = append(list, p)
		next := int(row.NextEntryOffset)
		if next == 0 {
			return list, nil
		}
		if next >= len(buf) {
			return list, errors.New("list processes: a row leads out of the list")
		}
		buf = buf[next:]
	}
}

// idleProcess is the name that Windows shows for process 0, which has none.
const idleProcess = "System Idle Process"

// snapshotProcesses lists as documented, without times.
func snapshotProcesses() ([]listedProcess, error) {
	s, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer windows.CloseHandle(s)
	var list []listedProcess
	row := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(s, &row); err == nil; err = windows.Process32Next(s, &row) {
		p := listedProcess{pid: uint64(row.ProcessID), parent: uint64(row.ParentProcessID), name: windows.UTF16ToString(row.ExeFile[:])}
		if p.pid == 0 {
			p.name = idleProcess
		}
		list = append(list, p)
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	return list, nil
}

// unicodeString is the text of a UNICODE_STRING in a buffer that the kernel has
// filled; empty where it does not lie in the buffer.
func unicodeString(buf []byte, s *windows.NTUnicodeString) string {
	start, at := uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(s.Buffer))
	n := uintptr(s.Length)
	if at < start || at-start > uintptr(len(buf)) || n > uintptr(len(buf))-(at-start) {
		return ""
	}
	return windows.UTF16ToString(unsafe.Slice((*uint16)(unsafe.Pointer(&buf[at-start])), n/2))
}

// driveNames are the letters of drives and their devices.
func driveNames() (names kernelNames) {
	var buf [1024]uint16
	for c := 'A'; c <= 'Z'; c++ {
		letter := string(c) + ":"
		name, err := windows.UTF16PtrFromString(letter)
		if err != nil {
			continue
		}
		// A letter without a drive has no target.
		if n, err := windows.QueryDosDevice(name, &buf[0], uint32(len(buf))); err == nil && n > 0 {
			names.drives = append(names.drives, driveDevice{letter, windows.UTF16ToString(buf[:])})
		}
	}
	return names
}

func underWOW64(p windows.Handle) bool {
	var under bool
	return windows.IsWow64Process(p, &under) == nil && under
}

// errWide answers what only a 64-bit program can ask of one.
var errWide = errors.New("a 64-bit process, into which a 32-bit scanner cannot look")

// wide is why the inside of a process cannot be seen; nil: it can.
func (h *windowsHost) wide(p windows.Handle) error {
	if h.narrow && !underWOW64(p) {
		return errWide
	}
	return nil
}
