package evtx

// template finds or compiles the template of an instance for elements below
// base. A sound definition of the chunk itself always wins; one that is
// damaged gives way to one with the same GUID from another chunk; without any
// such, as much of it is used as can be read.
func (r *Reader) template(h head, base PathID) (*template, error) {
	if h.def == 0 {
		return r.borrow(h.id, base)
	}
	first := int32(-1)
	if r.tmplGen[h.def] == r.gen {
		first = r.tmplAt[h.def]
	}
	for i := first; i >= 0; i = r.templates[i].next {
		if r.templates[i].base == base {
			return &r.templates[i], nil
		}
	}
	size := r.ref(h.def + 20)
	if size > ChunkSize-h.def-defHeadSize {
		return r.borrow(h.id, base)
	}
	t, err := r.compile(r.buf[:ChunkSize], h.def+defHeadSize, size, base, true)
	if err != nil {
		if lent, lerr := r.borrow(h.id, base); lerr == nil {
			return lent, nil
		}
		if len(t.items) == 0 {
			return nil, errNoTmpl
		}
	}
	t.next, t.err = first, err
	return r.add(t, h.def)
}

// add puts a template into the table, under its offset if that is not 0.
func (r *Reader) add(t template, at int) (*template, error) {
	if len(r.templates) == maxTemplates {
		r.stats.OverBudget = true
		return nil, errBudget
	}
	r.templates = append(r.templates, t)
	r.itemTop, r.elemTop = len(r.items), len(r.elems)
	i := len(r.templates) - 1
	if at != 0 {
		r.tmplGen[at], r.tmplAt[at] = r.gen, int32(i)
	}
	return &r.templates[i], nil
}

// compile makes a template of a definition's body. On an error it is what was
// read before.
func (r *Reader) compile(b []byte, o, size int, base PathID, nested bool) (template, error) {
	r.item0, r.elem0 = len(r.items), len(r.elems)
	c := compiler{r: r, b: b, p: o, end: o + size, dep: true, nested: nested}
	err := c.compile(base)
	t := template{
		base: base, next: -1, odd: c.odd,
		items: r.items[r.item0:len(r.items):len(r.items)],
		elems: r.elems[r.elem0:len(r.elems):len(r.elems)],
	}
	for t.head < len(t.items) && r.names.paths[t.items[t.head].path].area == areaSystem {
		t.head++
	}
	return t, err
}

type borrowKey struct {
	id   uint32
	base PathID
}

// borrow takes a definition from another chunk.
func (r *Reader) borrow(id uint32, base PathID) (*template, error) {
	if r.Lender == nil || id == 0 {
		return nil, errNoTmpl
	}
	key := borrowKey{id, base}
	if i, ok := r.borrowed[key]; ok {
		if i < 0 {
			return nil, errNoTmpl
		}
		return &r.templates[i], nil
	}
	if len(r.borrowed) >= maxTemplates {
		return nil, errNoTmpl
	}
	r.borrowed[key] = -1
	if r.spare == nil {
		r.spare = make([]byte, ChunkSize)
	}
	o, ok := r.Lender.find(id, r.spare)
	if !ok {
		return nil, errNoTmpl
	}
	lent, items, elems := r.lent, len(r.items), len(r.elems)
	t, err := r.compile(r.spare, o+defHeadSize, int(le.Uint32(r.spare[o+20:])), base, false)
	if err != nil {
		r.lent, r.items, r.elems = lent, r.items[:items], r.elems[:elems]
		return nil, errNoTmpl
	}
	t.lent = true
	p, err := r.add(t, 0)
	if err == nil {
		r.borrowed[key] = int32(len(r.templates) - 1)
	}
	return p, err
}
