package archive

import (
	"archive/zip"
	"encoding/binary"
	"hash/crc32"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"iocscan/ioc"
)

// extra is a field behind a file's name (APPNOTE.TXT 4.5, and appnote.iz of
// Info-ZIP); nil where there is none with the number.
func extra(fields []byte, number uint16) []byte {
	le := binary.LittleEndian
	for len(fields) >= 4 {
		n := int(le.Uint16(fields[2:]))
		if n > len(fields)-4 {
			return nil
		}
		if le.Uint16(fields) == number {
			return fields[4 : 4+n]
		}
		fields = fields[4+n:]
	}
	return nil
}

// zipTimes are FILETIME ticks, 0 where they are not there.
type zipTimes struct{ modified, accessed, created int64 }

// extraTimes are the times that have a zone: those of NTFS (field 0x000a), else
// those of Unix (0x5455, of which the list has only the first, and 0x5855).
func extraTimes(fields []byte) (t zipTimes) {
	le := binary.LittleEndian
	// 4 bytes reserved, then parts: number 2, length 2; part 1 has three times.
	if b := extra(fields, 0x000a); len(b) >= 32 && le.Uint16(b[4:]) == 1 && le.Uint16(b[6:]) == 24 {
		return zipTimes{ticks(b[8:]), ticks(b[16:]), ticks(b[24:])}
	}
	if b := extra(fields, 0x5455); len(b) >= 5 && b[0]&1 != 0 {
		t.modified = unixTicks(int64(int32(le.Uint32(b[1:]))))
		return t
	}
	if b := extra(fields, 0x5855); len(b) >= 8 {
		t.accessed = unixTicks(int64(int32(le.Uint32(b))))
		t.modified = unixTicks(int64(int32(le.Uint32(b[4:]))))
	}
	return t
}

// ticks is a FILETIME; one beyond what a time can be is none.
func ticks(b []byte) int64 {
	return max(0, int64(binary.LittleEndian.Uint64(b)))
}

func unixTicks(seconds int64) int64 { return ioc.Ticks(time.Unix(seconds, 0)) }

// extraOwner is the owner in field 0x7875: version 1, then uid and gid, each
// after its length.
func extraOwner(fields []byte) (uid, gid int64) {
	b := extra(fields, 0x7875)
	if len(b) < 1 || b[0] != 1 {
		return -1, -1
	}
	b = b[1:]
	var ids [2]int64
	for i := range ids {
		if len(b) < 1 || b[0] > 8 || int(b[0]) > len(b)-1 {
			return -1, -1
		}
		n := int(b[0])
		for j := n; j > 0; j-- {
			ids[i] = ids[i]<<8 | int64(b[j])
		}
		if ids[i] < 0 {
			return -1, -1
		}
		b = b[1+n:]
	}
	return ids[0], ids[1]
}

// zipName is the name of a file. It is UTF-8 where the flag says so or field
// 0x7075 has it, bytes on Unix, and else of code page 437, unless it happens to
// be UTF-8, which many write without saying so.
func zipName(f *zip.File, system uint16) string {
	if !f.NonUTF8 || utf8.ValidString(f.Name) {
		return f.Name
	}
	// Version 1, CRC-32 of the name that this one stands for, name.
	if b := extra(f.Extra, 0x7075); len(b) > 5 && b[0] == 1 && binary.LittleEndian.Uint32(b[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) {
		return string(b[5:])
	}
	if system == madeByUnix || system == madeByOSX {
		return f.Name
	}
	name, err := charmap.CodePage437.NewDecoder().String(f.Name)
	if err != nil {
		return f.Name // cannot be: every byte is a character there
	}
	return name
}
