package ext

import "encoding/binary"

// All numbers on the volume are little endian.

func le16(b []byte, i int) uint16 { return binary.LittleEndian.Uint16(b[i:]) }
func le32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }

// wide joins the halves of a number that later versions of the format extended.
func wide(low, high uint32) uint64 { return uint64(high)<<32 | uint64(low) }
