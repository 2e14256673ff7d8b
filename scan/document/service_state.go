package document

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// A serviceState is what the service control manager of a running system says
// of a service or driver.
type serviceState struct {
	name        string
	kind, state uint32
	pid         uint32 // 0: it has no process
}

// serviceStates are the states of winnt.h from 1 on.
var serviceStates = [...]string{
	"SERVICE_STOPPED", "SERVICE_START_PENDING", "SERVICE_STOP_PENDING", "SERVICE_RUNNING",
	"SERVICE_CONTINUE_PENDING", "SERVICE_PAUSE_PENDING", "SERVICE_PAUSED",
}

func (s serviceState) word() string {
	if s.state >= 1 && int(s.state) <= len(serviceStates) {
		return serviceStates[s.state-1]
	}
	return ""
}

// runningWindows reports whether the evidence is the running Windows itself.
func runningWindows(req *Request) bool {
	return req.Source.Kind() == "host" && req.Source.Platform() == source.Windows && req.Source.Has(source.Live)
}

// states are those of all services by their folded names, as far as they are
// told. On evidence that does not run nobody tells.
func (r *regKeys) states() (map[string]serviceState, error) {
	r.askStates.Do(func() {
		r.stateOf, r.statesErr = map[string]serviceState{}, errNotCarried
		if runningWindows(r.req) {
			r.statesErr = nil
			for s, err := range listServiceStates() {
				if err != nil {
					r.statesErr = errors.Join(r.statesErr, err)
				} else {
					r.stateOf[ioc.Fold(s.name)] = s
				}
			}
			if r.statesErr != nil {
				r.req.trouble("states of services", r.statesErr)
			}
		}
	})
	return r.stateOf, r.statesErr
}

// askState fills in the state of a service. The manager knows no state of an
// entry that was made since it started, or that is to go: unlike a service that
// is stopped such a one has none.
func (r *regKeys) askState(s *service) {
	states, err := r.states()
	state, told := states[ioc.Fold(s.name)]
	if !told {
		s.status.why, s.pid.why = err, err
		return
	}
	s.takeState(state)
}

func (s *service) takeState(state serviceState) {
	s.status = sure(state.word())
	s.pid = amount{number: number{uint64(state.pid), state.pid != 0}}
}

var errNoEntry = errors.New("the service is known to the service control manager and has no key in the registry")

// tellNoEntry tells that a service is not in the registry.
func (s *service) tellNoEntry(req *Request) {
	if errors.Is(s.why, errNoEntry) {
		req.trouble(s.file, s.why)
	}
}

// unregistered are the services that the manager knows and the registry, as it
// was listed, does not have: deleted ones that still run, and hidden ones.
func (r *regKeys) unregistered(ctx context.Context, listed map[string]bool) iter.Seq[service] {
	return func(yield func(service) bool) {
		states, _ := r.states() // the error was told
		for _, name := range slices.Sorted(maps.Keys(states)) {
			if listed[name] {
				continue
			}
			state := states[name]
			s := service{file: state.name, name: state.name, windows: true, flags: state.kind, why: errNoEntry}
			s.takeState(state)
			if ctx.Err() != nil || !yield(s) {
				return
			}
		}
	}
}
