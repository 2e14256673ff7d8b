package image

import (
	"bytes"

	"iocscan/scan/internal/image/container"
	"iocscan/scan/internal/image/ewf"
	"iocscan/scan/internal/image/qcow2"
	"iocscan/scan/internal/image/vhd"
	"iocscan/scan/internal/image/vhdx"
	"iocscan/scan/internal/image/vmdk"
)

type format uint8

const (
	raw format = iota
	formatEWF
	formatVHD
	formatVHDX
	formatVMDK
	formatQCOW2
)

// refused are formats that are known by their first bytes and not read.
var refused = []struct {
	at          int
	magic, name string
}{
	{0, "EVF2\r\n\x81\x00", "EWF2 image (Ex01)"},
	{0, "LEF2\r\n\x81\x00", "EWF2 logical evidence file (Lx01)"},
	{0, "LVF\x09\r\n\xff\x00", "EWF logical evidence file (L01)"},
	{0, "ADSEGMENTEDFILE", "AccessData logical image (AD1)"},
	{0, "AFF10\r\n\x00", "Advanced Forensics Format (AFF)"},
	{0x40, "\x7f\x10\xda\xbe", "VirtualBox disk image (VDI)"},
	{0, "WithoutFreeSpace", "Parallels disk image"},
	{0, "WithouFreSpacExt", "Parallels disk image"},
	{0, "QED\x00", "QEMU enhanced disk (QED)"},
	{0, "Bochs Virtual HD Image", "Bochs disk image"},
	{0, "CISO", "compressed ISO image"},
	{0, "MSWIM\x00\x00\x00", "Windows image (WIM)"},
	{0, "\x3a\xff\x26\xed", "Android sparse image"},
	{0, "encrcdsa", "encrypted Apple disk image"},
	{0, "sprs", "Apple sparse disk image"},
	{0, "shdw", "Apple sparse image (ASIF)"},
	{0, "PK\x03\x04", "zip file (AFF4 images are such files)"},
	{0, "\x1f\x8b\x08", "gzip file (unpack it first)"},
	{0, "\xfd7zXZ\x00", "xz file (unpack it first)"},
	{0, "\x28\xb5\x2f\xfd", "zstd file (unpack it first)"},
	{0, "BZh", "bzip2 file (unpack it first)"},
	{0, "7z\xbc\xaf\x27\x1c", "7-Zip file (unpack it first)"},
	{0, "Rar!\x1a\x07", "RAR file (unpack it first)"},
}

// recognise tells a file's format by its content; what has no sign of a
// container is raw.
func recognise(f container.Disk) (format, error) {
	head := make([]byte, min(512, f.Size()))
	if err := container.ReadFull(f, head, 0); err != nil {
		return raw, err
	}
	for _, r := range refused {
		if len(head) > r.at && bytes.HasPrefix(head[r.at:], []byte(r.magic)) {
			return raw, container.Unsupported("%s", r.name)
		}
	}
	switch {
	case ewf.Is(head):
		return formatEWF, nil
	case vhdx.Is(head):
		return formatVHDX, nil
	case qcow2.Is(head):
		return formatQCOW2, nil
	case vmdk.Format(head) != "":
		return formatVMDK, nil
	case vhd.Is(f):
		return formatVHD, nil
	}
	if n := f.Size(); n >= 512 { // Apple's format says what it is at the end
		tail := make([]byte, 4)
		if err := container.ReadFull(f, tail, n-512); err != nil {
			return raw, err
		}
		if string(tail) == "koly" {
			return raw, container.Unsupported("Apple disk image (UDIF)")
		}
	}
	return raw, nil
}
