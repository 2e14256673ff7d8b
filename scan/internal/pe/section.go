package pe

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// A Section is one row of the section table.
type Section struct {
	RawName         string // eight bytes
	VirtualSize     uint32
	Address         uint32 // relative to the base
	RawSize         uint32 // bytes in the file
	Offset          uint32 // in the file
	Characteristics uint32 // IMAGE_SCN_*
}

// Name is the name without the zero bytes that fill it up.
func (s *Section) Name() string { return strings.TrimRight(s.RawName, "\x00") }

// start is where the loader takes the bytes from.
func (s *Section) start() int64 { return int64(s.Offset) &^ 511 }

const (
	scnCode    = 0x20
	scnData    = 0x40
	scnBSS     = 0x80
	scnExecute = 0x20000000
)

// IsCode: the section holds code, by its content flag or because it may run.
func (s *Section) IsCode() bool { return s.Characteristics&(scnCode|scnExecute) != 0 }

// Type is the content class: Code, Data or Uninitialized Data by the content
// flags, in this order; Unknown without any.
func (s *Section) Type() string {
	switch {
	case s.Characteristics&scnCode != 0:
		return "Code"
	case s.Characteristics&scnData != 0:
		return "Data"
	case s.Characteristics&scnBSS != 0:
		return "Uninitialized Data"
	}
	return "Unknown"
}

// sectionWords are the flags of an image that mean something to the loader,
// memory rights first.
var sectionWords = [...]struct {
	bit  uint32
	word string
}{
	{0x40000000, "Read"}, {0x80000000, "Write"}, {0x20000000, "Execute"}, {0x10000000, "Shared"},
	{0x02000000, "Discardable"}, {0x04000000, "NotCached"}, {0x08000000, "NotPaged"},
	{0x20, "Code"}, {0x40, "InitializedData"}, {0x80, "UninitializedData"},
}

// Words are the flags in words.
func (s *Section) Words() []string {
	var out []string
	for _, w := range sectionWords {
		if s.Characteristics&w.bit != 0 {
			out = append(out, w.word)
		}
	}
	return out
}

// entropyFactor is how often the file's size may be read for entropies: the
// sections of an honest file do not overlap.
const entropyFactor = 4

// Entropy is the Shannon entropy of a section's bytes in the file, in bits per
// byte: 0 to 8, and 0 where there are none.
func (f *File) Entropy(s *Section) (h float64, err error) {
	defer guard(&err)
	off, n := s.start(), int64(s.RawSize)
	switch {
	case n == 0:
		return 0, nil
	case f.WholeErr != nil:
		return 0, f.WholeErr
	}
	if h, ok := f.cache.entropies[[2]int64{off, n}]; ok {
		return h, nil
	}
	if off > f.file.size || n > f.file.size-off {
		return 0, fmt.Errorf("section %q: %w", s.Name(), damaged("the file ends at %d, before %d", f.file.size, off+n))
	}
	if f.cache.entropyFor -= n; f.cache.entropyFor < 0 {
		return 0, fmt.Errorf("section %q: sections overlap over and over: %w", s.Name(), ErrTooMuch)
	}
	var counts [256]int64
	if err := f.stream(off, off+n, func(b []byte) {
		for _, c := range b {
			counts[c]++
		}
	}); err != nil {
		return 0, fmt.Errorf("section %q: %w", s.Name(), err)
	}
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(n)
			h -= p * math.Log2(p)
		}
	}
	if f.cache.entropies == nil {
		f.cache.entropies = map[[2]int64]float64{}
	}
	f.cache.entropies[[2]int64{off, n}] = h
	return h, nil
}

// stream reads from..to in blocks, past the pages.
func (f *File) stream(from, to int64, block func([]byte)) error {
	b := make([]byte, max(0, min(to-from, 64<<10)))
	for from < to {
		n, err := f.file.r.ReadAt(b[:min(int64(len(b)), to-from)], from)
		block(b[:n])
		if from += int64(n); from < to && (err != nil || n == 0) {
			if err == nil || err == io.EOF {
				err = damaged("the file ends at %d, before %d", from, to)
			}
			return err
		}
	}
	return nil
}
