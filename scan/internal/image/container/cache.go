package container

import (
	"container/list"
	"fmt"
	"sync"
)

// A Cache keeps the blocks that were used last, up to a number of bytes. A
// block is loaded once even if several ask for it at the same time; one that
// could not be loaded is not kept. Its blocks are shared: nobody may write to
// them.
type Cache struct {
	mu     sync.Mutex
	budget int64
	bytes  int64
	slots  map[Key]*list.Element
	used   list.List // of *slot, the last used first
}

// A Key is a block of one of the parts that share a cache.
type Key struct {
	Part  int
	Block int64
}

type slot struct {
	key  Key
	cost int64
	once sync.Once
	data []byte
	err  error
}

const (
	overhead  = 256 // bytes that a slot costs beside its data, roughly
	minBlocks = 4   // are kept whatever they cost, for readers side by side
)

// NewCache returns a cache of about budget bytes.
func NewCache(budget int64) *Cache {
	return &Cache{budget: budget, slots: map[Key]*list.Element{}}
}

// Get returns the block of that key.
func (c *Cache) Get(key Key, load func() ([]byte, error)) ([]byte, error) {
	s := c.slot(key)
	s.once.Do(func() {
		s.err = fmt.Errorf("block %d: loading it panicked", key.Block) // stands where load does not return
		s.data, s.err = load()
		c.settle(s)
	})
	return s.data, s.err
}

func (c *Cache) slot(key Key) *slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.slots[key]; e != nil {
		c.used.MoveToFront(e)
		return e.Value.(*slot)
	}
	s := &slot{key: key, cost: overhead}
	c.slots[key] = c.used.PushFront(s)
	c.bytes += s.cost
	c.shrink()
	return s
}

// settle counts what a block costs once it was loaded, if it is still there.
func (c *Cache) settle(s *slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.slots[s.key]
	switch {
	case e == nil || e.Value.(*slot) != s:
	case s.err != nil:
		c.drop(e)
	default:
		s.cost += int64(cap(s.data))
		c.bytes += int64(cap(s.data))
		c.shrink()
	}
}

func (c *Cache) shrink() {
	for c.bytes > c.budget && c.used.Len() > minBlocks {
		c.drop(c.used.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	s := e.Value.(*slot)
	delete(c.slots, s.key)
	c.used.Remove(e)
	c.bytes -= s.cost
}

// Disk reads a disk through the cache in blocks of that size.
func (c *Cache) Disk(d Disk, part int, block int64) Disk {
	size := d.Size()
	return &Blocks{size, block, func(p []byte, n, off int64) error {
		data, err := c.Get(Key{part, n}, func() ([]byte, error) {
			data := make([]byte, min(block, size-n*block))
			return data, ReadFull(d, data, n*block)
		})
		if err != nil {
			return err
		}
		copy(p, data[off:])
		return nil
	}}
}

// Cached reads a disk through a cache of its own: for many small reads that
// lie close together.
func Cached(d Disk, block, budget int64) Disk { return NewCache(budget).Disk(d, 0, block) }

// Tables reads the tables of a file, a few bytes at a time.
func Tables(d Disk) Disk { return Cached(d, TableBlock, TableBudget) }

// What tables are read through.
const (
	TableBlock  = 16 << 10
	TableBudget = 1 << 20
)
