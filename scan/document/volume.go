package document

import (
	"errors"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// volumes is VolumeItem: the volumes of disks that a system has, or once had,
// by what it keeps of them.
var volumes = Table[diskVolume]{
	name:    "VolumeItem",
	summary: "volumes of disks that the system knows, also such as are gone",
	needs:   []source.Capability{source.Files},
	label:   func(v *diskVolume) string { return v.shown },
	fields:  volumeFields,
	on: map[source.Platform]lister[diskVolume]{
		source.Windows: listNTVolumes,
		source.Linux:   listLinuxVolumes,
	},
}

// A diskVolume is one of them.
type diskVolume struct {
	shown string // as a person names it

	letter, names    fact
	device           fact
	label, serial    fact
	fsType           fact
	kind             fact
	mountPoint, uuid fact
	address          fact // where it really is
	mounted          truth
	remote, readOnly truth
	removable        truth

	flags              fact   // what the file system can do
	total, free        amount // bytes
	sector             amount // bytes of one
	units, unitSectors fact   // clusters, and the sectors of one
	freeUnits          amount
}

// A truth is a fact that holds or not, or is not known.
type truth struct {
	is  bool
	why error
}

// volumeFields are the terms of VolumeItem. Not among them, and so reported as
// not supported, are the time of creation, which Windows does not tell, and what
// only Linux and macOS have. Sizes, clusters and flags are those that a running
// system tells.
var volumeFields = []Field[diskVolume]{
	field(match.Field{Term: "VolumeItem/DriveLetter", Kind: ioc.Text, Identity: true}, factOf(func(v *diskVolume) *fact { return &v.letter })),
	field(match.Field{Term: "VolumeItem/VolumeName", Kind: ioc.Path, Identity: true}, pathOf(func(v *diskVolume) *fact { return &v.names })),
	field(match.Field{Term: "VolumeItem/DevicePath", Kind: ioc.Path, Identity: true}, pathOf(func(v *diskVolume) *fact { return &v.device })),
	field(match.Field{Term: "VolumeItem/Name", Kind: ioc.Text, Identity: true}, factOf(func(v *diskVolume) *fact { return &v.label })),
	field(match.Field{Term: "VolumeItem/SerialNumber", Kind: ioc.Text, Identity: true}, factOf(func(v *diskVolume) *fact { return &v.serial })),
	field(match.Field{Term: "VolumeItem/FileSystemName", Kind: ioc.Text}, factOf(func(v *diskVolume) *fact { return &v.fsType })),
	field(match.Field{Term: "VolumeItem/Type", Kind: ioc.Text}, factOf(func(v *diskVolume) *fact { return &v.kind })),
	field(match.Field{Term: "VolumeItem/MountPoint", Kind: ioc.Path, Identity: true}, pathOf(func(v *diskVolume) *fact { return &v.mountPoint })),
	field(match.Field{Term: "VolumeItem/VolumeID", Kind: ioc.Text}, factOf(func(v *diskVolume) *fact { return &v.uuid })),
	field(match.Field{Term: "VolumeItem/RemoteAddress", Kind: ioc.Text}, factOf(func(v *diskVolume) *fact { return &v.address })),
	field(match.Field{Term: "VolumeItem/IsMounted", Kind: ioc.Bool}, truthOf(func(v *diskVolume) *truth { return &v.mounted })),
	field(match.Field{Term: "VolumeItem/RemoteFS", Kind: ioc.Bool}, truthOf(func(v *diskVolume) *truth { return &v.remote })),
	field(match.Field{Term: "VolumeItem/Flags/ReadOnly", Kind: ioc.Bool}, truthOf(func(v *diskVolume) *truth { return &v.readOnly })),
	field(match.Field{Term: "VolumeItem/Flags/Removable", Kind: ioc.Bool}, truthOf(func(v *diskVolume) *truth { return &v.removable })),
	field(match.Field{Term: "VolumeItem/FileSystemFlags", Kind: ioc.Text, Multi: true}, factOf(func(v *diskVolume) *fact { return &v.flags })),
	field(match.Field{Term: "VolumeItem/TotalSize", Kind: ioc.Int}, amountOf(func(v *diskVolume) *amount { return &v.total })),
	field(match.Field{Term: "VolumeItem/FreeSize", Kind: ioc.Int}, amountOf(func(v *diskVolume) *amount { return &v.free })),
	field(match.Field{Term: "VolumeItem/BytesPerSector", Kind: ioc.Int}, amountOf(func(v *diskVolume) *amount { return &v.sector })),
	field(match.Field{Term: "VolumeItem/SectorsPerAllocationUnit", Kind: ioc.Text}, factOf(func(v *diskVolume) *fact { return &v.unitSectors })),
	field(match.Field{Term: "VolumeItem/TotalAllocationUnits", Kind: ioc.Text}, factOf(func(v *diskVolume) *fact { return &v.units })),
	field(match.Field{Term: "VolumeItem/ActualAvailableAllocationUnits", Kind: ioc.Int}, amountOf(func(v *diskVolume) *amount { return &v.freeUnits })),
}

// truthOf answers with a truth.
func truthOf[T any](of func(*T) *truth) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		t := of(row)
		if t.why == nil || errors.As(t.why, new(match.StandIn)) {
			yield(ioc.BoolValue(t.is))
		}
		return t.why
	}
}
