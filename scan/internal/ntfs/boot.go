package ntfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

var le = binary.LittleEndian

// geometry is what the boot sector says of the volume.
type geometry struct {
	cluster    int64 // bytes, a power of two
	clusters   int64 // that the volume has
	recordSize int64 // bytes of an MFT record, a power of two
	mft        int64 // first cluster of $MFT
	mirror     int64 // first cluster of $MFTMirr
	serial     uint64
}

const (
	bootSize   = 512
	maxCluster = 2 << 20
	maxVolume  = 1 << 60 // bytes; NTFS ends at 2^32 clusters
)

var errBoot = errors.New("not an NTFS boot sector")

// parseBoot reads the boot sector: bytes per sector 2 at 11, sectors per cluster
// 1 at 13, sectors 8 at 40, first clusters of $MFT and its mirror 8 at 48 and
// 56, size of a record 1 at 64, serial number 8 at 72.
func parseBoot(b []byte) (geometry, error) {
	var g geometry
	if len(b) < bootSize || string(b[3:11]) != "NTFS    " {
		return g, errBoot
	}
	sector := int64(le.Uint16(b[11:]))
	if sector < 256 || sector > 4096 || bits.OnesCount64(uint64(sector)) != 1 {
		return g, fmt.Errorf("%w: %d bytes per sector", errBoot, sector)
	}
	// Beyond 128 the number of sectors is the negative power of two.
	per := int64(b[13])
	if per > 128 {
		per = 1 << min(256-per, 32)
	}
	g.cluster = sector * per
	if bits.OnesCount64(uint64(g.cluster)) != 1 || g.cluster > maxCluster {
		return g, fmt.Errorf("%w: %d bytes per cluster", errBoot, g.cluster)
	}
	sectors := le.Uint64(b[40:])
	if sectors == 0 || sectors > maxVolume/uint64(sector) {
		return g, fmt.Errorf("%w: %d sectors", errBoot, sectors)
	}
	g.clusters = int64(sectors) * sector / g.cluster
	// A record smaller than a cluster has its negative power of two.
	if n := int8(b[64]); n > 0 {
		g.recordSize = int64(n) * g.cluster
	} else {
		g.recordSize = 1 << min(-int(n), 32)
	}
	if bits.OnesCount64(uint64(g.recordSize)) != 1 || g.recordSize < stride || g.recordSize > blockSize {
		return g, fmt.Errorf("%w: %d bytes per MFT record", errBoot, g.recordSize)
	}
	mft, mirror := le.Uint64(b[48:]), le.Uint64(b[56:])
	if mft == 0 || mft >= uint64(g.clusters) {
		return g, fmt.Errorf("%w: $MFT at cluster %d of %d", errBoot, mft, g.clusters)
	}
	g.mft = int64(mft)
	if mirror < uint64(g.clusters) {
		g.mirror = int64(mirror)
	}
	g.serial = le.Uint64(b[72:])
	return g, nil
}

// readBoot reads the boot sector or, where it is damaged, its copy in the last
// sector of the volume.
func readBoot(r io.ReaderAt, size int64) (geometry, error) {
	var first error
	for _, at := range []int64{0, size - bootSize} {
		if at < 0 {
			continue
		}
		b := make([]byte, bootSize)
		err := readFull(r, b, at)
		if err == nil {
			var g geometry
			if g, err = parseBoot(b); err == nil {
				return g, nil
			}
		}
		if first == nil {
			first = err
		}
	}
	return geometry{}, fmt.Errorf("read the boot sector: %w", first)
}

// readFull fills p from a volume or a content. What ends too early is an error of its own:
// io.EOF says to a caller that a file is at its end.
func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d: %w", len(p), at, err)
}
