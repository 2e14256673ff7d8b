package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A systemHandle is SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX.
type systemHandle struct {
	object     uintptr // 0 for users without rights
	pid        uintptr
	number     uintptr
	access     uint32
	trace      uint16
	kind       uint16
	attributes uint32
	reserved   uint32
}

// openHandles lists what all processes have open, once.
func (h *windowsHost) openHandles() ([]systemHandle, error) {
	h.handlesOnce.Do(func() {
		buf, err := systemInformation(windows.SystemExtendedHandleInformation, "list handles")
		const head = 2 * unsafe.Sizeof(uintptr(0)) // their number, and nothing
		if err == nil && uintptr(len(buf)) < head {
			err = errors.New("list handles: the list has no beginning")
		}
		if err != nil {
			h.handlesErr = err
			h.req.trouble("processes", err)
			return
		}
		count := *(*uintptr)(unsafe.Pointer(&buf[0]))
		if room := (uintptr(len(buf)) - head) / unsafe.Sizeof(systemHandle{}); count > room {
			h.handlesErr = fmt.Errorf("list handles: %d of %d", room, count)
			count = room
		}
		if count > 0 {
			h.handleTable = unsafe.Slice((*systemHandle)(unsafe.Pointer(&buf[head])), count)
		}
		slices.SortFunc(h.handleTable, func(a, b systemHandle) int {
			return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.number, b.number))
		})
	})
	return h.handleTable, h.handlesErr
}

func (h *windowsHost) handles(pid uint64) ([]handle, error) {
	const what = "what processes have open"
	all, fault := h.openHandles()
	first, found := slices.BinarySearchFunc(all, uintptr(pid), func(e systemHandle, pid uintptr) int { return cmp.Compare(e.pid, pid) })
	if !found {
		return nil, fault
	}
	p, why := h.ask(pid, windows.PROCESS_DUP_HANDLE, what)
	if errors.Is(why, errNoProcess) {
		return nil, why
	}
	if why == nil {
		defer windows.CloseHandle(p)
	}
	var list []handle
	for _, e := range all[first:] {
		if e.pid != uintptr(pid) {
			break
		}
		if len(list) >= mostHandles {
			return list, fmt.Errorf("process %d has more than %d handles", pid, mostHandles)
		}
		one := handle{number: uint64(e.number), access: uint64(e.access), hasAccess: true, object: uint64(e.object), why: why}
		if why == nil {
			err := h.describe(p, &e, &one)
			if errors.Is(err, windows.ERROR_INVALID_HANDLE) {
				continue // closed meanwhile
			}
			one.why = h.told(what, err)
		}
		list = append(list, one)
	}
	return list, fault
}

// describe finds out about one handle by a second one of its own, which has no
// right to the object but to be asked what it is.
func (h *windowsHost) describe(p windows.Handle, e *systemHandle, one *handle) error {
	var own windows.Handle
	if err := windows.DuplicateHandle(p, windows.Handle(e.number), windows.CurrentProcess(), &own, 0, false, 0); err != nil {
		return err
	}
	keep := false
	defer func() {
		if !keep {
			windows.CloseHandle(own)
		}
	}()
	var basic struct { // PUBLIC_OBJECT_BASIC_INFORMATION
		attributes, access uint32
		handles, pointers  uint32
		reserved           [10]uint32
	}
	if _, err := queryObject(own, objectBasic, unsafe.Slice((*byte)(unsafe.Pointer(&basic)), unsafe.Sizeof(basic))); err == nil {
		one.counted, one.references, one.pointers = true, uint64(basic.handles), uint64(basic.pointers)
		if one.references > 0 {
			one.references-- // the scanner's own
		}
	}
	var err error
	if one.kind, err = h.typeOf(own, e.kind); err != nil {
		return err
	}
	if one.kind == "File" {
		one.name, keep, err = h.asker.ask(blockingAccess(one.access),
			func() (string, error) { return objectName(own) }, func() { windows.CloseHandle(own) })
	} else {
		one.name, err = objectName(own)
	}
	if one.name != "" {
		one.forms = h.names.forms(one.kind, one.name)
	}
	return err
}

// typeOf is the name of an object's type, which has the same number as long as
// Windows runs.
func (h *windowsHost) typeOf(own windows.Handle, number uint16) (string, error) {
	if name, known := h.types.Load(number); known && number != 0 {
		return name.(string), nil
	}
	name, err := objectText(own, objectType)
	if err == nil && name != "" {
		h.types.Store(number, name)
	}
	return name, err
}

// Classes of NtQueryObject.
const (
	objectBasic = 0
	objectNamed = 1
	objectType  = 2
)

var procQueryObject = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryObject")

func queryObject(own windows.Handle, class uintptr, buf []byte) (need uint32, err error) {
	if err := procQueryObject.Find(); err != nil {
		return 0, err
	}
	r, _, _ := procQueryObject.Call(uintptr(own), class, uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), uintptr(unsafe.Pointer(&need)))
	if status := windows.NTStatus(r); status != windows.STATUS_SUCCESS {
		return need, status
	}
	return need, nil
}

// objectText is the UNICODE_STRING that the answer about an object begins with.
func objectText(own windows.Handle, class uintptr) (string, error) {
	buf := make([]uint64, 128)
	for {
		b := unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), len(buf)*8)
		need, err := queryObject(own, class, b)
		if err == nil {
			return unicodeString(b, (*windows.NTUnicodeString)(unsafe.Pointer(&buf[0]))), nil
		}
		const most = 1<<16 + 64 // a name has at most 64 KiB
		if !tooSmall(err) || len(b) >= most {
			return "", err
		}
		buf = make([]uint64, min(max(int(need), 2*len(b)), most)/8+1)
	}
}

func tooSmall(err error) bool {
	return errors.Is(err, windows.STATUS_INFO_LENGTH_MISMATCH) || errors.Is(err, windows.STATUS_BUFFER_OVERFLOW) || errors.Is(err, windows.STATUS_BUFFER_TOO_SMALL)
}

// objectName is the kernel's name of an object; empty: it has none. The status
// for a path that leads nowhere is that of files without a name.
func objectName(own windows.Handle) (string, error) {
	name, err := objectText(own, objectNamed)
	if errors.Is(err, windows.STATUS_OBJECT_PATH_INVALID) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("name of an object: %w", err)
	}
	return name, nil
}

// blockingAccess are the rights that handles of pipes mostly have which some
// program reads from without end. Windows answers no question on such a handle
// until the reading is done. Files that are open for reading and writing have
// the same.
func blockingAccess(access uint64) bool {
	return access == 0x0012019f || access == 0x001a019f
}
