package document

import (
	"errors"
	"sync/atomic"
	"time"
)

// A nameAsker asks for the names of files, pipes and devices. Windows holds up
// the question for as long as somebody reads from the same pipe without end, so
// each is asked on a thread that can be left behind. Few are: what would hold
// up more is not asked.
//
// Whether Windows lets a program end that has left such threads behind, no
// test here could show.
type nameAsker struct {
	stuck atomic.Int32
}

const (
	nameTimeout = 250 * time.Millisecond
	mostStuck   = 8
	mostPipes   = 4 // of them those that looked like pipes
)

var errBlocks = errors.New("its name is not asked for: Windows answers only when what is read from it comes")

// ask puts a question, with done called behind it. asked is false, and done
// will not be called, where too many questions are stuck; pipe says that this
// one is likely to be the next.
func (a *nameAsker) ask(pipe bool, question func() (string, error), done func()) (name string, asked bool, err error) {
	if n := a.stuck.Load(); n >= mostStuck || pipe && n >= mostPipes {
		return "", false, errBlocks
	}
	type answer struct {
		name string
		err  error
	}
	answers := make(chan answer, 1)
	var settled atomic.Bool
	go func() {
		name, err := question()
		done()
		answers <- answer{name, err}
		if !settled.CompareAndSwap(false, true) {
			a.stuck.Add(-1) // after all
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
	if settled.CompareAndSwap(false, true) {
		return "", true, errBlocks
	}
	a.stuck.Add(-1) // it has come meanwhile
	got := <-answers
	return got.name, true, got.err
}
