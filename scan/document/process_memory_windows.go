package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A pageRange is what VirtualQueryEx tells: pages in a row that are alike.
type pageRange struct {
	base, allocation, size uint64
	state, protect, kind   uint32
}

// Kinds of pages, as MEMORY_BASIC_INFORMATION has them.
const (
	memoryMapped = 0x40000
	memoryImage  = 0x1000000
)

var (
	psapi              = windows.NewLazySystemDLL("psapi.dll")
	procMappedFileName = psapi.NewProc("GetMappedFileNameW")
	procVirtualQuery   = kernel32.NewProc("VirtualQueryEx")
	kernel32           = windows.NewLazySystemDLL("kernel32.dll")
)

// queryPages is what lies at an address; ok is false behind the last.
func queryPages(p windows.Handle, address uint64) (r pageRange, ok bool) {
	// The structure of golang.org/x/sys has a field too many for 32 bits.
	var b [48]byte
	n, _, _ := procVirtualQuery.Call(uintptr(p), uintptr(address), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	le := binary.LittleEndian
	switch {
	case wordSize == 8 && n >= 44:
		r = pageRange{le.Uint64(b[0:]), le.Uint64(b[8:]), le.Uint64(b[24:]), le.Uint32(b[32:]), le.Uint32(b[36:]), le.Uint32(b[40:])}
	case wordSize == 4 && n >= 28:
		r = pageRange{uint64(le.Uint32(b[0:])), uint64(le.Uint32(b[4:])), uint64(le.Uint32(b[12:])), le.Uint32(b[16:]), le.Uint32(b[20:]), le.Uint32(b[24:])}
	default:
		return r, false
	}
	return r, r.size > 0 && r.base+r.size > address
}

// regions are the pages that the process has memory for.
func (h *windowsHost) regions(pid uint64) (list []region, err error) {
	const what = "what processes have mapped"
	if kernelProcess(pid) {
		return nil, nil
	}
	p, err := h.ask(pid, windows.PROCESS_QUERY_INFORMATION|windows.PROCESS_VM_READ, what)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(p)
	if err := h.wide(p); err != nil {
		return nil, err
	}
	m := mappedNames{process: p, names: h.names}
	const last = uint64(^uintptr(0))
	for address := uint64(0); address < last; {
		r, ok := queryPages(p, address)
		if !ok {
			break
		}
		address = r.base + r.size
		if r.state != windows.MEM_COMMIT {
			continue
		}
		if len(list) >= mostRegions {
			return list, fmt.Errorf("process %d has more than %d regions", pid, mostRegions)
		}
		list = append(list, m.region(r))
	}
	if hasEnded(p) {
		return nil, errNoProcess
	}
	return list, nil
}

// mappedNames names the files mapped in one process, one after the other.
type mappedNames struct {
	process windows.Handle
	names   kernelNames

	allocation uint64 // the last that was asked about
	name       string
	why        error
	program    bool // it begins as a program does
	read       bool // that could be told

	buf []uint16
}

func (m *mappedNames) region(r pageRange) region {
	if r.allocation != m.allocation {
		m.allocation, m.name, m.why, m.program, m.read = r.allocation, "", nil, false, false
		if r.kind == memoryImage || r.kind == memoryMapped {
			m.name, m.why = m.file(r)
		} else {
			m.program, m.read = m.isProgram(r.allocation)
		}
	}
	out := region{
		start: r.base, size: r.size, path: m.name, pathErr: m.why, mapped: m.name != "",
		protection: pageProtection(r.protect), readable: pageReadable(r.protect), judged: true,
	}
	if r.kind == memoryImage || r.kind == memoryMapped || !pageExecutable(r.protect) {
		return out
	}
	// Code that no file has: compilers at run time make such, but not with the
	// head of a program before it.
	here, read := m.isProgram(r.base)
	out.injected = here || m.program
	out.judged = out.injected || read || m.read
	return out
}

func (m *mappedNames) isProgram(address uint64) (yes, read bool) {
	var head [2]byte
	var n uintptr
	if windows.ReadProcessMemory(m.process, uintptr(address), &head[0], 2, &n) != nil || n < 2 {
		return false, false
	}
	return head == [2]byte{'M', 'Z'}, true
}

// file is the path of the mapped file. Memory that is mapped from no file, such
// as what processes share, has none.
func (m *mappedNames) file(r pageRange) (string, error) {
	if err := procMappedFileName.Find(); err != nil {
		return "", err
	}
	if m.buf == nil {
		m.buf = make([]uint16, 1<<15)
	}
	buf := m.buf
	n, _, err := procMappedFileName.Call(uintptr(m.process), uintptr(r.base), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
	if n == 0 {
		if r.kind == memoryMapped || errors.Is(err, windows.ERROR_FILE_INVALID) {
			return "", nil
		}
		return "", fmt.Errorf("name of a mapped file: %w", err)
	}
	name := windows.UTF16ToString(buf[:min(int(n), len(buf))])
	if path, ok := m.names.file(name); ok {
		return path, nil
	}
	return name, nil
}

// processMemory reads what a process has mapped.
type processMemory struct{ process windows.Handle }

func (h *windowsHost) memory(pid uint64) (addressSpace, error) {
	if kernelProcess(pid) {
		return nil, errNoProcess // nothing of it can be read by anybody
	}
	p, err := h.ask(pid, windows.PROCESS_QUERY_INFORMATION|windows.PROCESS_VM_READ, "the memory of processes")
	if err != nil {
		return nil, err
	}
	if err := h.wide(p); err != nil {
		windows.CloseHandle(p)
		return nil, err
	}
	return processMemory{p}, nil
}

func (m processMemory) ReadAt(b []byte, address int64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	var n uintptr
	err := windows.ReadProcessMemory(m.process, uintptr(address), &b[0], uintptr(len(b)), &n)
	if n == 0 && err != nil && hasEnded(m.process) {
		err = errNoProcess
	}
	return min(int(n), len(b)), err
}

func (m processMemory) Close() error { return windows.CloseHandle(m.process) }
