package pe

import "fmt"

// Checksum computes what ought to be in the header: the ones' complement sum
// of the 16 bit words of the file, the checksum itself taken as zero, plus the
// length of the file. It reads the whole file, once.
func (f *File) Checksum() (uint32, error) { return f.cache.checksum.get(f.checksum) }

func (f *File) checksum() (uint32, error) {
	switch {
	case f.HeaderErr != nil:
		return 0, f.HeaderErr
	case f.WholeErr != nil:
		return 0, f.WholeErr
	}
	var sum uint64
	at, hole := int64(0), f.optional+optChecksum
	err := f.stream(0, f.file.size, func(b []byte) {
		for len(b) > 0 {
			if at&1 == 0 && len(b) > 1 && (at+1 < hole || at >= hole+4) {
				sum += uint64(le.Uint16(b))
				b, at = b[2:], at+2
				continue
			}
			if at < hole || at >= hole+4 {
				sum += uint64(b[0]) << (8 * (at & 1))
			}
			b, at = b[1:], at+1
		}
	})
	if err != nil {
		return 0, fmt.Errorf("checksum: %w", err)
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint32(sum) + uint32(f.file.size), nil
}

// Overlay is how many bytes follow the end of the last section in the file (of
// the headers where no section has bytes). A signature is among them.
func (f *File) Overlay() (int64, error) {
	if f.HeaderErr != nil {
		return 0, f.HeaderErr
	}
	if f.SectionErr != nil {
		return 0, f.SectionErr
	}
	end := int64(0)
	for i := range f.Sections {
		if s := &f.Sections[i]; s.RawSize > 0 {
			end = max(end, s.start()+int64(s.RawSize))
		}
	}
	if end == 0 {
		end = int64(f.headersSize)
	}
	return max(0, f.file.size-end), nil
}
