package document

import (
	"fmt"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

const memoryElement = "ProcessItem/SectionList/MemorySection"

const mostRegions = 1 << 18 // of one process; Linux ends at 65,530 by default

// A region is a range of addresses that a process has mapped in one way.
type region struct {
	start, size uint64
	path        string // of the mapped file; empty: none
	pathErr     error  // which file it is cannot be told
	mapped      bool   // from a file
	inode       uint64 // Linux: of the mapped file, where it can be compared; 0: not told
	gone        bool   // Linux: the mapped file is deleted
	protection  string // as the system writes it
	flags       uint64 // raw
	flagged     bool
	readable    bool

	// injected: it looks like code that somebody else put there. Only where
	// that can be judged.
	injected, judged bool
}

// regions are what the process has mapped.
func (p *process) regions() ([]region, error) {
	return p.regionList.get(func() ([]region, error) { return ofLiving(p.host.regions(p.pid)) })
}

// sectionFields are the terms of what a process has mapped. Not among them: the
// hash of a region's memory.
var sectionFields = []Field[process]{
	ofRegion("Name", ioc.Path, func(r *region, yield func(ioc.Value) bool) error {
		if r.path == "" || !yield(ioc.PathValue(r.path)) {
			return r.pathErr
		}
		if hasLetter(r.path) && !yield(ioc.PathValue(r.path[2:])) {
			return nil
		}
		yield(ioc.PathValue(imageName(r.path)))
		return nil
	}),
	ofRegion("Mapped", ioc.Bool, func(r *region, yield func(ioc.Value) bool) error {
		if r.pathErr != nil {
			return r.pathErr
		}
		yield(ioc.BoolValue(r.mapped))
		return nil
	}),
	ofRegion("RegionStart", ioc.Int, func(r *region, yield func(ioc.Value) bool) error {
		yield(ioc.IntValue(r.start))
		return nil
	}),
	ofRegion("RegionSize", ioc.Int, func(r *region, yield func(ioc.Value) bool) error {
		yield(ioc.IntValue(r.size))
		return nil
	}),
	ofRegion("Protection", ioc.Text, func(r *region, yield func(ioc.Value) bool) error {
		yieldTexts(some(r.protection), yield)
		return nil
	}),
	ofRegion("RawFlags", ioc.Text, func(r *region, yield func(ioc.Value) bool) error {
		if !r.flagged {
			return errNotCarried
		}
		if yield(ioc.TextValue(fmt.Sprintf("0x%x", r.flags))) {
			yield(ioc.TextValue(fmt.Sprint(r.flags)))
		}
		return nil
	}),
	ofRegion("Injected", ioc.Bool, func(r *region, yield func(ioc.Value) bool) error {
		if !r.judged {
			return errNotCarried
		}
		yield(ioc.BoolValue(r.injected))
		return nil
	}),
}

func ofRegion(term string, kind ioc.Kind, get func(*region, func(ioc.Value) bool) error) Field[process] {
	f := match.Field{Term: memoryElement + "/" + term, Kind: kind, Cost: match.Open, Multi: true, Element: memoryElement}
	if kind == ioc.Path {
		f.Same = any2
	}
	return field(f, func(p *process, yield func(ioc.Value) bool) error {
		list, fault := p.regions()
		return eachElement(list, fault, get, yield)
	})
}
