package regf

import (
	"errors"
	"fmt"
)

var (
	// ErrNotHive answers Open on bytes without the magic "regf".
	ErrNotHive = errors.New("not a registry hive")
	// ErrLog answers Open on a transaction log.
	ErrLog = errors.New("a transaction log, not a registry hive")
	// ErrWin9x answers Open on a registry file of Windows 95, 98 or Me.
	ErrWin9x = errors.New("a registry file of Windows 9x (CREG), which is not supported")
	// ErrNotFound answers Find for a key that is certainly not there.
	ErrNotFound = errors.New("no such key")
	// ErrBudget is the cause of a Trouble that ends a listing because the
	// hive claims more lists and data than its size can honestly hold.
	ErrBudget = errors.New("more data is referred to than the hive can hold")
)

// A Trouble is damage that was met. It is an error, so that it can stand in
// for what could not be read.
type Trouble struct {
	Offset int64  // in the file, -1 if there is no one place
	Path   string // of the key it was met at, empty outside a walk or at the root
	What   string // what is wrong
	Lost   string // what it cost, empty if nothing
	Err    error  // underlying error, may be nil
}

func (t *Trouble) Error() string {
	s := t.What
	if t.Offset >= 0 {
		s = fmt.Sprintf("offset 0x%x: %s", t.Offset, s)
	}
	if t.Path != "" {
		s = fmt.Sprintf("key %q: %s", t.Path, s)
	}
	if t.Err != nil {
		s += ": " + t.Err.Error()
	}
	if t.Lost != "" {
		s += "; lost: " + t.Lost
	}
	return s
}

func (t *Trouble) Unwrap() error { return t.Err }

// damage makes a Trouble at an offset counted from the first bin.
func damage(off int64, format string, args ...any) *Trouble {
	return &Trouble{Offset: off + baseSize, What: fmt.Sprintf(format, args...)}
}

func (t *Trouble) losing(format string, args ...any) *Trouble {
	t.Lost = fmt.Sprintf(format, args...)
	return t
}
