package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/regf"
	"iocscan/scan/source"
)

// mountedDevices is where the mount manager keeps which device has which name:
// letters of drives and names of volumes, each with the identity of the device.
// Names stay when the device goes.
const mountedDevices = `HKLM\SYSTEM\MountedDevices`

// listNTVolumes lists the volumes that the mount manager knows, those of which
// something was noted when they were attached, and those of the evidence.
func listNTVolumes(_ context.Context, req *Request, list *Listing) iter.Seq2[diskVolume, error] {
	return func(yield func(diskVolume, error) bool) {
		list.Full = true
		errs := useHives(req, list, source.HiveSystem, source.HiveSoftware)
		rows, err := readMounted(req)
		errs = append(errs, err...)
		media, err := readMedia(req)
		errs = append(errs, err...)
		rows = joinMedia(rows, media)
		rows = joinFileSystems(rows, req.Source)
		if runningWindows(req) {
			live, err := listLiveVolumes()
			if err != nil {
				errs = append(errs, err)
			}
			rows = joinLive(rows, live, err == nil)
		}
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

// dosDevice is the letter that a name of the mount manager gives.
func dosDevice(name string) (letter string, ok bool) {
	const in = `\DosDevices\`
	if len(name) != len(in)+2 || !ioc.EqualFold(name[:len(in)], in) || name[len(name)-1] != ':' {
		return "", false
	}
	return strings.ToUpper(name[len(in):]), true
}

// volumeNames are the forms of a name of a volume: "\??\Volume{GUID}", or
// "#{GUID}" for one that is to have no letter.
func volumeNames(name string) []string {
	guid, ok := strings.CutPrefix(name, `\??\Volume`)
	if !ok {
		guid, ok = strings.CutPrefix(name, "#")
	}
	if !ok || !strings.HasPrefix(guid, "{") {
		return nil
	}
	return []string{`\\?\Volume` + guid + `\`, `\\?\Volume` + guid}
}

// readMounted lists the devices of the mount manager. All names of one are one
// volume.
func readMounted(req *Request) (list []diskVolume, errs []error) {
	k, err := openKey(req, mountedDevices)
	if err != nil {
		return nil, []error{err}
	}
	at := map[string]int{}
	for v, err := range k.Values() {
		var data []byte
		if err == nil {
			data, err = v.Data()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("registry key %s: %w", k.Path(), err))
			continue
		}
		if len(at) >= mostVolumes || len(data) > mostDevice {
			return list, append(errs, fmt.Errorf("registry key %s: more, or longer names, than any system has", k.Path()))
		}
		name := v.Name()
		letter, isLetter := dosDevice(name)
		names := volumeNames(name)
		if !isLetter && names == nil {
			continue // of nothing that has a volume
		}
		i, known := at[string(data)]
		if !known {
			i = len(list)
			at[string(data)] = i
			list = append(list, mountedVolume(data))
		}
		list[i].letter.is(letter)
		list[i].names.is(names...)
	}
	for i := range list {
		v := &list[i]
		if v.names.values == nil {
			v.names.why = errNotCarried // it has one, made of the identity of the device
		}
		v.shown = strings.Join(append(slices.Clone(v.letter.values), v.names.values...)[:1], "")
	}
	return list, errs
}

const (
	mostVolumes = 1 << 14
	mostDevice  = 1 << 12 // bytes of a device's identity
)

// mountedVolume is a volume by the identity of its device. Disks that stay are
// known by their signature and the place of the partition, or by the GUID of
// the partition; media that come and go by the path of the device.
func mountedVolume(id []byte) diskVolume {
	v := newVolume()
	v.remote, v.uuid = truth{}, fact{}
	switch path := regf.DecodeText(id); {
	case len(id) == 12:
		v.uuid = sure(fmt.Sprintf("%08X", le.Uint32(id)))
		v.uuid.why = match.StandIn("the number is the signature of the volume's disk")
		v.kind = sure("DRIVE_FIXED")
	case len(id) == 24 && bytes.HasPrefix(id, []byte("DMIO:ID:")):
		v.uuid = sure(guidText(id[8:]))
		v.kind = sure("DRIVE_FIXED")
	case strings.HasPrefix(path, `\??\`) || strings.HasPrefix(path, "_??_"):
		v.device = sure(path)
		v.device.why = match.StandIn("the path is that of the device's interface, not that of the volume's device")
		v.kind = deviceKind(path[4:])
	}
	return v
}

// newVolume is one of which nothing is known.
func newVolume() (v diskVolume) {
	for _, f := range []*fact{&v.device, &v.label, &v.serial, &v.fsType, &v.kind, &v.uuid, &v.flags, &v.units, &v.unitSectors} {
		f.why = errNotCarried
	}
	for _, a := range []*amount{&v.total, &v.free, &v.sector, &v.freeUnits} {
		a.why = errNotCarried
	}
	v.mounted.why, v.readOnly.why, v.remote.why, v.removable.why = errNotCarried, errNotCarried, errNotCarried, errNotCarried
	return v
}

// deviceKind is the type of a drive by the path of its device.
func deviceKind(path string) fact {
	path = strings.ToUpper(path)
	switch {
	case strings.Contains(path, "CDROM"):
		return sure("DRIVE_CDROM")
	case strings.HasPrefix(path, "USBSTOR#"), strings.HasPrefix(path, "FDC#"), strings.Contains(path, "SFLOPPY"), strings.HasPrefix(path, "SD#"):
		return sure("DRIVE_REMOVABLE")
	}
	return fact{why: errNotCarried}
}

// guidText is a GUID of 16 bytes as Windows writes it.
func guidText(b []byte) string {
	return fmt.Sprintf("{%08x-%04x-%04x-%x-%x}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// joinFileSystems adds what the evidence knows of its file systems, by letter.
// The file system of a root may be that to which its files were copied.
func joinFileSystems(rows []diskVolume, of source.Source) []diskVolume {
	for _, fsys := range of.Volumes() {
		if len(fsys.Name) != 2 || fsys.Name[1] != ':' {
			continue
		}
		letter := strings.ToUpper(fsys.Name)
		i := slices.IndexFunc(rows, func(v diskVolume) bool { return slices.Contains(v.letter.values, letter) })
		if i < 0 {
			v := newVolume()
			v.shown, v.letter = letter, sure(letter)
			v.names.why = errNotCarried
			i, rows = len(rows), append(rows, v)
		}
		if fsys.Type != "" && of.Kind() != "root" {
			rows[i].fsType = sure(fsys.Type)
		}
	}
	return rows
}

// A medium is what was noted of a medium when it was attached.
type medium struct {
	device string // path of the device, without the beginning
	label  string
	serial string // decimal
}

const mediumStandIn = match.StandIn("what was noted when the medium was attached; it may have been formatted since")

// joinMedia adds notes on media to the volumes of their devices.
func joinMedia(rows []diskVolume, media []medium) []diskVolume {
	at := map[string]int{}
	for i := range rows {
		for _, path := range rows[i].device.values {
			at[ioc.Fold(path[4:])] = i
		}
	}
	for _, m := range media {
		i, ok := at[ioc.Fold(m.device)]
		if !ok {
			v := mountedVolume(nil)
			v.shown, v.device = m.device, sure(`\??\`+m.device)
			v.device.why = match.StandIn("the path is that of the device's interface, not that of the volume's device")
			v.letter.why, v.names.why = errNotCarried, errNotCarried
			v.kind = deviceKind(m.device)
			i, rows = len(rows), append(rows, v)
			at[ioc.Fold(m.device)] = i
		}
		v := &rows[i]
		if m.label != "" && !slices.Contains(v.label.values, m.label) {
			v.label.is(m.label)
			v.label.why = mediumStandIn
		}
		for _, form := range serialForms(m.serial) {
			if !slices.Contains(v.serial.values, form) {
				v.serial.is(form)
				v.serial.why = mediumStandIn
			}
		}
	}
	return rows
}

// readMedia reads the notes of ReadyBoost and of Windows Portable Devices.
func readMedia(req *Request) (list []medium, errs []error) {
	for _, note := range []struct {
		key  string
		read func(keyValues) (medium, bool, error)
	}{
		{windowsVersionKey + `\EMDMgmt`, readyBoost},
		{`HKLM\SOFTWARE\Microsoft\Windows Portable Devices\Devices`, portableDevice},
	} {
		k, err := openKey(req, note.key)
		if missing(err) {
			continue
		}
		if err != nil {
			return list, append(errs, err)
		}
		for sub, err := range k.Subkeys() {
			var m medium
			var ok bool
			if err == nil {
				m, ok, err = note.read(keyValues{sub})
			}
			if err != nil {
				errs = append(errs, err)
			} else if ok {
				list = append(list, m)
			}
			if len(list) >= mostVolumes {
				return list, append(errs, errors.New("more media than any system had"))
			}
		}
	}
	return list, errs
}
