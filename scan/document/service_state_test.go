package document

import (
	"context"
	"errors"
	"slices"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// TestServiceStates: what the service control manager of a running Windows
// tells is joined by name; what only it knows has an item of its own.
func TestServiceStates(t *testing.T) {
	refused := errors.New("refused")
	keys := func(err error, states ...serviceState) *regKeys {
		r := &regKeys{req: &Request{Source: source.NewMem(source.Windows)}, stateOf: map[string]serviceState{}, statesErr: err}
		for _, s := range states {
			r.stateOf[ioc.Fold(s.name)] = s
		}
		r.askStates.Do(func() {})
		return r
	}
	answers := func(s *service, f func(*service, func(ioc.Value) bool) error) (texts []string, err error) {
		err = f(s, func(v ioc.Value) bool { texts = append(texts, v.String()); return true })
		return texts, err
	}
	running := serviceState{name: "RpcSs", kind: 0x20, state: 4, pid: 712}
	for _, c := range []struct {
		name        string
		keys        *regKeys
		status, pid []string
		err         error
	}{
		{"running", keys(nil, running), []string{"SERVICE_RUNNING"}, []string{"712"}, nil},
		{"stopped", keys(nil, serviceState{name: "RPCSS", state: 1}), []string{"SERVICE_STOPPED"}, nil, nil},
		{"not known to the manager", keys(nil), nil, nil, nil},
		{"the manager refuses", keys(refused), nil, nil, refused},
		{"the manager ends early", keys(refused, running), []string{"SERVICE_RUNNING"}, []string{"712"}, nil},
	} {
		s := &service{name: "RpcSs"}
		c.keys.askState(s)
		status, err1 := answers(s, factOf(func(s *service) *fact { return &s.status }))
		pid, err2 := answers(s, amountOf(func(s *service) *amount { return &s.pid }))
		if !slices.Equal(status, c.status) || !slices.Equal(pid, c.pid) || err1 != c.err || err2 != c.err {
			t.Errorf("%s: %q %q, %v, %v", c.name, status, pid, err1, err2)
		}
	}

	r := keys(nil, running, serviceState{name: "Hidden", kind: 0x10, state: 4, pid: 66})
	var rows []service
	for s := range r.unregistered(context.Background(), map[string]bool{"rpcss": true}) {
		rows = append(rows, s)
	}
	if len(rows) != 1 || rows[0].name != "Hidden" || rows[0].why == nil {
		t.Fatalf("%+v", rows)
	}
	if _, err := answers(&rows[0], serviceMode); !errors.Is(err, errNoEntry) {
		t.Errorf("the mode of a service without a key: %v", err)
	}
}
