package petest

import (
	"strconv"
	"strings"
)

// imports writes both import tables.
func (m Image) imports(b *blob) (now, late [2]uint32) {
	var entries, delayed []uint32
	for _, mod := range m.Imports {
		lookup := m.thunks(b, mod)
		entries = append(entries, lookup, 0, 0, b.text(mod.Name), lookup)
		b.align(8)
	}
	for _, mod := range m.Delayed {
		lookup := m.thunks(b, mod)
		delayed = append(delayed, 1, b.text(mod.Name), 0, lookup, lookup, 0, 0, 0)
		b.align(8)
	}
	if len(entries) > 0 {
		now[0] = b.here()
		b.u32(append(entries, 0, 0, 0, 0, 0)...)
		now[1] = b.here() - now[0]
	}
	if len(delayed) > 0 {
		late[0] = b.here()
		b.u32(append(delayed, 0, 0, 0, 0, 0, 0, 0, 0)...)
		late[1] = b.here() - late[0]
	}
	return now, late
}

func (m Image) thunks(b *blob, mod Module) uint32 {
	var list []uint64
	for _, f := range mod.Functions {
		if number, ok := strings.CutPrefix(f, "#"); ok {
			n, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				panic(err)
			}
			if m.Wide {
				n |= 1 << 63
			} else {
				n |= 1 << 31
			}
			list = append(list, n)
			continue
		}
		b.align(2)
		at := b.add(0, 0)
		b.text(f)
		list = append(list, uint64(at))
	}
	b.align(8)
	at := b.here()
	for _, n := range append(list, 0) {
		if b.u32(uint32(n)); m.Wide {
			b.u32(uint32(n >> 32))
		}
	}
	return at
}

func (e *Exports) write(b *blob) [2]uint32 {
	start := b.here()
	functions := uint32(len(e.Names) + e.Unnamed)
	names := uint32(len(e.Names))
	table := start + 40
	b.u32(0, e.Time, 0, table+4*functions+6*names, 1, functions, names, table, table+4*functions, table+4*functions+4*names)
	for i := range functions {
		b.u32(0x1000 + i)
	}
	at := table + 4*functions + 6*names + uint32(len(e.DLL)) + 1
	for _, n := range e.Names {
		b.u32(at)
		at += uint32(len(n)) + 1
	}
	for i := range names {
		b.u16(uint16(i))
	}
	b.text(e.DLL)
	for _, n := range e.Names {
		b.text(n)
	}
	return [2]uint32{start, b.here() - start}
}
