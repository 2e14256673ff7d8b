package document

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"iocscan/scan/source"
)

// joinMounts adds what is mounted to what fstab asks for: /proc/self/mounts,
// whose lines are those of fstab(5). Other namespaces (containers) may have
// mounts of their own.
func joinMounts(p proc, rows []diskVolume) ([]diskVolume, error) {
	body, file, err := p.mounts()
	if err != nil {
		return rows, err
	}
	for i := range rows {
		rows[i].mounted = truth{}
	}
	blocks := p.blocks()
	for line := range strings.Lines(body) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			return rows, fmt.Errorf("read %s: no entry: %.60q", file, line)
		}
		if slices.Contains(kernelTypes, fields[2]) {
			continue
		}
		if len(rows) >= mostEntries {
			return rows, fmt.Errorf("%s: more than %d entries", file, mostEntries)
		}
		v := mountedNow(p, fields, blocks)
		at := slices.IndexFunc(rows, func(other diskVolume) bool { return other.isOf(&v) })
		if at < 0 {
			rows = append(rows, v)
			continue
		}
		rows[at].join(&v)
	}
	return rows, nil
}

// mounts is the table of the scanner's own namespace; a copy may have it under
// another name.
func (p proc) mounts() (body, file string, err error) {
	for _, file = range []string{"/proc/self/mounts", "/proc/mounts", "/proc/1/mounts"} {
		if body, err = p.read(file, mostShown); !missing(err) {
			break
		}
	}
	if missing(err) {
		err = errors.New("volumes that are mounted are not shown below /proc")
	}
	return body, file, err
}

func mountedNow(p proc, fields []string, blocks blockNames) diskVolume {
	v := fstabVolume(fields)
	v.mounted = truth{is: true}
	if strings.HasPrefix(fields[0], "/dev/") {
		name := blocks.of(unescapeOctal(fields[0]))
		v.uuid, v.label = sure(blocks.uuids[name]...), sure(blocks.labels[name]...)
		v.uuid.why, v.label.why = blocks.why, blocks.why
		v.removable = p.removable(name)
	} else if v.remote.why == nil && v.remote.is {
		v.removable = truth{}
	}
	// A file system that is not local may not answer.
	if p.live && v.remote.why == nil && !v.remote.is {
		total, free, err := spaceAt(unescapeOctal(fields[1]))
		v.total, v.free = amount{number{total, err == nil}, err}, amount{number{free, err == nil}, err}
	}
	return v
}

// isOf reports whether another row is of the same volume: one device, or for
// what has none one place. What fstab calls by its UUID has the place.
func (v *diskVolume) isOf(other *diskVolume) bool {
	same := func(a, b *fact) bool {
		return slices.ContainsFunc(a.values, func(s string) bool { return slices.Contains(b.values, s) })
	}
	if len(v.device.values) > 0 && strings.HasPrefix(v.device.values[0], "/dev/") && same(&v.device, &other.device) || same(&v.uuid, &other.uuid) {
		return true
	}
	return !v.mounted.is && same(&v.mountPoint, &other.mountPoint) || v.mounted.is && len(v.device.values) > 0 &&
		!strings.HasPrefix(v.device.values[0], "/dev/") && same(&v.device, &other.device) && same(&v.mountPoint, &other.mountPoint)
}

// join takes over what is mounted.
func (v *diskVolume) join(now *diskVolume) {
	for _, both := range [...][2]*fact{{&v.device, &now.device}, {&v.mountPoint, &now.mountPoint}, {&v.uuid, &now.uuid}, {&v.label, &now.label}} {
		for _, s := range both[1].values {
			if !slices.Contains(both[0].values, s) {
				both[0].is(s)
			}
		}
		if both[0].why == errNotCarried {
			both[0].why = both[1].why
		}
	}
	if !v.mounted.is { // of fstab, which does not know how it was mounted
		v.readOnly = now.readOnly
		v.shown = now.shown
	} else if v.readOnly.is != now.readOnly.is {
		v.readOnly = truth{} // it can be written somewhere
	}
	v.fsType, v.remote, v.address = now.fsType, now.remote, now.address
	v.mounted, v.removable = now.mounted, now.removable
	v.total, v.free = now.total, now.free
}

// blockNames are what udev calls the devices of blocks.
type blockNames struct {
	uuids, labels map[string][]string // by the name of the device
	links         map[string]string   // of /dev/mapper and its like, by path: the name of the device
	why           error               // some may be missing
}

// of is the name by which the kernel has a device.
func (b *blockNames) of(path string) string {
	if name, ok := b.links[path]; ok {
		return name
	}
	return strings.TrimPrefix(path, "/dev/")
}

func (p proc) blocks() blockNames {
	b := blockNames{map[string][]string{}, map[string][]string{}, map[string]string{}, nil}
	each := func(folder string, take func(name, device string)) {
		for e, err := range p.fs.ReadDir(p.ctx, folder) {
			if err != nil {
				if b.why == nil {
					b.why = err
				}
				return
			}
			link := source.Join(folder, e.Name)
			if e.Type != source.Link || len(b.links) >= mostNames {
				continue
			}
			if target, err := p.fs.Readlink(link); err == nil {
				device := source.Base(target)
				b.links[link] = device
				take(unescapeHex(e.Name), device)
			}
		}
	}
	each("/dev/disk/by-uuid", func(name, device string) { b.uuids[device] = append(b.uuids[device], name) })
	each("/dev/disk/by-label", func(name, device string) { b.labels[device] = append(b.labels[device], name) })
	if missing(b.why) {
		b.why = errNotCarried // a copy, or a system without udev
	}
	why := b.why
	each("/dev/mapper", func(string, string) {})
	b.why = why
	return b
}

// unescapeHex replaces the escapes of udev, such as \x20 for a blank.
func unescapeHex(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		var c byte
		if i+3 < len(s) && s[i] == '\\' && s[i+1] == 'x' {
			if n, _ := fmt.Sscanf(s[i+2:i+4], "%02x", &c); n == 1 {
				b.WriteByte(c)
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// removable is what /sys says of the disk that a device is, or is a part of.
func (p proc) removable(name string) truth {
	const class = "/sys/class/block"
	target, err := p.fs.Readlink(source.Join(class, name))
	for range 2 { // a part lies in the folder of its disk
		if err != nil || target == "" {
			break
		}
		body, err2 := p.read(path.Join(class, target, "removable"), 16)
		if err2 == nil {
			return truth{is: strings.TrimSpace(body) == "1"}
		}
		target = path.Dir(target)
	}
	return truth{why: errNotCarried}
}
