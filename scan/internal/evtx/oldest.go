package evtx

// Oldest is the place of the chunk with the oldest records. A log that is full
// goes on at its beginning, so that the order in which records were written is
// that of the chunks from here to the end and then from the first to here. The
// number of a chunk's first record counts (libevtx documentation, "Event
// record"); the chunk's header may be older than its records.
func (f *File) Oldest() int {
	oldest, least := 0, uint64(0)
	var b [16]byte
	for i := range f.Chunks() {
		n, err := f.readAt(b[:], f.Offset(i)+chunkHeaderSize)
		if err != nil || n < len(b) || le.Uint32(b[:]) != recordMagic {
			continue // who reads the chunk finds out
		}
		if number := le.Uint64(b[8:]); least == 0 || number < least {
			oldest, least = i, number
		}
	}
	return oldest
}
