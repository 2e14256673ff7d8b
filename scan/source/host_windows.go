package source

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/windows"
)

func openHost(opt HostOptions) (Source, error) {
	name := opt.Name
	if name == "" {
		name, _ = os.Hostname() // a machine may lack a name
	}
	bits, err := windows.GetLogicalDrives()
	if err != nil {
		return nil, fmt.Errorf("list the drives: %w", err)
	}
	m := &machine{kind: "host", name: name, platform: Windows, has: []Capability{Files, Live, Hives}}
	for i := range 26 {
		if bits&(1<<i) == 0 {
			continue
		}
		drive := string(rune('A'+i)) + ":"
		kind, out := judgeDrive(drive)
		if out == nil {
			var folder *dirFS
			if folder, err = openDir(drive+`\`, false); err == nil {
				t := &hostTree{dirFS: folder, resolver: &resolver{tree: folder, platform: Windows, volume: drive, fold: true}}
				m.volumes = append(m.volumes, Volume{Name: drive, FoldCase: true, FS: &winTree{hostTree: t}, Type: kind})
				m.folders = append(m.folders, folder)
				continue
			}
			out = &LeftOut{Reason: err.Error(), Volume: true}
		}
		out.Path = drive + `\`
		m.leftOut = append(m.leftOut, *out)
	}
	return m, nil
}

// judgeDrive is the file system of a drive, or why it is left out. Nothing is
// asked of a drive on the network.
func judgeDrive(drive string) (string, *LeftOut) {
	root, err := windows.UTF16PtrFromString(drive + `\`)
	if err != nil {
		return "", &LeftOut{Reason: err.Error(), Volume: true}
	}
	switch windows.GetDriveType(root) {
	case windows.DRIVE_REMOTE:
		return "", &LeftOut{Reason: "network drive", Volume: true}
	case windows.DRIVE_CDROM:
		return "", &LeftOut{Reason: "optical drive"}
	case windows.DRIVE_NO_ROOT_DIR:
		return "", &LeftOut{Reason: "drive without a file system"}
	}
	// SUBST makes a letter for a folder, which may be one on the network.
	if device, err := windows.UTF16PtrFromString(drive); err == nil {
		var buf [1024]uint16
		if n, err := windows.QueryDosDevice(device, &buf[0], uint32(len(buf))); err == nil && n > 0 {
			if target, ok := strings.CutPrefix(windows.UTF16ToString(buf[:]), `\??\`); ok {
				return "", &LeftOut{Reason: "stands for the folder " + target, Volume: strings.HasPrefix(target, `UNC\`)}
			}
		}
	}
	var kind [windows.MAX_PATH + 1]uint16
	switch err := windows.GetVolumeInformation(root, nil, 0, nil, nil, nil, &kind[0], uint32(len(kind))); err {
	case nil:
		return strings.ToLower(windows.UTF16ToString(kind[:])), nil
	case windows.ERROR_NOT_READY, windows.ERROR_NO_MEDIA_IN_DRIVE:
		return "", &LeftOut{Reason: "no medium in the drive"}
	default:
		// Locked by BitLocker, damaged, or of a file system that is not known.
		return "", &LeftOut{Reason: fmt.Sprintf("file system not readable: %v", err), Volume: true}
	}
}

// rootMounts: volumes mounted below a folder are junctions, which no walk
// follows.
func rootMounts(dir string) (map[string]LeftOut, []LeftOut, string, error) {
	kind := ""
	if len(dir) >= 2 && dir[1] == ':' {
		var buf [windows.MAX_PATH + 1]uint16
		if root, err := windows.UTF16PtrFromString(dir[:2] + `\`); err == nil {
			if windows.GetVolumeInformation(root, nil, 0, nil, nil, nil, &buf[0], uint32(len(buf))) == nil {
				kind = strings.ToLower(windows.UTF16ToString(buf[:]))
			}
		}
	}
	return nil, nil, kind, nil
}

// rootFS is the FS of a volume of a root. Streams and owners of a Windows
// system may have come along; a Unix system's owners have not.
func rootFS(t *hostTree) FS {
	if t.platform == Windows {
		return &winTree{hostTree: t, foreign: true}
	}
	return t
}

// enableBackup lets an administrator read what the access lists forbid. Without
// the privilege reading goes as far as they allow.
func enableBackup() {
	var token windows.Token
	if windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_ADJUST_PRIVILEGES|windows.TOKEN_QUERY, &token) != nil {
		return
	}
	defer token.Close()
	name, err := windows.UTF16PtrFromString("SeBackupPrivilege")
	if err != nil {
		return
	}
	p := windows.Tokenprivileges{PrivilegeCount: 1}
	p.Privileges[0].Attributes = windows.SE_PRIVILEGE_ENABLED
	if windows.LookupPrivilegeValue(nil, name, &p.Privileges[0].Luid) == nil {
		_ = windows.AdjustTokenPrivileges(token, false, &p, 0, nil, nil)
	}
}
