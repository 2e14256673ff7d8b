package document

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// commandLineOf asks Windows 8.1 and later. It is the line in the process's
// own memory, which the process may have overwritten.
func commandLineOf(p windows.Handle) (string, bool) {
	buf := make([]uint64, 1<<10)
	for {
		var need uint32
		size := uint32(len(buf) * 8)
		err := windows.NtQueryInformationProcess(p, windows.ProcessCommandLineInformation, unsafe.Pointer(&buf[0]), size, &need)
		if err == nil {
			b := unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), size)
			return unicodeString(b, (*windows.NTUnicodeString)(unsafe.Pointer(&buf[0]))), true
		}
		if errors.Is(err, windows.STATUS_NOT_FOUND) {
			return "", true // Registry and the like, which run no program
		}
		if !errors.Is(err, windows.STATUS_INFO_LENGTH_MISMATCH) || need <= size || need > 1<<17 {
			return "", false
		}
		buf = make([]uint64, need/8+1)
	}
}

// The places of pointers in the blocks of a process that are not documented and
// have not changed since Windows XP, for programs as wide as the scanner:
// PEB.ProcessParameters and RTL_USER_PROCESS_PARAMETERS.CommandLine. A 32-bit
// process on a 64-bit Windows has both blocks twice, and the line in each.
const (
	wordSize      = unsafe.Sizeof(uintptr(0))
	pebParameters = 4 * wordSize
	parameterLine = 0x40 + (wordSize-4)*12 // 0x40, 0x70
)

// commandLineIn reads the line where the process has it.
func commandLineIn(p windows.Handle) (string, error) {
	var info windows.PROCESS_BASIC_INFORMATION
	if err := windows.NtQueryInformationProcess(p, windows.ProcessBasicInformation, unsafe.Pointer(&info), uint32(unsafe.Sizeof(info)), nil); err != nil {
		return "", fmt.Errorf("command line: %w", err)
	}
	peb := uintptr(unsafe.Pointer(info.PebBaseAddress))
	if peb == 0 {
		return "", nil // a process without a program, such as Registry
	}
	var parameters uintptr
	if err := readValue(p, peb+pebParameters, &parameters); err != nil {
		return "", err
	}
	var line struct {
		length, room uint16
		at           uintptr
	}
	if err := readValue(p, parameters+parameterLine, &line); err != nil {
		return "", err
	}
	text := make([]uint16, line.length/2)
	if len(text) == 0 {
		return "", nil
	}
	if err := readMemory(p, line.at, (*byte)(unsafe.Pointer(&text[0])), uintptr(len(text))*2); err != nil {
		return "", err
	}
	return windows.UTF16ToString(text), nil
}

func readValue[T any](p windows.Handle, at uintptr, v *T) error {
	return readMemory(p, at, (*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

func readMemory(p windows.Handle, at uintptr, b *byte, size uintptr) error {
	var n uintptr
	if err := windows.ReadProcessMemory(p, at, b, size, &n); err != nil {
		return fmt.Errorf("command line: %w", err)
	}
	if n != size {
		return errors.New("command line: its memory cannot be read")
	}
	return nil
}
