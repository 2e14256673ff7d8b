package document

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"testing"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// A found is what the items of a document answered.
type found struct {
	Listing
	values   map[string]map[string][]string // by label and term without the document
	errs     map[string]map[string]string
	gaps     []string
	troubles []string
}

func (f *found) labels() []string {
	var list []string
	for l := range f.values {
		list = append(list, l)
	}
	slices.Sort(list)
	return list
}

type finding struct {
	mu  *sync.Mutex
	doc match.Document
	out *found
}

func (finding) Close() error { return nil }

func (r finding) Item(it match.Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	label := it.Label()
	if g, ok := it.(match.Folder); ok {
		r.out.gaps = append(r.out.gaps, label+": "+g.Err().Error())
		return nil
	}
	for r.out.values[label] != nil {
		label += " (again)"
	}
	values, errs := map[string][]string{}, map[string]string{}
	for n, f := range r.doc.Fields {
		term := strings.TrimPrefix(f.Term, r.doc.Name+"/")
		err := it.Each(n, func(v ioc.Value) bool {
			values[term] = append(values[term], strings.Clone(v.String()))
			return true
		})
		if err != nil {
			errs[term] = err.Error()
		}
	}
	r.out.values[label], r.out.errs[label] = values, errs
	return nil
}

// find runs a document on a source and asks everything of every item.
func find(t *testing.T, d Document, src source.Source) *found {
	t.Helper()
	out := &found{values: map[string]map[string][]string{}, errs: map[string]map[string]string{}}
	var mu sync.Mutex
	req := &Request{Source: src, Trouble: func(object string, err error) {
		mu.Lock()
		defer mu.Unlock()
		out.troubles = append(out.troubles, object+": "+err.Error())
	}}
	var items sync.Mutex
	l, err := d.Run(t.Context(), req, 2, func() Worker { return finding{&items, d.Schema(), out} })
	if err != nil {
		t.Fatal(err)
	}
	out.Listing = l
	slices.Sort(out.troubles)
	return out
}

// A verdictCase is an IOC of one AND, its conditions a line each (term,
// condition and content), and what is to be said of it.
type verdictCase struct{ conditions, want string }

// checkVerdicts evaluates IOCs on one document of a source.
func checkVerdicts(t *testing.T, d Document, src source.Source, cases []verdictCase) {
	t.Helper()
	var c ioc.Collection
	for _, k := range cases {
		var items strings.Builder
		for line := range strings.Lines(k.conditions) {
			part := strings.SplitN(strings.TrimSpace(line), " ", 3)
			term := d.Name() + "/" + part[0]
			test, negate, _ := strings.Cut(part[1], "!")
			items.WriteString(`<IndicatorItem id="i" condition="` + test + `" negate="` + cmp.Or(negate, "false") + `"><Context document="` + d.Name() +
				`" search="` + term + `" type="mir"/><Content type="string">` + strings.ReplaceAll(part[2], "&", "&amp;") + `</Content></IndicatorItem>`)
		}
		c.Files = append(c.Files, ioc.Parse(k.conditions, []byte(`<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="x" last-modified="2020-01-01T00:00:00" published-date="2020-01-01T00:00:00">`+
			`<criteria><Indicator operator="OR" id="o"><Indicator operator="AND" id="a">`+items.String()+`</Indicator></Indicator></criteria></OpenIOC>`)))
	}
	program, gaps := match.Compile(&c, match.Schema{d.Schema()})
	if len(gaps) > 0 {
		t.Fatalf("not answered: %+v", gaps)
	}
	host := match.NewHost(program, match.Options{})
	l, err := d.Run(t.Context(), &Request{Source: src}, 2, func() Worker {
		return evaluating{host.NewEvaluator(d.Name())}
	})
	if err != nil {
		t.Fatal(err)
	}
	if l.Complete {
		host.Complete(d.Name(), l.Full, "not in full")
	} else {
		host.Incomplete(d.Name(), l.Why)
	}
	for n, r := range host.Results() {
		if got := string(r.Verdict); got != cases[n].want {
			t.Errorf("%s\n\tgot %s, want %s; unchecked: %+v", cases[n].conditions, got, cases[n].want, r.Unchecked)
		}
	}
}

// evaluating lets an evaluator take the items.
type evaluating struct{ *match.Evaluator }

func (w evaluating) Item(it match.Item) error { w.Eval(it); return nil }
func (w evaluating) Close() error             { w.Evaluator.Close(); return nil }
