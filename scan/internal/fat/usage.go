package fat

import (
	"fmt"
	"sync"
)

// usage tells which clusters are allocated: by the table on FAT, by the bitmap
// on exFAT. Groups that are free as a whole are remembered, so that a deleted
// file of many clusters costs little, however many of them there are.
type usage struct {
	limit  uint32
	bitmap *content // exFAT; nil: by the table
	table  *table

	mu     sync.Mutex
	groups []byte // one for perPage clusters: 0 not known yet
	last   uint32 // number of the group in flags, plus one
	flags  [perPage]bool
}

const (
	groupFree = 1 + iota
	groupMixed
)

func newUsage(v *volume, bitmap *content) *usage {
	return &usage{limit: v.limit, bitmap: bitmap, table: v.table, groups: make([]byte, v.limit/perPage+1)}
}

// load fills flags with a group.
func (u *usage) load(n uint32) error {
	if u.last == n+1 {
		return nil
	}
	u.last = 0
	u.flags = [perPage]bool{}
	from := n * perPage
	if u.bitmap == nil {
		p, err := u.table.page(n)
		if err != nil {
			return err
		}
		for i, next := range p {
			u.flags[i] = next != 0 && from+uint32(i) < u.limit
		}
	} else if err := u.loadBits(from); err != nil {
		return fmt.Errorf("read the allocation bitmap: %w", err)
	}
	u.groups[n] = groupFree
	for i, is := range u.flags {
		if is && from+uint32(i) >= 2 {
			u.groups[n] = groupMixed
			break
		}
	}
	u.last = n + 1
	return nil
}

// loadBits reads the bits of the clusters from the given one on; the first bit
// of the bitmap is that of cluster 2.
func (u *usage) loadBits(from uint32) error {
	var b [perPage/8 + 1]byte
	bit := int64(from) - 2
	if from == 0 {
		bit = 0
	}
	n := min(int64(len(b)), (int64(u.limit)-2+7)/8-bit/8)
	if n <= 0 {
		return nil
	}
	if got, err := u.bitmap.ReadAt(b[:n], bit/8); int64(got) < n {
		return err
	}
	for i := range u.flags {
		c := from + uint32(i)
		if c < 2 || c >= u.limit {
			continue
		}
		at := int64(c) - 2 - bit/8*8
		u.flags[i] = b[at/8]>>(at%8)&1 != 0
	}
	return nil
}

// free is how many clusters from the first one on are free, at most n.
func (u *usage) free(first, n uint32) (uint32, error) {
	if first < 2 || first >= u.limit {
		return 0, damaged("cluster %d does not exist", first)
	}
	n = min(n, u.limit-first)
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := uint32(0); i < n; {
		group, at := (first+i)/perPage, (first+i)%perPage
		part := min(perPage-at, n-i)
		if u.groups[group] != groupFree {
			if err := u.load(group); err != nil {
				return i, err
			}
		}
		if u.groups[group] == groupMixed {
			for k := range part {
				if u.flags[at+k] {
					return i + k, nil
				}
			}
		}
		i += part
	}
	return n, nil
}
