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
	for g := range 40 {
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
