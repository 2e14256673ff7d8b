package scan

// A teller hands what several goroutines have to say to a sink on one
// goroutine. A sink that fails is told no more; the scan goes on.
type teller struct {
	say  chan func(Sink) error
	done chan error
}

func newTeller(sink Sink) *teller {
	t := &teller{say: make(chan func(Sink) error, 64), done: make(chan error, 1)}
	go func() {
		var failed error
		for say := range t.say {
			if failed == nil {
				failed = say(sink)
			}
		}
		t.done <- failed
	}()
	return t
}

func (t *teller) tell(say func(Sink) error) { t.say <- say }

// close waits until everything is said and returns the error that ended the
// sink, if any.
func (t *teller) close() error {
	close(t.say)
	return <-t.done
}
