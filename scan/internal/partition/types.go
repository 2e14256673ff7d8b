package partition

// mbrTypes and gptTypes are constant tables: the types that systems of today
// write, and those that say that a volume is not a plain one.
var mbrTypes = map[byte]string{
	0x01: "FAT12", 0x04: "FAT16", 0x06: "FAT16", 0x07: "NTFS or exFAT", 0x0b: "FAT32", 0x0c: "FAT32", 0x0e: "FAT16",
	0x11: "hidden FAT12", 0x12: "maintenance", 0x14: "hidden FAT16", 0x16: "hidden FAT16", 0x17: "hidden NTFS or exFAT",
	0x1b: "hidden FAT32", 0x1c: "hidden FAT32", 0x1e: "hidden FAT16", 0x27: "Windows recovery",
	0x42: "Windows dynamic disk (LDM)", 0x82: "Linux swap", 0x83: "Linux", 0x84: "hibernation", 0x8e: "Linux LVM",
	0xa5: "FreeBSD", 0xa6: "OpenBSD", 0xa8: "macOS", 0xa9: "NetBSD", 0xab: "macOS boot", 0xaf: "HFS or HFS+", 0xbf: "Solaris",
	0xee: "protects a GPT", 0xef: "EFI system", 0xfb: "VMFS", 0xfc: "VMware swap", 0xfd: "Linux RAID",
}

var gptTypes = map[string]string{
	"C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system",
	"21686148-6449-6E6F-744E-656564454649": "BIOS boot",
	"E3C9E316-0B5C-4DB8-817D-F92DF00215AE": "Microsoft reserved",
	"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7": "Microsoft basic data",
	"5808C8AA-7E8F-42E0-85D2-E1E90434CFB3": "Windows LDM metadata",
	"AF9B60A0-1431-4F62-BC68-3311714A69AD": "Windows LDM data",
	"DE94BBA4-06D1-4D40-A16A-BFD50179D6AC": "Windows recovery",
	"E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D": "Windows Storage Spaces",
	"0FC63DAF-8483-4772-8E79-3D69D8477DE4": "Linux",
	"44479540-F297-41B2-9AF7-D131D5F0458A": "Linux root (x86)",
	"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709": "Linux root (x86-64)",
	"B921B045-1DF0-41C3-AF44-4C6F280D3FAE": "Linux root (ARM64)",
	"933AC7E1-2EB4-4F13-B844-0E14E2AEF915": "Linux home",
	"BC13C2FF-59E6-4262-A352-B275FD6F7172": "Linux extended boot",
	"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F": "Linux swap",
	"A19D880F-05FC-4D3B-A006-743F0F84911E": "Linux RAID",
	"E6D6D379-F507-44C2-A23C-238F2A3DF928": "Linux LVM",
	"CA7D7CCB-63ED-4C53-861C-1742536059CC": "Linux LUKS",
	"48465300-0000-11AA-AA11-00306543ECAC": "HFS+",
	"7C3457EF-0000-11AA-AA11-00306543ECAC": "APFS",
	"53746F72-6167-11AA-AA11-00306543ECAC": "Apple Core Storage",
	"426F6F74-0000-11AA-AA11-00306543ECAC": "Apple boot",
	"69646961-6700-11AA-AA11-00306543ECAC": "Apple system recovery",
	"6A898CC3-1DD2-11B2-99A6-080020736631": "ZFS",
	"516E7CB4-6ECF-11D6-8FF8-00022D09712B": "FreeBSD",
	"516E7CBA-6ECF-11D6-8FF8-00022D09712B": "FreeBSD ZFS",
	"AA31E02A-400F-11DB-9590-000C2911D1B8": "VMFS",
	"9D275380-40AD-11DB-BF97-000C2911D1B8": "VMware kernel core dump",
	"381CFCCC-7288-11E0-92EE-000C2911D0B2": "VMware vSAN",
}
