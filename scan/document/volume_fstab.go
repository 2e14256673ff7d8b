package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"iocscan/scan/source"
)

// listLinuxVolumes lists what fstab(5) asks for and, of a system that runs,
// what is mounted. Without that others may have been mounted by hand or on
// demand, so that the listing is not complete.
func listLinuxVolumes(ctx context.Context, req *Request, list *Listing) iter.Seq2[diskVolume, error] {
	return func(yield func(diskVolume, error) bool) {
		e, err := openEtc(ctx, req)
		if err != nil {
			yield(diskVolume{}, err)
			return
		}
		live := req.Source.Has(source.Live)
		rows, errs := readFstab(e, live)
		if !live {
			errs = append(errs, errors.New("volumes that are not in /etc/fstab are not known from a system that does not run"))
		} else if rows, err = joinMounts(proc{e.FS, ctx, req.Source.Kind() == "host"}, rows); err != nil {
			errs = append(errs, err)
		}
		list.Full = true
		for _, v := range rows {
			list.Objects++
			if !yield(v, nil) {
				return
			}
		}
		for _, err := range errs {
			if !yield(diskVolume{}, err) {
				return
			}
		}
	}
}

func readFstab(e etc, live bool) (rows []diskVolume, errs []error) {
	const path = "/etc/fstab"
	body, err := e.read(path)
	if missing(err) && live {
		return nil, nil // containers have none
	}
	if err != nil {
		return nil, []error{err}
	}
	n := 0
	for line := range strings.Lines(body) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		if len(rows)+len(errs) >= mostEntries {
			return rows, append(errs, fmt.Errorf("%s: more than %d entries", path, mostEntries))
		}
		if len(fields) < 3 {
			errs = append(errs, fmt.Errorf("%s: line %d: no entry: %.60q", path, n, strings.TrimSpace(line)))
			continue
		}
		if fields[2] == "swap" || fields[2] == "none" || slices.Contains(kernelTypes, fields[2]) {
			continue // no volumes
		}
		rows = append(rows, fstabVolume(append(fields, "")))
	}
	return rows, errs
}

// kernelTypes are file systems without a device.
var kernelTypes = []string{"proc", "sysfs", "tmpfs", "devpts", "devtmpfs", "cgroup", "cgroup2", "debugfs", "securityfs", "hugetlbfs", "mqueue", "efivarfs", "bpf", "overlay",
	"autofs", "binfmt_misc", "configfs", "fusectl", "nsfs", "pstore", "ramfs", "rpc_pipefs", "selinuxfs", "tracefs"}

var (
	remoteTypes = []string{"nfs", "nfs4", "cifs", "smb3", "smbfs", "sshfs", "fuse.sshfs", "ceph", "fuse.ceph", "glusterfs", "fuse.glusterfs", "afs", "9p"}
	localTypes  = []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "ntfs-3g", "iso9660", "udf", "f2fs", "jfs", "reiserfs", "zfs", "squashfs", "erofs", "hfsplus"}
)

func fstabVolume(fields []string) diskVolume {
	v := newVolume()
	device, point, kind := unescapeOctal(fields[0]), unescapeOctal(fields[1]), fields[2]
	v.shown = device
	v.letter, v.kind, v.flags, v.units, v.unitSectors = fact{}, fact{}, fact{}, fact{}, fact{} // Windows has them
	v.sector, v.freeUnits = amount{}, amount{}
	v.names.why = errNotCarried
	if point != "none" {
		v.shown, v.mountPoint = device+" on "+point, sure(point)
	}
	tag, value, tagged := strings.Cut(device, "=")
	value = strings.Trim(value, `"`)
	switch {
	case tagged && (tag == "UUID" || tag == "PARTUUID"):
		v.uuid = sure(value)
	case tagged && (tag == "LABEL" || tag == "PARTLABEL"):
		v.label = sure(value)
	default:
		v.device = sure(device)
	}
	if kind != "auto" {
		v.fsType = sure(strings.Split(kind, ",")...)
	}
	if slices.Contains(localTypes, kind) {
		v.remote = truth{}
	} else if slices.Contains(remoteTypes, kind) {
		v.remote = truth{is: true}
		v.address = remoteAddress(device)
	} else {
		v.address.why = errNotCarried
	}
	for _, option := range strings.Split(fields[3], ",") {
		if option == "ro" || option == "rw" {
			v.readOnly = truth{is: option == "ro"}
		}
	}
	return v
}

// remoteAddress is the host in "host:/path" and "//host/share".
func remoteAddress(device string) (f fact) {
	if share, ok := strings.CutPrefix(device, "//"); ok {
		host, _, _ := strings.Cut(share, "/")
		f.is(host)
	} else if i := strings.LastIndex(device, ":/"); i > 0 {
		host := device[strings.LastIndexByte(device[:i], '@')+1 : i]
		f.is(strings.Trim(host, "[]"))
	}
	if f.values == nil {
		f.why = errNotCarried
	}
	return f
}

// unescapeOctal replaces the escapes of fstab(5), such as \040 for a blank.
func unescapeOctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
