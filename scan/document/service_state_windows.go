package document

import (
	"errors"
	"fmt"
	"iter"
	"unsafe"

	"golang.org/x/sys/windows"
)

// listServiceStates asks the service control manager, of which any user may
// list the services. Those that a user was denied are not told.
func listServiceStates() iter.Seq2[serviceState, error] {
	return func(yield func(serviceState, error) bool) {
		list, err := enumServices()
		for _, s := range list {
			if !yield(s, nil) {
				return
			}
		}
		if err != nil {
			yield(serviceState{}, fmt.Errorf("list the services of the service control manager: %w", err))
		}
	}
}

func enumServices() (list []serviceState, err error) {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_ENUMERATE_SERVICE)
	if err != nil {
		return nil, err
	}
	defer windows.CloseServiceHandle(manager)
	const kinds = serviceTypes | 0x1 | fileSystemDriver | recognizer
	buf := make([]byte, 256<<10) // the most that the function fills
	for resume := uint32(0); ; {
		var need, count uint32
		at := resume
		err := windows.EnumServicesStatusEx(manager, windows.SC_ENUM_PROCESS_INFO, kinds, windows.SERVICE_STATE_ALL,
			&buf[0], uint32(len(buf)), &need, &count, &resume, nil)
		if err != nil && !errors.Is(err, windows.ERROR_MORE_DATA) {
			return list, err
		}
		if len(list) > mostEntries {
			return list, fmt.Errorf("more than %d services", mostEntries)
		}
		rows := unsafe.Slice((*windows.ENUM_SERVICE_STATUS_PROCESS)(unsafe.Pointer(&buf[0])), min(int(count), len(buf)/int(unsafe.Sizeof(windows.ENUM_SERVICE_STATUS_PROCESS{}))))
		for i := range rows {
			s := &rows[i].ServiceStatusProcess
			list = append(list, serviceState{
				name: windows.UTF16PtrToString(rows[i].ServiceName),
				kind: s.ServiceType, state: s.CurrentState, pid: s.ProcessId,
			})
		}
		switch {
		case err == nil:
			return list, nil
		case count == 0 && need > uint32(len(buf)):
			buf = make([]byte, min(need, 64<<20))
		case count == 0 || resume == at:
			return list, err
		}
	}
}
