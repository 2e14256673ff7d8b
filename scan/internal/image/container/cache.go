package container

import (
	"container/list"
	"fmt"
	"sync"
)

// A Cache keeps the blocks that were used last. A block is loaded once even
// if several ask for it at the same time; one that could not be loaded is not
// kept. Its blocks are shared: nobody may write to them.
type Cache struct {
	mu    sync.Mutex
	max   int
	slots map[int64]*list.Element
	used  list.List // of *slot, the last used first
}

type slot struct {
	key  int64
	once sync.Once
	data []byte
	err  error
}

// NewCache returns a cache of blocks of that size that holds about budget
// bytes, four blocks at least.
func NewCache(budget, block int64) *Cache {
	return &Cache{max: int(max(budget/max(block, 1), 4)), slots: map[int64]*list.Element{}}
}

// Get returns the block of that key.
func (c *Cache) Get(key int64, load func() ([]byte, error)) ([]byte, error) {
	s := c.slot(key)
	s.once.Do(func() {
		s.err = fmt.Errorf("loading block %d: it panicked before", key) // stands where load does not return
		s.data, s.err = load()
	})
	if s.err != nil {
		c.forget(s)
	}
	return s.data, s.err
}

func (c *Cache) slot(key int64) *slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.slots[key]; e != nil {
		c.used.MoveToFront(e)
		return e.Value.(*slot)
	}
	if c.used.Len() >= c.max {
		last := c.used.Back()
		delete(c.slots, last.Value.(*slot).key)
		c.used.Remove(last)
	}
	s := &slot{key: key}
	c.slots[key] = c.used.PushFront(s)
	return s
}

func (c *Cache) forget(s *slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.slots[s.key]; e != nil && e.Value.(*slot) == s {
		delete(c.slots, s.key)
		c.used.Remove(e)
	}
}

// Cached reads a disk through a cache of about budget bytes, in blocks of the
// size given: for many small reads that lie close together.
func Cached(d Disk, block int, budget int64) Disk {
	size, cache := d.Size(), NewCache(budget, int64(block))
	return &Blocks{size, int64(block), func(p []byte, n, off int64) error {
		data, err := cache.Get(n, func() ([]byte, error) {
			at := n * int64(block)
			data := make([]byte, min(int64(block), size-at))
			return data, ReadFull(d, data, at)
		})
		if err != nil {
			return err
		}
		copy(p, data[off:])
		return nil
	}}
}

// Tables reads a file's tables: a few bytes at a time.
func Tables(d Disk) Disk { return Cached(d, 16<<10, 1<<20) }
