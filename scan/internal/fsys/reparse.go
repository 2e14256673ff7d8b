package fsys

import (
	"encoding/binary"
	"errors"
	"fmt"

	"iocscan/scan/internal/wtf8"
)

// FILE_ATTRIBUTE_* of [MS-FSCC] 2.6, as far as they decide what an object is.
const (
	AttrDirectory    = 0x10
	AttrReparse      = 0x400
	attrOffline      = 0x1000
	AttrRecallOpen   = 0x40000
	AttrRecallAccess = 0x400000
)

// Reparse tags of [MS-FSCC] 2.1.2.1.
const (
	tagMountPoint  = 0xa0000003
	tagSymlink     = 0xa000000c
	tagHSM         = 0xc0000004
	tagHSM2        = 0x80000006
	tagNFS         = 0x80000014
	tagAppExecLink = 0x8000001b
	tagProjFS      = 0x9000001c
	tagStorageSync = 0x8000001e
	tagOneDrive    = 0x80000021
	tagGVFSTomb    = 0xa0000022
	tagAFUnix      = 0x80000023
	tagLXFIFO      = 0x80000024
	tagLXChar      = 0x80000025
	tagLXBlock     = 0x80000026
	tagDFS         = 0x8000000a
	tagDFSR        = 0x80000012

	tagNameSurrogate = 0x20000000 // the object stands for another name
)

// ReparseKind is what an object with these attributes and this reparse tag is.
//
// Opening a placeholder would fetch it over the network, and listing a folder
// that is one as well: both are Cloud. Files that are stored in another way but
// on this machine (deduplicated, compressed by WOF, OneDrive's that have been
// fetched) are plain files.
func ReparseKind(attributes, tag uint32) Kind {
	if attributes&AttrReparse != 0 {
		switch tag {
		case tagMountPoint, tagSymlink:
			return Link
		case tagHSM, tagHSM2, tagProjFS, tagStorageSync, tagOneDrive:
			if attributes&AttrDirectory == 0 {
				return Cloud
			}
		case tagAFUnix:
			return Socket
		case tagLXFIFO:
			return FIFO
		case tagLXChar, tagLXBlock:
			return Device
		case tagNFS, tagAppExecLink, tagDFS, tagDFSR, tagGVFSTomb:
			return Other
		}
		if tag&tagNameSurrogate != 0 {
			return Link
		}
	}
	away := uint32(AttrRecallOpen | AttrRecallAccess)
	if attributes&AttrDirectory == 0 {
		away |= attrOffline
	}
	switch {
	case attributes&away != 0:
		return Cloud
	case attributes&AttrDirectory != 0:
		return Dir
	}
	return Regular
}

var errReparse = errors.New("reparse data that is no link")

// ReparseTarget is the target in a REPARSE_DATA_BUFFER, [MS-FSCC] 2.1.2: tag 4
// bytes, length 2, reserved 2; then for symbolic links and mount points offset
// and length of the substitute name and of the name to print, 2 bytes each, for
// symbolic links 4 bytes of flags, and the names that the offsets count from.
func ReparseTarget(b []byte) (string, error) {
	if len(b) < 16 {
		return "", fmt.Errorf("%w: %d bytes", errReparse, len(b))
	}
	le := binary.LittleEndian
	names := 16
	switch tag := le.Uint32(b); tag {
	case tagSymlink:
		names = 20
	case tagMountPoint:
	default:
		return "", fmt.Errorf("%w: tag %#x", errReparse, tag)
	}
	if end := 8 + int(le.Uint16(b[4:])); end < len(b) {
		b = b[:max(end, 16)]
	}
	from := names + int(le.Uint16(b[8:]))
	to := from + int(le.Uint16(b[10:]))
	if to > len(b) || (to-from)%2 != 0 {
		return "", fmt.Errorf("%w: name at %d to %d of %d bytes", errReparse, from, to, len(b))
	}
	name := make([]uint16, 0, (to-from)/2)
	for i := from; i < to; i += 2 {
		name = append(name, le.Uint16(b[i:]))
	}
	return wtf8.Encode(name), nil
}
