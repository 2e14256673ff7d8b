package document

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

var procGetDiskFreeSpace = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetDiskFreeSpaceW")

// listLiveVolumes asks for the volumes of the machine's own disks. Drives of
// the network are none, and nothing is asked of them.
func listLiveVolumes() (list []liveVolume, err error) {
	var buf [windows.MAX_PATH]uint16
	h, err := windows.FindFirstVolume(&buf[0], uint32(len(buf)))
	if err != nil {
		return nil, fmt.Errorf("list the volumes: %w", err)
	}
	defer windows.FindVolumeClose(h)
	for len(list) < mostVolumes {
		list = append(list, askVolume(windows.UTF16ToString(buf[:])))
		switch err := windows.FindNextVolume(h, &buf[0], uint32(len(buf))); err {
		case nil:
		case windows.ERROR_NO_MORE_FILES:
			return list, nil
		default:
			return list, fmt.Errorf("list the volumes: %w", err)
		}
	}
	return list, errors.New("list the volumes: more than any system has")
}

func askVolume(name string) liveVolume {
	v := liveVolume{name: name, places: volumePlaces(name)}
	v.device, v.deviceErr = volumeDevice(name)
	root, err := windows.UTF16PtrFromString(name)
	if err != nil {
		v.infoErr, v.sizeErr, v.clusterErr = err, err, err
		return v
	}
	v.kind = windows.GetDriveType(root)
	var label, kind [windows.MAX_PATH + 1]uint16
	err = windows.GetVolumeInformation(root, &label[0], uint32(len(label)), &v.serial, nil, &v.flags, &kind[0], uint32(len(kind)))
	if err != nil {
		v.infoErr = fmt.Errorf("ask volume %s for its file system: %w", name, err)
	}
	v.label, v.fsType = windows.UTF16ToString(label[:]), windows.UTF16ToString(kind[:])
	if err = windows.GetDiskFreeSpaceEx(root, nil, &v.total, &v.free); err != nil {
		v.sizeErr = fmt.Errorf("ask volume %s for its size: %w", name, err)
	}
	r, _, err := procGetDiskFreeSpace.Call(uintptr(unsafe.Pointer(root)), uintptr(unsafe.Pointer(&v.sectorsPerCluster)),
		uintptr(unsafe.Pointer(&v.bytesPerSector)), uintptr(unsafe.Pointer(&v.freeClusters)), uintptr(unsafe.Pointer(&v.clusters)))
	if r == 0 {
		v.clusterErr = fmt.Errorf("ask volume %s for its clusters: %w", name, err)
	}
	return v
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

// deviceNames are the drives of devices such as \Device\HarddiskVolume3.
func deviceNames() map[string]string {
	names := map[string]string{}
	for letter := 'A'; letter <= 'Z'; letter++ {
		drive := string(letter) + ":"
		if device, err := volumeDevice(drive); err == nil {
			names[device] = drive
		}
	}
	return names
}

// volumeDevice is the device that the name of a volume stands for, such as
// \Device\HarddiskVolume3.
func volumeDevice(volume string) (string, error) {
	device := strings.TrimSuffix(strings.TrimPrefix(volume, `\\?\`), `\`)
	name, err := windows.UTF16PtrFromString(device)
	if err != nil {
		return "", err
	}
	var buf [1024]uint16
	if _, err := windows.QueryDosDevice(name, &buf[0], uint32(len(buf))); err != nil {
		return "", fmt.Errorf("ask for the device of volume %s: %w", volume, err)
	}
	return windows.UTF16ToString(buf[:]), nil
}
