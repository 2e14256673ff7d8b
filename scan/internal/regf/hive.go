package regf

import (
	"fmt"
	"io"
)

// maxTroubles bounds how many troubles are listed one by one; further ones
// are counted.
const maxTroubles = 1000

// A Hive is an open hive.
type Hive struct {
	header Header
	image  image
	bins   binTable
	root   uint32
	replay Replay

	troubles []*Trouble
	unlisted int
	beyond   bool // a cell past the size the header gives was in use
	odd      bool // a cell at no multiple of 8 was in use
}

// Open reads the base block and the chain of bins of a hive of size bytes. The
// hive stays readable as long as data does. Damage of the base block or the
// bins does not fail it; see Troubles. It fails with ErrNotHive, ErrLog,
// ErrWin9x or the error of reading the first bytes.
func Open(data io.ReaderAt, size int64) (*Hive, error) {
	return OpenWithLogs(data, size)
}

// OpenWithLogs is Open with the transaction logs that lie beside the hive,
// which are laid over it in memory if it is dirty. What came of it, including
// why a log was refused, is told by Replay. A base block that is damaged is
// replaced by that of a log. The logs must stay readable as the hive must.
func OpenWithLogs(data io.ReaderAt, size int64, logs ...Log) (*Hive, error) {
	if size < sectorSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotHive, size)
	}
	base := make([]byte, min(size, 2*sectorSize))
	if n, err := data.ReadAt(base, 0); n < sectorSize {
		return nil, fmt.Errorf("read of the base block: %w", cause(err))
	}
	h := &Hive{header: parseHeader(base)}
	h.image.src = data
	h.image.file = max(size-baseSize, 0)
	magic := string(base[:4])
	sound := magic == "regf" && h.header.ChecksumOK
	switch {
	case magic == "CREG":
		return nil, ErrWin9x
	case magic == "regf" && isLog(h.header, base):
		return nil, ErrLog
	}
	if len(logs) > 0 {
		h.recover(logs, sound)
	}
	if magic != "regf" && !h.replay.BaseBlock {
		return nil, fmt.Errorf("%w: magic %q", ErrNotHive, magic)
	}
	h.image.setSize(min(max(h.image.file, h.image.size), maxBins))
	h.checkBase()
	h.readBins()
	h.findRoot()
	return h, nil
}

// isLog reports whether a base block with the next sector is a log's.
func isLog(h Header, base []byte) bool {
	if h.Type == typePrimary || len(base) < sectorSize+4 {
		return h.Type != typePrimary
	}
	next := string(base[sectorSize : sectorSize+4])
	return next == "DIRT" || next == "HvLE" || h.ChecksumOK
}

func (h *Hive) checkBase() {
	d := h.header
	if !d.ChecksumOK {
		h.note(&Trouble{Offset: 508, What: "checksum of the base block is wrong"})
	}
	if have := h.image.size; have < int64(d.BinsSize) {
		h.note((&Trouble{Offset: have + baseSize, What: fmt.Sprintf("file ends %d bytes early", int64(d.BinsSize)-have)}).
			losing("what lies in the last %d of %d bytes", int64(d.BinsSize)-have, d.BinsSize))
	}
	if h.header.Dirty() && !h.replay.Applied() {
		h.note(&Trouble{Offset: 4, What: fmt.Sprintf("hive is dirty (sequence numbers %d and %d)", d.Seq1, d.Seq2), Lost: "changes that only its transaction logs hold"})
	}
}

// findRoot takes the root cell of the base block, or where that is no key the
// first key that calls itself a root.
func (h *Hive) findRoot() {
	h.root = h.header.Root
	_, err := h.key(h.root, nil)
	if err == nil {
		return
	}
	for off := int64(binHeader); off+4 <= h.image.size; {
		if off%blockSize == 0 && h.bins.startsAt(off/blockSize) {
			off += binHeader
			continue
		}
		nk, c, e := h.readAt(uint32(off), keyHeader)
		if e != nil {
			off = (off/blockSize + 1) * blockSize
			continue
		}
		if !c.free && isKey(nk) && le16(nk, 2)&flagRoot != 0 {
			h.root = uint32(off)
			h.note(err.losing("nothing: the root key at 0x%x is used", off+baseSize))
			return
		}
		off += c.size + 4
	}
	h.note(err.losing("all keys"))
}

// Header is the base block, after replay of logs that of the recovered hive.
func (h *Hive) Header() Header { return h.header }

// Replay tells what became of the transaction logs.
func (h *Hive) Replay() Replay { return h.replay }

// Size is how many bytes the bins have.
func (h *Hive) Size() int64 { return h.image.size }

// Troubles is the damage Open met: base block, bins, dirty state, refused
// logs. That of keys and values comes with their listings.
func (h *Hive) Troubles() []*Trouble {
	if h.unlisted == 0 {
		return h.troubles
	}
	return append(h.troubles[:len(h.troubles):len(h.troubles)], unlisted(h.unlisted))
}

func (h *Hive) note(t *Trouble) {
	if len(h.troubles) < maxTroubles {
		h.troubles = append(h.troubles, t)
	} else {
		h.unlisted++
	}
}

// oddities are what the cells in use showed of the hive as a whole.
func (h *Hive) oddities() []*Trouble {
	var all []*Trouble
	if h.beyond {
		all = append(all, &Trouble{Offset: int64(h.header.BinsSize) + baseSize, What: "cells in use lie beyond the size the base block gives"})
	}
	if h.odd {
		all = append(all, &Trouble{Offset: -1, What: "cells in use lie at offsets that Windows does not give (no multiples of 8)"})
	}
	return all
}

func unlisted(n int) *Trouble {
	return &Trouble{Offset: -1, What: fmt.Sprintf("%d further places of damage", n)}
}
