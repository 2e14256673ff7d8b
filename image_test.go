package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"iocscan/scan"
)

var corpusImages = filepath.Join("..", "shared", "corpus", "evidence", "images")

// corpusImage is an image of the shared corpus, unpacked with the other files
// of its series where it is packed.
func corpusImage(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(corpusImages, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skip("the shared corpus is absent: ", err)
	}
	plain, packed := strings.CutSuffix(path, ".gz")
	if !packed {
		return path
	}
	series, err := filepath.Glob(strings.TrimRight(plain, "0123456789") + "*.gz")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, from := range series {
		b, err := unzipped(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(from), ".gz")), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, filepath.Base(plain))
}

// TestImageEndToEnd asks the composed disks for one thing of each kind that was
// put on them.
func TestImageEndToEnd(t *testing.T) {
	type ask struct {
		term, condition, content string
		labels                   string // joined by blanks and bars; empty: clear
	}
	for _, c := range []struct {
		image string
		asks  []ask
	}{
		{"composed/composed-win10.E01", []ask{
			{"FileItem/Md5sum", "is", "8003f61648cb72f9f647d44a95fe788a", `C:\Windows\System32\notepad.exe`},
			{"FileItem/FullPath", "is", `C:\Users\j.doe\Downloads\putty.exe`, `C:\Users\j.doe\Downloads\putty.exe`},
			{"FileItem/StreamList/Stream/Name", "is", "Zone.Identifier", `C:\Users\j.doe\Downloads\putty.exe`},
			{"FileItem/StreamList/Stream/Md5sum", "is", "4033c5a2da1deaad7133e6cc640b5cbb", `C:\Users\j.doe\Downloads\putty.exe`},
			{"FileItem/PEInfo/DigitalSignature/SignatureExists", "is", "true",
				`C:\Program Files\7-Zip\7z1900-x64_signed.exe | C:\Users\j.doe\Downloads\putty.exe | C:\Windows\System32\drivers\acpiex.sys`},
			{"RegistryItem/Path", "is", `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\ImagePath`, `HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Tcpip\ImagePath`},
			{"ServiceItem/serviceDLL", "contains", "qmgr.dll", `HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\BITS`},
			{"DriverItem/DriverName", "contains", "acpiex", `HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\acpiex`},
			{"TaskItem/Name", "is", "VSIX Auto Update", `C:\Windows\System32\Tasks\VSIX Auto Update`},
			{"TaskItem/Name", "contains", "At1", `C:\Windows\Tasks\At1.job`},
			{"PrefetchItem/ApplicationFileName", "is", "PROCEXP64.EXE", `C:\Windows\Prefetch\PROCEXP64.EXE-0F0325D8.pf`},
			{"EventLogItem/EID", "is", "104", "System record 27736"},
			{"EventLogItem/EID", "is", "4104", "Microsoft-Windows-PowerShell/Operational record 4090 | Microsoft-Windows-PowerShell/Operational record 4092"},
			{"UserItem/Username", "is", "Administrator", "Administrator"},
			{"PersistenceItem/RegPath", "contains", `CurrentVersion\Run`, `HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run\Sidebar`},
			{"FileItem/FileName", "is", "deleted.txt", ""}, // that is, not without --deleted
		}},
		{"composed/composed-linux.ext4.gz", []ask{
			{"FileItem/Md5sum", "is", "4a940e3fac2a7c9b7e70e9ea54f7652d", "/etc/hosts"},
			{"FileItem/FileName", "is", ".hidden-ü.sh", "/opt/drop/.hidden-ü.sh"},
			{"FileItem/Sha1sum", "is", "29477b90dbc4004f2f6744eceda21b49c415fcfe", "/etc/hosts"},
			{"FileItem/Md5sum", "is", "522e1dc3aa40afa598c96f7e1d3e4c01", "/opt/drop/.hidden-ü.sh | /opt/drop/hard.sh"},
			{"FileItem/Md5sum", "is", "50159b6b5c22d655100e6abbef3d59b5", "/opt/drop/sparse.bin"},
			{"FileItem/FullPath", "is", "/home/jdoe/.mozilla/firefox/p.default/places.sqlite", "/home/jdoe/.mozilla/firefox/p.default/places.sqlite"},
			{"RegistryItem/Path", "contains", "Run", ""},
			{"FileItem/FilenameCreated", "greater-than", "1990-01-01T00:00:00Z", ""},
		}},
	} {
		t.Run(c.image, func(t *testing.T) {
			image := corpusImage(t, c.image)
			var iocs []string
			for _, a := range c.asks {
				iocs = append(iocs, simpleIOC(a.term, a.term, a.condition, a.content))
			}
			before := stateOf(t, image)
			r := scanned(t, 1, iocFolder(t, iocs...), "--image", image)
			checkSound(t, r)
			for n, a := range c.asks {
				var labels []string
				for _, m := range r.IOCs[n].Matches {
					for _, o := range m.Objects {
						labels = append(labels, o.Label)
					}
				}
				if got := strings.Join(labels, " | "); got != a.labels || a.labels == "" && r.IOCs[n].Verdict != "clear" {
					t.Errorf("%s %s %q: %s, %q", a.term, a.condition, a.content, r.IOCs[n].Verdict, got)
				}
			}
			if after := stateOf(t, image); after != before {
				t.Errorf("the image was changed: %s, was %s", after, before)
			}
		})
	}
}

// stateOf is what a scan must not change.
func stateOf(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s %x", info.Mode(), info.ModTime(), sha256.Sum256(b))
}

// TestImageContainers: one disk in all containers gives one report.
func TestImageContainers(t *testing.T) {
	for _, family := range []struct {
		names []string
		sums  int // how many have the hash of the disk
	}{
		{[]string{
			"Velocidex-go-ewf/test.ntfs.dd.E01", "derived-containers/test.ntfs.monolithicSparse.vmdk.gz", "derived-containers/test.ntfs.streamOptimized.vmdk",
			"derived-containers/test.ntfs.dynamic.vhdx.gz", "derived-containers/test.ntfs.fixed.vhdx.gz", "derived-containers/test.ntfs.dynamic.vhd.gz",
			"derived-containers/test.ntfs.qcow2.gz", "derived-containers/test.ntfs.compressed.qcow2", "derived-containers/test.ntfs.encase5.E01.gz",
			"derived-containers/test.ntfs.encase6-best.E01", "derived-containers/test.ntfs.ftk.E01", "derived-containers/test.ntfs.smart.s01",
		}, 12},
		// In the VHD the disk is a little larger.
		{[]string{
			"log2timeline-dfvfs/ext2.raw.gz", "log2timeline-dfvfs/ext2.E01", "log2timeline-dfvfs/ext2.qcow2", "log2timeline-dfvfs/ext2.vmdk",
			"log2timeline-dfvfs/ext2.split.E01.gz", "log2timeline-dfvfs/ext2.splitraw.000.gz", "log2timeline-dfvfs/ext2.vhd.gz",
		}, 6},
	} {
		iocs := iocFolder(t, simpleIOC("all", "FileItem/FileName", "contains", "e"), simpleIOC("sum", "FileItem/Sha256sum", "is", strings.Repeat("0", 64)),
			simpleIOC("string", "FileItem/StringList/string", "contains", "the"), simpleIOC("stream", "FileItem/StreamList/Stream/Name", "contains", "e"))
		first, sums := "", map[string]int{}
		for _, name := range family.names {
			image := corpusImage(t, name)
			_, stdout, stderr := inProcess(t, "scan", "--format", "json", "--deleted", iocs, "--image", image)
			if stderr != "" {
				t.Errorf("%s: %s", name, stderr)
			}
			got := strings.ReplaceAll(normal(stdout), fmt.Sprintf("%q", image), `"IMAGE"`)
			if first == "" {
				if first = got; !strings.Contains(got, `"verdict": "matched"`) {
					t.Fatal(got)
				}
			} else if got != first {
				t.Errorf("%s gives another report than %s:\n%s\nand\n%s", name, family.names[0], got, first)
			}
			r := scanned(t, 0, iocFolder(t, simpleIOC("x", "FileItem/FileName", "is", "no such name")), "--hash-image", "--image", image)
			if r.Scan.Source.SHA256 == nil {
				t.Errorf("%s: no hash: %v", name, r.Troubles)
				continue
			}
			sums[*r.Scan.Source.SHA256]++
			ewf := strings.Contains(name, ".E01") || strings.Contains(name, ".s01")
			if told := slices.Contains(r.Scan.Source.Notes, "the disk has the MD5 that the image has stored"); told != ewf {
				t.Errorf("%s: notes %q", name, r.Scan.Source.Notes)
			}
		}
		if most := slices.Max(mapValues(sums)); most != family.sums {
			t.Errorf("hashes of the disks %v", sums)
		}
	}
}

func mapValues(m map[string]int) (out []int) {
	for _, n := range m {
		out = append(out, n)
	}
	return out
}

// TestImageUnread: what cannot be read leaves the question open, unless the
// user leaves it out.
func TestImageUnread(t *testing.T) {
	iocs := iocFolder(t, simpleIOC("x", "FileItem/FileName", "is", "no such name"))
	r := scanned(t, 3, iocs, "--image", corpusImage(t, "log2timeline-dfvfs/bdetogo.raw"))
	if d := r.Documents[0]; d.Status != scan.Partial || d.Scanned < 40 {
		t.Errorf("document %+v", d)
	}
	if !anyContains(r.Scan.Source.Notes, "BitLocker To Go: only the files before") || len(r.Troubles) == 0 || !strings.Contains(r.Troubles[0].Error, "BitLocker To Go") {
		t.Errorf("notes %q, troubles %+v", r.Scan.Source.Notes, r.Troubles)
	}

	b, err := fourParts()
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(disk, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r = scanned(t, 3, iocs, "--image", disk)
	for _, want := range []string{"encrypted by LUKS", "encrypted by BitLocker", "no file system was recognised"} {
		if !anyContains(r.Scan.Source.Notes, want) {
			t.Errorf("%s is not told: %q", want, r.Scan.Source.Notes)
		}
	}
	if d := r.Documents[0]; d.Status != scan.Partial || r.IOCs[0].Verdict != "undetermined" {
		t.Errorf("%+v, %s", d, r.IOCs[0].Verdict)
	}
	r = scanned(t, 0, iocs, "--image", disk, "--volume", "1")
	if d := r.Documents[0]; d.Status != scan.Complete || len(r.Scan.Scope.LeftOut) != 3 {
		t.Errorf("%+v, left out %+v", d, r.Scan.Scope.LeftOut)
	}
	// That a file is nowhere is not known of a volume that nobody looked at.
	absent := iocFolder(t, simpleIOC("x", "FileItem/FileName", "isnot", "no such name"))
	scanned(t, 3, absent, "--image", disk, "--volume", "1")
	status, _, stderr := inProcess(t, "scan", iocs, "--image", disk, "--volume", "7")
	if status != 2 || !strings.Contains(stderr, "there is no volume 7, but 1, 2, 3, 4") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

func anyContains(list []string, s string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.Contains(l, s) })
}

// fourParts is a disk with a FAT, a LUKS, a BitLocker partition and one of
// something else.
func fourParts() ([]byte, error) {
	fat, err := unzipped(filepath.Join("testdata", "image", "stick.img.gz"))
	if err != nil {
		return nil, err
	}
	const part = 192 // sectors
	disk := make([]byte, 512*(1+4*part))
	disk[510], disk[511] = 0x55, 0xaa
	for i := range 4 {
		row := disk[446+16*i:]
		row[4] = 0x0b
		row[8], row[9] = byte(1+i*part), byte((1+i*part)>>8)
		row[12] = part
		at := disk[512*(1+i*part):]
		switch i {
		case 0:
			copy(at, fat)
		case 1:
			copy(at, "LUKS\xba\xbe\x00\x02")
		case 2:
			copy(at, "\xeb\x58\x90-FVE-FS-")
			at[510], at[511] = 0x55, 0xaa
		case 3:
			for n := range 512 * part {
				at[n] = byte(n*7 + 1)
			}
		}
	}
	return disk, nil
}

// unzipped is what is compressed in a file.
func unzipped(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// unpack IMAGE FILE writes a disk image for a transcript: parts, the disk with
// four partitions, or one of testdata/image.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack IMAGE FILE")
	}
	make := fourParts
	if args[0] != "parts" {
		make = func() ([]byte, error) { return unzipped(filepath.Join("testdata", "image", args[0]+".img.gz")) }
	}
	b, err := make()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o666))
}

// TestImageBroken: files that are no images, or parts of one, say so and name
// the file.
func TestImageBroken(t *testing.T) {
	iocs := iocFolder(t, simpleIOC("x", "FileItem/FileName", "is", "no such name"))
	dir := t.TempDir()
	cut := func(name string, keep float64) string {
		b, err := os.ReadFile(corpusImage(t, name))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.Base(strings.TrimSuffix(name, ".gz")))
		if err := os.WriteFile(to, b[:int(float64(len(b))*keep)], 0o600); err != nil {
			t.Fatal(err)
		}
		return to
	}
	empty := filepath.Join(dir, "empty.raw")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		image  string
		status int
		say    string
	}{
		{filepath.Join(dir, "absent.raw"), 2, "absent.raw"},
		{empty, 2, "empty.raw"},
		{dir, 2, filepath.Base(dir)},
		{corpusImage(t, "google-osv-scalibr/qcow2/testdata/invalid.qcow2"), 2, "invalid.qcow2"},
		{corpusImage(t, "log2timeline-dfvfs/image-differential.vhd.gz"), 2, "image-differential.vhd"},
		{corpusImage(t, "fox-it-dissect.hypervisor/sesparse.vmdk.gz"), 2, "sesparse.vmdk"},
		{corpusImage(t, "log2timeline-dfvfs/ext2.split.E02.gz"), 2, "ext2.split.E02"},
		{filepath.Join(corpusImages, "log2timeline-dfvfs", "corrupt1.gz"), 2, "corrupt1.gz"},
		{cut("Velocidex-go-ewf/test.ntfs.dd.E01", 0.5), 2, "test.ntfs.dd.E01"},
		{cut("log2timeline-dfvfs/ext2.vmdk", 0.3), 3, "unexpected EOF"},
		{cut("sleuthkit-sleuthkit/image.dd", 0.1), 3, ""},
		{cut("fox-it-dissect.ntfs/ntfs.bin.gz", 0.3), 3, ""},
		{cut("Velocidex-velociraptor/fat_very_small.dd", 0.2), 3, ""},
	} {
		status, stdout, stderr := inProcess(t, "scan", iocs, "--image", c.image)
		if status != c.status || !strings.Contains(stdout+stderr, c.say) || strings.Contains(stdout+stderr, "panic") {
			t.Errorf("%s: status %d, want %d\n%s%s", c.image, status, c.status, stdout, stderr)
		}
		if status == 2 && (strings.Count(stderr, "\n") != 1 || stdout != "") {
			t.Errorf("%s: %s%s", c.image, stdout, stderr)
		}
	}
}

// TestImageMutations: whatever a volume holds, a scan ends, and nothing in the
// program breaks.
func TestImageMutations(t *testing.T) {
	iocs := iocFolder(t, simpleIOC("x", "FileItem/Md5sum", "is", strings.Repeat("0", 32)), simpleIOC("y", "FileItem/StreamList/Stream/Name", "is", "no such"),
		simpleIOC("z", "ServiceItem/name", "is", "no such"), simpleIOC("w", "TaskItem/Name", "is", "no such"))
	random := rand.New(rand.NewPCG(5, 11))
	name := filepath.Join(t.TempDir(), "disk.raw")
	for _, image := range []string{"sleuthkit-sleuthkit/image.dd", "Velocidex-velociraptor/fat_very_small.dd", "msuhanov-dfir_ntfs/win_exfat_7.raw.gz",
		"fox-it-dissect.extfs/ext4.bin.gz", "fox-it-dissect.ntfs/ntfs.bin.gz", "log2timeline-dfvfs/iso9660.raw"} {
		sound, err := os.ReadFile(corpusImage(t, image))
		if err != nil {
			t.Fatal(err)
		}
		for round := range 12 {
			b := bytes.Clone(sound)
			for range 1 + random.IntN(60) {
				// What is not zero is what matters, and mostly comes first.
				at := random.IntN(len(b))
				for tries := 0; tries < 50 && b[at] == 0; tries++ {
					at = random.IntN(len(b) >> random.IntN(6))
				}
				b[at] ^= byte(1 + random.IntN(255))
			}
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
			status, stdout, stderr := inProcess(t, "scan", "--deleted", "--format", "json", iocs, "--image", name)
			if strings.Contains(stdout+stderr, "panic") || strings.Contains(stdout, "fault of the scanner") || status != 0 && status != 2 && status != 3 {
				t.Errorf("%s, round %d: status %d\n%s%s", image, round, status, stdout, stderr)
			}
			if status == 0 && !strings.Contains(stdout, `"clear"`) {
				t.Errorf("%s, round %d: %s", image, round, stdout)
			}
		}
	}
}
