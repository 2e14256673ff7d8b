package iso

import (
	"fmt"
	"strings"

	"iocscan/scan/internal/fsys"
)

func unsupported(what string) error {
	return fmt.Errorf("%s: %w", what, fsys.ErrUnsupported)
}

// mostAreas bounds how often system use fields go on elsewhere; a name has at
// most a few of them.
const mostAreas = 32

// fields yields the system use fields of a record, those that go on elsewhere
// included, SUSP 4: signature of two letters, length at 2, version 3, data 4.
func (v *volume) fields(t *tree, use []byte, yield func(sign string, data []byte)) error {
	for range mostAreas {
		var next []byte
		for len(use) >= 4 {
			n := int(use[2])
			if use[0] == 0 && n == 0 { // filling
				break
			}
			if n < 4 || n > len(use) {
				return damaged("a system use field %q of %d bytes in %d", use[:2], n, len(use))
			}
			sign, data := string(use[:2]), use[4:n]
			if sign == "ST" {
				break
			}
			if sign == "CE" && len(data) >= 24 {
				next = data
			}
			yield(sign, data)
			use = use[n:]
		}
		if next == nil {
			return nil
		}
		// SUSP 5.1: block at 0, offset 8, length 16, each in both byte orders.
		at := int64(le.Uint32(next))*t.block + int64(le.Uint32(next[8:]))
		size := le.Uint32(next[16:])
		if size > sector {
			return damaged("system use fields of %d bytes at %d", size, at)
		}
		use = make([]byte, size)
		if _, err := v.readAt(use, at); err != nil {
			return fmt.Errorf("read system use fields: %w", err)
		}
	}
	return damaged("system use fields go on in more than %d places", mostAreas)
}

// findRidge looks for Rock Ridge in the record of the root folder itself: SP
// comes first there, behind 14 bytes on a CD-ROM XA, and says what to skip
// elsewhere, SUSP 5.3.
func (v *volume) findRidge() {
	b := make([]byte, 256)
	n, _ := v.readAt(b, v.root.at)
	r, err := parse(v.root.at, b)
	if err != nil || n < leastRecord {
		return
	}
	for _, skip := range []int{0, 14} {
		use := r.use(skip)
		if len(use) < 7 || string(use[:2]) != "SP" || use[4] != 0xbe || use[5] != 0xef {
			continue
		}
		err := v.fields(&v.tree, use, func(sign string, _ []byte) {
			v.ridge = v.ridge || sign == "PX" || sign == "RR" || sign == "NM"
		})
		v.ridge = v.ridge && err == nil
		v.skip = int(use[6])
		return
	}
}

// readRidge reads the fields of RRIP 4.1.
func (v *volume) readRidge(t *tree, r record, o *object) error {
	var name, link strings.Builder
	var l linkReader
	named := false
	err := v.fields(t, r.use(t.skip), func(sign string, b []byte) {
		switch {
		case sign == "NM" && len(b) >= 1 && b[0]&6 == 0:
			named = true
			name.Write(b[1:])
		case sign == "PX" && len(b) >= 32:
			mode := le.Uint32(b)
			o.info.Mode = mode & 07777
			o.info.Links = uint64(le.Uint32(b[8:]))
			o.info.UID, o.info.GID = int64(le.Uint32(b[16:])), int64(le.Uint32(b[24:]))
			o.Kind = kindOf(mode)
		case sign == "TF" && len(b) >= 1:
			readTimes(b[0], b[1:], &o.info)
		case sign == "SL" && len(b) >= 1:
			l.read(b[1:], &link)
			o.Kind = fsys.Link
		case sign == "CL" && len(b) >= 4:
			o.moved = int64(le.Uint32(b)) * t.block
		case sign == "ZF":
			o.refusal = unsupported("content compressed by zisofs")
		case sign == "SF":
			o.refusal = unsupported("sparse content")
		}
	})
	if named {
		o.Name = name.String()
	}
	o.target = link.String()
	return err
}

// kindOf reads the type in a POSIX mode.
func kindOf(mode uint32) fsys.Kind {
	switch mode & 0170000 {
	case 0040000:
		return fsys.Dir
	case 0120000:
		return fsys.Link
	case 0010000:
		return fsys.FIFO
	case 0140000:
		return fsys.Socket
	case 0020000, 0060000:
		return fsys.Device
	}
	return fsys.Regular
}

// readTimes reads a TF field: which times there are, in this order.
func readTimes(which byte, b []byte, info *fsys.Info) {
	size := 7
	if which&0x80 != 0 {
		size = 17
	}
	var rest int64 // backup, expiration and the like
	for bit, to := range []*int64{&info.Created, &info.Modified, &info.Accessed, &info.Changed, &rest, &rest, &rest} {
		if which>>bit&1 == 0 {
			continue
		}
		if len(b) < size {
			return
		}
		if size == 7 {
			*to = shortTime(b)
		} else {
			*to = longTime(b)
		}
		b = b[size:]
	}
}

// A linkReader puts the parts of a symbolic link together, RRIP 4.1.3: flags
// (1: the part goes on in the next, 2: here, 4: above, 8: the root), length,
// text.
type linkReader struct{ started, goesOn bool }

func (l *linkReader) read(b []byte, to *strings.Builder) {
	for len(b) >= 2 {
		flags, n := b[0], int(b[1])
		if n > len(b)-2 {
			return
		}
		if flags&8 != 0 {
			to.WriteByte('/')
			l.started = false
		} else {
			if l.started && !l.goesOn {
				to.WriteByte('/')
			}
			switch {
			case flags&2 != 0:
				to.WriteByte('.')
			case flags&4 != 0:
				to.WriteString("..")
			default:
				to.Write(b[2 : 2+n])
			}
			l.started = true
		}
		l.goesOn = flags&1 != 0
		b = b[2+n:]
	}
}
