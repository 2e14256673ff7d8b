package vhdx

import (
	"fmt"
	"sort"

	"iocscan/scan/internal/image/container"
)

const (
	page        = 4 << 10
	entryHeader = 64
	maxLog      = 8 << 20 // bytes; Windows and qemu make it 1 MiB
	maxZeros    = 4096    // descriptors that clear a range
)

// An entry of the log that is sound in itself.
type entry struct {
	at, length, tail int64 // in the log
	sequence         uint64
	flushed          uint64 // bytes that the file has at least
	count            int64  // descriptors
}

// A view is the file as it is after the log was applied: whole pages of it are
// replaced. Later ones win, which their order tells.
type view struct {
	container.Disk     // the file
	order          int // of what was applied last
	pages          map[int64]patch
	zeros          []zero
}

type patch struct {
	order   int
	content int64 // where its 4,084 middle bytes are in the file
	head    [8]byte
	tail    [4]byte
}

type zero struct {
	order      int
	start, end int64
}

// replay finds the entries that were last written without a gap and applies
// them ([MS-VHDX] 2.3.3); the note says how many.
func replay(f container.Disk, h *header) (container.Disk, string, error) {
	if h.logLength > maxLog {
		return nil, "", container.Unsupported("a VHDX log of %d bytes", h.logLength)
	}
	if h.logLength < page || h.logLength%page != 0 {
		return nil, "", container.Damaged("%d bytes long", h.logLength)
	}
	ring := make([]byte, 2*h.logLength) // twice, as entries go round the end
	if err := container.ReadFull(f, ring[:h.logLength], h.logAt); err != nil {
		return nil, "", err
	}
	copy(ring[h.logLength:], ring[:h.logLength])
	entries := map[int64]entry{}
	var heads []entry
	for at := int64(0); at < h.logLength; at += page {
		if e, ok := parseEntry(ring[at:at+h.logLength], h.log); ok && e.tail < h.logLength {
			e.at = at
			entries[at] = e
			heads = append(heads, e)
		}
	}
	sort.Slice(heads, func(i, j int) bool { return heads[i].sequence > heads[j].sequence })
	for i, head := range heads {
		active := sequence(entries, head, h.logLength)
		if active == nil {
			continue
		}
		if head.flushed > uint64(f.Size()) {
			return nil, "", container.Damaged("the file has %d bytes, the log says %d: it is cut short", f.Size(), head.flushed)
		}
		v := &view{Disk: f, pages: map[int64]patch{}}
		for _, e := range active {
			if err := v.apply(ring[e.at:e.at+e.length], h.logAt, e.at, h.logLength); err != nil {
				return nil, "", err
			}
		}
		note := fmt.Sprintf("the container was not closed: %d entries of its log were applied in memory", len(active))
		if i > 0 {
			note += fmt.Sprintf(", %d later ones were not, as one before them is missing", i)
		}
		return &container.Blocks{Bytes: f.Size(), Block: page, Read: v.read}, note, nil
	}
	return nil, "", container.Damaged("the container was not closed, and no sound entry is in it")
}

func parseEntry(b []byte, log guid) (e entry, ok bool) {
	e = entry{length: int64(u32(b, 8)), tail: int64(u32(b, 12)), sequence: u64(b, 16), count: int64(u32(b, 24)), flushed: u64(b, 48)}
	if string(b[:4]) != "loge" || guid(b[32:48]) != log || e.length < page || e.length%page != 0 || e.length > int64(len(b)) ||
		e.count > (e.length-entryHeader)/32 || e.tail%page != 0 {
		return e, false
	}
	return e, sumOK(b[:e.length])
}

// sequence goes from the entry that head calls the first one up to head; nil
// where one between them is missing.
func sequence(entries map[int64]entry, head entry, length int64) []entry {
	var active []entry
	e, ok := entries[head.tail]
	for ok && len(active) <= len(entries) {
		if n := len(active); n > 0 && e.sequence != active[n-1].sequence+1 {
			return nil
		}
		active = append(active, e)
		if e.at == head.at {
			return active
		}
		e, ok = entries[(e.at+e.length)%length]
	}
	return nil
}

// apply notes what one entry writes. The data of its descriptors follow them
// in pages of their own.
func (v *view) apply(b []byte, logAt, at, length int64) error {
	count := int64(u32(b, 24))
	data := (entryHeader + 32*count + page - 1) / page * page
	seq := u64(b, 16)
	for i := range count {
		d := b[entryHeader+32*i:]
		off := u64(d, 16)
		if u64(d, 24) != seq || off%page != 0 || off > maxBytes {
			return container.Damaged("descriptor %d of the entry at %#x", i, at)
		}
		v.order++
		switch string(d[:4]) {
		case "zero":
			size := u64(d, 8)
			if size%page != 0 || size > maxBytes || len(v.zeros) == maxZeros {
				return container.Damaged("descriptor %d of the entry at %#x", i, at)
			}
			v.zeros = append(v.zeros, zero{v.order, int64(off), int64(off + size)})
		case "desc":
			if data+page > int64(len(b)) {
				return container.Damaged("descriptor %d of the entry at %#x has no data", i, at)
			}
			s := b[data:]
			if string(s[:4]) != "data" || u32(s, 4) != uint32(seq>>32) || u32(s, page-4) != uint32(seq) {
				return container.Damaged("descriptor %d of the entry at %#x has the data of another", i, at)
			}
			v.pages[int64(off)/page] = patch{v.order, logAt + (at+data)%length, [8]byte(d[8:16]), [4]byte(d[4:8])}
			data += page
		default:
			return container.Damaged("descriptor %d of the entry at %#x", i, at)
		}
	}
	return nil
}

func (v *view) read(p []byte, n, off int64) error {
	patch := v.pages[n]
	for _, z := range v.zeros {
		if z.order > patch.order && z.start <= n*page && n*page < z.end {
			clear(p)
			return nil
		}
	}
	if patch.order == 0 {
		return container.ReadFull(v.Disk, p, n*page+off)
	}
	var b [page]byte
	if err := container.ReadFull(v.Disk, b[:], patch.content); err != nil {
		return err
	}
	copy(b[:], patch.head[:])
	copy(b[page-4:], patch.tail[:])
	copy(p, b[off:])
	return nil
}
