package ewf

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/adler32"

	"iocscan/scan/internal/image/container"
)

const (
	fileHeader    = 13
	sectionHeader = 76
	tableHeader   = 24
	maxSections   = 1 << 17 // of a segment; one of 2 GB has about 200
	maxTables     = 1 << 18 // of an image; 16 TB in chunks of 32 KiB have 32,768
)

// A builder reads the sections of all segments, one after the other.
type builder struct {
	image     *image
	entries   *container.Cache // of the tables of all segments
	told      int64            // chunks in tables so far
	lost      bool             // the last table was damaged: its copy table2 counts
	md5, sha1 string
	notes     []string
}

// A section has a name, and where its content is.
type section struct {
	name          string
	at, end, next int64
}

func readSection(s container.Disk, at int64) (section, error) {
	var b [sectionHeader]byte
	if err := container.ReadFull(s, b[:], at); err != nil {
		return section{}, fmt.Errorf("section at %#x: %w", at, err)
	}
	if adler32.Checksum(b[:72]) != binary.LittleEndian.Uint32(b[72:]) {
		return section{}, container.Damaged("section at %#x: wrong checksum", at)
	}
	name, _, _ := bytes.Cut(b[:16], []byte{0})
	next, size := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
	sec := section{name: string(name), at: at + sectionHeader, end: s.Size()}
	if next > uint64(s.Size()) {
		return sec, container.Damaged("section %q at %#x: the next one is beyond the end of the segment", name, at)
	}
	sec.next = int64(next)
	if size >= sectionHeader && size <= uint64(s.Size()-at) { // FTK leaves it zero in some sections
		sec.end = at + int64(size)
	} else if sec.next > sec.at {
		sec.end = sec.next
	}
	return sec, nil
}

// segment reads a segment's sections up to "next" or "done".
func (b *builder) segment(s container.Disk, number int, last bool) error {
	var head [fileHeader]byte
	if err := container.ReadFull(s, head[:], 0); err != nil {
		return err
	}
	if n := Segment(head[:]); n != number {
		return container.Damaged("the file says that it is segment %d", n)
	}
	entries := b.entries.Disk(s, number, container.TableBlock)
	data := int64(0) // end of the last section "sectors"
	for at, n := int64(fileHeader), 0; ; n++ {
		if n == maxSections {
			return container.Damaged("more than %d sections", maxSections)
		}
		sec, err := readSection(s, at)
		if err != nil {
			return err
		}
		switch sec.name {
		case "volume", "disk", "data":
			err = b.volume(s, sec)
		case "sectors":
			data = sec.end
		case "table", "table2":
			err = b.table(s, entries, sec, data)
		case "hash":
			err = b.hashes(s, sec, 16)
		case "digest":
			err = b.hashes(s, sec, 36)
		case "error2":
			err = b.errors(s, sec)
		case "next":
			if last {
				return container.Damaged("it is not the last one: segment %d is missing", number+1)
			}
			return nil
		case "done":
			if !last {
				return container.Damaged("it says that it is the last one")
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("section %q at %#x: %w", sec.name, at, err)
		}
		if sec.next <= at {
			return container.Damaged("section %q at %#x does not lead on", sec.name, at)
		}
		at = sec.next
	}
}

// content reads n bytes of a section, of which the last four are the checksum
// of the others.
func content(s container.Disk, sec section, n int64) ([]byte, error) {
	if n > sec.end-sec.at {
		return nil, container.Damaged("%d bytes long", sec.end-sec.at)
	}
	p := make([]byte, n)
	if err := container.ReadFull(s, p, sec.at); err != nil {
		return nil, err
	}
	if adler32.Checksum(p[:n-4]) != binary.LittleEndian.Uint32(p[n-4:]) {
		return nil, container.Damaged("wrong checksum")
	}
	return p, nil
}

const (
	smartVolume = 94
	volume      = 1052
)

// volume reads the size of the disk; later segments repeat it as "data".
func (b *builder) volume(s container.Disk, sec section) error {
	m := b.image
	if m.chunk != 0 {
		return nil
	}
	n := int64(volume)
	if sec.end-sec.at < volume {
		n = smartVolume
	}
	p, err := content(s, sec, n)
	if err != nil {
		return err
	}
	perChunk, perSector := uint64(binary.LittleEndian.Uint32(p[8:])), uint64(binary.LittleEndian.Uint32(p[12:]))
	sectors := binary.LittleEndian.Uint64(p[16:])
	if n == smartVolume {
		sectors &= 0xffffffff
	}
	if perSector == 0 || perSector > maxSector || perChunk == 0 || perChunk > maxChunk/perSector {
		return container.Damaged("chunks of %d sectors of %d bytes", perChunk, perSector)
	}
	if sectors == 0 || sectors > maxBytes/perSector {
		return container.Damaged("%d sectors of %d bytes", sectors, perSector)
	}
	m.chunk, m.bytes = int64(perChunk*perSector), int64(sectors*perSector)
	return nil
}

// table notes where a table is. Each has a copy right behind it, table2, which
// counts where the first is damaged.
func (b *builder) table(s, entries container.Disk, sec section, data int64) error {
	if copied := sec.name == "table2"; copied && !b.lost {
		return nil
	} else if copied {
		b.notes = append(b.notes, fmt.Sprintf("a damaged table was replaced by its copy at %#x", sec.at))
	}
	p, err := content(s, sec, tableHeader)
	if err != nil && sec.name == "table" && !b.lost {
		b.lost = true // unless the copy is there, its chunks are missing, which Open and the next table tell
		return nil
	} else if err != nil {
		return err
	}
	if b.lost && sec.name == "table" {
		return container.Damaged("the table before it is damaged and has no copy")
	}
	b.lost = false
	t := table{first: b.told, count: int64(binary.LittleEndian.Uint32(p)), segment: s, entries: entries, at: sec.at + tableHeader, end: data}
	base := binary.LittleEndian.Uint64(p[8:])
	switch {
	case 4*t.count > sec.end-t.at:
		return container.Damaged("%d entries in %d bytes", t.count, sec.end-t.at)
	case base > uint64(s.Size()):
		return container.Damaged("its base is beyond the end of the segment")
	case len(b.image.tables) == maxTables:
		return container.Damaged("more than %d tables", maxTables)
	}
	if data == 0 { // SMART: the chunks follow in the table itself
		t.end = sec.end
	}
	t.base = int64(base)
	if t.count > 0 {
		b.image.tables = append(b.image.tables, t)
	}
	b.told += t.count
	return nil
}

// hashes reads the stored hashes: MD5, in "digest" SHA-1 too. Zeros stand for
// none.
func (b *builder) hashes(s container.Disk, sec section, n int64) error {
	size := n + 20 // 16 bytes more and the checksum
	if n == 36 {
		size = 80
	}
	p, err := content(s, sec, size)
	if err != nil {
		b.notes = append(b.notes, fmt.Sprintf("the stored hashes (section %q) cannot be read: %v", sec.name, err))
		return nil
	}
	b.md5 = hashOf(p[:16], b.md5)
	if n == 36 {
		b.sha1 = hashOf(p[16:36], b.sha1)
	}
	return nil
}

func hashOf(p []byte, before string) string {
	if bytes.Count(p, []byte{0}) == len(p) {
		return before
	}
	return hex.EncodeToString(p)
}

// errors notes what could not be read at the acquisition: it is zeros here.
func (b *builder) errors(s container.Disk, sec section) error {
	const header = 520
	p, err := content(s, sec, header)
	if err != nil {
		return err
	}
	if n := binary.LittleEndian.Uint32(p); n > 0 {
		b.notes = append(b.notes, fmt.Sprintf("%d ranges of sectors could not be read when the image was made: they are zeros in it", n))
	}
	return nil
}
