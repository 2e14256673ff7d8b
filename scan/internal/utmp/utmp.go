// Package utmp reads the records in which Linux keeps logins: those of utmp(5),
// in the files utmp, wtmp and btmp, and those of lastlog.
//
// The layouts are those of the GNU C library (bits/utmp.h). Where the library
// keeps to the 32-bit times of older programs (x86), a record of utmp has 384
// bytes and one of lastlog 292; on other 64-bit systems they have 400 and 296.
// Nothing in a file says which it is, so the content has to. All systems that
// are read have the low byte first.
package utmp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
)

// Type says what a record is about.
type Type int16

const (
	Empty Type = iota
	RunLevel
	BootTime
	NewTime
	OldTime
	InitProcess
	LoginProcess
	UserProcess
	DeadProcess
	Accounting
	types
)

// String is the name of utmp(5), such as USER_PROCESS.
func (t Type) String() string {
	if t < 0 || t >= types {
		return fmt.Sprintf("type %d", int16(t))
	}
	return [...]string{"EMPTY", "RUN_LVL", "BOOT_TIME", "NEW_TIME", "OLD_TIME", "INIT_PROCESS",
		"LOGIN_PROCESS", "USER_PROCESS", "DEAD_PROCESS", "ACCOUNTING"}[t]
}

// A Record is one entry of utmp, wtmp or btmp. Texts have whatever bytes were
// written, up to the first NUL.
type Record struct {
	Type       Type
	PID        int64
	Line       string // terminal without /dev/
	ID         string
	User, Host string
	Sec        int64      // since 1970
	Micro      int64      // of the second
	Addr       netip.Addr // of the other side; not valid: none
	Zero       bool       // the record has nothing but zeros
}

const (
	short = 384
	long  = 400
	// sample is looked at to tell the layout: a whole number of both records.
	sample = 9600

	latest = 1 << 34 // seconds; a time beyond is none
)

// Read yields the records of a file in its order. A record that cannot be one
// is left out; an error after the others counts those, and tells of a last one
// that is cut. An error of the reader ends the records.
func Read(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		in := bufio.NewReaderSize(r, 2*sample)
		head, err := in.Peek(sample)
		if err != nil && err != io.EOF {
			yield(Record{}, err)
			return
		}
		size := layout(head)
		b := make([]byte, size)
		wrong, first := 0, int64(0)
		for at := int64(0); ; at += int64(size) {
			n, err := io.ReadFull(in, b)
			if errors.Is(err, io.EOF) {
				break
			}
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = fmt.Errorf("the last record ends after %d of %d bytes", n, size)
			}
			if err != nil {
				yield(Record{}, err)
				break
			}
			rec, ok := parse(b)
			if !ok {
				if wrong++; wrong == 1 {
					first = at
				}
				continue
			}
			if !yield(rec, nil) {
				return
			}
		}
		if wrong > 0 {
			yield(Record{}, fmt.Errorf("%d records of no known form, the first at byte %d", wrong, first))
		}
	}
}

// layout is the size of records of which most of the sample can be made.
func layout(head []byte) int {
	if fit(head, long) > fit(head, short) {
		return long
	}
	return short
}

// fit is by how many bytes more of the sample are records of the size than are
// not.
func fit(head []byte, size int) (n int) {
	for ; len(head) >= size; head = head[size:] {
		if rec, ok := parse(head[:size]); ok && !rec.Zero {
			n += size
		} else if !ok {
			n -= size
		}
	}
	return n - len(head) // a whole number of records fits best
}

func parse(b []byte) (rec Record, ok bool) {
	le := binary.LittleEndian
	rec = Record{
		Type: Type(le.Uint16(b)), PID: int64(int32(le.Uint32(b[4:]))),
		Line: text(b[8:40]), ID: text(b[40:44]), User: text(b[44:76]), Host: text(b[76:332]),
	}
	addr := b[348:364]
	if len(b) == long {
		rec.Sec, rec.Micro = int64(le.Uint64(b[344:])), int64(le.Uint64(b[352:]))
		addr = b[360:376]
	} else {
		rec.Sec, rec.Micro = int64(le.Uint32(b[340:])), int64(int32(le.Uint32(b[344:]))) // good until 2106
	}
	rec.Addr = address(addr)
	rec.Zero = len(bytes.Trim(b, "\x00")) == 0
	return rec, rec.Type >= 0 && rec.Type < types && rec.Sec >= 0 && rec.Sec < latest && rec.Micro >= 0 && rec.Micro < 1e6
}

// address is that of IPv4 if only the first of four words is set.
func address(b []byte) netip.Addr {
	if len(bytes.Trim(b, "\x00")) == 0 {
		return netip.Addr{}
	}
	if len(bytes.Trim(b[4:], "\x00")) == 0 {
		b = b[:4]
	}
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}

func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
