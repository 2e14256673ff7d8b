package fat

import "bytes"

// mostCompared bounds what is read to compare tables: enough for those of
// volumes of a few TB.
const mostCompared = 256 << 20

// compareTables tells about tables that differ. The first that can be read is
// the one that counts.
func (s *system) compareTables() []string {
	var notes []string
	if s.table.failed.Load() {
		notes = append(notes, "the first allocation table cannot be read everywhere; the next one was used there")
	}
	size := (int64(s.limit)*s.width() + 7) / 8
	for _, other := range s.tables[1:] {
		if size > mostCompared {
			return append(notes, "the allocation tables are too large to be compared")
		}
		if s.differ(s.tables[0], other, size) {
			notes = append(notes, "the allocation tables differ; the first one was used")
			break
		}
	}
	return notes
}

func (s *system) differ(one, other, size int64) bool {
	const part = 256 << 10
	a, b := make([]byte, part), make([]byte, part)
	for at := int64(0); at < size; at += part {
		n := min(part, size-at)
		if _, err := s.readAt(a[:n], one+at); err != nil {
			return true
		}
		if _, err := s.readAt(b[:n], other+at); err != nil || !bytes.Equal(a[:n], b[:n]) {
			return true
		}
	}
	return false
}
