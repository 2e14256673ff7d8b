package partition

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	linuxData = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
	basicData = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
)

var (
	linuxGUID = []byte{0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4}
	basicGUID = []byte{0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7}
)

type row struct {
	kind           byte
	first, sectors uint32
}

func putMBR(disk []byte, at int, rows ...row) {
	for i, r := range rows {
		e := disk[at+tableAt+entrySize*i:]
		e[4] = r.kind
		binary.LittleEndian.PutUint32(e[8:], r.first)
		binary.LittleEndian.PutUint32(e[12:], r.sectors)
	}
	disk[at+510], disk[at+511] = 0x55, 0xaa
}

// putGPT writes both headers and two partitions of 16 sectors.
func putGPT(disk []byte, sector int) {
	last := len(disk)/sector - 1
	putMBR(disk, 0, row{protective, 1, uint32(last)})
	le := binary.LittleEndian
	entries := make([]byte, 4*gptEntry)
	for i, kind := range [][]byte{linuxGUID, basicGUID} {
		e := entries[2*i*gptEntry:] // a free entry between them
		copy(e, kind)
		e[16] = byte(i + 1)
		le.PutUint64(e[32:], uint64(8+16*i))
		le.PutUint64(e[40:], uint64(8+16*i+15))
		copy(e[56:], "r\x00\xf6\x00") // rö
	}
	for _, h := range []struct{ at, other, entries int }{{1, last, 2}, {last, 1, last - 1}} {
		copy(disk[h.entries*sector:], entries)
		b := disk[h.at*sector:]
		copy(b, "EFI PART\x00\x00\x01\x00")
		le.PutUint32(b[12:], gptHeader)
		le.PutUint64(b[24:], uint64(h.at))
		le.PutUint64(b[32:], uint64(h.other))
		le.PutUint64(b[72:], uint64(h.entries))
		le.PutUint32(b[80:], 4)
		le.PutUint32(b[84:], gptEntry)
		le.PutUint32(b[88:], crc32.ChecksumIEEE(entries))
		le.PutUint32(b[16:], 0)
		le.PutUint32(b[16:], crc32.ChecksumIEEE(b[:gptHeader]))
	}
}

func gptDisk(sector int) []byte {
	disk := make([]byte, 64*sector)
	putGPT(disk, sector)
	return disk
}

func TestList(t *testing.T) {
	gpt := func(sector int64) []Partition {
		return []Partition{
			{Number: 1, Start: 8 * sector, Size: 16 * sector, Type: linuxData, TypeName: "Linux", Label: "rö", ID: "00000001-0000-0000-0000-000000000000"},
			{Number: 3, Start: 24 * sector, Size: 16 * sector, Type: basicData, TypeName: "Microsoft basic data", Label: "rö", ID: "00000002-0000-0000-0000-000000000000"},
		}
	}
	change := func(b []byte, f func([]byte)) []byte { f(b); return b }
	blank := make([]byte, 64*512)
	for _, c := range []struct {
		name string
		disk []byte
		want Table
		note string // words of the only note
	}{
		{"GPT", gptDisk(512), Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, ""},
		{"GPT, 4096", gptDisk(4096), Table{Scheme: GPT, Sector: 4096, Partitions: gpt(4096)}, ""},
		{"GPT, header damaged", change(gptDisk(512), func(b []byte) { b[512+40]++ }), Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, "its copy at the end"},
		{"GPT, header lost", change(gptDisk(4096), func(b []byte) { clear(b[4096:8192]) }), Table{Scheme: GPT, Sector: 4096, Partitions: gpt(4096)}, "its copy at the end"},
		{"GPT, entries damaged", change(gptDisk(512), func(b []byte) { b[1024+56]++ }), Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, "its copy at the end"},
		{"GPT, both checksums wrong", change(gptDisk(512), func(b []byte) { b[512+56]++; b[63*512+56]++ }), Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, "checksums of the GPT are wrong"},
		{"GPT, image longer than the disk", append(change(gptDisk(512), func(b []byte) { b[1024]++ }), make([]byte, 5120)...), Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, "its copy at the end"},
		{"GPT, cut short", gptDisk(512)[:30*512], Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, "partition 3 goes 5120 bytes beyond"},
		{"GPT, hybrid", change(gptDisk(512), func(b []byte) { putMBR(b, 0, row{protective, 1, 7}, row{0x0c, 8, 16}) }), Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, "hybrid MBR"},
		{"GPT, MBR lost", change(gptDisk(512), func(b []byte) { clear(b[:512]) }), Table{Scheme: GPT, Sector: 512, Partitions: gpt(512)}, "MBR that protects the GPT is damaged"},
		{"MBR, cut short", change(bytes.Clone(blank), func(b []byte) { putMBR(b, 0, row{0x83, 2048, 8}) }),
			Table{Scheme: MBR, Sector: 512, Partitions: []Partition{{Number: 1, Start: 1 << 20, Size: 4096, Type: "0x83", TypeName: "Linux"}}}, "beyond the end of the disk"},
		{"protective MBR alone", change(bytes.Clone(blank), func(b []byte) { putMBR(b, 0, row{protective, 1, 63}) }),
			Table{Scheme: MBR, Sector: 512, Partitions: []Partition{{Number: 1, Start: 512, Size: 63 * 512, Type: "0xEE", TypeName: "protects a GPT"}}}, "no sound header"},
		{"MBR", change(bytes.Clone(blank), func(b []byte) {
			putMBR(b, 0, row{0x83, 1, 7}, row{}, row{0x05, 8, 40}, row{0x99, 50, 2})
			copy(b[440:], "\x78\x56\x34\x12")
			putMBR(b, 8*512, row{0x07, 1, 9}, row{0x05, 10, 20})
			putMBR(b, 18*512, row{0x82, 1, 3})
		}), Table{Scheme: MBR, Sector: 512, Signature: 0x12345678, Partitions: []Partition{
			{Number: 1, Start: 512, Size: 7 * 512, Type: "0x83", TypeName: "Linux"},
			{Number: 4, Start: 50 * 512, Size: 2 * 512, Type: "0x99"},
			{Number: 5, Start: 9 * 512, Size: 9 * 512, Type: "0x07", TypeName: "NTFS or exFAT"},
			{Number: 6, Start: 19 * 512, Size: 3 * 512, Type: "0x82", TypeName: "Linux swap"},
		}}, ""},
		{"MBR, a loop", change(bytes.Clone(blank), func(b []byte) {
			putMBR(b, 0, row{0x0f, 8, 40})
			putMBR(b, 8*512, row{0x83, 1, 1}, row{0x05, 10, 20})
			putMBR(b, 18*512, row{0x83, 1, 1}, row{0x05, 0, 20})
		}), Table{Scheme: MBR, Sector: 512, Partitions: []Partition{
			{Number: 5, Start: 9 * 512, Size: 512, Type: "0x83", TypeName: "Linux"},
			{Number: 6, Start: 19 * 512, Size: 512, Type: "0x83", TypeName: "Linux"},
		}}, "loop"},
		{"MBR, extended table lost", change(bytes.Clone(blank), func(b []byte) { putMBR(b, 0, row{0x0f, 8, 40}) }), Table{Scheme: MBR, Sector: 512}, "no extended partition table at sector 8"},
		{"MBR, extended table beyond the end", change(bytes.Clone(blank), func(b []byte) { putMBR(b, 0, row{0x83, 1, 1}, row{0x0f, 800, 40}) }),
			Table{Scheme: MBR, Sector: 512, Partitions: []Partition{{Number: 1, Start: 512, Size: 512, Type: "0x83", TypeName: "Linux"}}}, "sector 800 cannot be read"},
		{"MBR, 4096", change(make([]byte, 64*4096), func(b []byte) { putMBR(b, 0, row{0x07, 16, 32}); copy(b[16*4096+3:], "NTFS    ") }),
			Table{Scheme: MBR, Sector: 4096, Partitions: []Partition{{Number: 1, Start: 16 * 4096, Size: 32 * 4096, Type: "0x07", TypeName: "NTFS or exFAT"}}}, ""},
		{"NTFS with a boot sector that looks like a table", change(bytes.Clone(blank), func(b []byte) { putMBR(b, 0, row{0x72, 9, 9}); copy(b[3:], "NTFS    ") }),
			Table{Scheme: None, Partitions: []Partition{{Size: 64 * 512}}}, ""},
		{"XFS under a table", change(bytes.Clone(blank), func(b []byte) { copy(b, "XFSB"); putMBR(b, 0, row{0x83, 8, 9}) }),
			Table{Scheme: MBR, Sector: 512, Partitions: []Partition{{Number: 1, Start: 8 * 512, Size: 9 * 512, Type: "0x83", TypeName: "Linux"}}}, "xfs seems to begin"},
		{"hybrid ISO", change(make([]byte, 64<<10), func(b []byte) { putMBR(b, 0, row{0x17, 64, 9}); copy(b[32769:], "CD001") }),
			Table{Scheme: None, Partitions: []Partition{{Size: 64 << 10}}}, "hybrid"},
		{"LDM", change(bytes.Clone(blank), func(b []byte) { putMBR(b, 0, row{0x42, 1, 9}) }),
			Table{Scheme: MBR, Sector: 512, Partitions: []Partition{{Number: 1, Start: 512, Size: 9 * 512, Type: "0x42", TypeName: "Windows dynamic disk (LDM)"}}}, "dynamic disk"},
		{"zeros", blank, Table{Scheme: None, Partitions: []Partition{{Size: 64 * 512}}}, ""},
		{"tiny", []byte("abc"), Table{Scheme: None, Partitions: []Partition{{Size: 3}}}, ""},
		{"nothing", nil, Table{Scheme: None, Partitions: []Partition{{}}}, ""},
		{"signed, but no table", change(bytes.Clone(blank), func(b []byte) { b[510], b[511] = 0x55, 0xaa }), Table{Scheme: None, Partitions: []Partition{{Size: 64 * 512}}}, ""},
	} {
		got, err := List(bytes.NewReader(c.disk), int64(len(c.disk)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if note := strings.Join(got.Notes, "; "); len(got.Notes) > 1 || !strings.Contains(note, c.note) || c.note == "" && note != "" {
			t.Errorf("%s: notes %q, want %q", c.name, got.Notes, c.note)
		}
		got.Notes = nil
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: want -, got +\n%s", c.name, d)
		}
	}
	apple := append([]byte("ER\x02\x00"), make([]byte, 4096)...)
	if _, err := List(bytes.NewReader(apple), int64(len(apple))); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "partition map of Apple") {
		t.Error(err)
	}
}

// failing cannot read from an offset on.
type failing struct {
	b    []byte
	from int64
}

var errBad = errors.New("bad sector")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errBad
	}
	return copy(p, f.b[off:]), nil
}

func TestUnreadable(t *testing.T) {
	disk := make([]byte, 4<<20)
	if _, err := List(failing{disk, 0}, int64(len(disk))); !errors.Is(err, errBad) {
		t.Error(err)
	}
	if k, err := Identify(failing{disk, 512 << 10}, int64(len(disk))); k != Unknown || !errors.Is(err, errBad) {
		t.Errorf("%s, %v: neither empty nor known", k, err)
	}
	putMBR(disk, 0, row{0x83, 8, 8})
	if table, err := List(failing{disk, 8192}, int64(len(disk))); err != nil || len(table.Partitions) != 1 || len(table.Notes) != 1 || !strings.Contains(table.Notes[0], "bad sector") {
		t.Errorf("%+v, %v", table, err)
	}
	copy(disk[3:], "NTFS    ")
	if k, err := Identify(failing{disk, 8192}, int64(len(disk))); k != NTFS || err != nil {
		t.Errorf("%s, %v: what can be read is enough", k, err)
	}
}

func TestIdentify(t *testing.T) {
	const size = 2 << 20
	at := func(pairs ...any) []byte {
		b := make([]byte, size)
		for i := 0; i < len(pairs); i += 2 {
			copy(b[pairs[i].(int):], pairs[i+1].(string))
		}
		return b
	}
	const ext = "\x53\xef"
	cases := []struct {
		kind Kind
		disk []byte
	}{
		{Empty, at()}, {Unknown, at(1<<20-1, "x")}, {Empty, at(1<<20+4, "x")}, {Unknown, at(0, "x")},
		{Ext2, at(1080, ext)}, {Ext3, at(1080, ext, 1024+92, "\x04")}, {Ext4, at(1080, ext, 1024+92, "\x04", 1024+96, "\x42")}, {Ext4, at(1080, ext, 1024+100, "\x08")},
		{BitLocker, at(3, "-FVE-FS-")}, {UDF, at(32769, "CD001", 34817, "BEA01", 36865, "NSR02")}, {UDF, at(32769, "BEA01", 34817, "NSR03")},
		{ISO9660, at(32769, "CD001", 34817, "TEA01", 36865, "NSR02")},
		{RAID, at(size-8<<10, "\xfc\x4e\x2b\xa9", 40000, "x")}, {RAID, at(size-64<<10, "\xfc\x4e\x2b\xa9", 40000, "x")},
	}
	for _, s := range signs {
		cases = append(cases, struct {
			kind Kind
			disk []byte
		}{s.kind, at(int(s.at), s.magic)})
	}
	for i, c := range cases {
		if k, err := Identify(bytes.NewReader(c.disk), size); k != c.kind || err != nil {
			t.Errorf("%d: %s, %v; want %s", i, k, err, c.kind)
		}
	}
}

func TestMutations(t *testing.T) {
	mbr := make([]byte, 64*512)
	putMBR(mbr, 0, row{0x83, 1, 7}, row{}, row{0x05, 8, 40})
	putMBR(mbr, 8*512, row{0x07, 1, 9}, row{0x05, 10, 20})
	putMBR(mbr, 18*512, row{0x82, 1, 3})
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, disk := range [][]byte{gptDisk(512), mbr} {
		for range 4000 {
			b := bytes.Clone(disk)
			for range 1 + rnd.IntN(4) {
				b[rnd.IntN(20*512)] = byte(rnd.Uint32())
			}
			check(t, b[:len(b)-rnd.IntN(2)*rnd.IntN(len(b))])
		}
	}
}

// check: whatever the bytes are, partitions are within 63 bits and few.
func check(t *testing.T, b []byte) {
	t.Helper()
	table, err := List(bytes.NewReader(b), int64(len(b)))
	if err != nil && !errors.Is(err, ErrUnsupported) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if len(table.Partitions) > maxEntries/gptEntry {
		t.Fatal(len(table.Partitions))
	}
	if slices.ContainsFunc(table.Partitions, func(p Partition) bool { return p.Start < 0 || p.Size < 0 || p.Start+p.Size < 0 }) {
		t.Fatalf("%+v", table)
	}
}

func FuzzList(f *testing.F) {
	f.Add(gptDisk(512)[:8*512])
	mbr := make([]byte, 10*512)
	putMBR(mbr, 0, row{0x83, 1, 7}, row{0x05, 8, 40})
	putMBR(mbr, 8*512, row{0x07, 1, 9}, row{0x05, 0, 20})
	f.Add(mbr)
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}
