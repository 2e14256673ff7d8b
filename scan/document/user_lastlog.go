package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"iocscan/ioc"
)

// A lastlog is /var/log/lastlog: for each uid a record with the time of the
// last login, the terminal (32 bytes) and the host (256). The time has 4 bytes
// where the C library kept to that of 32-bit programs (x86), else 8; the
// length of the file tells. Newer systems keep a database in its place.
type lastlog struct {
	etc  etc
	req  *Request
	told sync.Once
}

const (
	lastlogPath = "/var/log/lastlog"
	lastlogRest = 32 + 256
)

// of is the time of the last login; 0: none is recorded.
func (l *lastlog) of(u *user) (int64, error) {
	sec, err := l.seconds(u.id.n)
	if err == nil && (sec < 0 || sec > 1<<40) {
		err = fmt.Errorf("the time %d of account %q", sec, u.name)
	}
	switch {
	case missing(err):
		return 0, errNotCarried
	case errors.Is(err, errNotCarried):
		return 0, err
	case err != nil:
		err = fmt.Errorf("read %s: %w", lastlogPath, err)
		l.told.Do(func() { l.req.trouble(lastlogPath, err) })
		return 0, err
	case sec == 0:
		return 0, nil
	}
	return ioc.Ticks(time.Unix(sec, 0)), nil
}

func (l *lastlog) seconds(uid uint64) (int64, error) {
	f, err := l.etc.open(lastlogPath)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Info()
	if err != nil {
		return 0, err
	}
	width := 4
	short, long := info.Size%(4+lastlogRest) == 0, info.Size%(8+lastlogRest) == 0
	switch {
	case info.Size == 0:
		return 0, errNotCarried // emptied: it says nothing of logins before
	case short == long:
		return 0, fmt.Errorf("%d bytes are not made of records of one length", info.Size)
	case long:
		width = 8
	}
	b := make([]byte, width)
	if _, err := f.ReadAt(b, int64(uid)*int64(width+lastlogRest)); err == io.EOF {
		return 0, nil // it ends before the account's record
	} else if err != nil {
		return 0, err
	}
	if width == 4 {
		return int64(binary.LittleEndian.Uint32(b)), nil
	}
	return int64(binary.LittleEndian.Uint64(b)), nil
}
