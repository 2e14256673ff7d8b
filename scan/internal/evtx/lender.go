package evtx

import "sync"

// A Lender finds template definitions that a damaged chunk has lost, in the
// other chunks of its log: a definition is known by its GUID, and the same
// GUID has the same content everywhere. What it finds depends on the files
// only, not on the order in which chunks are read. It may be shared by
// Readers and reads nothing until it is asked.
type Lender struct {
	files []*File
	once  sync.Once
	index map[uint32]lent // by the first part of the GUID
}

type lent struct {
	file, chunk, off int
	guid             [16]byte
	sound            bool // the chunk's checksums hold
	clash            bool // two GUIDs begin alike
}

// NewLender makes a Lender of logs, the one that is being read first.
func NewLender(files ...*File) *Lender { return &Lender{files: files} }

// find reads the chunk that has a definition into b and returns its offset.
func (l *Lender) find(id uint32, b []byte) (off int, ok bool) {
	l.once.Do(l.build)
	p, ok := l.index[id]
	if !ok || p.clash {
		return 0, false
	}
	c, state, err := l.files[p.file].Read(p.chunk, b)
	if err != nil || state != Present {
		return 0, false
	}
	clear(b[len(c):])
	guid, ok := definition(b, p.off) // again: the log may have changed
	return p.off, ok && guid == p.guid
}

// build lists all definitions. One in a chunk whose checksum fails serves only
// while there is no other.
func (l *Lender) build() {
	l.index = make(map[uint32]lent)
	b := make([]byte, ChunkSize)
	for i, f := range l.files {
		for k := range f.Chunks() {
			c, state, err := f.Read(k, b)
			if err != nil || state != Present {
				continue // told where the chunk itself is read
			}
			clear(b[len(c):])
			head := parseChunk(b, len(c))
			eachDefinition(b, func(off int, guid [16]byte) {
				l.offer(lent{file: i, chunk: k, off: off, guid: guid, sound: head.Sound()})
			})
		}
	}
}

func (l *Lender) offer(p lent) {
	id := le.Uint32(p.guid[:])
	old, ok := l.index[id]
	switch {
	case !ok, p.sound && !old.sound:
		if len(l.index) < maxNames {
			l.index[id] = p
		}
	case old.guid != p.guid && p.sound == old.sound:
		old.clash = true
		l.index[id] = old
	}
}

// eachDefinition follows the 32 lists of definitions that begin in the header
// of a chunk.
func eachDefinition(b []byte, yield func(off int, guid [16]byte)) {
	const table, lists = 384, 32
	steps := maxTemplates
	for i := range lists {
		off := le.Uint32(b[table+4*i:])
		for off >= chunkHeaderSize && off <= ChunkSize-defHeadSize && steps > 0 {
			steps--
			if guid, ok := definition(b, int(off)); ok {
				yield(int(off), guid)
			}
			off = le.Uint32(b[off:])
		}
	}
}

// definition checks the head of a definition.
func definition(b []byte, off int) (guid [16]byte, ok bool) {
	copy(guid[:], b[off+4:])
	size := le.Uint32(b[off+20:])
	return guid, guid != [16]byte{} && size > 4 && size <= uint32(ChunkSize-defHeadSize-off) &&
		b[off+defHeadSize] == 0x0f
}
