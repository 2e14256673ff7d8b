package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"iocscan/ioc"
)

// A liveVolume is what a running Windows tells of a volume that it has.
type liveVolume struct {
	name   string   // \\?\Volume{GUID}\
	places []string // drives and folders, each with a backslash at its end
	kind   uint32   // of GetDriveType

	device    string
	deviceErr error

	label, fsType string
	serial, flags uint32
	infoErr       error // no file system in it, or none that is known

	total, free uint64 // bytes
	sizeErr     error

	bytesPerSector, sectorsPerCluster uint32
	clusters, freeClusters            uint32
	clusterErr                        error
}

var driveTypes = [...]string{"DRIVE_UNKNOWN", "DRIVE_NO_ROOT_DIR", "DRIVE_REMOVABLE", "DRIVE_FIXED", "DRIVE_REMOTE", "DRIVE_CDROM", "DRIVE_RAMDISK"}

// volumeFlags are the words of winnt.h for what a file system can do.
var volumeFlags = [...]struct {
	bit  uint32
	word string
}{
	{0x1, "FILE_CASE_SENSITIVE_SEARCH"}, {0x2, "FILE_CASE_PRESERVED_NAMES"}, {0x4, "FILE_UNICODE_ON_DISK"}, {0x8, "FILE_PERSISTENT_ACLS"},
	{0x10, "FILE_FILE_COMPRESSION"}, {0x20, "FILE_VOLUME_QUOTAS"}, {0x40, "FILE_SUPPORTS_SPARSE_FILES"}, {0x80, "FILE_SUPPORTS_REPARSE_POINTS"},
	{0x100, "FILE_SUPPORTS_REMOTE_STORAGE"}, {0x200, "FILE_RETURNS_CLEANUP_RESULT_INFO"}, {0x400, "FILE_SUPPORTS_POSIX_UNLINK_RENAME"},
	{0x8000, "FILE_VOLUME_IS_COMPRESSED"}, {0x10000, "FILE_SUPPORTS_OBJECT_IDS"}, {0x20000, "FILE_SUPPORTS_ENCRYPTION"}, {0x40000, "FILE_NAMED_STREAMS"},
	{readOnlyVolume, "FILE_READ_ONLY_VOLUME"}, {0x100000, "FILE_SEQUENTIAL_WRITE_ONCE"}, {0x200000, "FILE_SUPPORTS_TRANSACTIONS"},
	{0x400000, "FILE_SUPPORTS_HARD_LINKS"}, {0x800000, "FILE_SUPPORTS_EXTENDED_ATTRIBUTES"}, {0x1000000, "FILE_SUPPORTS_OPEN_BY_FILE_ID"},
	{0x2000000, "FILE_SUPPORTS_USN_JOURNAL"}, {0x4000000, "FILE_SUPPORTS_INTEGRITY_STREAMS"}, {0x8000000, "FILE_SUPPORTS_BLOCK_REFCOUNTING"},
	{0x10000000, "FILE_SUPPORTS_SPARSE_VDL"}, {0x20000000, "FILE_DAX_VOLUME"}, {0x40000000, "FILE_SUPPORTS_GHOSTING"},
}

const readOnlyVolume = 0x80000

// joinLive adds what a running system tells to the volumes that it noted. What
// it noted and does not tell of is not there now, if it told all.
func joinLive(rows []diskVolume, live []liveVolume, all bool) []diskVolume {
	noted := len(rows)
	here := make([]bool, noted)
	for _, l := range live {
		i := slices.IndexFunc(rows[:noted], l.is)
		if i < 0 {
			i, rows = len(rows), append(rows, mountedVolume(nil))
		} else {
			here[i] = true
		}
		l.fill(&rows[i])
	}
	for i := range noted {
		if all && !here[i] {
			rows[i].mounted = truth{}
		}
	}
	return rows
}

// letters are the drives of the volume, with colons.
func (l *liveVolume) letters() (letters []string) {
	for _, p := range l.places {
		if len(p) == 3 && p[1] == ':' {
			letters = append(letters, strings.ToUpper(p[:2]))
		}
	}
	return letters
}

// is: by the name, or where nothing noted one, by the letter.
func (l *liveVolume) is(v diskVolume) bool {
	if v.names.values != nil {
		return slices.ContainsFunc(v.names.values, func(name string) bool { return ioc.EqualFold(name, l.name) })
	}
	return slices.ContainsFunc(v.letter.values, func(letter string) bool { return slices.Contains(l.letters(), letter) })
}

func (l *liveVolume) fill(v *diskVolume) {
	v.letter, v.names = sure(l.letters()...), sure(l.name, strings.TrimSuffix(l.name, `\`))
	v.shown = strings.Join(append(slices.Clone(v.letter.values), l.name)[:1], "")
	v.mountPoint = sure(l.places...)
	v.device = fact{why: l.deviceErr}
	if l.deviceErr == nil {
		v.device.is(l.device)
	}
	if int(l.kind) < len(driveTypes) {
		v.kind = sure(driveTypes[l.kind])
		if l.kind == 0 {
			v.kind.why = errNotCarried // it could be any other
		}
	}
	v.mounted, v.remote = truth{is: true}, truth{is: l.kind == 4}

	v.label, v.serial, v.fsType, v.flags = fact{why: l.infoErr}, fact{why: l.infoErr}, fact{why: l.infoErr}, fact{why: l.infoErr}
	v.readOnly = truth{l.flags&readOnlyVolume != 0, l.infoErr}
	if l.infoErr == nil {
		v.label.is(l.label)
		v.fsType.is(l.fsType)
		v.serial.is(serialForms(strconv.FormatUint(uint64(l.serial), 10))...)
		v.flags.is(flagWords(l.flags)...)
	}
	v.total, v.free = amountIs(l.total, l.sizeErr), amountIs(l.free, l.sizeErr)
	v.sector, v.freeUnits = amountIs(uint64(l.bytesPerSector), l.clusterErr), amountIs(uint64(l.freeClusters), l.clusterErr)
	v.units, v.unitSectors = fact{why: l.clusterErr}, fact{why: l.clusterErr}
	if l.clusterErr == nil {
		v.units.is(fmt.Sprint(l.clusters))
		v.unitSectors.is(fmt.Sprint(l.sectorsPerCluster))
	}
}

func amountIs(n uint64, err error) amount {
	return amount{number{n, err == nil}, err}
}

// flagWords are the words of flags: each, and all of them in one text.
func flagWords(flags uint32) (words []string) {
	for _, f := range volumeFlags {
		if flags&f.bit != 0 {
			words = append(words, f.word)
		}
	}
	if len(words) > 1 {
		words = append(words, strings.Join(words, " "))
	}
	return words
}
