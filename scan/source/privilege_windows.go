package source

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// enableBackup lets an administrator read what the access lists forbid. Without
// the privilege reading goes as far as they allow.
func enableBackup() { EnablePrivilege("SeBackupPrivilege") }

// EnablePrivilege makes use of a privilege, if the user has it, and reports
// whether that is so.
func EnablePrivilege(privilege string) bool {
	var token windows.Token
	if windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_ADJUST_PRIVILEGES|windows.TOKEN_QUERY, &token) != nil {
		return false
	}
	defer token.Close()
	name, err := windows.UTF16PtrFromString(privilege)
	if err != nil {
		return false
	}
	want := windows.Tokenprivileges{PrivilegeCount: 1}
	want.Privileges[0].Attributes = windows.SE_PRIVILEGE_ENABLED
	if windows.LookupPrivilegeValue(nil, name, &want.Privileges[0].Luid) != nil {
		return false
	}
	// The call succeeds also where the user has no such privilege.
	if windows.AdjustTokenPrivileges(token, false, &want, 0, nil, nil) != nil {
		return false
	}
	return holds(token, want.Privileges[0].Luid)
}

// holds reports whether a token has a privilege enabled.
func holds(token windows.Token, luid windows.LUID) bool {
	var size uint32
	_ = windows.GetTokenInformation(token, windows.TokenPrivileges, nil, 0, &size)
	buf := make([]uint64, size/8+1)
	if size == 0 || windows.GetTokenInformation(token, windows.TokenPrivileges, (*byte)(unsafe.Pointer(&buf[0])), size, &size) != nil {
		return false
	}
	for _, p := range (*windows.Tokenprivileges)(unsafe.Pointer(&buf[0])).AllPrivileges() {
		if p.Luid == luid {
			return p.Attributes&windows.SE_PRIVILEGE_ENABLED != 0
		}
	}
	return false
}
