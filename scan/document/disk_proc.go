package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"iocscan/ioc/match"
	"iocscan/scan/source"
)

const (
	mostDisks = 1 << 14 // and partitions of one
	// sysSector is the unit of sizes below /sys, whatever that of the disk is
	// (Documentation/ABI/stable/sysfs-block of the kernel).
	sysSector = 512
)

// errLsblk: what agents write is not published.
const errLsblk = match.StandIn("the word is that of lsblk(8)")

// listLinuxDisks lists /sys/block or, of a copy without it, /proc/partitions.
func listLinuxDisks(ctx context.Context, req *Request, list *Listing) iter.Seq2[disk, error] {
	return func(yield func(disk, error) bool) {
		p, err := openProc(ctx, req)
		if err != nil {
			yield(disk{}, err)
			return
		}
		list.Full = true
		rows, errs := p.disks()
		for _, d := range rows {
			list.Objects++
			if !yield(d, nil) {
				return
			}
		}
		for _, err := range errs {
			if !yield(disk{}, err) {
				return
			}
		}
	}
}

func (p proc) disks() (rows []disk, errs []error) {
	const folder = "/sys/block"
	names, err := p.folder(folder)
	if missing(err) {
		rows, err = p.partitions()
		if missing(err) {
			err = errors.New("disks are shown neither below /sys/block nor in /proc/partitions")
		}
	}
	if err != nil {
		errs = append(errs, err)
	}
	for _, name := range names {
		at, err := p.real(folder, name)
		var d disk
		if err == nil {
			d, err = p.disk(at, name)
		}
		if missing(err) {
			continue // gone meanwhile
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("disk %s: %w", name, err))
		} else if d.size.n > 0 || d.kind.values[0] != "loop" && d.kind.values[0] != "ram" { // those without a file have nothing
			rows = append(rows, d)
		}
	}
	return rows, errs
}

func (p proc) folder(folder string) (names []string, err error) {
	for e, err := range p.fs.ReadDir(p.ctx, folder) {
		if err == nil && len(names) >= mostDisks {
			err = fmt.Errorf("list %s: more than %d names", folder, mostDisks)
		}
		if err != nil {
			return names, err
		}
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names, nil
}

// real is where a link below /sys leads to; a copy may have followed it.
func (p proc) real(folder, name string) (string, error) {
	at := source.Join(folder, name)
	info, err := p.fs.Lstat(at)
	if err != nil || info.Type != source.Link {
		return at, err
	}
	target, err := p.fs.Readlink(at)
	return path.Join(folder, target), err
}

func (p proc) disk(at, name string) (disk, error) {
	sectors, err := p.number(at, "size")
	if err != nil {
		return disk{}, err
	}
	d := newDisk(name, sectors*sysSector)
	d.connection = connection(at)
	names, err := p.folder(at)
	if err != nil {
		d.partsErr = fmt.Errorf("partitions: %w", err)
	}
	for _, name := range names {
		part := source.Join(at, name)
		number, err := p.number(part, "partition")
		if err != nil {
			continue // no partition
		}
		start, err1 := p.number(part, "start")
		length, err2 := p.number(part, "size")
		if start|length >= 1<<54 {
			err1 = fmt.Errorf("partition %d begins at sector %d", number, start)
		}
		d.parts = append(d.parts, diskPart{
			amount{number: someNumber(number)}, amount{someNumber(start * sysSector), err1}, amount{someNumber(length * sysSector), err2}, p.partKind(part),
		})
	}
	slices.SortFunc(d.parts, func(a, b diskPart) int { return cmp.Compare(a.number.n, b.number.n) })
	return d, nil
}

func someNumber(n uint64) number { return number{n, true} }

// number is that in a file of one number.
func (p proc) number(at, name string) (uint64, error) {
	body, err := p.read(source.Join(at, name), 64)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(body), 10, 54)
}

func newDisk(name string, size uint64) disk {
	name = strings.ReplaceAll(name, "!", "/") // as in cciss!c0d0
	d := disk{shown: "/dev/" + name, names: sure(name, "/dev/"+name), path: sure("/dev/" + name), size: amount{number: someNumber(size)}}
	d.kind = fact{[]string{"disk"}, errLsblk}
	for _, kind := range [...][2]string{{"loop", "loop"}, {"ram", "ram"}, {"sr", "rom"}, {"dm-", "dm"}, {"md", "raid"}} {
		if rest, ok := strings.CutPrefix(name, kind[0]); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			d.kind.values = []string{kind[1]}
		}
	}
	d.connection.why = errNotCarried
	return d
}

// connection is told by the place of a device among the others.
func connection(at string) fact {
	for _, word := range [...][2]string{{"/usb", "usb"}, {"/ata", "sata"}, {"/nvme", "nvme"}, {"/virtio", "virtio"}, {"/mmc", "mmc"}, {"/virtual/", ""}} {
		if strings.Contains(at, word[0]) {
			if word[1] == "" {
				return fact{} // made by the kernel
			}
			return fact{[]string{word[1]}, errLsblk}
		}
	}
	return fact{why: errNotCarried}
}

// partKind is the type in the table of partitions, which udev keeps: a GUID, or
// 0x and a number.
func (p proc) partKind(part string) fact {
	device, err := p.read(source.Join(part, "dev"), 64)
	if err == nil {
		device, err = p.read("/run/udev/data/b"+strings.TrimSpace(device), mostShown)
	}
	if err != nil && !missing(err) {
		return fact{why: err}
	}
	for line := range strings.Lines(device) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "E:ID_PART_ENTRY_TYPE="); ok {
			return sure(kind)
		}
	}
	return fact{why: errNotCarried}
}

// partitions reads /proc/partitions: after a heading major, minor, blocks of
// 1024 bytes, and name, of disks and of their parts.
func (p proc) partitions() ([]disk, error) {
	const file = "/proc/partitions"
	body, err := p.read(file, mostShown)
	if err != nil {
		return nil, err
	}
	sizes := map[string]uint64{}
	for line := range strings.Lines(body) {
		words := strings.Fields(line)
		if len(words) != 4 || words[0] == "major" {
			continue
		}
		blocks, err := strconv.ParseUint(words[2], 10, 54)
		if err != nil {
			return nil, fmt.Errorf("read %s: no size: %.60q", file, line)
		}
		if sizes[words[3]] = blocks << 10; len(sizes) > mostDisks {
			return nil, fmt.Errorf("read %s: more than %d entries", file, mostDisks)
		}
	}
	var rows []disk
	at := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(sizes)) { // a disk before its parts
		whole, number := partOf(name)
		if i, ok := at[whole]; ok && number != 0 {
			rows[i].parts = append(rows[i].parts, diskPart{amount{number: someNumber(number)}, amount{why: errNotCarried},
				amount{number: someNumber(sizes[name])}, fact{why: errNotCarried}})
			continue
		}
		at[name] = len(rows)
		rows = append(rows, newDisk(name, sizes[name]))
	}
	return rows, nil
}

// partOf takes the name of a partition apart: "sda1", "nvme0n1p2".
func partOf(name string) (whole string, number uint64) {
	whole = strings.TrimRight(name, "0123456789")
	number, err := strconv.ParseUint(name[len(whole):], 10, 31)
	if err != nil || whole == "" {
		return name, 0
	}
	if stem, ok := strings.CutSuffix(whole, "p"); ok && stem != "" && stem[len(stem)-1] >= '0' && stem[len(stem)-1] <= '9' {
		whole = stem
	}
	return whole, number
}
