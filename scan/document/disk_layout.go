package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// mbrWords are the words of winioctl.h for types of partitions in an MBR.
var mbrWords = map[byte]string{
	0x01: "PARTITION_FAT_12", 0x04: "PARTITION_FAT_16", 0x05: "PARTITION_EXTENDED", 0x06: "PARTITION_HUGE", 0x07: "PARTITION_IFS",
	0x0b: "PARTITION_FAT32", 0x0c: "PARTITION_FAT32_XINT13", 0x0e: "PARTITION_XINT13", 0x0f: "PARTITION_XINT13_EXTENDED",
	0x27: "PARTITION_MSFT_RECOVERY", 0x42: "PARTITION_LDM", 0x63: "PARTITION_UNIX", 0xe7: "PARTITION_SPACES", 0xee: "PARTITION_GPT", 0xef: "PARTITION_SYSTEM",
}

// gptWords are those of diskguid.h for types of partitions in a GPT.
var gptWords = map[string]string{
	"{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}": "PARTITION_SYSTEM_GUID",
	"{e3c9e316-0b5c-4db8-817d-f92df00215ae}": "PARTITION_MSFT_RESERVED_GUID",
	"{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}": "PARTITION_BASIC_DATA_GUID",
	"{5808c8aa-7e8f-42e0-85d2-e1e90434cfb3}": "PARTITION_LDM_METADATA_GUID",
	"{af9b60a0-1431-4f62-bc68-3311714a69ad}": "PARTITION_LDM_DATA_GUID",
	"{de94bba4-06d1-4d40-a16a-bfd50179d6ac}": "PARTITION_MSFT_RECOVERY_GUID",
	"{e75caf8f-f680-4cee-afa3-b001e56efc2d}": "PARTITION_SPACES_GUID",
}

// errLayout answers a table of partitions in another form than is documented.
var errLayout = errors.New("the table of partitions is told in a form that is not known")

// driveLayout reads DRIVE_LAYOUT_INFORMATION_EX (winioctl.h): a style and a
// count, and from 48 on entries of 144 bytes. Entries of an MBR that are not in
// use have a length of 0.
func driveLayout(b []byte) (parts []diskPart, err error) {
	const header, entry = 48, 144
	if len(b) < 8 {
		return nil, errLayout
	}
	count := binary.LittleEndian.Uint32(b[4:])
	for i := uint64(0); i < uint64(count); i++ {
		at := header + i*entry
		if at+entry > uint64(len(b)) {
			return parts, errLayout
		}
		e := b[at : at+entry]
		length := binary.LittleEndian.Uint64(e[16:])
		if length == 0 {
			continue
		}
		p := diskPart{
			offset: amountIs(binary.LittleEndian.Uint64(e[8:]), nil), length: amountIs(length, nil),
			number: amountIs(uint64(binary.LittleEndian.Uint32(e[24:])), nil),
		}
		switch style := binary.LittleEndian.Uint32(e); style {
		case 0: // PARTITION_STYLE_MBR
			p.kind = sure(mbrWords[e[32]], fmt.Sprintf("0x%02X", e[32]))
		case 1: // PARTITION_STYLE_GPT
			guid := guidText(e[32:48])
			p.kind = sure(gptWords[guid], guid, strings.Trim(guid, "{}"))
		default:
			p.kind.why = errLayout
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// busTypes are the words of STORAGE_BUS_TYPE (winioctl.h) without their
// beginning.
var busTypes = [...]string{"", "SCSI", "ATAPI", "ATA", "1394", "SSA", "Fibre", "USB", "RAID", "iSCSI", "SAS", "SATA", "SD", "MMC", "Virtual", "FileBackedVirtual", "Spaces", "NVMe", "SCM", "UFS"}

// busType reads the bus in a STORAGE_DEVICE_DESCRIPTOR.
func busType(b []byte) (string, bool) {
	if len(b) < 32 {
		return "", false
	}
	n := binary.LittleEndian.Uint32(b[28:])
	if int64(n) >= int64(len(busTypes)) || n == 0 {
		return "", false
	}
	return busTypes[n], true
}
