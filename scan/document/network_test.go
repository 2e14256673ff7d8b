package document

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

type networkRecorder struct {
	mu   *sync.Mutex
	seen *[]string
}

func (networkRecorder) Close() error { return nil }

func (r networkRecorder) Item(it match.Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, f := range wire.terms {
		err := it.Each(n, func(v ioc.Value) bool {
			*r.seen = append(*r.seen, f.Term+" "+strings.Clone(v.String()))
			return true
		})
		var note match.StandIn
		if !errors.As(err, &note) || note == "" {
			*r.seen = append(*r.seen, f.Term+" claims to be more than a stand-in")
		}
	}
	return nil
}

// What stands in for the wire: the hosts file and logged events here, all of it
// marked, and never said to be all there was.
func TestNetwork(t *testing.T) {
	src := source.NewMem(source.Windows).
		Add(`C:\Windows\System32\drivers\etc\hosts`, "192.0.2.1 static.example\n").
		Add(logFolder+"A.evtx", pastLog(
			pastRecord{sysmon, 22, 0, []any{"QueryName", "asked.example"}},
			pastRecord{transfer, 59, 0, []any{"url", "https://dl.example/a.7z"}},
			pastRecord{sysmon, 1, 0, []any{"Image", `C:\a.exe`}}))
	var seen []string
	var mu sync.Mutex
	req := &Request{Source: src, Trouble: func(string, error) {}}
	l, err := wire.Run(t.Context(), req, 2, func() Worker { return networkRecorder{&mu, &seen} })
	if err != nil || l.Complete || l.Full || l.Why != networkWhy {
		t.Errorf("%+v, %v", l, err)
	}
	slices.Sort(seen)
	want := []string{"Network/DNS asked.example", "Network/DNS dl.example", "Network/DNS static.example", "Network/DNS static.example",
		"Network/URI /a.7z", "Network/URI https://dl.example/a.7z"}
	if !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}

// Every term that stands in is one that the other document has.
func TestNetworkOrigins(t *testing.T) {
	for i := range wire.from {
		o := &wire.from[i]
		for n, fields := range o.fields(wire.Name(), wire.terms) {
			if slices.Contains(fields, -1) {
				t.Errorf("%s for %s: %v", o.document.Name(), wire.terms[n].Term, fields)
			}
			for _, f := range fields {
				if k := o.document.Schema().Fields[f].Kind; k != ioc.Text {
					t.Errorf("%s: field %d is of kind %d", o.document.Name(), f, k)
				}
			}
		}
	}
}

// What logged events say of states is of the same kind as what there is.
func TestLoggedStates(t *testing.T) {
	for i := range loggedStates {
		l := &loggedStates[i]
		var of Document
		for _, d := range All() {
			if d.Name() == l.document {
				of = d
			}
		}
		terms := of.Schema().Fields
		answered := 0
		for n, fields := range l.from.fields(of.Name(), terms) {
			for _, f := range fields {
				answered++
				if f < 0 || l.from.document.Schema().Fields[f].Kind != terms[n].Kind {
					t.Errorf("%s: field %d for %s", l.document, f, terms[n].Term)
				}
			}
		}
		want := 0
		for _, names := range l.from.terms {
			want += len(names)
		}
		if answered != want {
			t.Errorf("%s: %d terms are answered, want %d", l.document, answered, want)
		}
	}
}
