package pe

import (
	"fmt"
	"strconv"
)

// A Module is a DLL that the program imports from.
type Module struct {
	Name      string
	Functions []Function
	Delayed   bool // loaded at the first call
}

// A Function is imported by its name, or where Name is empty by its number.
type Function struct {
	Name    string
	Ordinal uint16
}

// String is the name, or the number as in #35.
func (f Function) String() string {
	if f.Name == "" {
		return "#" + strconv.Itoa(int(f.Ordinal))
	}
	return f.Name
}

// Imports lists the modules in the order of the import table, then those that
// are loaded late. The error comes beside what could be read.
func (f *File) Imports() ([]Module, error) { return f.cache.imports.get(f.readImports) }

func (f *File) readImports() (list []Module, err error) {
	if f.HeaderErr != nil {
		return nil, f.HeaderErr
	}
	b := newBudget()
	err = f.importTable(b, &list)
	if late := f.delayTable(b, &list); err == nil {
		err = late
	}
	return list, err
}

const (
	importSize = 20
	delaySize  = 32
)

func (f *File) importTable(b *budget, out *[]Module) error {
	d := f.dir(dirImport)
	if d.at == 0 { // the loader does not ask for the size
		return nil
	}
	// The loader goes to the entry without a name or address table, whatever
	// size the directory has.
	for va := uint64(d.at); ; va += importSize {
		if err := b.thing(); err != nil {
			return fmt.Errorf("imports: %w", err)
		}
		var e [importSize]byte
		if err := f.readVA(e[:], va); err != nil {
			return fmt.Errorf("imports: %w", err)
		}
		lookup, name, first := le.Uint32(e[0:]), le.Uint32(e[12:]), le.Uint32(e[16:])
		if name == 0 || first == 0 {
			return nil
		}
		if lookup == 0 {
			lookup = first // old linkers of Borland write no lookup table
		}
		if err := f.module(uint64(name), uint64(lookup), 0, false, b, out); err != nil {
			return err
		}
	}
}

func (f *File) delayTable(b *budget, out *[]Module) error {
	d := f.dir(dirDelay)
	if d.at == 0 { // the loader does not ask for the size
		return nil
	}
	for va := uint64(d.at); ; va += delaySize {
		if err := b.thing(); err != nil {
			return fmt.Errorf("delayed imports: %w", err)
		}
		var e [delaySize]byte
		if err := f.readVA(e[:], va); err != nil {
			return fmt.Errorf("delayed imports: %w", err)
		}
		name, lookup := uint64(le.Uint32(e[4:])), uint64(le.Uint32(e[16:]))
		if name == 0 || lookup == 0 {
			return nil
		}
		base := uint64(0)
		if e[0]&1 == 0 { // the first linkers that had this wrote addresses, not offsets from the base
			base = f.Base & 0xffffffff
		}
		if err := f.module(name-base, lookup-base, base, true, b, out); err != nil {
			return err
		}
	}
}

func (f *File) module(name, lookup, base uint64, delayed bool, b *budget, out *[]Module) error {
	m := Module{Delayed: delayed}
	var err error
	if m.Name, err = f.text(name, b); err != nil {
		return fmt.Errorf("imports: name of module %d: %w", len(*out)+1, err)
	}
	err = f.functions(&m, lookup, base, b)
	*out = append(*out, m)
	if err != nil {
		return fmt.Errorf("imports from %q: %w", m.Name, err)
	}
	return nil
}

func (f *File) functions(m *Module, va, base uint64, b *budget) error {
	width := uint64(4)
	if f.Wide {
		width = 8
	}
	for ; ; va += width {
		if err := b.thing(); err != nil {
			return err
		}
		var e [8]byte
		if err := f.readVA(e[:width], va); err != nil {
			return err
		}
		entry := le.Uint64(e[:])
		if entry == 0 {
			return nil
		}
		if entry>>(width*8-1) != 0 {
			m.Functions = append(m.Functions, Function{Ordinal: uint16(entry)})
			continue
		}
		const hint = 2 // bytes before the name
		name, err := f.text(entry-base+hint, b)
		if err != nil {
			return err
		}
		m.Functions = append(m.Functions, Function{Name: name})
	}
}
