package match

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"sync"
	"testing"

	"iocscan/ioc"
)

// The world of the random test is so small that everything happens often.
var testSchema = Schema{
	{Name: "A", Fields: []Field{
		{Term: "A/name", Kind: ioc.Text, Identity: true},
		{Term: "A/path", Kind: ioc.Path},
		{Term: "A/size", Kind: ioc.Int, Cost: Stat},
		{Term: "A/hash", Kind: ioc.Text, Cost: Content},
		{Term: "A/list", Kind: ioc.Text, Multi: true, Repeats: true},
		{Term: "A/el/x", Kind: ioc.Text, Multi: true, Element: "A/el", Cost: Open},
		{Term: "A/el/y", Kind: ioc.Int, Multi: true, Element: "A/el", Cost: Parse},
		{Term: "A/like", Kind: ioc.Text, StandIn: "resembles it"},
	}},
	{Name: "B", Fields: []Field{
		{Term: "B/name", Kind: ioc.Text, Repeats: true},
		{Term: "B/size", Kind: ioc.Int},
	}},
	{Name: "C", Fields: []Field{{Term: "C/name", Kind: ioc.Text}}},
}

// testTerms are the terms conditions are made of; some are in no schema.
var testTerms = []string{"A/name", "A/name", "A/path", "A/size", "A/hash", "A/list", "A/el/x", "A/el/y", "A/like",
	"B/name", "B/size", "C/name", "A/odd", "Z/name"}

func world(k ioc.Kind) []ioc.Value {
	if k == ioc.Int {
		return []ioc.Value{ioc.IntValue(0), ioc.IntValue(1), ioc.IntValue(2)}
	}
	var vs []ioc.Value
	for _, s := range []string{"a", "b", "ab", "B"} {
		vs = append(vs, ioc.Value{Kind: k, Str: s})
	}
	return vs
}

func randomCondition(r *rand.Rand, n *int) *ioc.Condition {
	*n++
	c := &ioc.Condition{ID: fmt.Sprint("c", *n), Term: testTerms[r.IntN(len(testTerms))], Negate: r.IntN(4) == 0}
	if strings.HasSuffix(c.Term, "size") || strings.HasSuffix(c.Term, "/y") {
		c.Test = []ioc.Test{ioc.Is, ioc.Is, ioc.GreaterThan, ioc.LessThan}[r.IntN(4)]
		c.Content = []string{"0", "1", "2", "0 TO 1", "x"}[r.IntN(5)]
	} else {
		c.Test = []ioc.Test{ioc.Is, ioc.Is, ioc.Is, ioc.Contains, ioc.StartsWith, ioc.EndsWith, ioc.Matches}[r.IntN(7)]
		c.Content = []string{"a", "b", "ab", "A", "c"}[r.IntN(5)]
		c.PreserveCase = r.IntN(6) == 0
	}
	if r.IntN(25) == 0 {
		c.Fault = "faulty"
	}
	return c
}

func randomTree(r *rand.Rand, depth int, n *int) ioc.Node {
	if depth == 0 || r.IntN(3) == 0 {
		return randomCondition(r, n)
	}
	in := &ioc.Indicator{Operator: ioc.Operator(r.IntN(2))}
	if r.IntN(40) == 0 {
		in.Fault = "faulty"
	}
	if r.IntN(6) == 0 {
		in.Context = "A/el"
	}
	kids := 1 + r.IntN(3)
	if r.IntN(30) == 0 {
		kids = 0
	}
	for range kids {
		in.Children = append(in.Children, randomTree(r, depth-1, n))
	}
	return in
}

func randomItems(r *rand.Rand, d *Document) []*testItem {
	var items []*testItem
	for i := range r.IntN(4) {
		it := &testItem{doc: d.Name, label: fmt.Sprint(d.Name, i), fields: d.Fields,
			values: map[string][]ioc.Value{}, errs: map[string]error{}}
		for _, f := range d.Fields {
			w := world(f.Kind)
			switch {
			case r.IntN(8) == 0:
				it.errs[f.Term] = errTest
			case r.IntN(5) == 0: // absent
			case f.Multi:
				for e := range r.IntN(3) {
					it.values[f.Term] = append(it.values[f.Term], w[r.IntN(len(w))].At(e))
				}
			default:
				it.values[f.Term] = []ioc.Value{w[r.IntN(len(w))]}
			}
		}
		items = append(items, it)
	}
	return items
}

type testCase struct {
	file *ioc.File
	ref  *reference
}

func randomCase(r *rand.Rand) testCase {
	ref := &reference{docs: map[string]*refDoc{}}
	for i := range testSchema {
		d := &testSchema[i]
		rd := &refDoc{schema: d, items: randomItems(r, d), complete: r.IntN(6) > 0}
		rd.full = rd.complete && r.IntN(3) > 0
		ref.docs[d.Name] = rd
	}
	n := 0
	f := &ioc.File{Path: "random.ioc"}
	for range 1 + r.IntN(2) {
		f.Criteria = append(f.Criteria, randomTree(r, 3, &n))
	}
	return testCase{f, ref}
}

// run evaluates with the engine.
func (c testCase) run() FileResult {
	prog, _ := Compile(&ioc.Collection{Files: []*ioc.File{c.file}}, testSchema)
	h := NewHost(prog, Options{})
	for i := range testSchema {
		name := testSchema[i].Name
		d := c.ref.docs[name]
		// two evaluators share the items, as two workers would
		evs := []*Evaluator{h.NewEvaluator(name), h.NewEvaluator(name)}
		for k, it := range d.items {
			evs[k%2].Eval(it)
		}
		for _, e := range evs {
			e.Close()
		}
		if d.complete {
			h.Complete(name, d.full, "left out")
		} else {
			h.Incomplete(name, "stopped")
		}
	}
	return h.Results()[0]
}

func labelsOf(r FileResult) []string {
	var out []string
	for _, m := range r.Matches {
		var ls []string
		for _, o := range m.Objects {
			ls = append(ls, o.Label)
		}
		sort.Strings(ls)
		out = append(out, strings.Join(ls, "+"))
	}
	sort.Strings(out)
	return out
}

func (c testCase) check() error {
	got, want := c.run(), c.ref.file(c.file)
	labels := labelsOf(got)
	switch {
	case got.Verdict != want.verdict:
		return fmt.Errorf("verdict %s, reference %s", got.Verdict, want.verdict)
	case strings.Join(labels, " ") != strings.Join(want.matches, " "):
		return fmt.Errorf("matches %q, reference %q", labels, want.matches)
	case int(got.Count) != len(want.matches):
		return fmt.Errorf("count %d, reference %d", got.Count, len(want.matches))
	case got.Verdict == Undetermined && len(got.Unchecked) == 0:
		return fmt.Errorf("undetermined without a reason")
	case got.Verdict == Clear && len(got.Unchecked) > 0:
		return fmt.Errorf("clear, but unchecked: %v", got.Unchecked)
	}
	if err := c.checkUnchecked(got); err != nil {
		return err
	}
	for _, m := range got.Matches {
		if m.Text == "" || len(m.Conditions) == 0 {
			return fmt.Errorf("a match without text or conditions: %+v", m)
		}
	}
	return nil
}

// checkUnchecked: if all conditions listed as unchecked were known, whatever
// they were, the verdict would be; and none of them is listed for nothing.
func (c testCase) checkUnchecked(got FileResult) error {
	if len(got.Unchecked) == 0 {
		return nil
	}
	ref := &reference{docs: c.ref.docs}
	for _, t := range []ioc.Truth{ioc.False, ioc.True} {
		ref.resolved = map[string]ioc.Truth{}
		for _, u := range got.Unchecked {
			if u.Reason == "" {
				return fmt.Errorf("%s is unchecked without a reason", u.ConditionID)
			}
			ref.resolved[u.ConditionID] = t
		}
		if v := ref.file(c.file).verdict; v == Undetermined {
			return fmt.Errorf("still undetermined if all of %v are %s", got.Unchecked, t)
		}
	}
	return nil
}

// TestWorkersAgree: the order of the items, the number of evaluators and how
// they take turns change nothing in the results.
func TestWorkersAgree(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(10, seed))
		c := randomCase(r)
		most := r.IntN(4)
		var first string
		for _, n := range []int{1, 2, 5} {
			prog, _ := Compile(&ioc.Collection{Files: []*ioc.File{c.file}}, testSchema)
			h := NewHost(prog, Options{MaxObjects: most})
			var all sync.WaitGroup
			for i := range testSchema {
				name := testSchema[i].Name
				items := make(chan *testItem)
				for range n {
					all.Go(func() {
						e := h.NewEvaluator(name)
						for it := range items {
							e.Eval(it)
						}
						e.Close()
					})
				}
				all.Go(func() {
					d := c.ref.docs[name]
					for _, k := range rand.New(rand.NewPCG(seed, uint64(n))).Perm(len(d.items)) {
						items <- d.items[k]
					}
					close(items)
				})
			}
			all.Wait()
			for i := range testSchema {
				d := c.ref.docs[testSchema[i].Name]
				if d.complete {
					h.Complete(testSchema[i].Name, d.full, "left out")
				} else {
					h.Incomplete(testSchema[i].Name, "stopped")
				}
			}
			text, err := json.Marshal(h.Results())
			if err != nil {
				t.Fatal(err)
			}
			if n == 1 {
				first = string(text)
			} else if string(text) != first {
				t.Fatalf("seed %d: %d evaluators, at most %d objects:\n%s\none:\n%s\n%s", seed, n, most, text, first, c)
			}
		}
	}
}

func (c testCase) String() string {
	var b strings.Builder
	for _, n := range c.file.Criteria {
		dump(&b, n, 0)
	}
	for i := range testSchema {
		d := c.ref.docs[testSchema[i].Name]
		fmt.Fprintf(&b, "%s complete=%v full=%v\n", testSchema[i].Name, d.complete, d.full)
		for _, it := range d.items {
			fmt.Fprintf(&b, "  %s", it.label)
			for _, f := range d.schema.Fields {
				if it.errs[f.Term] != nil {
					fmt.Fprintf(&b, " %s=?", f.Term)
				} else if vs := it.values[f.Term]; vs != nil {
					fmt.Fprintf(&b, " %s=%v", f.Term, vs)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func dump(b *strings.Builder, n ioc.Node, depth int) {
	pad := strings.Repeat("  ", depth)
	if c, ok := n.(*ioc.Condition); ok {
		fmt.Fprintf(b, "%s%s case=%v %s\n", pad, Words(c), c.PreserveCase, c.Fault)
		return
	}
	in := n.(*ioc.Indicator)
	fmt.Fprintf(b, "%s%s %s %s\n", pad, in.Operator, in.Context, in.Fault)
	for _, k := range in.Children {
		dump(b, k, depth+1)
	}
}

// TestRandomTrees compares the engine with the reference on 100,000 random
// IOCs over random evidence.
func TestRandomTrees(t *testing.T) {
	const total, workers = 100_000, 4
	verdicts := make([]map[Verdict]int, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			verdicts[w] = map[Verdict]int{}
			for seed := w; seed < total; seed += workers {
				c := randomCase(rand.New(rand.NewPCG(1, uint64(seed))))
				if err := c.check(); err != nil {
					t.Errorf("seed %d: %v\n%s", seed, err, c)
					return
				}
				verdicts[w][c.ref.file(c.file).verdict]++
			}
		})
	}
	wg.Wait()
	sum := map[Verdict]int{}
	for _, v := range verdicts {
		for k, n := range v {
			sum[k] += n
		}
	}
	for _, v := range []Verdict{Matched, Clear, Undetermined} {
		if !t.Failed() && sum[v] < total/20 {
			t.Errorf("only %d of %d trees are %s: the test says little about them", sum[v], total, v)
		}
	}
	t.Logf("verdicts: %v", sum)
}
