package document

import (
	"runtime"
	"strings"
	"testing"

	"iocscan/scan/source"
)

func TestMountedVolumes(t *testing.T) {
	m := source.NewMem(source.Linux).Offer(source.Live).
		Add("/etc/fstab", "UUID=0a1b-2c3d / ext4 defaults 0 1\n/dev/sdb1 /media/stick vfat noauto,user\nfiles:/export /net nfs4 rw\n").
		Add("/proc/self/mounts", `proc /proc proc rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/mapper/vg-root / ext4 rw,relatime 0 0
/dev/mapper/vg-root /var/lib\040x ext4 ro,relatime 0 0
/dev/sdc1 /mnt exfat rw,nosuid 0 0
files:/export /net nfs4 ro,addr=192.0.2.4 0 0
`).
		AddLink("/dev/mapper/vg-root", "../dm-0").
		AddLink("/dev/disk/by-uuid/0a1b-2c3d", "../../dm-0").
		AddLink("/dev/disk/by-label/MY\\x20STICK", "../../sdc1").
		AddLink("/sys/class/block/sdc1", "../../devices/pci/usb1/block/sdc/sdc1").
		Add("/sys/devices/pci/usb1/block/sdc/removable", "1\n")
	tell(t, &volumes, m).want(t, `
		/dev/mapper/vg-root on /
		  VolumeName = ?
		  DevicePath = /dev/mapper/vg-root
		  SerialNumber = ?
		  FileSystemName = ext4
		  MountPoint = / | /var/lib x
		  VolumeID = 0a1b-2c3d
		  IsMounted = true
		  RemoteFS = false
		  Flags/ReadOnly = false
		  Flags/Removable = ?
		  TotalSize = ?
		  FreeSize = ?
		/dev/sdb1 on /media/stick
		  VolumeName = ?
		  DevicePath = /dev/sdb1
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = vfat
		  MountPoint = /media/stick
		  VolumeID = ?
		  IsMounted = false
		  RemoteFS = false
		  Flags/ReadOnly = ?
		  Flags/Removable = ?
		  TotalSize = ?
		  FreeSize = ?
		/dev/sdc1 on /mnt
		  VolumeName = ?
		  DevicePath = /dev/sdc1
		  Name = MY STICK
		  SerialNumber = ?
		  FileSystemName = exfat
		  MountPoint = /mnt
		  IsMounted = true
		  RemoteFS = false
		  Flags/ReadOnly = false
		  Flags/Removable = true
		  TotalSize = ?
		  FreeSize = ?
		files:/export on /net
		  VolumeName = ?
		  DevicePath = files:/export
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = nfs4
		  MountPoint = /net
		  VolumeID = ?
		  RemoteAddress = files
		  IsMounted = true
		  RemoteFS = true
		  Flags/ReadOnly = true
		  Flags/Removable = false
		  TotalSize = ?
		  FreeSize = ?
	`)
	m.Add("/proc/self/mounts", "broken\n")
	tell(t, &volumes, m).tells(t, `/proc/self/mounts: no entry: "broken`)
	m.Remove("/proc/self/mounts")
	tell(t, &volumes, m).tells(t, "not shown below /proc")
}

// The file system of the running host has a size.
func TestVolumesOfThisHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what is mounted is read on Linux")
	}
	src, err := source.OpenHost(source.HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	got := tell(t, &volumes, src)
	if !strings.Contains(got.text, "  IsMounted = true\n") || !got.Full {
		t.Errorf("full %v (%s)\n%s", got.Full, got.Why, got.text)
	}
	if strings.Contains(got.text, "FileSystemName = ext4") && !strings.Contains(got.text, "  TotalSize = ") {
		t.Errorf("no size in\n%s", got.text)
	}
}
