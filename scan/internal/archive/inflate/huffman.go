package inflate

import "math/bits"

const (
	maxCode = 15 // bits of a code
	primary = 10 // bits that the first table is looked up by
)

// A table decodes one Huffman code. An entry is a symbol and the length of its
// code, symbol<<4 | length; where codes are longer than primary bits, the entry
// of their beginning is the place of a second table, place<<4, with a length of
// 0. An entry of 0 is no code: place 0 is never used.
type table struct {
	first  [1 << primary]uint32
	second []uint32
	extra  uint // bits that a second table is looked up by
}

// build makes the table of a code from the lengths of its symbols, 0 for those
// that are not used (RFC 1951, 3.2.2). A code that leaves bits without a
// meaning is refused, unless it has one symbol of one bit or none at all.
func (t *table) build(lengths []uint8) bool {
	var count [maxCode + 1]int
	most := 0
	for _, n := range lengths {
		if n > 0 {
			count[n]++
			most = max(most, int(n))
		}
	}
	clear(t.first[:])
	t.second = append(t.second[:0], 0)
	t.extra = uint(max(0, most-primary))
	var next [maxCode + 1]int
	code := 0
	for n := 1; n <= most; n++ {
		code <<= 1
		next[n] = code
		code += count[n]
	}
	if most > 0 && code != 1<<most && !(code == 1 && most == 1) {
		return false
	}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		c := uint(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		entry := uint32(symbol)<<4 | uint32(n)
		if n <= primary {
			for i := c; i < 1<<primary; i += 1 << n {
				t.first[i] = entry
			}
			continue
		}
		at := &t.first[c&(1<<primary-1)]
		if *at == 0 {
			*at = uint32(len(t.second)) << 4
			t.second = append(t.second, make([]uint32, 1<<t.extra)...)
		}
		second := t.second[*at>>4:][:1<<t.extra]
		for i := c >> primary; i < 1<<t.extra; i += 1 << (n - primary) {
			second[i] = entry
		}
	}
	return true
}

// find is the entry of the code that some bits begin with; 0: of none.
func (t *table) find(b uint64) uint32 {
	e := t.first[b&(1<<primary-1)]
	if e&15 == 0 && e != 0 {
		e = t.second[uint64(e>>4)+b>>primary&(1<<t.extra-1)]
	}
	return e
}

// Codes of lengths and distances: what they begin at and how many bits follow
// (RFC 1951, 3.2.5).
var (
	lengthBase  = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	// lengthOrder is the order in which the lengths of the code of lengths are
	// stored (3.2.7).
	lengthOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// fixedLengths are those of the code that needs no description (3.2.6): 288 of
// literals and lengths, 30 of distances; two more have a length and no meaning.
func fixedLengths() (lengths []uint8, literals int) {
	lengths = make([]uint8, 288+32)
	for i := range lengths {
		switch {
		case i >= 288:
			lengths[i] = 5
		case i < 144 || i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	return lengths, 288
}
