package source

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// mountedDevices is where Windows keeps which volume has which letter.
const mountedDevices = `HKEY_LOCAL_MACHINE\SYSTEM\MountedDevices`

// letters names the parts as the system on one of them does. A letter belongs to
// a partition of an MBR by the number of the disk and its first byte, and to
// one of a GPT by its GUID; other devices are other disks.
// asked is the letter that the user gives the volume of the system.
func (d *DiskImage) letters(system int, asked string) {
	m := &machine{kind: "image", platform: Windows, has: []Capability{Files, Hives}}
	m.volumes = []Volume{d.Parts[system].show(Windows)}
	r := NewRegistry(m, RegistryOptions{})
	defer r.Close()
	key, err := r.Key(mountedDevices)
	if err == nil {
		for v, valueErr := range key.Values() {
			if valueErr != nil {
				err = valueErr
				continue
			}
			letter, ok := strings.CutPrefix(v.Name(), `\DosDevices\`)
			if !ok || len(letter) != 2 || !hasDrive(letter) {
				continue
			}
			data, dataErr := v.Data()
			if dataErr != nil {
				err = dataErr
				continue
			}
			for i := range d.Parts {
				if d.isDevice(&d.Parts[i], data) && d.Parts[i].Name == "" {
					d.Parts[i].Name = strings.ToUpper(letter)
				}
			}
		}
	}
	if asked != "" {
		d.rename(system, asked)
	} else if p := &d.Parts[system]; p.Name == "" {
		d.rename(system, "C:")
		p.Notes = append(p.Notes, "the letter C: is assumed"+reason(err))
	}
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// isDevice reports whether the identity of a device in MountedDevices is that
// of a part.
func (d *DiskImage) isDevice(p *ImagePart, data []byte) bool {
	le := binary.LittleEndian
	switch {
	case len(data) == 12:
		return d.signature != 0 && le.Uint32(data) == d.signature && int64(le.Uint64(data[4:])) == p.Start
	case len(data) == 24 && string(data[:8]) == "DMIO:ID:":
		return p.id != "" && strings.EqualFold(p.id, guidOf(data[8:]))
	}
	return false
}

func guidOf(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

const maxFstab = 1 << 20

// mounts puts the file systems of Linux where the fstab of the system has them.
// What it does not name, or names in a way that the image does not tell, keeps
// a name of its own.
func (d *DiskImage) mounts(system int) {
	root := d.Parts[system].volume
	fs := d.Parts[system].show(Linux).FS
	at, err := fs.Resolve("/etc/fstab")
	var f File
	if err == nil {
		f, err = fs.Open(at)
	}
	if err != nil {
		if !missing(err) {
			d.Notes = append(d.Notes, "where the volumes are mounted is not known: "+err.Error())
		}
		return
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, maxFstab))
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "/") || fields[1] == "/" {
			continue
		}
		i := slices.IndexFunc(d.Parts, func(p ImagePart) bool {
			return p.volume != nil && !p.Left && p.Mount == "" && p.volume != root && p.isDevice(fields[0])
		})
		if i < 0 {
			continue
		}
		place := strings.TrimRight(octal(fields[1]), "/")
		// Only where the system has the folder would its files be met there.
		if at, err := fs.Resolve(place); err != nil || at != place {
			continue
		}
		root.tree.mount(place, d.Parts[i].volume.fsys)
		d.Parts[i].Mount = place
	}
	if err := lines.Err(); err != nil {
		d.Notes = append(d.Notes, "where the volumes are mounted is not known in full: fstab: "+err.Error())
	}
}

// isDevice reports whether fstab(5) names the part by its identity, or by its
// number on whatever disk.
func (p *ImagePart) isDevice(spec string) bool {
	spec = octal(spec)
	for prefix, links := range map[string]string{"UUID=": "/dev/disk/by-uuid/", "LABEL=": "/dev/disk/by-label/", "PARTUUID=": "/dev/disk/by-partuuid/"} {
		id, ok := strings.CutPrefix(spec, prefix)
		if !ok {
			id, ok = strings.CutPrefix(spec, links)
		}
		if !ok {
			continue
		}
		id = strings.Trim(id, `"`)
		switch prefix {
		case "UUID=":
			return id != "" && strings.EqualFold(id, p.Serial)
		case "LABEL=":
			return id != "" && id == p.Label
		}
		return p.id != "" && strings.EqualFold(id, p.id)
	}
	name, ok := strings.CutPrefix(spec, "/dev/")
	if !ok || strings.Contains(name, "/") {
		return false
	}
	digits := name[len(strings.TrimRight(name, "0123456789")):]
	n, err := strconv.Atoi(digits)
	disk := strings.TrimSuffix(strings.TrimSuffix(name, digits), "p")
	first := strings.HasSuffix(disk, "da") || strings.HasSuffix(disk, "n1") || strings.HasSuffix(disk, "k0") // sda, vda, nvme0n1, mmcblk0
	return err == nil && first && n == p.Number
}

// octal undoes what fstab(5) has for blanks in names: \040.
func octal(s string) string {
	for i := 0; i+4 <= len(s); i++ {
		if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); s[i] == '\\' && err == nil {
			s = s[:i] + string([]byte{byte(n)}) + s[i+4:]
		}
	}
	return s
}
