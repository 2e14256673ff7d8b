package pe

// The oddities of a file that can be decided from it alone, in the words that
// indicators use. No public text defines them; these are ours.
const (
	// The checksum in the header is 0, as linkers leave it unless told.
	ChecksumIsZero = "checksum_is_zero"
	// It is neither 0 nor what the file adds up to.
	ChecksumMismatch = "checksum_mismatch"
	// Bytes follow the last section in the file, a signature included.
	ContainsEOFData = "contains_eof_data"
	// The bytes of a section do not fit into the file.
	OversizedSection = "oversized_section"
	// A table or a name that the imports refer to is not in the image.
	CorruptedImports = "corrupted_imports"
	// The size of the image in the header is not where its last section ends,
	// rounded up to whole pages.
	IncorrectImageSize = "incorrect_image_size"
)

// Anomalies hands out the oddities, those first that cost no reading of the
// whole file, until yield returns false. An error says that one could not be
// decided.
func (f *File) Anomalies(yield func(string) bool) (err error) {
	defer guard(&err)
	if f.HeaderErr != nil {
		return f.HeaderErr
	}
	more := true
	tell := func(is bool, word string) {
		if more && is {
			more = yield(word)
		}
	}
	tell(f.StoredChecksum == 0, ChecksumIsZero)
	overlay, fault := f.Overlay()
	tell(fault == nil && overlay > 0, ContainsEOFData)
	tell(f.oversized(), OversizedSection)
	if fault == nil {
		tell(f.wrongImageSize(), IncorrectImageSize)
	}
	_, err = f.Imports()
	corrupt := damage(err)
	tell(corrupt, CorruptedImports)
	if !corrupt && err != nil && fault == nil {
		fault = err
	}
	if more && f.StoredChecksum != 0 {
		sum, err := f.Checksum()
		tell(err == nil && sum != f.StoredChecksum, ChecksumMismatch)
		if fault == nil {
			fault = err
		}
	}
	if !more {
		return nil
	}
	return fault
}

func (f *File) oversized() bool {
	for i := range f.Sections {
		if s := &f.Sections[i]; s.RawSize > 0 && s.start()+int64(s.RawSize) > f.file.size {
			return true
		}
	}
	return false
}

func (f *File) wrongImageSize() bool {
	step := uint64(f.SectionAlignment)
	if step == 0 || step&(step-1) != 0 {
		return true // no multiple of it is a size
	}
	end := uint64(f.headersSize)
	for i := range f.Sections {
		s := &f.Sections[i]
		size := uint64(s.VirtualSize)
		if size == 0 {
			size = uint64(s.RawSize)
		}
		end = max(end, uint64(s.Address)+size)
	}
	return (end+step-1)&^(step-1) != uint64(f.ImageSize)
}
