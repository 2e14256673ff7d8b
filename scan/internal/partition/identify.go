package partition

import (
	"bytes"
	"fmt"
	"io"
)

// A Kind is what a volume holds, told by its first bytes.
type Kind string

const (
	Unknown Kind = "unknown"
	// Empty: the first MiB is zeros.
	Empty Kind = "empty (zeros)"

	NTFS     Kind = "ntfs"
	Ext2     Kind = "ext2"
	Ext3     Kind = "ext3"
	Ext4     Kind = "ext4"
	FAT12    Kind = "fat12"
	FAT16    Kind = "fat16"
	FAT32    Kind = "fat32"
	ExFAT    Kind = "exfat"
	ReFS     Kind = "refs"
	APFS     Kind = "apfs"
	HFS      Kind = "hfs"
	HFSPlus  Kind = "hfs+"
	XFS      Kind = "xfs"
	Btrfs    Kind = "btrfs"
	ISO9660  Kind = "iso9660"
	UDF      Kind = "udf"
	ZFS      Kind = "zfs"
	Swap     Kind = "swap"
	SquashFS Kind = "squashfs"
	VMFS     Kind = "vmfs"
	JFS      Kind = "jfs"
	ReiserFS Kind = "reiserfs"
	F2FS     Kind = "f2fs"
	EROFS    Kind = "erofs"
	UFS      Kind = "ufs"

	// What holds volumes, or one that cannot be read without a key.
	LVM       Kind = "LVM2 physical volume"
	RAID      Kind = "Linux RAID member"
	LUKS      Kind = "LUKS"
	BitLocker Kind = "BitLocker"
)

func (k Kind) known() bool { return k != Unknown && k != Empty }

// boots tells kinds that begin with a boot sector: its bytes look like a
// partition table now and then.
func (k Kind) boots() bool {
	switch k {
	case NTFS, FAT12, FAT16, FAT32, ExFAT, ReFS, BitLocker:
		return true
	}
	return false
}

const (
	mebibyte = 1 << 20
	headSize = 128 << 10
)

// A sign is bytes at an offset that one kind has. The first that fits counts.
type sign struct {
	kind  Kind
	at    int64
	magic string
}

var signs = []sign{
	{BitLocker, 3, "-FVE-FS-"},
	{NTFS, 3, "NTFS    "},
	{ExFAT, 3, "EXFAT   "},
	{ReFS, 3, "ReFS\x00\x00\x00\x00"},
	{LUKS, 0, "LUKS\xba\xbe"},
	{XFS, 0, "XFSB"},
	{SquashFS, 0, "hsqs"},
	{APFS, 32, "NXSB"},
	{LVM, 24, "LVM2 001"}, {LVM, 536, "LVM2 001"}, {LVM, 1048, "LVM2 001"}, {LVM, 1560, "LVM2 001"},
	{RAID, 0, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"}, {RAID, 4096, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"}, // 1.1, 1.2
	{HFSPlus, 1024, "H+\x00\x04"}, {HFSPlus, 1024, "HX\x00\x05"},
	{HFS, 1024, "BD"},
	{F2FS, 1024, "\x10\x20\xf5\xf2"},
	{EROFS, 1024, "\xe2\xe1\xf5\xe0"},
	{Swap, 4086, "SWAPSPACE2"}, {Swap, 4086, "SWAP-SPACE"}, {Swap, 8182, "SWAPSPACE2"}, {Swap, 16374, "SWAPSPACE2"}, {Swap, 65526, "SWAPSPACE2"},
	{Btrfs, 65600, "_BHRfS_M"},
	{ZFS, 16404, "\x00\x00\x00\x07version"}, // the first name in the list that a label holds
	{JFS, 32768, "JFS1"},
	{ReiserFS, 65588, "ReIsEr"}, {ReiserFS, 8244, "ReIsEr"},
	{UFS, 8192 + 1372, "\x54\x19\x01\x00"}, {UFS, 65536 + 1372, "\x19\x01\x54\x19"},
	{VMFS, mebibyte, "\x0d\xd0\x01\xc0"},
}

// Identify tells what a volume of that size holds. An error says that nothing
// was recognised and not all could be read that it takes.
func Identify(r io.ReaderAt, size int64) (Kind, error) {
	p := probe{disk: disk{r, size}}
	p.head, p.err = p.read(0, min(size, headSize))
	if p.err != nil && size > maxSector {
		if head, err := p.read(0, maxSector); err == nil {
			p.head = head
		}
	}
	for _, find := range []func() Kind{p.fat, p.signs, p.ext, p.optical, p.raidAtEnd} {
		if k := find(); k != Unknown {
			return k, nil
		}
	}
	kind := Unknown
	if p.err == nil {
		kind = p.empty()
	}
	if p.err != nil {
		return Unknown, fmt.Errorf("reading the volume: %w", p.err)
	}
	return kind, nil
}

type probe struct {
	disk
	head []byte
	err  error // the first that is not the end of the volume
}

// at is n bytes of the volume; nil: it has not got them.
func (p *probe) at(off, n int64) []byte {
	if off >= 0 && off+n <= int64(len(p.head)) {
		return p.head[off : off+n]
	}
	if off < 0 || off > p.size-n {
		return nil
	}
	b, err := p.read(off, n)
	if err != nil && p.err == nil {
		p.err = err
	}
	return b
}

func (p *probe) signs() Kind {
	for _, s := range signs {
		if string(p.at(s.at, int64(len(s.magic)))) == s.magic {
			return s.kind
		}
	}
	return Unknown
}

// fveGUID is behind the boot code of a removable disk with BitLocker To Go,
// which looks like FAT32 to systems that do not know it.
const fveGUID = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"

// fat checks the fields of a FAT boot sector, which has no magic.
func (p *probe) fat() Kind {
	b := p.at(0, sector512)
	if b == nil || b[510] != 0x55 || b[511] != 0xaa || b[0] != 0xeb && b[0] != 0xe9 {
		return Unknown
	}
	if string(b[3:11]) == "MSWIN4.1" && string(b[424:440]) == fveGUID {
		return BitLocker
	}
	sector, cluster := int64(u16(b, 11)), int64(b[13])
	reserved, fats, roots := int64(u16(b, 14)), int64(b[16]), int64(u16(b, 17))
	if sector < 512 || sector > 4096 || sector&(sector-1) != 0 || cluster == 0 || cluster&(cluster-1) != 0 ||
		reserved == 0 || fats == 0 || fats > 4 || b[21] < 0xf0 {
		return Unknown
	}
	fat, sectors := int64(u16(b, 22)), int64(u16(b, 19))
	if sectors == 0 {
		sectors = int64(u32(b, 32))
	}
	if fat == 0 { // the field that only FAT32 leaves empty, whatever the number of clusters
		if u32(b, 36) != 0 && sectors != 0 {
			return FAT32
		}
		return Unknown
	}
	data := sectors - reserved - fats*fat - (32*roots+sector-1)/sector
	switch {
	case data <= 0 || roots == 0:
		return Unknown
	case data/cluster < 4085:
		return FAT12
	}
	return FAT16
}

// Features of the ext family: what ext3 does not know makes it ext4.
const (
	extJournal    = 0x4 // compatible
	ext3Incompat  = 0x2 | 0x4 | 0x8 | 0x10
	ext3ROCompat  = 0x1 | 0x2 | 0x4
	extSuperblock = 1024
)

func (p *probe) ext() Kind {
	b := p.at(extSuperblock, 256)
	if b == nil || u16(b, 56) != 0xef53 || u32(b, 24) > 6 { // blocks of at most 64 KiB
		return Unknown
	}
	switch {
	case u32(b, 96)&^ext3Incompat != 0 || u32(b, 100)&^ext3ROCompat != 0:
		return Ext4
	case u32(b, 92)&extJournal != 0:
		return Ext3
	}
	return Ext2
}

// optical looks through the volume recognition sequence (ECMA-167). A disk
// with both file systems has more in that of UDF.
func (p *probe) optical() Kind {
	kind := Unknown
	for at := int64(32 << 10); at < 64<<10; at += 2048 {
		switch b := p.at(at, 6); {
		case b == nil:
			return kind
		case string(b[1:]) == "NSR02", string(b[1:]) == "NSR03":
			return UDF
		case string(b[1:]) == "CD001":
			kind = ISO9660
		case string(b[1:]) == "TEA01":
			return kind
		}
	}
	return kind
}

// raidAtEnd: the older formats of Linux keep their superblock at the end, so
// that a mirror is a volume like any other and was recognised before.
func (p *probe) raidAtEnd() Kind {
	const magic = "\xfc\x4e\x2b\xa9"
	for _, at := range []int64{(p.size - 8<<10) &^ 4095, p.size&^(64<<10-1) - 64<<10} {
		if string(p.at(at, 4)) == magic {
			return RAID
		}
	}
	return Unknown
}

func (p *probe) empty() Kind {
	zeros := make([]byte, headSize)
	for at := int64(0); at < min(p.size, mebibyte); at += headSize {
		n := min(headSize, p.size-at)
		if b := p.at(at, n); !bytes.Equal(b, zeros[:n]) {
			return Unknown
		}
	}
	return Empty
}
