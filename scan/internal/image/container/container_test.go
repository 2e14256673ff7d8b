package container

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

type mem struct{ *bytes.Reader }

func disk(b []byte) Disk { return mem{bytes.NewReader(b)} }

func noise(n int) []byte {
	b := make([]byte, n)
	rnd := rand.New(rand.NewPCG(5, 6))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// TestDisks: every kind of disk reads as the bytes that it stands for.
func TestDisks(t *testing.T) {
	b := noise(10000)
	joined, err := Join(disk(b[:3000]), disk(nil), disk(b[3000:3001]), disk(b[3001:]))
	if err != nil {
		t.Fatal(err)
	}
	zeros, err := Join(disk(b), Zeros(500))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		d    Disk
		want []byte
	}{
		"joined":  {joined, b},
		"zeros":   {zeros, append(bytes.Clone(b), make([]byte, 500)...)},
		"section": {Section{Disk: disk(b), Start: 100, Bytes: 5000}, b[100:5100]},
		"cached":  {Cached(disk(b), 64, 1024), b},
		"nothing": {Zeros(0), nil},
	} {
		if c.d.Size() != int64(len(c.want)) {
			t.Errorf("%s: %d bytes", name, c.d.Size())
		}
		for off := int64(0); off <= c.d.Size()+1; off += 1 + off%37 {
			for _, n := range []int{0, 1, 63, 64, 65, 4000} {
				p := bytes.Repeat([]byte{0xee}, n)
				got, err := c.d.ReadAt(p, off)
				want := c.want[min(off, c.d.Size()):min(off+int64(n), c.d.Size())]
				if !bytes.Equal(p[:got], want) || (got < n) != errors.Is(err, io.EOF) || err != nil && err != io.EOF {
					t.Fatalf("%s: %d bytes at %d: %d, %v", name, n, off, got, err)
				}
			}
		}
		if _, err := c.d.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
			t.Errorf("%s: offset -1: %v", name, err)
		}
	}
	if _, err := Join(Zeros(math.MaxInt64), Zeros(1)); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if err := ReadFull(disk(b), make([]byte, 2), math.MaxInt64); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// TestCache: a block is loaded once for all who ask, the cache stays within its
// bounds, and an error is not kept.
func TestCache(t *testing.T) {
	c := NewCache(10 * (100 + overhead))
	var loads atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			b, err := c.Get(Key{0, 1}, func() ([]byte, error) { loads.Add(1); return make([]byte, 100), nil })
			if len(b) != 100 || err != nil {
				t.Error(b, err)
			}
		})
	}
	wait.Wait()
	if loads.Load() != 1 {
		t.Errorf("%d loads", loads.Load())
	}
	for k := range int64(100) {
		for part := range 3 {
			if b, err := c.Get(Key{part, k}, func() ([]byte, error) { return bytes.Repeat([]byte{byte(part)}, 100), nil }); b[0] != byte(part) && k != 1 || err != nil {
				t.Error(part, k, err)
			}
		}
	}
	if len(c.slots) != 10 || c.used.Len() != 10 || c.bytes != c.budget {
		t.Errorf("%d, %d blocks, %d bytes", len(c.slots), c.used.Len(), c.bytes)
	}
	for k := range int64(20) {
		c.Get(Key{5, k}, func() ([]byte, error) { return make([]byte, 1<<20), nil })
	}
	if c.used.Len() != minBlocks {
		t.Errorf("%d large blocks", c.used.Len())
	}
	bad := errors.New("bad sector")
	for _, want := range []error{bad, nil} {
		if _, err := c.Get(Key{0, 1000}, func() ([]byte, error) { return nil, want }); err != want {
			t.Error(err)
		}
	}
	func() {
		defer func() { recover() }()
		c.Get(Key{0, 2000}, func() ([]byte, error) { panic("x") })
	}()
	if _, err := c.Get(Key{0, 2000}, func() ([]byte, error) { return nil, nil }); err == nil {
		t.Error("what panicked answers without an error")
	}
}
