package document

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sys/windows"
)

// A nameAsker asks for the names of files, pipes and devices. Windows holds up
// the question for as long as somebody reads from the same pipe without end, so
// each is asked on a thread that can be left behind. Few are: what would hold
// up more is not asked.
type nameAsker struct {
	stuck atomic.Int32
}

const (
	nameTimeout = 250 * time.Millisecond
	mostStuck   = 8
	mostPipes   = 4 // of them those that looked like pipes
)

var errBlocks = errors.New("its name is not asked for: Windows answers only when what is read from it comes")

// name takes the handle over, and closes it when an answer has come, unless it
// says that it was not kept.
func (a *nameAsker) name(own windows.Handle, pipe bool) (name string, kept bool, err error) {
	if n := a.stuck.Load(); n >= mostStuck || pipe && n >= mostPipes {
		return "", false, errBlocks
	}
	type answer struct {
		name string
		err  error
	}
	answers := make(chan answer, 1)
	var late atomic.Bool
	go func() {
		name, err := objectName(own)
		windows.CloseHandle(own)
		answers <- answer{name, err}
		if !late.CompareAndSwap(false, true) {
			a.stuck.Add(-1)
		}
	}()
	patience := time.NewTimer(nameTimeout)
	defer patience.Stop()
	select {
	case got := <-answers:
		return got.name, true, got.err
	case <-patience.C:
	}
	a.stuck.Add(1)
	if !late.CompareAndSwap(false, true) {
		a.stuck.Add(-1) // it came after all
		got := <-answers
		return got.name, true, got.err
	}
	return "", true, errBlocks
}
