package document

import "sync"

// A queue hands rows from the goroutine that lists them to the workers. Rows
// go in by batches; how many a worker takes falls with what is left, so that
// at the end of a listing no worker sits on a batch while others are idle.
type queue[T any] struct {
	mu       sync.Mutex
	notEmpty sync.Cond
	notFull  sync.Cond
	ring     []T
	head, n  int
	workers  int
	waiting  int
	closed   bool
}

const batchRows = 64

func newQueue[T any](workers int) *queue[T] {
	q := &queue[T]{ring: make([]T, 4*batchRows*workers), workers: workers}
	q.notEmpty.L, q.notFull.L = &q.mu, &q.mu
	return q
}

// push waits for room; false says that the queue was closed.
func (q *queue[T]) push(rows []T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n+len(rows) > len(q.ring) && !q.closed {
		q.notFull.Wait()
	}
	if q.closed {
		return false
	}
	for _, r := range rows {
		q.ring[(q.head+q.n)%len(q.ring)] = r
		q.n++
	}
	if q.waiting > 0 {
		q.notEmpty.Broadcast()
	}
	return true
}

// pop waits for rows and appends some of them to dst; none says that there
// will be no more.
func (q *queue[T]) pop(dst []T) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 && !q.closed {
		q.waiting++
		q.notEmpty.Wait()
		q.waiting--
	}
	take := min(batchRows, max(1, q.n/(2*q.workers)), q.n)
	var zero T
	for range take {
		dst = append(dst, q.ring[q.head])
		q.ring[q.head] = zero // lets go of what the row holds
		q.head = (q.head + 1) % len(q.ring)
	}
	q.n -= take
	q.notFull.Signal()
	return dst
}

// close ends the queue: what is in it is still handed out, unless drop.
func (q *queue[T]) close(drop bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	if drop {
		q.n = 0
		clear(q.ring)
	}
	q.notEmpty.Broadcast()
	q.notFull.Broadcast()
}
