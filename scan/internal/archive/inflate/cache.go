package inflate

import (
	"container/list"
	"sync"
)

// A Cache keeps the blocks of streams that were used last.
type Cache struct {
	mu     sync.Mutex
	limit  int
	blocks map[blockKey]*list.Element
	order  *list.List // of *block; the one used last is the first
}

type blockKey struct {
	stream *Stream
	number int64
}

type block struct {
	key  blockKey
	once sync.Once
	data []byte
	err  error
}

// NewCache keeps about so many bytes.
func NewCache(size int) *Cache {
	return &Cache{limit: max(1, size/blockSize), blocks: make(map[blockKey]*list.Element), order: list.New()}
}

// block is a decoded block of a stream. Several that ask for it at once wait
// for one to decode it.
func (c *Cache) block(s *Stream, number int64) *block {
	b := c.entry(blockKey{s, number})
	b.once.Do(func() { b.data, b.err = s.decode(number) })
	return b
}

func (c *Cache) entry(key blockKey) *block {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.blocks[key]; ok {
		c.order.MoveToFront(e)
		return e.Value.(*block)
	}
	b := &block{key: key}
	c.blocks[key] = c.order.PushFront(b)
	for c.order.Len() > c.limit {
		last := c.order.Back()
		c.order.Remove(last)
		delete(c.blocks, last.Value.(*block).key)
	}
	return b
}
