package document

import (
	"crypto/md5"
	"fmt"
	"sync"
	"testing"
)

// TestLanes computes MD5s side by side, of lengths around every border, and
// compares them with the standard library's.
func TestLanes(t *testing.T) {
	if !hasLanes() {
		t.Log("this processor has no lanes; the fallback is tested")
	}
	l := newLanes(2)
	defer l.close()
	var wg sync.WaitGroup
	for g := range 2 * lanesPerWorker {
		wg.Go(func() {
			h := l.hash()
			for n := range 200 {
				size := []int{0, 1, 55, 56, 63, 64, 65, 4096, 32767, 32768, 32769, 70000}[(n+g)%12] + n%3
				content := []byte(noise(size))
				h.Reset()
				for rest := content; len(rest) > 0; {
					k := min(len(rest), 1+(n*7919)%40000)
					h.Write(rest[:k])
					rest = rest[k:]
				}
				if got, want := fmt.Sprintf("%x", h.Sum(nil)), fmt.Sprintf("%x", md5.Sum(content)); got != want {
					t.Errorf("%d bytes: %s, want %s", size, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestLanesAreEnough holds the number of hashes that share a server down.
func TestLanesAreEnough(t *testing.T) {
	if !hasLanes() {
		t.Skip("this processor has no lanes")
	}
	for _, workers := range []int{1, 2, 3, 4, 5, 64, 65, 1024} {
		s := openFiles(t.Context(), &Request{}, &files, workers)
		l := newLanes(workers)
		if most := len(l.servers) * lanesPerWorker; s.goroutines > most || s.goroutines < min(workers, mostLanes) {
			t.Errorf("%d workers: %d goroutines on %d servers", workers, s.goroutines, len(l.servers))
		}
		s.close()
		l.close()
	}
}
