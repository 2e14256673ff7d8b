package pe

import "fmt"

// Exports are what other programs may call.
type Exports struct {
	Time              uint32 // seconds since 1970
	DLLName           string
	DLLNameErr        error    // why it is not known
	NumberOfFunctions uint32   // as the directory says
	NumberOfNames     uint32   // as the directory says
	Names             []string // in the order of the name table
	Unnamed           int      // exported by number only
}

// Exports reads the export directory; nil without an error says that there is
// none. The error comes beside what could be read.
func (f *File) Exports() (*Exports, error) { return f.cache.exports.get(f.readExports) }

func (f *File) readExports() (e *Exports, err error) {
	if f.HeaderErr != nil {
		return nil, f.HeaderErr
	}
	d := f.dir(dirExport)
	if d.at == 0 {
		return nil, nil
	}
	var h [40]byte
	if err := f.readVA(h[:], uint64(d.at)); err != nil {
		return nil, fmt.Errorf("exports: %w", err)
	}
	e = &Exports{Time: le.Uint32(h[4:]), NumberOfFunctions: le.Uint32(h[20:]), NumberOfNames: le.Uint32(h[24:])}
	b := newBudget()
	if e.DLLName, err = f.text(uint64(le.Uint32(h[12:])), b); err != nil {
		e.DLLNameErr = fmt.Errorf("name of the exporting module: %w", err)
	}
	named, err := f.exportNames(e, uint64(le.Uint32(h[32:])), uint64(le.Uint32(h[36:])), b)
	if err != nil {
		return e, fmt.Errorf("exported names: %w", err)
	}
	for i := range e.NumberOfFunctions {
		if err := b.thing(); err != nil {
			return e, fmt.Errorf("exported functions: %w", err)
		}
		at, err := f.u32(uint64(le.Uint32(h[28:])) + 4*uint64(i))
		if err != nil {
			return e, fmt.Errorf("exported functions: %w", err)
		}
		if at != 0 && !named[i] {
			e.Unnamed++
		}
	}
	return e, nil
}

// exportNames reads the names, and which functions have one.
func (f *File) exportNames(e *Exports, names, numbers uint64, b *budget) (named map[uint32]bool, fault error) {
	named = map[uint32]bool{}
	for i := range uint64(e.NumberOfNames) {
		if err := b.thing(); err != nil {
			return nil, err
		}
		number, err := f.u16(numbers + 2*i)
		if err != nil {
			return nil, err
		}
		at, err := f.u32(names + 4*i)
		if err != nil {
			return nil, err
		}
		named[uint32(number)] = true
		name, err := f.text(uint64(at), b)
		if err != nil { // the others may be sound
			if fault == nil {
				fault = err
			}
			continue
		}
		e.Names = append(e.Names, name)
	}
	return named, fault
}
