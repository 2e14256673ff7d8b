package match

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"iocscan/ioc"
)

// manyConditions is a collection of n conditions on names, paths, sizes and
// hashes, ten to a file.
func manyConditions(n int) *ioc.Collection {
	coll := &ioc.Collection{}
	for i := 0; i < n; i += 10 {
		top := &ioc.Indicator{ID: fmt.Sprint("top", i)}
		for k := i; k < min(i+10, n); k++ {
			c := &ioc.Condition{ID: fmt.Sprint("c", k)}
			switch k % 5 {
			case 0:
				c.Term, c.Test, c.Content = "FileItem/FileName", ioc.Is, fmt.Sprintf("name%07d.exe", k)
			case 1:
				c.Term, c.Test, c.Content = "FileItem/FullPath", ioc.Contains, fmt.Sprintf(`\folder%07d\bad`, k)
			case 2:
				c.Term, c.Test, c.Content = "FileItem/SizeInBytes", ioc.Is, fmt.Sprint(int64(1<<40)+int64(k))
			case 3:
				c.Term, c.Test, c.Content = "FileItem/Md5sum", ioc.Is, fmt.Sprintf("%032x", k)
			case 4:
				c.Term, c.Test, c.Content = "FileItem/FullPath", ioc.EndsWith, fmt.Sprintf(`\tail%07d.dll`, k)
			}
			top.Children = append(top.Children, c)
		}
		coll.Files = append(coll.Files, &ioc.File{Path: fmt.Sprint(i, ".ioc"), Criteria: []ioc.Node{top}})
	}
	return coll
}

// A benchItem is a file of which everything is known and nothing is wanted.
type benchItem struct{ values [8]ioc.Value }

func (b *benchItem) Label() string { return b.values[0].Str }

func (b *benchItem) Each(f int, yield func(ioc.Value) bool) error {
	if f < len(b.values) {
		yield(b.values[f])
	}
	return nil
}

func newBenchItem() *benchItem {
	return &benchItem{[8]ioc.Value{ioc.PathValue(`C:\Windows\System32\drivers\etc\services.dll`), ioc.PathValue(`Windows\System32\drivers\etc`), ioc.TextValue("services.dll"),
		ioc.IntValue(17463), ioc.TicksValue(132_000_000_000_000_000), ioc.TextValue("SYSTEM"), ioc.DigestValue("0123456789abcdef"), ioc.DigestValue("0123456789abcdefghij")}}
}

var sizes = []int{1, 1000, 100_000}

// BenchmarkEval: the cost of an item hardly grows with the number of
// conditions.
func BenchmarkEval(b *testing.B) {
	for _, n := range sizes {
		prog, _ := Compile(manyConditions(n), caseSchema)
		h := NewHost(prog, Options{})
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := h.NewEvaluator("FileItem")
			it := newBenchItem()
			b.ReportAllocs()
			for b.Loop() {
				e.Eval(it)
			}
		})
	}
}

// TestEvalAllocatesNothing: an item that no condition fits costs no memory.
func TestEvalAllocatesNothing(t *testing.T) {
	prog, gaps := Compile(manyConditions(1000), caseSchema)
	if len(gaps) > 0 {
		t.Fatal(gaps)
	}
	e := NewHost(prog, Options{}).NewEvaluator("FileItem")
	it := newBenchItem()
	e.Eval(it)
	if n := testing.AllocsPerRun(1000, func() { e.Eval(it) }); n != 0 {
		t.Errorf("%v allocations an item", n)
	}
}

// BenchmarkCompile says how long 100,000 conditions take and how much memory
// the program of 10,000 files keeps.
func BenchmarkCompile(b *testing.B) {
	coll := manyConditions(100_000)
	b.ReportAllocs()
	for b.Loop() {
		Compile(coll, caseSchema)
	}
}

// parsed is the collection of n conditions as read from OpenIOC documents.
func parsed(n int) *ioc.Collection {
	coll := &ioc.Collection{}
	for _, f := range manyConditions(n).Files {
		var x strings.Builder
		x.WriteString(`<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="` + f.Path + `"><criteria><Indicator operator="OR" id="` + f.Path + `">`)
		for i, k := range f.Criteria[0].(*ioc.Indicator).Children {
			c := k.(*ioc.Condition)
			fmt.Fprintf(&x, `<IndicatorItem id="0f8fad5b-d9cb-469f-a165-7086%08x" condition="%s" preserve-case="false" negate="false"><Context document="FileItem" search="%s" type="mir"/><Content type="string">%s</Content></IndicatorItem>`,
				i, c.Test, c.Term, c.Content)
		}
		x.WriteString(`</Indicator></criteria></OpenIOC>`)
		coll.Files = append(coll.Files, ioc.Parse(f.Path, []byte(x.String())))
	}
	return coll
}

// TestMemory: the model and the program of 10,000 files with ten conditions
// each stay well below 100 MB.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	coll := parsed(100_000)
	model := heap()
	prog, _ := Compile(coll, caseSchema)
	program := heap()
	h := NewHost(prog, Options{MaxObjects: 1000})
	e := h.NewEvaluator("FileItem")
	e.Eval(newBenchItem())
	host := heap()
	const mb = 1 << 20
	t.Logf("model %.1f MB, program %.1f MB, host and evaluator %.1f MB", float64(model-before)/mb, float64(program-model)/mb, (float64(host)-float64(program))/mb)
	if total := host - before; total > 80*mb {
		t.Errorf("%d MB in all", total/mb)
	}
	runtime.KeepAlive(coll)
	runtime.KeepAlive(h)
	runtime.KeepAlive(e)
}

// BenchmarkContent is the speed of the search in contents.
func BenchmarkContent(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 9))
	random := make([]byte, 1<<20)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	text := []byte(strings.Repeat("This program cannot be run in DOS mode. kernel32.dll GetProcAddress http://www.example.com/index.html\n", 1<<20/100))
	for _, n := range []int{10, 10_000} {
		var patterns []*ioc.Pattern
		for i := range n {
			p, err := ioc.NewPattern(ioc.Text, ioc.Contains, fmt.Sprintf("Evil string number %d", i), false)
			if err != nil {
				b.Fatal(err)
			}
			patterns = append(patterns, p)
		}
		d := &docProgram{schema: &Document{Fields: []Field{{Strings: true}}}}
		var ids []predID
		for i, p := range patterns {
			d.preds = append(d.preds, predicate{pattern: p})
			ids = append(ids, predID(i))
		}
		s := newContentSearch(newContentIndex(d, ids))
		for name, data := range map[string][]byte{"random": random, "text": text, "zeros": make([]byte, 1<<20)} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					s.reset()
					for at := 0; at < len(data); at += 1 << 16 {
						s.block(data[at:min(at+1<<16, len(data))])
					}
				}
			})
		}
	}
}
