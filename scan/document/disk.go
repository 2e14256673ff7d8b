package document

import (
	"errors"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// disks is DiskItem: the disks that a running system has, whole, with their
// parts.
var disks = Table[disk]{
	name:    "DiskItem",
	summary: "disks of a running system and their partitions",
	needs:   []source.Capability{source.Live},
	label:   func(d *disk) string { return d.shown },
	fields:  diskFields,
	on:      map[source.Platform]lister[disk]{source.Linux: listLinuxDisks, source.Windows: listWindowsDisks},
}

// A disk is one of them.
type disk struct {
	shown      string
	names      fact // ways to write the one name
	path       fact
	kind       fact
	connection fact
	size       amount // bytes
	parts      []diskPart
	partsErr   error // some may be missing
}

// A diskPart is a partition.
type diskPart struct {
	number, offset, length amount // bytes
	kind                   fact
}

const partElement = "DiskItem/PartitionList/Partition"

// diskFields are the terms of DiskItem.
var diskFields = []Field[disk]{
	field(match.Field{Term: "DiskItem/DiskName", Kind: ioc.Text, Same: any2, Identity: true}, factOf(func(d *disk) *fact { return &d.names })),
	field(match.Field{Term: "DiskItem/DevicePath", Kind: ioc.Path, Identity: true}, pathOf(func(d *disk) *fact { return &d.path })),
	field(match.Field{Term: "DiskItem/DiskSize", Kind: ioc.Int, Identity: true}, amountOf(func(d *disk) *amount { return &d.size })),
	field(match.Field{Term: "DiskItem/Type", Kind: ioc.Text}, factOf(func(d *disk) *fact { return &d.kind })),
	field(match.Field{Term: "DiskItem/DiskConnection", Kind: ioc.Text}, factOf(func(d *disk) *fact { return &d.connection })),
	partField("PartitionNumber", ioc.Int, partAmount(func(p *diskPart) *amount { return &p.number })),
	partField("PartitionOffset", ioc.Int, partAmount(func(p *diskPart) *amount { return &p.offset })),
	partField("PartitionLength", ioc.Int, partAmount(func(p *diskPart) *amount { return &p.length })),
	partField("PartitionType", ioc.Text, func(p *diskPart, yield func(ioc.Value) bool) (bool, error) {
		return yieldTexts(p.kind.values, yield), p.kind.why
	}),
}

func partAmount(of func(*diskPart) *amount) func(*diskPart, func(ioc.Value) bool) (bool, error) {
	return func(p *diskPart, yield func(ioc.Value) bool) (bool, error) {
		a := of(p)
		return !a.is || yield(ioc.IntValue(a.n)), a.why
	}
}

// partField answers a term of the partitions, each an element of the disk.
func partField(term string, kind ioc.Kind, get func(p *diskPart, yield func(ioc.Value) bool) (more bool, err error)) Field[disk] {
	return field(match.Field{Term: partElement + "/" + term, Kind: kind, Multi: true, Element: partElement},
		func(d *disk, yield func(ioc.Value) bool) error {
			err := d.partsErr
			for i := range d.parts {
				more, of := get(&d.parts[i], func(v ioc.Value) bool { return yield(v.At(i)) })
				if !more {
					return nil
				}
				if of != nil && !errors.Is(err, of) { // many may lack the same
					err = errors.Join(err, of)
				}
			}
			return err
		})
}
