package match

// marks is a small table of numbers that are emptied all at once, for what an
// item touches of a program that may be a hundred thousand times as large. Its
// size is that of the most that one item has touched.
type marks struct {
	table []mark
	n     int
	gen   uint32
}

type mark struct {
	key   int32
	gen   uint32 // the mark counts while it is that of the table
	value uint8
}

const fewMarks = 64

func (m *marks) reset() {
	m.n = 0
	if m.gen++; m.gen == 0 || m.table == nil {
		m.table, m.gen = make([]mark, max(fewMarks, len(m.table))), 1
	}
}

// at is the place of a key, or the free one where it belongs.
func (m *marks) at(key int32) *mark {
	mask := uint32(len(m.table) - 1)
	for i := uint32(key) * golden >> 7 & mask; ; i = (i + 1) & mask {
		if p := &m.table[i]; p.gen != m.gen || p.key == key {
			return p
		}
	}
}

// get returns the value of a key; ok is false if it has none.
func (m *marks) get(key int32) (value uint8, ok bool) {
	p := m.at(key)
	return p.value, p.gen == m.gen
}

// put sets the value of a key and reports whether it had none.
func (m *marks) put(key int32, value uint8) bool {
	p := m.at(key)
	if p.gen == m.gen {
		p.value = value
		return false
	}
	*p = mark{key, m.gen, value}
	if m.n++; 2*m.n > len(m.table) {
		m.grow()
	}
	return true
}

func (m *marks) grow() {
	old := m.table
	m.table = make([]mark, 2*len(old))
	for _, p := range old {
		if p.gen == m.gen {
			*m.at(p.key) = p
		}
	}
}
