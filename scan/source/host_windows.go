package source

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf16"

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
				if kind == "ntfs" {
					folder.raw = newRawVolume(drive)
				}
				t := &linkTree{folder: folder, resolver: &resolver{tree: folder, platform: Windows, volume: drive, fold: true}}
				m.volumes = append(m.volumes, Volume{Name: drive, FoldCase: true, FS: &winTree{linkTree: t, dir: folder}, Type: kind})
				m.open = append(m.open, folder)
				continue
			}
			out = &LeftOut{Reason: err.Error(), Volume: true}
		}
		out.Path = drive + `\`
		m.leftOut = append(m.leftOut, *out)
	}
	lost, err := volumesWithoutLetter()
	if err != nil {
		m.Close()
		return nil, err
	}
	m.leftOut = append(m.leftOut, lost...)
	return liveHost{m}, nil
}

// volumesWithoutLetter lists those that no drive shows: mounted in a folder,
// which a walk meets as a link, or nowhere, as an EFI or recovery partition is.
func volumesWithoutLetter() ([]LeftOut, error) {
	var buf [windows.MAX_PATH]uint16
	h, err := windows.FindFirstVolume(&buf[0], uint32(len(buf)))
	if err != nil {
		return nil, fmt.Errorf("list the volumes: %w", err)
	}
	defer windows.FindVolumeClose(h)
	var list []LeftOut
	for {
		name := windows.UTF16ToString(buf[:])
		if places := volumePlaces(name); len(places) == 0 {
			list = append(list, LeftOut{Path: name, Reason: "volume that is not mounted"})
		} else if !slices.ContainsFunc(places, func(p string) bool { return len(p) == 3 && hasDrive(p) }) {
			list = append(list, LeftOut{Path: places[0], Reason: "volume mounted in a folder", Volume: true})
		}
		switch err := windows.FindNextVolume(h, &buf[0], uint32(len(buf))); err {
		case nil:
		case windows.ERROR_NO_MORE_FILES:
			return list, nil
		default:
			return nil, fmt.Errorf("list the volumes: %w", err)
		}
	}
}

// volumePlaces are the drives and folders that a volume is mounted on.
func volumePlaces(volume string) []string {
	name, err := windows.UTF16PtrFromString(volume)
	if err != nil {
		return nil
	}
	buf := make([]uint16, 1<<15)
	var n uint32
	if windows.GetVolumePathNamesForVolumeName(name, &buf[0], uint32(len(buf)), &n) != nil {
		return nil
	}
	return strings.FieldsFunc(string(utf16.Decode(buf[:min(int(n), len(buf))])), func(r rune) bool { return r == 0 })
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
func rootFS(t *linkTree, dir *dirFS) FS {
	if t.platform == Windows {
		return &winTree{linkTree: t, dir: dir, accounts: Accounts{foreign: true}}
	}
	return t
}
