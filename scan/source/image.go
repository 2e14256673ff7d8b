package source

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"iocscan/scan/internal/image"
	"iocscan/scan/internal/partition"
)

// ImageOptions say how a disk image is presented.
type ImageOptions struct {
	Platform Platform // Unknown: what the volumes show
	Volumes  []int    // numbers of the volumes to look at; empty: all
	// Letter is the drive letter of the volume of Windows, or else of the first
	// volume: "C:". Empty: what the evidence says, or C:.
	Letter string
	Zone   *time.Location // of local times, as FAT has them; nil: UTC
	// Deleted: what is deleted is offered too, see Volume.Deleted.
	Deleted bool
}

// A DiskImage is what an image holds, as far as can be told without reading
// files.
type DiskImage struct {
	Path     string
	Format   string
	Segments []string
	Size     int64 // bytes of the disk
	Scheme   string
	Notes    []string
	MD5      string // of the disk as the acquiring program stored them; empty: not stored
	SHA1     string
	Parts    []ImagePart

	disk      *image.Image
	signature uint32
}

// An ImagePart is a partition, or the whole disk where there are none.
type ImagePart struct {
	Number      int // as --volume counts; 0 where the disk has no partitions
	Start, Size int64
	Type        string // of the partition table, in words or as it stands there
	Label       string // of the partition or of the file system
	Kind        string // what it holds: ntfs, ext4, BitLocker …
	Serial      string // of the file system
	Name        string // what its paths begin with in reports, such as C:; Unread: what it would be called
	Mount       string // where its files are shown, if not under Name: a folder of the system
	Unread      error  // why its files cannot be read; nil: they can
	NoFiles     bool   // it holds none: swap, or nothing
	Left        bool   // not among the volumes that were asked for
	Notes       []string

	id     string // GPT: GUID of the partition
	volume *imageVolume
}

// OpenImage opens a disk image and finds its volumes. Of the machine that scans
// it opens nothing but the image's own files, read-only.
//
// The platform is that of the first volume on which a system is installed;
// volumes of Windows file systems without one are taken for those of a Windows.
// A Windows volume has the letter that the system gave it by the evidence, and
// file systems of Linux are put where its fstab mounts them. What is on a
// volume that cannot be read is unknown, and that is told.
func OpenImage(path string, opt ImageOptions) (Source, *DiskImage, error) {
	d, err := openDisk(path, opt.Zone)
	if err != nil {
		return nil, nil, err
	}
	if err := d.choose(opt.Volumes); err != nil {
		d.disk.Close()
		return nil, nil, err
	}
	m := &machine{kind: "image", name: path, has: []Capability{Files}}
	m.open = append(m.open, d.disk)
	if err := d.present(m, opt); err != nil {
		m.Close()
		return nil, nil, err
	}
	return m, d, nil
}

func openDisk(path string, zone *time.Location) (*DiskImage, error) {
	disk, err := image.Open(path, image.Options{})
	if err != nil {
		return nil, err
	}
	d := &DiskImage{
		Path: path, Format: disk.Format, Segments: disk.Segments, Size: disk.Size(), Notes: slices.Clone(disk.Notes),
		MD5: disk.MD5, SHA1: disk.SHA1, disk: disk,
	}
	table, err := partition.List(disk, disk.Size())
	if err != nil {
		disk.Close()
		return nil, fmt.Errorf("partitions of %s: %w", path, err)
	}
	d.Scheme, d.signature = string(table.Scheme), table.Signature
	d.Notes = append(d.Notes, table.Notes...)
	for i := range table.Partitions {
		d.Parts = append(d.Parts, openPart(disk, &table.Partitions[i], zone))
	}
	return d, nil
}

// choose leaves out the volumes that were not asked for.
func (d *DiskImage) choose(numbers []int) error {
	for _, n := range numbers {
		if !slices.ContainsFunc(d.Parts, func(p ImagePart) bool { return p.Number == n }) {
			return fmt.Errorf("image %s: there is no volume %d, but %s", d.Path, n, d.numbers())
		}
	}
	for i := range d.Parts {
		d.Parts[i].Left = len(numbers) > 0 && !slices.Contains(numbers, d.Parts[i].Number)
	}
	return nil
}

func (d *DiskImage) numbers() string {
	if len(d.Parts) == 0 {
		return "none at all"
	}
	var list []string
	for _, p := range d.Parts {
		list = append(list, strconv.Itoa(p.Number))
	}
	return strings.Join(list, ", ")
}

// present makes the volumes of a machine out of the parts.
func (d *DiskImage) present(m *machine, opt ImageOptions) error {
	system := d.system(opt.Platform)
	m.platform = cmp.Or(opt.Platform, d.platform(system))
	if opt.Letter != "" {
		if m.platform = cmp.Or(m.platform, Windows); m.platform != Windows {
			return fmt.Errorf("image %s: drive letters are of Windows, and this is %s", d.Path, m.platform)
		}
	}
	if system >= 0 && m.platform == Windows {
		d.letters(system, opt.Letter)
	} else if opt.Letter != "" {
		d.rename(d.first(), opt.Letter)
	}
	if system >= 0 && m.platform == Linux {
		d.mounts(system)
	}
	d.nameRest(m.platform, system)
	for i := range d.Parts {
		if p := &d.Parts[i]; i != system && p.volume != nil && p.volume.system != Unknown {
			p.Notes = append(p.Notes, fmt.Sprintf("%s is installed on it as well: only its files are looked at", p.volume.system))
		}
	}
	for _, i := range d.order(system) {
		p := &d.Parts[i]
		switch {
		case p.Left:
			m.leftOut = append(m.leftOut, LeftOut{Path: p.Name, Reason: "not among the volumes asked for (--volume)", Volume: true})
		case p.NoFiles:
			m.leftOut = append(m.leftOut, LeftOut{Path: p.Name, Reason: p.Kind + ", which has no files"})
		default:
			if p.volume != nil && p.Mount == "" {
				v := p.show(m.platform)
				v.Deleted = p.deleted(m.platform, opt.Deleted)
				m.volumes = append(m.volumes, v)
			}
			if p.Unread != nil {
				m.volumes = append(m.volumes, p.closed())
			}
		}
	}
	if m.platform == Windows && hasHives(m.volumes) {
		m.has = append(m.has, Hives)
	}
	m.notes = d.remarks()
	return nil
}

// first is the first part that can be read, -1 for none.
func (d *DiskImage) first() int {
	return slices.IndexFunc(d.Parts, func(p ImagePart) bool { return p.volume != nil && !p.Left })
}

// remarks are all that whoever relies on what is found in the image has to
// know: the notes of the image and those of its volumes.
func (d *DiskImage) remarks() []string {
	list := slices.Clone(d.Notes)
	for i := range d.Parts {
		p := &d.Parts[i]
		if p.Left || p.NoFiles {
			continue
		}
		for _, n := range p.Notes {
			list = append(list, fmt.Sprintf("%s: %s", p.title(), n))
		}
		if p.Unread != nil {
			list = append(list, fmt.Sprintf("%s (%s): not read: %v", p.title(), p.Kind, p.Unread))
		}
	}
	return list
}

// title is what a person calls the part.
func (p *ImagePart) title() string {
	title := fmt.Sprintf("volume %d", p.Number)
	place := cmp.Or(p.Mount, p.Name)
	if place == "["+title+"]" {
		place = ""
	}
	if p.Number == 0 {
		title = "the volume"
	}
	if place != "" {
		title += " (" + place + ")"
	}
	return title
}

// order puts the volume of the system first: paths without a volume are looked
// up there.
func (d *DiskImage) order(system int) []int {
	var list []int
	if system >= 0 {
		list = append(list, system)
	}
	for i := range d.Parts {
		if i != system {
			list = append(list, i)
		}
	}
	return list
}

// system is the first part on which a system is installed, -1 for none.
func (d *DiskImage) system(asked Platform) int {
	for _, p := range []Platform{Windows, Linux, Darwin} {
		if asked != Unknown && asked != p {
			continue
		}
		for i := range d.Parts {
			if v := d.Parts[i].volume; v != nil && !d.Parts[i].Left && v.system == p {
				return i
			}
		}
	}
	return -1
}

// platform is that of the system, or what kind of machine such volumes are
// used on.
func (d *DiskImage) platform(system int) Platform {
	if system >= 0 {
		return d.Parts[system].volume.system
	}
	found, unread := Unknown, false
	for _, p := range d.Parts {
		if p.Left {
			continue
		}
		if p.volume == nil {
			if p.Unread != nil {
				unread = true
			}
			continue
		}
		switch kind := p.volume.fsys.Type(); {
		case kind == "ntfs", strings.HasPrefix(kind, "fat"), kind == "exfat":
			if found == Unknown {
				found = Windows
			}
		case strings.HasPrefix(kind, "ext"):
			found = Linux
		}
	}
	if found == Linux && unread {
		return Unknown // Linux would mean that there can be no registry, say
	}
	return found
}

// nameRest names the volumes that the evidence gives no name. Without a system
// a single volume is assumed to be C:, since paths have to begin with something.
func (d *DiskImage) nameRest(platform Platform, system int) {
	if platform == Windows && system < 0 {
		next := 'C'
		for i := range d.Parts {
			for next <= 'Z' && d.named(string(next)+":") {
				next++
			}
			if p := &d.Parts[i]; p.volume != nil && !p.Left && p.Name == "" && next <= 'Z' {
				p.Name = string(next) + ":"
				p.Notes = append(p.Notes, "the letter "+p.Name+" is assumed")
			}
		}
	}
	readable := 0
	for _, p := range d.Parts {
		if p.volume != nil && !p.Left {
			readable++
		}
	}
	for i := range d.Parts {
		p := &d.Parts[i]
		switch {
		case p.Name != "" || p.Mount != "":
		case platform == Windows:
			p.Name = fmt.Sprintf("volume%d:", p.Number)
		case i == system, p.volume != nil && !p.Left && readable == 1:
			// its paths begin with the root
		default:
			p.Name = fmt.Sprintf("[volume %d]", p.Number)
		}
	}
}

func (d *DiskImage) named(name string) bool {
	return slices.ContainsFunc(d.Parts, func(p ImagePart) bool { return strings.EqualFold(p.Name, name) })
}

// rename gives a part a letter, and takes it from the part that has it.
func (d *DiskImage) rename(part int, letter string) {
	for i := range d.Parts {
		if strings.EqualFold(d.Parts[i].Name, letter) {
			d.Parts[i].Name = ""
		}
	}
	if part >= 0 {
		d.Parts[part].Name = letter
	}
}
