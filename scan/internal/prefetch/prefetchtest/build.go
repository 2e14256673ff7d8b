// Package prefetchtest makes prefetch files, for tests.
package prefetchtest

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"

	"iocscan/scan/internal/prefetch"
)

// Build lays a file out as the version of Windows does that i names. Size is
// taken from the file itself where it is 0.
func Build(i prefetch.Info) []byte {
	runs, times, volume := 144, 120, 40
	switch i.Version {
	case 23:
		runs, times, volume = 152, 128, 104
	case 26:
		runs, times, volume = 208, 128, 104
	case 30, 31:
		runs, times, volume = 200, 128, 96
	}
	const metrics = 0x128
	b := make([]byte, metrics)
	u32 := func(off int, n uint32) { binary.LittleEndian.PutUint32(b[off:], n) }
	u64 := func(off int, n int64) { binary.LittleEndian.PutUint64(b[off:], uint64(n)) }
	copy(b[4:], "SCCA")
	copy(b[16:76], wide(i.Executable))
	for n, at := range i.LastRuns {
		u64(times+8*n, at)
	}
	var names []byte
	for _, f := range i.Files {
		names = append(names, wide(f+"\x00")...)
	}
	list := make([]byte, volume*len(i.Volumes))
	for n, v := range i.Volumes {
		at := list[n*volume:]
		binary.LittleEndian.PutUint32(at, uint32(len(list)))
		binary.LittleEndian.PutUint32(at[4:], uint32(len(wide(v.Device))/2))
		binary.LittleEndian.PutUint64(at[8:], uint64(v.Created))
		binary.LittleEndian.PutUint32(at[16:], v.Serial)
		list = append(list, wide(v.Device)...)
	}
	for off, n := range map[int]uint32{
		0: i.Version, 76: i.Hash, 84: metrics, runs: i.Runs,
		100: metrics, 104: uint32(len(names)),
		108: uint32(metrics + len(names)), 112: uint32(len(i.Volumes)), 116: uint32(len(list)),
	} {
		u32(off, n)
	}
	if u32(12, i.Size); i.Size == 0 {
		u32(12, uint32(metrics+len(names)+len(list)))
	}
	return append(append(b, names...), list...)
}

// Pack compresses at most 64 KiB: each byte is a code of its own value, eight
// bits long.
func Pack(b []byte, checksum bool) []byte {
	out := []byte{'M', 'A', 'M', 4, 0, 0, 0, 0}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(b)))
	if checksum {
		out[3] |= 0x80
		out = append(out, 0, 0, 0, 0)
	}
	for range 128 {
		out = append(out, 0x88)
	}
	out = append(out, make([]byte, 128)...)
	for n := 0; n < len(b); n += 2 { // words, the first code in the upper half
		low := byte(0)
		if n+1 < len(b) {
			low = b[n+1]
		}
		out = append(out, low, b[n])
	}
	out = append(out, 0, 0, 0, 0)
	if checksum {
		binary.LittleEndian.PutUint32(out[8:], crc32.ChecksumIEEE(out))
	}
	return out
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
