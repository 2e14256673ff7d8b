package match

import (
	"encoding/binary"
	"math/bits"
)

// grams finds which of many literals occur in a text, at a cost per byte that
// hardly depends on how many there are.
//
// Each literal is entered under one of its 4-byte substrings, the one that
// fewest of all literals have (.exe and .dll are useless). A text is read once; the four bytes at each
// place go through a bitmap that almost always says no, then through a hash
// table to the literals, which are compared in full. Where literals are few and
// long, each is entered under several substrings in a row, and as many places
// of the text are passed over for each that is looked at. Literals of under
// four bytes have bitmaps and tables of their own, used only if there are any.
type grams struct {
	lits  []literal
	step  int  // from one place of a text that is looked at to the next
	shift uint // of the multiplied gram, so that it indexes bitmap
	bits  []uint64
	heads map[uint32]int32 // gram → first literal, chained by next
	zeros bool             // some gram is four zero bytes, of which contents are full

	short   [4]*shortTable // by length, 1 to 3; nil where there are none
	longest int
}

type literal struct {
	text string
	at   int32 // where in text its gram stands
	next int32 // next literal of the same gram, -1 at the end
	id   int32
}

const golden = 2654435769 // 2^32 / golden ratio: spreads grams over the bitmap

// newGrams takes folded literals, none of them empty; ids are given back by
// find. fold is applied to each byte of the text; nil where texts come folded.
func newGrams(texts []string, ids []int32) *grams {
	g := &grams{step: gramStep(texts)}
	g.heads = make(map[uint32]int32, g.step*len(texts))
	size := uint(bits.Len(uint(g.step*len(texts)))) + 6
	size = min(max(size, 15), 24)
	g.shift = 32 - size
	g.bits = make([]uint64, 1<<size/64)
	common := gramCounts(texts)
	for i, t := range texts {
		g.longest = max(g.longest, len(t))
		if len(t) < 4 {
			g.addShort(t, ids[i])
			continue
		}
		for o := range g.step {
			g.add(literal{text: t, at: int32(common.rarest(t, g.step) + o), id: ids[i]})
		}
	}
	return g
}

// gramStep is how far apart places can be looked at so that none of the
// literals slips through.
func gramStep(texts []string) int {
	const few, most = 1024, 4
	step := most
	for _, t := range texts {
		if len(t) >= 4 {
			step = min(step, len(t)-3)
		}
	}
	if len(texts) > few {
		step = 1
	}
	return step
}

func (g *grams) add(l literal) {
	key := gramAt(l.text, int(l.at))
	g.zeros = g.zeros || key == 0
	next, ok := g.heads[key]
	if !ok {
		next = -1
	}
	l.next = next
	g.heads[key] = int32(len(g.lits))
	g.lits = append(g.lits, l)
	h := key * golden >> g.shift
	g.bits[h/64] |= 1 << (h % 64)
}

// mostGrams is how many substrings of a literal there are to choose from.
const mostGrams = 64

// gramCount says roughly how often each 4-byte string occurs in all literals:
// those of one hash share a count.
type gramCount []uint32

func gramCounts(texts []string) gramCount {
	g := make(gramCount, 1<<16)
	for _, t := range texts {
		for o := 0; o+4 <= len(t) && o < mostGrams; o++ {
			g[gramAt(t, o)*golden>>16]++
		}
	}
	return g
}

func (g gramCount) of(gram uint32) uint32 { return g[gram*golden>>16] }

// rarest is where n substrings in a row begin of which the most frequent is the
// least so.
func (g gramCount) rarest(t string, n int) (at int) {
	least := ^uint32(0)
	for o := 0; o+3+n <= len(t) && o < mostGrams; o++ {
		count := uint32(0)
		for i := range n {
			count = max(count, g.of(gramAt(t, o+i)))
		}
		if count < least {
			at, least = o, count
		}
	}
	return at
}

func gramAt(s string, o int) uint32 {
	return uint32(s[o]) | uint32(s[o+1])<<8 | uint32(s[o+2])<<16 | uint32(s[o+3])<<24
}

// find calls hit for every occurrence with the literal's id and the place
// where it starts. Occurrences of one literal come in ascending order.
func (g *grams) find(text []byte, hit func(id int32, start int)) {
	if len(g.lits) > 0 {
		for i := 0; i+4 <= len(text); i += g.step {
			gram := binary.LittleEndian.Uint32(text[i:])
			h := gram * golden >> g.shift
			if g.bits[h/64]&(1<<(h%64)) != 0 && (gram != 0 || g.zeros) {
				g.verify(text, i, gram, hit)
			}
		}
	}
	for n := 1; n < len(g.short); n++ {
		if g.short[n] != nil {
			g.short[n].find(text, n, hit)
		}
	}
}

func (g *grams) verify(text []byte, at int, gram uint32, hit func(int32, int)) {
	i, ok := g.heads[gram]
	if !ok {
		return
	}
	for ; i >= 0; i = g.lits[i].next {
		l := &g.lits[i]
		start := at - int(l.at)
		if start >= 0 && start+len(l.text) <= len(text) && string(text[start:start+len(l.text)]) == l.text {
			hit(l.id, start)
		}
	}
}

// A shortTable holds the literals of one length under four bytes.
type shortTable struct {
	bits [1 << 16 / 64]uint64
	ids  map[string][]int32
}

func (g *grams) addShort(t string, id int32) {
	s := g.short[len(t)]
	if s == nil {
		s = &shortTable{ids: map[string][]int32{}}
		g.short[len(t)] = s
	}
	h := shortHash([]byte(t))
	s.bits[h/64] |= 1 << (h % 64)
	s.ids[t] = append(s.ids[t], id)
}

func shortHash(b []byte) uint16 {
	h := uint32(0)
	for _, c := range b {
		h = h<<8 | uint32(c)
	}
	return uint16(h ^ h>>9)
}

func (s *shortTable) find(text []byte, n int, hit func(int32, int)) {
	for i := 0; i+n <= len(text); i++ {
		h := shortHash(text[i : i+n])
		if s.bits[h/64]&(1<<(h%64)) == 0 {
			continue
		}
		for _, id := range s.ids[string(text[i:i+n])] {
			hit(id, i)
		}
	}
}
