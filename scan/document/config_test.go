package document

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// A telling writes down what a document says: for each item its label, and
// below it each term with what it answered. An answer ends in "?" where the
// source does not carry it, in "~" where it is a stand-in, in "!" where it could
// not be read.
type telling struct {
	Listing
	text     string
	troubles []string
}

type teller struct {
	mu    sync.Mutex
	doc   match.Document
	items map[string]string
}

func (w *teller) Close() error { return nil }

func (w *teller) Item(it match.Item) error {
	var b strings.Builder
	for n, f := range w.doc.Fields {
		var values []string
		err := it.Each(n, func(v ioc.Value) bool {
			values = append(values, strings.Clone(v.String()))
			return true
		})
		answer := strings.Join(values, " | ")
		var standIn match.StandIn
		switch {
		case errors.Is(err, errNotCarried):
			answer += "?"
		case errors.As(err, &standIn):
			answer += " ~"
		case err != nil:
			answer += "!"
		}
		if answer != "" {
			fmt.Fprintf(&b, "  %s = %s\n", strings.TrimPrefix(f.Term, w.doc.Name+"/"), answer)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.items[it.Label()] += it.Label() + "\n" + b.String()
	return nil
}

func tell(t *testing.T, d Document, src source.Source) telling {
	t.Helper()
	w := &teller{doc: d.Schema(), items: map[string]string{}}
	var out telling
	var mu sync.Mutex
	req := &Request{Source: src, Registry: source.NewRegistry(src, source.RegistryOptions{}), Trouble: func(object string, err error) {
		mu.Lock()
		defer mu.Unlock()
		out.troubles = append(out.troubles, object+": "+err.Error())
	}}
	var err error
	if out.Listing, err = d.Run(context.Background(), req, 2, func() Worker { return w }); err != nil {
		t.Fatal(err)
	}
	for _, label := range slices.Sorted(maps.Keys(w.items)) {
		out.text += w.items[label]
	}
	slices.Sort(out.troubles)
	return out
}

// want checks a sound listing; the text may be indented.
func (g telling) want(t *testing.T, text string) {
	t.Helper()
	g.says(t, text)
	if !g.Complete || !g.Full || len(g.troubles) > 0 {
		t.Errorf("complete %v, full %v (%s), troubles %q", g.Complete, g.Full, g.Why, g.troubles)
	}
}

func (g telling) says(t *testing.T, text string) {
	t.Helper()
	var want strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimLeft(line, "\t"); strings.TrimSpace(line) != "" {
			want.WriteString(line)
		}
	}
	if diff := cmp.Diff(want.String(), g.text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// tells checks that some trouble has each of the texts, and that there are no more.
func (g telling) tells(t *testing.T, texts ...string) {
	t.Helper()
	if len(g.troubles) != len(texts) {
		t.Errorf("troubles %q, want %q", g.troubles, texts)
		return
	}
	for _, text := range texts {
		if !slices.ContainsFunc(g.troubles, func(s string) bool { return strings.Contains(s, text) }) {
			t.Errorf("troubles %q, none with %q", g.troubles, text)
		}
	}
}

// A document without a lister for a system is not listed there: nothing is
// said of what it may have.
func TestNotListedOnOtherSystems(t *testing.T) {
	for _, d := range []Document{&users, &groups, &services, &system} {
		if got := Platforms(d); !slices.Contains(got, source.Linux) || !slices.Contains(got, source.Darwin) {
			t.Errorf("%s: platforms %v", d.Name(), got)
		}
		got := tell(t, d, source.NewMem(source.Unknown, ""))
		if got.Complete || got.Full || got.text != "" || got.Why == "" {
			t.Errorf("%s: %+v", d.Name(), got)
		}
	}
	if p := Platforms(&files); p != nil {
		t.Errorf("FileItem: platforms %v", p)
	}
}
