package document

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"iocscan/ioc"
)

func TestJoinLiveVolumes(t *testing.T) {
	noted := func(letter string, names ...string) diskVolume {
		v := mountedVolume(nil)
		v.shown, v.letter, v.names = letter, sure(letter), sure(names...)
		return v
	}
	locked := errors.New("the volume is locked")
	live := []liveVolume{
		{name: `\\?\Volume{AA}\`, places: []string{`C:\`, `C:\mnt\data\`}, kind: 3, device: `\Device\HarddiskVolume3`, label: "System", fsType: "NTFS",
			serial: 0x1234abcd, flags: 0x80003, total: 1 << 40, free: 1 << 30, bytesPerSector: 512, sectorsPerCluster: 8, clusters: 1000, freeClusters: 10},
		{name: `\\?\Volume{BB}\`, places: []string{`e:\`}, kind: 2, infoErr: locked, sizeErr: locked, clusterErr: locked, deviceErr: locked},
		{name: `\\?\Volume{CC}\`, kind: 99},
	}
	rows := joinLive([]diskVolume{
		noted("C:", `\\?\Volume{aa}\`, `\\?\Volume{aa}`), noted("E:"), noted("F:", `\\?\Volume{ff}\`), noted("C:", `\\?\Volume{old}\`),
	}, live, true)
	said := func(v *diskVolume) string {
		var parts []string
		for _, f := range volumeFields {
			var texts []string
			err := f.get(v, func(v ioc.Value) bool { texts = append(texts, v.String()); return true })
			if err != nil {
				texts = append(texts, "?")
			}
			if texts != nil {
				parts = append(parts, strings.TrimPrefix(f.Term, "VolumeItem/")+"="+strings.Join(texts, "|"))
			}
		}
		return v.shown + " " + strings.Join(parts, ", ")
	}
	var got []string
	for i := range rows {
		got = append(got, said(&rows[i]))
	}
	const unknown = `FileSystemFlags=?, TotalSize=?, FreeSize=?, BytesPerSector=?, SectorsPerAllocationUnit=?, TotalAllocationUnits=?, ActualAvailableAllocationUnits=?`
	want := []string{
		`C: DriveLetter=C:, VolumeName=\\?\Volume{AA}\|\\?\Volume{AA}, DevicePath=\Device\HarddiskVolume3, Name=System, SerialNumber=1234ABCD|1234-ABCD|305441741, ` +
			`FileSystemName=NTFS, Type=DRIVE_FIXED, MountPoint=C:\|C:\mnt\data\, IsMounted=true, RemoteFS=false, Flags/ReadOnly=true, Flags/Removable=?, ` +
			`FileSystemFlags=FILE_CASE_SENSITIVE_SEARCH|FILE_CASE_PRESERVED_NAMES|FILE_READ_ONLY_VOLUME|FILE_CASE_SENSITIVE_SEARCH FILE_CASE_PRESERVED_NAMES FILE_READ_ONLY_VOLUME, ` +
			`TotalSize=1099511627776, FreeSize=1073741824, BytesPerSector=512, SectorsPerAllocationUnit=8, TotalAllocationUnits=1000, ActualAvailableAllocationUnits=10`,
		`E: DriveLetter=E:, VolumeName=\\?\Volume{BB}\|\\?\Volume{BB}, DevicePath=?, Name=?, SerialNumber=?, FileSystemName=?, Type=DRIVE_REMOVABLE, MountPoint=e:\, ` +
			`IsMounted=true, RemoteFS=false, Flags/ReadOnly=?, Flags/Removable=?, ` + unknown,
		`F: DriveLetter=F:, VolumeName=\\?\Volume{ff}\, DevicePath=?, Name=?, SerialNumber=?, FileSystemName=?, Type=?, IsMounted=false, RemoteFS=false, Flags/ReadOnly=?, Flags/Removable=?, ` + unknown,
		`C: DriveLetter=C:, VolumeName=\\?\Volume{old}\, DevicePath=?, Name=?, SerialNumber=?, FileSystemName=?, Type=?, IsMounted=false, RemoteFS=false, Flags/ReadOnly=?, Flags/Removable=?, ` + unknown,
	}
	for i, w := range want {
		if got[i] != w {
			t.Errorf("got\n%s\nwant\n%s", got[i], w)
		}
	}
	if len(got) != 5 || !strings.HasPrefix(got[4], `\\?\Volume{CC}\ VolumeName=`) {
		t.Errorf("a volume without a place: %q", got[len(want):])
	}
	if rows := joinLive([]diskVolume{noted("F:")}, nil, false); slices.Contains([]error{nil}, rows[0].mounted.why) {
		t.Error("a volume is told to be gone, although not all were told")
	}
}
