package fat

import (
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	perPage   = 4096 // entries; every width gives whole bytes and sectors
	mostPages = 256  // 4 MiB of them
)

type page [perPage]uint32

// A table is the file allocation table: for each cluster the one that follows.
// Copies take each other's place where one cannot be read.
type table struct {
	v      *volume
	mu     sync.RWMutex
	pages  map[uint32]*page
	failed atomic.Bool // the first copy could not be read somewhere
}

// page loads the entries from n*perPage on.
func (t *table) page(n uint32) (*page, error) {
	t.mu.RLock()
	p := t.pages[n]
	t.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	width := t.v.width()
	from := int64(n) * perPage
	count := min(perPage, int64(t.v.limit)-from)
	b := make([]byte, (count*width+7)/8)
	var first error
	for i, at := range t.v.tables {
		_, err := t.v.readAt(b, at+from*width/8)
		if err == nil {
			first = nil
			break
		}
		if i == 0 {
			first = fmt.Errorf("read the allocation table: %w", err)
			t.failed.Store(true)
		}
	}
	if first != nil {
		return nil, first
	}
	p = decode(b, t.v.bits)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pages) >= mostPages {
		clear(t.pages)
	}
	t.pages[n] = p
	return p, nil
}

// decode reads entries and gives what is the end of a chain in each width the
// one value chainEnd.
func decode(b []byte, bits int) *page {
	var p page
	for i := range p {
		var v, end uint32
		switch bits {
		case 12:
			at := i * 3 / 2
			if at+2 > len(b) {
				return &p
			}
			v, end = uint32(le.Uint16(b[at:])), 0xff8
			if i&1 != 0 {
				v >>= 4
			}
			v &= 0xfff
		case 16:
			if i*2+2 > len(b) {
				return &p
			}
			v, end = uint32(le.Uint16(b[i*2:])), 0xfff8
		default: // the upper four bits of FAT32 are reserved, exFAT uses them all
			if i*4+4 > len(b) {
				return &p
			}
			v, end = le.Uint32(b[i*4:]), 0xfffffff8
			if bits == 28 {
				v, end = v&0x0fffffff, 0x0ffffff8
			}
		}
		if v >= end {
			v = chainEnd
		}
		p[i] = v
	}
	return &p
}

const chainEnd = 0xffffffff
