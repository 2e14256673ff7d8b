package evtx

import "slices"

// The guard follows the control flow of the library (version 20260612) over a
// chunk, with bounds that the library lacks: it counts values without limit,
// believes sizes, and recurses as deep as it is led. What passes the guard
// costs the library bounded time and memory. It is to be looked at again
// whenever the library's version changes.

const (
	guardSteps = 100_000 // real chunks stay below a quarter
	guardDepth = 16
)

type guard struct {
	b     []byte
	known map[uint32]int // what using a template costs, in steps
	steps int
	depth int
	out   guarded
}

// guarded are the records from the start of a chunk that the library can be
// given, and what they have of each other.
type guarded struct {
	offsets []int
	uses    [][]uint32     // by record: the templates it names
	definer map[uint32]int // the record in which the library finds a template
}

// guardChunk follows the records of a chunk as far as the library can be given
// them. In b, which is changed, arrays that the library would read up to the
// end of the chunk are made bytes.
func guardChunk(b []byte) guarded {
	g := &guard{b: b, known: make(map[uint32]int, 32), steps: guardSteps, out: guarded{definer: make(map[uint32]int, 32)}}
	for o := chunkHeaderSize; o+minRecord <= len(b) && le.Uint32(b[o:]) == recordMagic; {
		size := le.Uint32(b[o+4:])
		if size < minRecord || size > uint32(len(b)-o) || size&3 != 0 {
			break
		}
		g.out.uses = append(g.out.uses, nil)
		if _, err := g.binXML(o+recordHeadSize, false); err != nil {
			break
		}
		g.out.offsets = append(g.out.offsets, o)
		o += int(size)
	}
	return g.out
}

// use notes that the record in work names a template, which it defines if no
// record before has.
func (g *guard) use(id uint32) {
	rec := len(g.out.offsets)
	g.out.uses[rec] = append(g.out.uses[rec], id)
	if _, ok := g.out.definer[id]; !ok {
		g.out.definer[id] = rec
	}
}

// needs lists a record and those before it without which the library cannot
// read it, in order.
func (g *guarded) needs(rec int) []int {
	list := []int{rec}
	for i := 0; i < len(list); i++ {
		for _, id := range g.uses[list[i]] {
			if d := g.definer[id]; !slices.Contains(list, d) {
				list = append(list, d)
			}
		}
	}
	slices.Sort(list)
	return list
}

// take advances o by n bytes that must be there.
func (g *guard) take(o, n int) (int, error) {
	if o < 0 || n < 0 || n > len(g.b)-o {
		return 0, errBad
	}
	return o + n, nil
}

func (g *guard) u32(o int) (uint32, int, error) {
	end, err := g.take(o, 4)
	if err != nil {
		return 0, 0, err
	}
	return le.Uint32(g.b[o:]), end, nil
}

// name skips a reference to a name, and the name if it stands in place.
func (g *guard) name(o int) (int, error) {
	v, o, err := g.u32(o)
	if err != nil || v > ChunkSize {
		return 0, errBad
	}
	p, err := g.take(int(v), 8)
	if err != nil {
		return 0, err
	}
	end, err := g.take(p, 2*(int(le.Uint16(g.b[p-2:]))+1))
	if err != nil {
		return 0, err
	}
	if int(v) == o {
		return end, nil
	}
	return o, nil
}

func (g *guard) binXML(o int, body bool) (int, error) {
	if g.depth == guardDepth {
		return 0, errBudget
	}
	g.depth++
	defer func() { g.depth-- }()
	for {
		if g.steps--; g.steps < 0 {
			return 0, errBudget
		}
		if o >= len(g.b) {
			return 0, errBad
		}
		token := g.b[o]
		o++
		var err error
		switch token {
		case 0x01, 0x41:
			n := 4
			if body {
				n += 2
			}
			if o, err = g.take(o, n); err == nil {
				o, err = g.name(o)
			}
			if err == nil && token == 0x41 {
				o, err = g.take(o, 4)
			}
		case 0x02, 0x03, 0x04, 0x07, 0x47, 0x08, 0x48, 0x09, 0x49, 0x0a, 0x0b:
			// The library does not skip what belongs to some of these either.
		case 0x05, 0x45:
			if o, err = g.take(o, 3); err == nil {
				o, err = g.take(o, 2*int(le.Uint16(g.b[o-2:])))
			}
		case 0x06, 0x46:
			o, err = g.name(o)
		case 0x0c:
			var stop bool
			if o, stop, err = g.instance(o); stop {
				return o, nil
			}
		case 0x0d, 0x0e:
			if o, err = g.take(o, 3); err == nil && g.b[o-1] == 0 {
				o, err = g.take(o, 1)
			}
		case 0x0f:
			o, err = g.take(o, 3)
		default: // 0 ends a fragment, and so does what the library does not know
			return o, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// instance skips a template instance. stop: the library ends the fragment.
func (g *guard) instance(o int) (end int, stop bool, err error) {
	if o >= len(g.b) {
		return 0, false, errBad
	}
	if g.b[o] != 1 {
		return o + 1, true, nil
	}
	id, o, err := g.u32(o + 1)
	if err != nil || id == 0 {
		return o, err == nil, err
	}
	if o, err = g.take(o, 4); err != nil {
		return 0, false, err
	}
	g.use(id)
	count, o, err := g.u32(o)
	if err != nil {
		return 0, false, err
	}
	if cost, ok := g.known[id]; ok {
		// The library copies the whole template. A template that uses itself
		// is copied as far as it is known.
		if cost < 0 {
			cost = -cost - g.steps
		}
		if g.steps -= cost; g.steps < 0 {
			return 0, false, errBudget
		}
	} else {
		// The library takes the first use of an id for its definition.
		before := g.steps
		g.known[id] = -before
		if o, err = g.take(o, 16); err != nil {
			return 0, false, err
		}
		var size uint32
		if size, o, err = g.u32(o); err != nil || size > ChunkSize {
			return 0, false, errBad
		}
		if _, err = g.binXML(o, true); err != nil {
			return 0, false, err
		}
		g.known[id] = before - g.steps
		if o, err = g.take(o, int(size)); err != nil {
			return 0, false, err
		}
		if count, o, err = g.u32(o); err != nil {
			return 0, false, err
		}
	}
	if count > 4096 {
		return 0, false, errBad
	}
	g.steps -= int(count)
	d := o
	if o, err = g.take(o, 4*int(count)); err != nil {
		return 0, false, err
	}
	for end := o; d < end; d += 4 {
		if o, err = g.value(d, o); err != nil {
			return 0, false, err
		}
	}
	return o, false, nil
}

// value skips the value at o that the descriptor at d describes, by as much as
// the library would.
func (g *guard) value(d, o int) (int, error) {
	n, typ := int(le.Uint16(g.b[d:])), le.Uint16(g.b[d+2:])
	switch typ {
	case 0x86, 0x8a, 0x95:
		le.PutUint16(g.b[d+2:], uint16(Binary))
	case 0x04:
		n = 1
	case 0x06:
		n = 2
	case 0x07, 0x08, 0x0b, 0x14:
		n = 4
	case 0x09, 0x0a, 0x0c, 0x11, 0x15:
		n = 8
	case 0x0d:
		if n != 1 && n != 2 && n != 4 && n != 8 {
			n = 0
		}
	case 0x0f, 0x12:
		if n < 16 {
			return 0, errBad
		}
	case 0x13:
		if n < 8 || n%4 != 0 || n > 8+4*15 {
			return 0, errBad
		}
	case 0x21:
		if _, err := g.binXML(o, false); err != nil {
			return 0, err
		}
	}
	return g.take(o, n)
}
