package utmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Last is the last login of an account.
type Last struct {
	Sec        int64 // since 1970; 0: there was none
	Line, Host string
}

const lastRest = 32 + 256

// A Lastlog is the file lastlog: a record for each uid, from 0.
type Lastlog struct {
	r    io.ReaderAt
	size int64
	wide int // bytes of a time
}

// NewLastlog takes a file of so many bytes.
func NewLastlog(r io.ReaderAt, size int64) (*Lastlog, error) {
	l := &Lastlog{r, size, 4}
	narrow, wide := size%(4+lastRest) == 0, size%(8+lastRest) == 0
	switch {
	case size == 0:
	case narrow == wide:
		return nil, fmt.Errorf("%d bytes are not made of records of one length", size)
	case wide:
		l.wide = 8
	}
	return l, nil
}

// Len is the number of records.
func (l *Lastlog) Len() int64 { return l.size / int64(l.wide+lastRest) }

// Of is the record of a uid. Beyond the end there is none.
func (l *Lastlog) Of(uid int64) (last Last, err error) {
	if uid < 0 || uid >= l.Len() {
		return last, nil
	}
	b := make([]byte, l.wide+lastRest)
	if n, err := l.r.ReadAt(b, uid*int64(len(b))); n < len(b) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return last, err
	}
	if l.wide == 4 {
		last.Sec = int64(binary.LittleEndian.Uint32(b))
	} else {
		last.Sec = int64(binary.LittleEndian.Uint64(b))
	}
	if last.Sec < 0 || last.Sec >= latest {
		return Last{}, fmt.Errorf("the time %d of uid %d", last.Sec, uid)
	}
	last.Line, last.Host = text(b[l.wide:][:32]), text(b[l.wide+32:])
	return last, nil
}
