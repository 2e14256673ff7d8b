package ntfs

import (
	"fmt"

	"iocscan/scan/internal/fsys"
	"iocscan/scan/internal/wtf8"
)

// maxName is the longest name in UTF-16 units.
const maxName = 255

// Namespaces of $FILE_NAME.
const spaceDOS = 2 // an 8.3 name beside a long one

// A fileName is the value of a $FILE_NAME attribute, which index entries repeat:
// folder 8 bytes, times 4 x 8 at 8, flags 4 at 56, reparse tag 4 at 60, length
// of the name 1 at 64, namespace 1 at 65, name at 66.
type fileName []byte

const minFileName = 66

func parseFileName(b []byte) (fileName, error) {
	if len(b) < minFileName || len(b) < minFileName+2*int(b[64]) {
		return nil, fmt.Errorf("file name in %d bytes", len(b))
	}
	return fileName(b), nil
}

func (n fileName) dir() fsys.ID  { return fsys.ID(le.Uint64(n)) }
func (n fileName) flags() uint32 { return le.Uint32(n[56:]) }
func (n fileName) short() bool   { return n[65] == spaceDOS }
func (n fileName) name() string  { return decode(n[minFileName : minFileName+2*int(n[64])]) }

func (n fileName) times() fsys.NameTimes {
	return fsys.NameTimes{Created: ticks(n[8:]), Modified: ticks(n[16:]), Changed: ticks(n[24:]), Accessed: ticks(n[32:])}
}

func ticks(b []byte) int64 { return int64(le.Uint64(b)) }

// names are those of an object that are not only the short form of another.
func (o *object) names() ([]fileName, error) {
	var long, short []fileName
	for i := range o.attrs {
		a := &o.attrs[i]
		if a.kind != typeName {
			continue
		}
		n, err := parseFileName(a.value)
		switch {
		case err != nil:
			return nil, fmt.Errorf("MFT record %d: %w", o.id&numberMask, err)
		case n.short():
			short = append(short, n)
		default:
			long = append(long, n)
		}
	}
	for _, s := range short {
		if !hasTwin(long, s) {
			long = append(long, s)
		}
	}
	return long, o.missing
}

// hasTwin tells whether a short name stands beside a long one in its folder.
func hasTwin(long []fileName, short fileName) bool {
	for _, l := range long {
		if l.dir() == short.dir() {
			return true
		}
	}
	return false
}

// decode turns UTF-16 into bytes.
func decode(b []byte) string {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] >= 0x80 || b[i+1] != 0 {
			units := make([]uint16, len(b)/2)
			for i := range units {
				units[i] = le.Uint16(b[2*i:])
			}
			return wtf8.Encode(units)
		}
	}
	ascii := make([]byte, len(b)/2)
	for i := range ascii {
		ascii[i] = b[2*i]
	}
	return string(ascii)
}
