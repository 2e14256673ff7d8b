package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// text is content that compresses like logs do.
func text(seed uint64, size int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for b.Len() < size {
		switch r.IntN(12) {
		case 0:
			for range r.IntN(2000) {
				b.WriteByte(byte(r.Uint32()))
			}
		case 1:
			b.Write(make([]byte, r.IntN(5000)))
		default:
			fmt.Fprintf(&b, "record %d of %x\r\n", r.IntN(1000), r.IntN(1<<20))
		}
	}
	return b.Bytes()[:size]
}

func deflated(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func whole(s *Stream) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(s, 0, s.size))
}

func TestStream(t *testing.T) {
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, flate.BestCompression} {
		for _, size := range []int{0, 1, 258, window, piece + 1, blockSize, blockSize + 1, 5*blockSize + 12345} {
			content := text(uint64(size), size)
			data := deflated(t, content, level)
			s := New(bytes.NewReader(data), int64(size), crc32.ChecksumIEEE(content), NewCache(2*blockSize))
			got, err := whole(s)
			if err != nil || !bytes.Equal(got, content) {
				t.Fatalf("level %d, %d bytes: %d bytes, %v", level, size, len(got), err)
			}
			r := rand.New(rand.NewPCG(7, uint64(size)))
			for range 200 {
				off := r.IntN(size + 2)
				p := make([]byte, r.IntN(100_000))
				n, err := s.ReadAt(p, int64(off))
				want := content[min(off, size):min(size, off+len(p))]
				if !bytes.Equal(p[:n], want) {
					t.Fatalf("level %d: %d bytes at %d are wrong", level, len(p), off)
				}
				if short := n < len(p); short && err != io.EOF || !short && err != nil {
					t.Fatalf("level %d: %d of %d bytes at %d: %v", level, n, len(p), off, err)
				}
			}
		}
	}
}

func TestGzip(t *testing.T) {
	content := text(3, 3*blockSize)
	var b bytes.Buffer
	for i, part := range [][]byte{content[:100], nil, content[100:blockSize], content[blockSize:]} {
		w := gzip.NewWriter(&b)
		if i == 2 {
			w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
		}
		w.Write(part)
		w.Close()
	}
	for _, behind := range []string{"", "\x00", strings.Repeat("\x00", 5000), "\x1f", "\x1fx"} {
		s := NewGzip(strings.NewReader(b.String()+behind), NewCache(blockSize))
		got, err := whole(s)
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("with %q behind: %d bytes, %v", behind, len(got), err)
		}
	}
}

func TestDamage(t *testing.T) {
	content := text(5, 2*blockSize+100)
	data := deflated(t, content, flate.DefaultCompression)
	crc := crc32.ChecksumIEEE(content)
	for _, c := range []struct {
		name string
		data []byte
		size int
		crc  uint32
		want error
	}{
		{"checksum", data, len(content), crc + 1, errChecksum},
		{"shorter than told", data, len(content) + 1, crc, io.ErrUnexpectedEOF},
		{"much shorter than told", data, len(content) + 9*blockSize, crc, io.ErrUnexpectedEOF},
		{"longer than told", data, len(content) - 1, crc, errTooLong},
		{"cut", data[:len(data)/2], len(content), crc, io.ErrUnexpectedEOF},
		{"nothing", nil, len(content), crc, io.ErrUnexpectedEOF},
		{"block of kind 3", []byte{7, 0, 0}, 5, 0, errCorrupt},
		{"match before the beginning", []byte{0x4b, 0x04, 0x42, 0}, 5, 0, errCorrupt},
		{"stored length", []byte{1, 5, 0, 5, 0, 1, 2, 3, 4, 5}, 5, 0, errCorrupt},
	} {
		s := New(bytes.NewReader(c.data), int64(c.size), c.crc, NewCache(blockSize))
		got, err := whole(s)
		if err != c.want {
			t.Errorf("%s: %v after %d bytes, want %v", c.name, err, len(got), c.want)
		}
		if _, err := s.ReadAt(make([]byte, 1), int64(c.size-1)); err != c.want {
			t.Errorf("%s: the last byte: %v, want %v", c.name, err, c.want)
		}
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(content)
	w.Close()
	b.Bytes()[b.Len()-1]++
	if _, err := whole(NewGzip(bytes.NewReader(b.Bytes()), NewCache(0))); err != errChecksum {
		t.Errorf("gzip: %v, want %v", err, errChecksum)
	}
}

func TestConcurrent(t *testing.T) {
	content := text(9, 6*blockSize)
	s := New(bytes.NewReader(deflated(t, content, 6)), int64(len(content)), crc32.ChecksumIEEE(content), NewCache(2*blockSize))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 4))
			p := make([]byte, 4096)
			for range 60 {
				off := r.IntN(len(content) - len(p))
				if _, err := s.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, content[off:off+len(p)]) {
					t.Errorf("at %d: %v", off, err)
				}
			}
		})
	}
	wg.Wait()
}

// What a stream keeps does not grow with its content: a gigabyte of zeros in a
// megabyte.
func TestMemory(t *testing.T) {
	const size = 1 << 30
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	zeros := make([]byte, 1<<20)
	for range size / len(zeros) {
		w.Write(zeros)
	}
	w.Close()
	s := NewGzip(io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, int64(b.Len())), NewCache(4*blockSize))
	s.points[0].mode = atBlock // without the header
	s.gzip = false
	s.limit = 16
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if n, err := io.Copy(io.Discard, io.NewSectionReader(s, 0, size+1)); n != size || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d bytes kept", grown)
	}
	if len(s.points) > 16 {
		t.Errorf("%d points", len(s.points))
	}
	p := make([]byte, 10)
	for off := int64(size - 10); off > 0; off -= 100_000_000 {
		if _, err := s.ReadAt(p, off); err != nil {
			t.Errorf("at %d: %v", off, err)
		}
	}
	runtime.KeepAlive(s)
}

// FuzzInflate compares with the standard library.
func FuzzInflate(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	f.Add([]byte{3, 0}, uint16(1))
	f.Add(deflated(f, text(1, 3000), 1), uint16(700))
	f.Add(deflated(f, text(2, 3000), flate.HuffmanOnly), uint16(2999))
	f.Add(deflated(f, text(2, 300), flate.NoCompression), uint16(7))
	f.Add([]byte{7, 0, 0}, uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint16) {
		const limit = 4 << 20
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), limit))
		s := New(bytes.NewReader(data), unknown, 0, NewCache(blockSize))
		got, err := io.ReadAll(io.NewSectionReader(s, 0, limit))
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%v, flate says %v", err, wantErr)
		}
		if wantErr == nil && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, flate has %d others", len(got), len(want))
		}
		if !bytes.HasPrefix(got, want) {
			t.Fatalf("%d bytes before the error, flate has %d", len(got), len(want))
		}
		p := make([]byte, 100)
		if n, _ := s.ReadAt(p, int64(at)); int(at) < len(got) && !bytes.HasPrefix(got[at:], p[:n]) {
			t.Fatalf("at %d: something else", at)
		}
	})
}

func FuzzGzip(f *testing.F) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = "name"
	w.Write(text(1, 500))
	w.Close()
	f.Add(b.Bytes())
	f.Add(append(b.Bytes(), b.Bytes()...))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 20
		s := NewGzip(bytes.NewReader(data), NewCache(blockSize))
		got, err := io.ReadAll(io.NewSectionReader(s, 0, limit))
		r, wantErr := gzip.NewReader(bytes.NewReader(data))
		if wantErr != nil {
			return
		}
		want, wantErr := io.ReadAll(io.LimitReader(r, limit))
		if wantErr == nil && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%d bytes, %v; gzip has %d", len(got), err, len(want))
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	content := text(1, 16<<20)
	data := deflated(b, content, 6)
	b.Run("own", func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			s := New(bytes.NewReader(data), int64(len(content)), crc32.ChecksumIEEE(content), NewCache(blockSize))
			if _, err := io.Copy(io.Discard, io.NewSectionReader(s, 0, s.size)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("standard", func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			io.Copy(io.Discard, flate.NewReader(bytes.NewReader(data)))
		}
	})
}
