package source

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/regf/regftest"
)

// part is a part of a disk with a readable file system.
func part(number int, f *fakeFS, more ...func(*ImagePart)) ImagePart {
	tree := newImageTree(f)
	found, drives, err := detect(tree, Unknown)
	if err != nil || drives[0].folder != "/" {
		found = Unknown
	}
	p := ImagePart{Number: number, Start: int64(number) << 20, Kind: f.kind, volume: &imageVolume{f, tree, found}}
	for _, m := range more {
		m(&p)
	}
	return p
}

func unreadPart(number int) ImagePart {
	return ImagePart{Number: number, Kind: "LUKS", Unread: errors.New("encrypted by LUKS")}
}

// windowsFS has a system, whose registry has these letters.
func windowsFS(letters ...regftest.Value) *fakeFS {
	hive := regftest.Hive{Root: regftest.Key{Name: "ROOT", Subkeys: []regftest.Key{{Name: "MountedDevices", Values: letters}}}}.Bytes()
	return newFakeFS("ntfs").add("/Windows/System32/config/SYSTEM", fsys.Regular, string(hive)).add("/Users/f", fsys.Regular, "")
}

// byPlace is how a letter is kept of a partition of an MBR, byGUID of a GPT.
func byPlace(letter string, signature uint32, start int64) regftest.Value {
	b := binary.LittleEndian.AppendUint32(nil, signature)
	return regftest.Value{Name: `\DosDevices\` + letter, Type: 3, Data: binary.LittleEndian.AppendUint64(b, uint64(start))}
}

func byGUID(letter, raw string) regftest.Value {
	b, err := hex.DecodeString(raw)
	if err != nil {
		panic(err)
	}
	return regftest.Value{Name: `\DosDevices\` + letter, Type: 3, Data: append([]byte("DMIO:ID:"), b...)}
}

func TestImageNames(t *testing.T) {
	linux := func(fstab string) *fakeFS {
		return newFakeFS("ext4").add("/etc/fstab", fsys.Regular, fstab).add("/usr/bin/sh", fsys.Regular, "").
			add("/home/hidden", fsys.Regular, "").add("/srv/my data/x", fsys.Regular, "").add("/boot/x", fsys.Regular, "")
	}
	serial := func(s string) func(*ImagePart) { return func(p *ImagePart) { p.Serial = s } }
	id := func(s string) func(*ImagePart) { return func(p *ImagePart) { p.id = s } }
	label := func(s string) func(*ImagePart) { return func(p *ImagePart) { p.Label = s } }
	data := func(kind string) *fakeFS { return newFakeFS(kind).add("/f", fsys.Regular, "") }
	const guid = "33221100-5544-7766-8899-AABBCCDDEEFF"
	for _, c := range []struct {
		name     string
		parts    []ImagePart
		opt      ImageOptions
		platform Platform
		volumes  []string // of the source, in order
		notes    string   // one that there has to be; empty: none
		err      string
	}{
		{name: "letters of an MBR", platform: Windows,
			parts:   []ImagePart{part(1, data("ntfs")), part(2, windowsFS(byPlace("D:", 7, 2<<20), byPlace("s:", 7, 1<<20), byPlace("X:", 8, 3<<20))), part(3, data("fat32"))},
			volumes: []string{"D:", "S:", "volume3:"}},
		{name: "letters of a GPT", platform: Windows,
			parts:   []ImagePart{part(1, windowsFS(byGUID("C:", strings.Repeat("01", 16)), byGUID("E:", "00112233445566778899aabbccddeeff")), id(strings.Repeat("x", 36))), part(2, data("ntfs"), id(guid))},
			volumes: []string{"C:", "E:"}, notes: "volume 1 (C:): the letter C: is assumed"},
		{name: "letter asked for", platform: Windows, opt: ImageOptions{Letter: "E:"},
			parts:   []ImagePart{part(1, windowsFS(byGUID("E:", "00112233445566778899aabbccddeeff"))), part(2, data("ntfs"), id(guid))},
			volumes: []string{"E:", "volume2:"}},
		{name: "no system", platform: Windows,
			parts:   []ImagePart{part(1, data("ntfs")), part(2, data("fat32")), unreadPart(3)},
			volumes: []string{"C:", "D:", "volume3:"}, notes: "volume 2 (D:): the letter D: is assumed"},
		{name: "letter of the second", platform: Windows, opt: ImageOptions{Letter: "D:", Volumes: []int{2}},
			parts: []ImagePart{part(1, data("ntfs")), part(2, data("ntfs"))}, volumes: []string{"D:"}},
		{name: "letter on Linux", opt: ImageOptions{Letter: "D:"}, parts: []ImagePart{part(1, linux(""))}, err: "drive letters are of Windows"},
		{name: "fstab", platform: Linux,
			parts: []ImagePart{
				part(1, data("ext4"), serial("AB-CD")), part(2, linux("# comment\nUUID=ab-cd /home ext4\nLABEL=stuff /srv/my\\040data ext4\n/dev/sda4 /boot vfat # x\n/dev/sda5 /nowhere ext4\nnone /proc proc\n")),
				part(3, data("ext4"), label("stuff")), part(4, data("fat32")), part(5, data("ext2")), unreadPart(6),
			},
			volumes: []string{"", "[volume 5]", "[volume 6]"}, notes: "volume 6 (LUKS): not read: encrypted by LUKS"},
		{name: "data beside what is not read", platform: Unknown, parts: []ImagePart{part(1, data("ext4")), unreadPart(2)}, volumes: []string{"", "[volume 2]"}, notes: "encrypted"},
		{name: "data alone", platform: Linux, parts: []ImagePart{part(1, data("ext4"))}, volumes: []string{""}},
		{name: "two systems", platform: Windows, parts: []ImagePart{part(1, linux("")), part(2, windowsFS(byPlace("C:", 7, 2<<20)))},
			volumes: []string{"C:", "volume1:"}, notes: "linux is installed on it as well: only its files"},
		{name: "nothing", platform: Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &DiskImage{Path: "disk", Parts: c.parts, signature: 7}
			if err := d.choose(c.opt.Volumes); err != nil {
				t.Fatal(err)
			}
			m := &machine{kind: "image", has: []Capability{Files}}
			if err := d.present(m, c.opt); err != nil || c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || c.err == "" {
					t.Errorf("%v, want %q", err, c.err)
				}
				return
			}
			var names []string
			for _, v := range m.Volumes() {
				names = append(names, v.Name)
			}
			if diff := cmp.Diff(c.volumes, names); diff != "" {
				t.Errorf("volumes (-want +got)\n%s", diff)
			}
			if m.Platform() != c.platform {
				t.Errorf("platform %q, want %q", m.Platform(), c.platform)
			}
			if notes := strings.Join(m.Notes(), "\n"); c.notes == "" && notes != "" || !strings.Contains(notes, c.notes) {
				t.Errorf("notes %q, want %q", notes, c.notes)
			}
			if c.name != "fstab" {
				return
			}
			for path, there := range map[string]bool{"/home/f": true, "/home/hidden": false, "/srv/my data/f": true, "/boot/f": true, "/nowhere/f": false, "/usr/bin/sh": true} {
				if _, _, err := Locate(m, path); (err == nil) != there {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
}
