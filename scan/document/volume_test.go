package document

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

const (
	stick   = `USBSTOR#Disk&Ven_Example&Prod_Stick&Rev_1.00#0123456789&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`
	gone    = `USBSTOR#Disk&Ven_Example&Prod_Other&Rev_1.00#9876543210&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`
	optical = `SCSI#CdRom&Ven_Example#4&1&0&0#{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}`
)

func windowsVolumes() map[string]keys {
	system, software := systemKeys(), softwareKeys()
	mbr := []byte("\xfe\x45\x4c\x3e\x00\x00\x10\x00\x00\x00\x00\x00")
	gpt := append([]byte("DMIO:ID:"), "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"...)
	system[`MountedDevices`] = []regftest.Value{
		bytesValue(`\DosDevices\C:`, mbr), bytesValue(`\??\Volume{a08efec3-a076-11e5-824f-806e6f6e6963}`, mbr),
		bytesValue(`\DosDevices\e:`, utf16Text(`\??\`+stick)), bytesValue(`\??\Volume{a08efec8-a076-11e5-824f-806e6f6e6963}`, utf16Text(`\??\`+stick)),
		bytesValue(`\DosDevices\D:`, utf16Text(`\??\`+optical)),
		bytesValue(`#{5aae7822-77cb-11e9-bcf1-784f439fa657}`, gpt),
		bytesValue(`Other`, []byte("x")),
	}
	software[`Microsoft\Windows NT\CurrentVersion\EMDMgmt\_??_`+stick+`PAY_LOAD_305419896`] = nil
	software[`Microsoft\Windows NT\CurrentVersion\EMDMgmt\_??_`+gone+`_16`] = nil
	software[`Microsoft\Windows NT\CurrentVersion\EMDMgmt\rubbish`] = nil
	software[`Microsoft\Windows Portable Devices\Devices\SWD#WPDBUSENUM#_??_`+strings.ToUpper(stick)] = []regftest.Value{sz("FriendlyName", `E:\`)}
	software[`Microsoft\Windows Portable Devices\Devices\WPDBUSENUMROOT#UMB#2&1&STORAGE#VOLUME#_??_`+strings.ToUpper(gone)] = []regftest.Value{sz("FriendlyName", "BACKUP")}
	return map[string]keys{"SYSTEM": system, "SOFTWARE": software}
}

func TestVolumesOfWindows(t *testing.T) {
	tell(t, &volumes, hives(windowsVolumes())).want(t, `
		C:
		  DriveLetter = C:
		  VolumeName = \\?\Volume{a08efec3-a076-11e5-824f-806e6f6e6963}\ | \\?\Volume{a08efec3-a076-11e5-824f-806e6f6e6963}
		  DevicePath = ?
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = mem
		  Type = DRIVE_FIXED
		  VolumeID = 3E4C45FE ~
		  IsMounted = ?
		  RemoteFS = false
		  Flags/ReadOnly = ?
		  Flags/Removable = ?
		  FileSystemFlags = ?
		  TotalSize = ?
		  FreeSize = ?
		  BytesPerSector = ?
		  SectorsPerAllocationUnit = ?
		  TotalAllocationUnits = ?
		  ActualAvailableAllocationUnits = ?
		D:
		  DriveLetter = D:
		  VolumeName = ?
		  DevicePath = \??\SCSI#CdRom&Ven_Example#4&1&0&0#{53f5630d-b6bf-11d0-94f2-00a0c91efb8b} ~
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = ?
		  Type = DRIVE_CDROM
		  IsMounted = ?
		  RemoteFS = false
		  Flags/ReadOnly = ?
		  Flags/Removable = ?
		  FileSystemFlags = ?
		  TotalSize = ?
		  FreeSize = ?
		  BytesPerSector = ?
		  SectorsPerAllocationUnit = ?
		  TotalAllocationUnits = ?
		  ActualAvailableAllocationUnits = ?
		E:
		  DriveLetter = E:
		  VolumeName = \\?\Volume{a08efec8-a076-11e5-824f-806e6f6e6963}\ | \\?\Volume{a08efec8-a076-11e5-824f-806e6f6e6963}
		  DevicePath = \??\USBSTOR#Disk&Ven_Example&Prod_Stick&Rev_1.00#0123456789&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b} ~
		  Name = PAY_LOAD ~
		  SerialNumber = 12345678 | 1234-5678 | 305419896 ~
		  FileSystemName = ?
		  Type = DRIVE_REMOVABLE
		  IsMounted = ?
		  RemoteFS = false
		  Flags/ReadOnly = ?
		  Flags/Removable = ?
		  FileSystemFlags = ?
		  TotalSize = ?
		  FreeSize = ?
		  BytesPerSector = ?
		  SectorsPerAllocationUnit = ?
		  TotalAllocationUnits = ?
		  ActualAvailableAllocationUnits = ?
		USBSTOR#Disk&Ven_Example&Prod_Other&Rev_1.00#9876543210&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}
		  DriveLetter = ?
		  VolumeName = ?
		  DevicePath = \??\USBSTOR#Disk&Ven_Example&Prod_Other&Rev_1.00#9876543210&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b} ~
		  Name = BACKUP ~
		  SerialNumber = 00000010 | 0000-0010 | 16 ~
		  FileSystemName = ?
		  Type = DRIVE_REMOVABLE
		  IsMounted = ?
		  RemoteFS = false
		  Flags/ReadOnly = ?
		  Flags/Removable = ?
		  FileSystemFlags = ?
		  TotalSize = ?
		  FreeSize = ?
		  BytesPerSector = ?
		  SectorsPerAllocationUnit = ?
		  TotalAllocationUnits = ?
		  ActualAvailableAllocationUnits = ?
		\\?\Volume{5aae7822-77cb-11e9-bcf1-784f439fa657}\
		  VolumeName = \\?\Volume{5aae7822-77cb-11e9-bcf1-784f439fa657}\ | \\?\Volume{5aae7822-77cb-11e9-bcf1-784f439fa657}
		  DevicePath = ?
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = ?
		  Type = DRIVE_FIXED
		  VolumeID = {04030201-0605-0807-090a-0b0c0d0e0f10}
		  IsMounted = ?
		  RemoteFS = false
		  Flags/ReadOnly = ?
		  Flags/Removable = ?
		  FileSystemFlags = ?
		  TotalSize = ?
		  FreeSize = ?
		  BytesPerSector = ?
		  SectorsPerAllocationUnit = ?
		  TotalAllocationUnits = ?
		  ActualAvailableAllocationUnits = ?
		`)
}

func TestDamagedVolumesOfWindows(t *testing.T) {
	h := windowsVolumes()
	delete(h, "SYSTEM")
	got := tell(t, &volumes, hives(h))
	if got.Complete || !strings.Contains(got.text, "C:\n  DriveLetter = C:\n  VolumeName = ?\n") || !strings.Contains(strings.Join(got.troubles, "\n"), "no such hive") {
		t.Errorf("no SYSTEM: %+v", got)
	}
	h = windowsVolumes()
	long := make([]byte, mostDevice+1)
	h["SYSTEM"][`MountedDevices`] = append(h["SYSTEM"][`MountedDevices`], bytesValue(`\DosDevices\X:`, long))
	if got := tell(t, &volumes, hives(h)); got.Complete || !strings.Contains(got.text, "C:\n") {
		t.Errorf("an identity that is too long: %+v", got)
	}
	h = windowsVolumes()
	h["SOFTWARE"][`Microsoft\Windows Portable Devices\Devices\SWD#WPDBUSENUM#_??_`+strings.ToUpper(stick)] = []regftest.Value{dword("FriendlyName", 1)}
	if got := tell(t, &volumes, hives(h)); got.Complete || !strings.Contains(got.text, "E:\n") {
		t.Errorf("a name that is none: %+v", got)
	}
	for _, id := range []string{"", "x", "DMIO:ID:", `\??\`, "_??_", strings.Repeat("\xff", 11)} {
		mountedVolume([]byte(id)) // must not panic
		joinMedia([]diskVolume{mountedVolume(utf16Text(id))}, []medium{{device: "x"}})
	}
}

func TestVolumesOfLinux(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/etc/fstab", `# a note
UUID=0a1b-2c3d / ext4 defaults,rw 0 1
/dev/sdb1 /mnt/with\040blank vfat ro,noexec 0 0
LABEL=data /data auto defaults
files:/export /net nfs4 rw
//share.example.org/x /smb cifs user,ro
/dev/sda2 none swap sw
proc /proc proc defaults
broken
`)
	got := tell(t, &volumes, m)
	got.says(t, `
		//share.example.org/x on /smb
		  VolumeName = ?
		  DevicePath = //share.example.org/x
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = cifs
		  MountPoint = /smb
		  VolumeID = ?
		  RemoteAddress = share.example.org
		  IsMounted = ?
		  RemoteFS = true
		  Flags/ReadOnly = true
		  Flags/Removable = ?
		  TotalSize = ?
		  FreeSize = ?
		/dev/sdb1 on /mnt/with blank
		  VolumeName = ?
		  DevicePath = /dev/sdb1
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = vfat
		  MountPoint = /mnt/with blank
		  VolumeID = ?
		  IsMounted = ?
		  RemoteFS = false
		  Flags/ReadOnly = true
		  Flags/Removable = ?
		  TotalSize = ?
		  FreeSize = ?
		LABEL=data on /data
		  VolumeName = ?
		  DevicePath = ?
		  Name = data
		  SerialNumber = ?
		  FileSystemName = ?
		  MountPoint = /data
		  VolumeID = ?
		  RemoteAddress = ?
		  IsMounted = ?
		  RemoteFS = ?
		  Flags/ReadOnly = ?
		  Flags/Removable = ?
		  TotalSize = ?
		  FreeSize = ?
		UUID=0a1b-2c3d on /
		  VolumeName = ?
		  DevicePath = ?
		  Name = ?
		  SerialNumber = ?
		  FileSystemName = ext4
		  MountPoint = /
		  VolumeID = 0a1b-2c3d
		  IsMounted = ?
		  RemoteFS = false
		  Flags/ReadOnly = false
		  Flags/Removable = ?
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
		  IsMounted = ?
		  RemoteFS = true
		  Flags/ReadOnly = false
		  Flags/Removable = ?
		  TotalSize = ?
		  FreeSize = ?
		`)
	got.tells(t, `line 9: no entry: "broken"`, "not in /etc/fstab")
	if got.Complete || got.Full {
		t.Error("complete, with volumes that fstab does not know")
	}
	m.Put("/etc/fstab", source.MemNode{OpenErr: fs.ErrPermission})
	if got := tell(t, &volumes, m); got.Complete || got.text != "" {
		t.Errorf("an fstab that cannot be read: %+v", got)
	}
}

func TestRemoteAddress(t *testing.T) {
	for device, want := range map[string]string{"host:/x": "host", "[2001:db8::1]:/x": "2001:db8::1", "u@host:/x": "host", "//h/s": "h", "host": "", "": "", ":/x": ""} {
		if got := fmt.Sprint(remoteAddress(device).values); got != fmt.Sprint(some(want)) {
			t.Errorf("%q: %s, want %q", device, got, want)
		}
	}
}
