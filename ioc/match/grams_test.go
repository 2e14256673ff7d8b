package match

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// occurrence of a literal, by its index, in a text.
type occurrence struct {
	lit   int32
	start int
}

func sorted(list []occurrence) []occurrence {
	slices.SortFunc(list, func(a, b occurrence) int {
		return cmp.Or(cmp.Compare(a.lit, b.lit), cmp.Compare(a.start, b.start))
	})
	return list
}

// bruteForce looks for every literal at every place.
func bruteForce(lits []string, text string) (out []occurrence) {
	for i, l := range lits {
		for at := 0; ; at++ {
			n := strings.Index(text[at:], l)
			if n < 0 {
				break
			}
			at += n
			out = append(out, occurrence{int32(i), at})
		}
	}
	return out
}

func (g *grams) all(text string) (out []occurrence) {
	g.find([]byte(text), func(id int32, start int) { out = append(out, occurrence{id, start}) })
	return out
}

func gramsOf(lits []string) *grams {
	ids := make([]int32, len(lits))
	for i := range ids {
		ids[i] = int32(i)
	}
	return newGrams(lits, ids)
}

func checkGrams(t testing.TB, g *grams, lits []string, text string) {
	t.Helper()
	got, want := sorted(g.all(text)), sorted(bruteForce(lits, text))
	if !slices.Equal(got, want) {
		t.Fatalf("literals %q in %q:\n got %v\nwant %v", lits, text, got, want)
	}
}

func TestGramsAdversarial(t *testing.T) {
	long := strings.Repeat("a", 70) + "b"
	for _, c := range []struct {
		lits  []string
		texts []string
	}{
		{[]string{"a"}, []string{"", "a", "aaa", "b"}},
		{[]string{"ab", "b", "abc", "abcd", "abcde"}, []string{"abcde", "ab", "xabcdx", "abcab"}},
		{[]string{"aaaa", "aaaaa", "aaa", "aa", "a"}, []string{"aaaaaaa", "aaa"}},           // overlapping
		{[]string{"prefix-one", "prefix-two", "prefix-"}, []string{"prefix-oneprefix-two"}}, // shared
		{[]string{"same", "same", "sa", "sa"}, []string{"samesame"}},                        // repeated
		{[]string{long, long[1:], strings.Repeat("b", 65) + long}, []string{long, "a" + long, strings.Repeat("b", 70) + long}},
		{[]string{"\x00\x00\x00\x00", "\xff\xff\xff\xff", "\x00"}, []string{"\x00\x00\x00\x00\x00", "\xff\xff\xff\xff", ""}},
		{[]string{"cdab", "abcd"}, []string{"abcdabcdab", "cdab", "dabc"}},
		{[]string{"end!"}, []string{"the end!", "the end", "end!the", "nd!"}},
		{[]string{"xyzw", "yz", "wxy"}, []string{"wxyzwxyzw"}},
	} {
		g := gramsOf(c.lits)
		for _, text := range c.texts {
			checkGrams(t, g, c.lits, text)
		}
	}
}

// Long literals are found wherever they stand, each occurrence once and those of
// one literal in order.
func TestGramsStep(t *testing.T) {
	for _, c := range []struct {
		lits []string
		step int
	}{
		{[]string{"abcdefg", "mimikatz"}, 4}, {[]string{"aaaaaaa"}, 4}, {[]string{"abababab", "bababab"}, 4}, {[]string{"abcdef", "abcdefghij"}, 3},
		{[]string{"abcde"}, 2}, {[]string{"abcd", "mimikatz"}, 1}, {[]string{"abc", "mimikatz"}, 4},
	} {
		g := gramsOf(c.lits)
		if g.step != c.step {
			t.Errorf("%q: step %d, want %d", c.lits, g.step, c.step)
		}
		for before := range 9 {
			for after := range 9 {
				for _, l := range c.lits {
					text := strings.Repeat("a", before) + l + l + strings.Repeat("b", after)
					checkGrams(t, g, c.lits, text)
					last := map[int32]int{}
					for _, o := range g.all(text) {
						if from, ok := last[o.lit]; ok && o.start <= from {
							t.Errorf("%q in %q: %d after %d", c.lits[o.lit], text, o.start, from)
						}
						last[o.lit] = o.start
					}
				}
			}
		}
	}
}

func randomText(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func TestGramsRandom(t *testing.T) {
	found := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(2, seed))
		alphabet := []string{"ab", "abcd\x00", "abcdefghijklmnopqrstuvwxyz\\"}[r.IntN(3)]
		text := randomText(r, alphabet, r.IntN(300))
		var lits []string
		for range 1 + r.IntN(40) {
			if len(text) > 0 && r.IntN(2) == 0 { // one that occurs
				from := r.IntN(len(text))
				lits = append(lits, text[from:min(len(text), from+1+r.IntN(80))])
			} else {
				lits = append(lits, randomText(r, alphabet, 1+r.IntN(12)))
			}
		}
		checkGrams(t, gramsOf(lits), lits, text)
		found += len(bruteForce(lits, text))
	}
	if found < 100_000 {
		t.Errorf("only %d occurrences: the test says little", found)
	}
}

// TestGramsMany looks for 100,000 literals, most of which share their ends.
func TestGramsMany(t *testing.T) {
	lits := make([]string, 100_000)
	for i := range lits {
		lits[i] = fmt.Sprintf(`\windows\system32\%06d.exe`, i)
	}
	g := gramsOf(lits)
	r := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		i := r.IntN(len(lits))
		text := "c:" + lits[i] + "|" + lits[i][:20] + "x" + lits[i][1:]
		if got := sorted(g.all(text)); !slices.Equal(got, []occurrence{{int32(i), 2}}) {
			t.Fatalf("%q: %v", text, got)
		}
	}
}

func TestIntervals(t *testing.T) {
	const top = ^uint64(0)
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(4, seed))
		key := func() uint64 {
			switch r.IntN(6) {
			case 0:
				return top - r.Uint64N(3)
			case 1:
				return 1<<63 - 1 + r.Uint64N(3)
			}
			return r.Uint64N(20)
		}
		var v intervals
		type plain struct{ lo, hi uint64 }
		var all []plain
		for i := range r.IntN(60) {
			lo, hi := key(), key()
			if r.IntN(4) > 0 && lo > hi {
				lo, hi = hi, lo
			}
			v.add(lo, hi, int32(i))
			all = append(all, plain{lo, hi})
		}
		v.seal()
		for range 40 {
			k := key()
			var got, want []int32
			v.find(k, func(id int32) { got = append(got, id) })
			for i, p := range all {
				if p.lo <= k && k <= p.hi {
					want = append(want, int32(i))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d key %d in %v: got %v, want %v", seed, k, all, got, want)
			}
		}
	}
}
