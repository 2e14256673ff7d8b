package image

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"iocscan/scan/internal/image/imagetest"
)

// fixtures are images of one disk in every container.
func fixtures(disk []byte) map[string]memFolder {
	m, s := md5.Sum(disk), sha1.Sum(disk)
	ewf := memFolder{}
	for i, b := range imagetest.EWF(disk, 20, m[:], s[:]) {
		ewf[fmt.Sprintf("d.E%02d", i+1)] = b
	}
	half := len(disk)/1024*512 + 512
	split := memFolder{"d.000": disk[:half], "d.001": disk[half:]}
	flat := memFolder{"d-f001.vmdk": append(make([]byte, 512), disk[:half]...), "d-s002.vmdk": imagetest.VMDK(disk[half:len(disk)-4096], false), "d.vmdk": []byte(fmt.Sprintf(
		"# Disk DescriptorFile\nversion=1\nCID=123\nparentCID=ffffffff\ncreateType=\"custom\"\n\n# Extent description\nRW %d FLAT \"d-f001.vmdk\" 1\r\nRW %d SPARSE \"D-S002.VMDK\"\nRW 8 ZERO\n",
		half/512, (len(disk)-half)/512-8))}
	one := func(b []byte) memFolder { return memFolder{"d.img": b} }
	return map[string]memFolder{
		"raw":                     one(disk),
		"raw in 2 segments":       split,
		"VHD (fixed)":             one(imagetest.VHDFixed(disk)),
		"VHD (dynamic)":           one(imagetest.VHDDynamic(disk, 8192)),
		"VMDK (monolithicSparse)": one(imagetest.VMDK(disk, false)),
		"VMDK (streamOptimized)":  one(imagetest.VMDK(disk, true)),
		"VMDK (custom)":           flat,
		"QCOW2":                   one(imagetest.QCOW2(disk, 12, false)),
		"QCOW2 compressed":        one(imagetest.QCOW2(disk, 12, true)),
		"VHDX":                    one(imagetest.VHDX(disk)),
		fmt.Sprintf("EWF in %d segments", len(ewf)): ewf,
	}
}

// first is the file of a folder that an image is opened by.
func (m memFolder) first() string {
	for _, n := range []string{"d.img", "d.000", "d.E01", "d.vmdk"} {
		if m[n] != nil {
			return n
		}
	}
	panic("no image")
}

// testDisk ends with a page of zeros and within a block of every container.
func testDisk() []byte {
	return append(imagetest.Content(400<<10), make([]byte, 4096)...)
}

func readAll(m *Image) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(m, 0, m.Size()))
}

func TestRoundTrip(t *testing.T) {
	disk := testDisk()
	for name, folder := range fixtures(disk) {
		m, err := Open(folder.first(), folder.options())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := strings.TrimSuffix(name, " compressed"); m.Format != want || len(m.Notes) > 0 || len(m.Segments) != len(folder) {
			t.Errorf("%s: %s %q %q", name, m.Format, m.Notes, m.Segments)
		}
		if b, err := readAll(m); err != nil || !bytes.Equal(b, disk) {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
			continue
		}
		if sum := md5.Sum(disk); strings.HasPrefix(name, "EWF") && m.MD5 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: stored %q", name, m.MD5)
		}
		var wait sync.WaitGroup
		for w := range 8 {
			wait.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 1))
				for range 200 {
					off, p := rnd.Int64N(m.Size()+100), make([]byte, rnd.IntN(20000))
					n, err := m.ReadAt(p, off)
					want := disk[min(off, m.Size()):min(off+int64(len(p)), m.Size())]
					if !bytes.Equal(p[:n], want) || (n < len(p)) != (err == io.EOF) || err != nil && err != io.EOF {
						t.Errorf("%s: %d bytes at %d: %d, %v", name, len(p), off, n, err)
						return
					}
				}
			})
		}
		wait.Wait()
		if _, err := m.ReadAt(make([]byte, 1), -1); err == nil {
			t.Errorf("%s: a negative offset", name)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTruncated: an image cut anywhere is refused, gives an error where bytes
// are missing or says in a note what is wrong; it never gives other bytes.
func TestTruncated(t *testing.T) {
	disk := testDisk()[280<<10:]
	for name, folder := range fixtures(disk) {
		if strings.HasPrefix(name, "raw") || name == "VHD (fixed)" {
			continue // nothing tells how long it was
		}
		for file, whole := range folder {
			if bytes.HasPrefix(whole, []byte("# Disk")) { // nor how many lines there were
				continue
			}
			for _, cut := range cuts(len(whole)) {
				folder[file] = whole[:cut]
				m, err := Open(folder.first(), folder.options())
				if err != nil {
					continue
				}
				b, err := readAll(m)
				if err == nil && !bytes.Equal(b, disk) && len(m.Notes) == 0 {
					t.Errorf("%s: %s cut to %d bytes gives %d other bytes and no error", name, file, cut, len(b))
				}
				m.Close()
			}
			folder[file] = whole
		}
	}
}

// cuts are lengths to cut a file to: dense at both ends, where headers are.
func cuts(n int) []int {
	var at []int
	for i := 0; i < n; {
		at = append(at, i)
		if i < 1600 || i > n-1600 {
			i += 13
		} else {
			i += 997
		}
	}
	return at
}

// TestMutations: flipped bits neither panic nor allocate without bounds. What
// has a checksum for everything never gives other bytes.
func TestMutations(t *testing.T) {
	disk := testDisk()[320<<10:]
	rnd := rand.New(rand.NewPCG(3, 4))
	var before, after runtime.MemStats
	for name, folder := range fixtures(disk) {
		for file, whole := range folder {
			for range 150 {
				b := bytes.Clone(whole)
				for range 1 + rnd.IntN(4) {
					at := rnd.IntN(len(b))
					if rnd.IntN(4) > 0 { // mostly where headers and tables are
						at = rnd.IntN(min(len(b), 2048))
						if strings.HasPrefix(name, "VHDX") {
							at = []int{0, 64 << 10, 128 << 10, 192 << 10, 256 << 10, 2 << 20, 2<<20 + 64<<10, 3 << 20}[rnd.IntN(8)] + rnd.IntN(128)
						}
					}
					b[at] ^= 1 << rnd.IntN(8)
				}
				folder[file] = b
				runtime.ReadMemStats(&before)
				m, err := Open(folder.first(), folder.options())
				if err == nil {
					p := make([]byte, min(m.Size(), 1<<20))
					n, err := m.ReadAt(p, 0)
					if ewf := strings.HasPrefix(name, "EWF"); ewf && err == nil && len(m.Notes) == 0 && !bytes.Equal(p[:n], disk) {
						t.Errorf("%s: other bytes and no error", name)
					}
					m.ReadAt(p, m.Size()-int64(len(p)))
					m.Close()
				}
				if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 200<<20 {
					t.Errorf("%s: %d bytes allocated", name, after.TotalAlloc-before.TotalAlloc)
				}
			}
			folder[file] = whole
		}
	}
}

// TestLies: sizes that a header only claims are refused, or cost nothing.
func TestLies(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	disk := testDisk()[:64<<10]
	vmdk, qcow := imagetest.VMDK(disk, false), imagetest.QCOW2(disk, 12, false)
	for _, c := range []struct {
		name   string
		image  []byte
		change func([]byte)
	}{
		{"VMDK capacity", vmdk, func(b []byte) { le.PutUint64(b[12:], 1<<52) }},
		{"VMDK table entries", vmdk, func(b []byte) { le.PutUint32(b[44:], 1<<31) }},
		{"VMDK grain", vmdk, func(b []byte) { le.PutUint64(b[20:], 1<<40) }},
		{"VMDK descriptor", vmdk, func(b []byte) { le.PutUint64(b[36:], 1<<40) }},
		{"QCOW2 L1 entries", qcow, func(b []byte) { be.PutUint32(b[36:], 1<<32-1) }},
		{"QCOW2 size", qcow, func(b []byte) { be.PutUint64(b[24:], 1<<63) }},
		{"QCOW2 clusters", qcow, func(b []byte) { be.PutUint32(b[20:], 31) }},
		{"QCOW2 header", qcow, func(b []byte) { be.PutUint32(b[100:], 1<<31) }},
	} {
		b := bytes.Clone(c.image)
		c.change(b)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open("d.img", memFolder{"d.img": b}.options())
		runtime.ReadMemStats(&after)
		if err == nil || after.TotalAlloc-before.TotalAlloc > 1<<20 {
			t.Errorf("%s: %v, %d bytes allocated", c.name, err, after.TotalAlloc-before.TotalAlloc)
		}
	}
}

func TestRefused(t *testing.T) {
	desc := "# Disk DescriptorFile\nparentCID=ffffffff\ncreateType=\"x\"\n"
	qcow := func(at int, value ...byte) string {
		b := imagetest.QCOW2(make([]byte, 4096), 12, false)
		copy(b[at:], value)
		return string(b)
	}
	vhdx := imagetest.VHDX(make([]byte, 4096))
	vhdx[2<<20+64<<10+4] = 2
	for _, c := range []struct{ name, file, content, want string }{
		{"VDI", "d", strings.Repeat("<", 64) + "\x7f\x10\xda\xbe", "VirtualBox disk image (VDI)"},
		{"Ex01", "d.Ex01", "EVF2\r\n\x81\x00rest", "Ex01"},
		{"L01", "d.L01", "LVF\x09\r\n\xff\x00rest", "L01"},
		{"AFF", "d.aff", "AFF10\r\n\x00", "AFF"},
		{"gzip", "d.gz", "\x1f\x8b\x08\x00", "unpack it first"},
		{"UDIF", "d.dmg", strings.Repeat("\x00", 512) + "koly" + strings.Repeat("\x00", 508), "UDIF"},
		{"differencing VHD", "d.vhd", string(imagetest.VHDFooter(4096, 4, 512)), "differencing VHD"},
		{"VHD of type 7", "d.vhd", string(imagetest.VHDFooter(4096, 7, 512)), "type 7"},
		{"differencing VHDX", "d.vhdx", string(vhdx), "differencing VHDX"},
		{"seSparse", "d.vmdk", "\xbe\xba\xfe\xca\x00\x00\x00\x00" + strings.Repeat("\x00", 512), "seSparse"},
		{"COWD", "d.vmdk", "COWD" + strings.Repeat("\x00", 512), "vmfsSparse"},
		{"seSparse extent", "d.vmdk", desc + "RW 8 SESPARSE \"x.vmdk\"\n", "seSparse"},
		{"device", "d.vmdk", desc + "RW 8 FLAT \"/dev/sda\" 0\n", "not beside the descriptor"},
		{"relative path", "d.vmdk", desc + "RW 8 FLAT \"../secret\" 0\n", "not beside the descriptor"},
		{"path of Windows", "d.vmdk", desc + "RW 8 FLAT \"..\\secret\" 0\n", "not beside the descriptor"},
		{"network", "d.vmdk", desc + "RW 8 VMFS \"\\\\host\\share\\x\" 0\n", "not beside the descriptor"},
		{"drive", "d.vmdk", desc + "RW 8 FLAT \"C:x\" 0\n", "not beside the descriptor"},
		{"device of Windows", "d.vmdk", desc + "RW 8 FLAT \"nul.vmdk\" 0\n", "not beside the descriptor"},
		{"raw device", "d.vmdk", desc + "RW 8 VMFSRDM \"x\" 0\n", "VMFSRDM"},
		{"snapshot", "d.vmdk", "# Disk DescriptorFile\nparentCID=12345678\nRW 8 SPARSE \"x\"\n", "snapshot VMDK"},
		{"backing file", "d", qcow(8, 0, 0, 0, 0, 0, 0, 1, 0), "backing file"},
		{"external data", "d", qcow(79, 4), "external data file"},
		{"zstd", "d", qcow(100, 0, 0, 0, 112, 1), "zstd"},
		{"feature", "d", qcow(78, 1), "incompatible feature 8"},
		{"encrypted", "d", qcow(35, 2), "encrypted QCOW2"},
		{"version 1", "d", qcow(7, 1), "version 1"},
	} {
		m, err := Open(c.file, memFolder{c.file: []byte(c.content)}.options())
		if err == nil || !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want unsupported with %q (%v)", c.name, err, c.want, m)
		}
	}
}

func TestSeries(t *testing.T) {
	disk := testDisk()[:64<<10]
	ewf := imagetest.EWF(disk, 2, make([]byte, 16), make([]byte, 20))
	e := func(names ...string) memFolder {
		m := memFolder{}
		for i, n := range names {
			if n != "" {
				m[n] = ewf[i]
			}
		}
		return m
	}
	raw := func(names ...string) memFolder {
		m := memFolder{}
		for _, n := range names {
			m[n] = []byte(n + strings.Repeat(" ", 512))
		}
		return m
	}
	all := []string{"d.E01", "d.e02", "d.E03", "d.E04", "d.E05", "d.E06", "d.E07", "d.E08"}
	with := func(m memFolder, name string) memFolder { m[name] = []byte("x"); return m }
	for _, c := range []struct {
		name   string
		folder memFolder
		want   string // the format, or words of the error
	}{
		{"d.E01", e(all...), "EWF in 8 segments"},
		{"d.E01", with(with(e(all...), "d.exe"), "d.raw"), "EWF in 8 segments"},
		{"d.E01", e("d.E01", "d.E02", "", "d.E04", "d.E05", "d.E06", "d.E07", "d.E08"), "segment d.e03 is missing: d.E04 is there"},
		{"d.E01", e(all[:7]...), "segment 7: it is not the last one: segment 8 is missing"},
		{"d.E01", e("d.E01"), "segment 2 is missing"},
		{"d.e02", e(all...), "d.e02 is segment 2 of an image: name the first one"},
		{"d.E01", e("d.E01", "d.E03", "d.E02", "d.E04"), "segment 2: the file says that it is segment 3"},
		{"d.001", raw("d.001", "d.002", "d.003"), "raw in 3 segments"},
		{"d.000", raw("d.000", "d.001"), "raw in 2 segments"},
		{"d.aa", raw("d.aa", "d.ab", "d.ac", "d.zz"), "raw in 3 segments"},
		{"d.001", raw("d.001", "d.003"), "segment d.002 is missing: d.003 is there"},
		{"d.001", raw("d.001"), "raw"},
		{"d.002", raw("d.001", "d.002"), "d.002 is not the first segment of the image: d.001 lies before it"},
		{"d.2024", raw("d.2024", "d.2025"), "raw"},
		{"d.dd", raw("d.dd", "d.de"), "raw"},
		{"d.qcow2", raw("d.qcow2"), "called qcow2"},
		{"d", memFolder{"d": nil}, "the file is empty"},
		{"e", memFolder{"d": nil}, "not exist"},
	} {
		m, err := Open(c.name, c.folder.options())
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if m.Format != c.want {
			t.Errorf("%s: %s %v, want %s", c.name, m.Format, m.Segments, c.want)
		}
	}
}

func TestNumbering(t *testing.T) {
	n, _ := expert("E01")
	for want, i := range map[string]int{"e01": 1, "e99": 99, "eaa": 100, "eab": 101, "ezz": 775, "faa": 776, "zzz": 100 + 22*676 - 1} {
		if got := n.name(i); got != want || n.parse(strings.ToUpper(want)) != i {
			t.Errorf("%d: %s, %d; want %s", i, got, n.parse(want), want)
		}
	}
	for _, s := range []string{"e00", "daa", "e0", "e1a", "d01", "f01"} {
		if got := n.parse(s); got >= 0 {
			t.Errorf("%s: %d", s, got)
		}
	}
}

// TestHandles: no more files than maxOpen stay open, and none after Close.
func TestHandles(t *testing.T) {
	dir := t.TempDir()
	var want []byte
	for i := range 3 * maxOpen {
		part := bytes.Repeat([]byte{byte(i + 1)}, 1000)
		want = append(want, part...)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("d.%03d", i)), part, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Open(filepath.Join(dir, "d.000"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if b, err := readAll(m); err != nil || !bytes.Equal(b, want) {
			t.Fatal(len(b), err)
		}
	}
	if n := m.pool.used.Len(); n != maxOpen {
		t.Errorf("%d files are open", n)
	}
	if err := m.Close(); err != nil || m.pool.used.Len() != 0 {
		t.Error(m.pool.used.Len(), err)
	}
	if _, err := m.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(filepath.Join(dir, "none"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if runtime.GOOS != "windows" {
		if m, err := Open("/dev/zero", Options{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Error(m, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	disk := testDisk()[380<<10 : 400<<10]
	for _, folder := range fixtures(disk) {
		if b := folder[folder.first()]; len(b) < 1<<20 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Open("d.img", memFolder{"d.img": b}.options())
		if err != nil {
			return
		}
		p := make([]byte, 64<<10)
		for _, off := range []int64{0, m.Size() / 2, m.Size() - 512} {
			m.ReadAt(p, off)
		}
	})
}
