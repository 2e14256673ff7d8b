package ntfs

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"www.velocidex.com/golang/go-ntfs/parser"
)

// pack is LZNT1 the other way round, greedy and without haste.
func pack(data []byte) []byte {
	var out []byte
	for chunk := range slices.Chunk(data, chunkSize) {
		head := len(out)
		out = append(out, 0, 0)
		for at := 0; at < len(chunk); {
			flags := len(out)
			out = append(out, 0)
			for bit := 0; bit < 8 && at < len(chunk); bit++ {
				back, n := longest(chunk, at)
				if n < 3 {
					out = append(out, chunk[at])
					at++
					continue
				}
				shift := 12 - max(0, bits.Len(uint(at-1))-4)
				out = le.AppendUint16(out, uint16((back-1)<<shift|(n-3)))
				out[flags] |= 1 << bit
				at += n
			}
		}
		if size := len(out) - head - 2; size < chunkSize {
			le.PutUint16(out[head:], uint16(0xb000|size-1))
		} else {
			out = append(out[:head], 0xff, 0x3f)
			out = append(out, append(chunk[:len(chunk):len(chunk)], make([]byte, chunkSize-len(chunk))...)...)
		}
	}
	return append(out, 0, 0)
}

func longest(chunk []byte, at int) (back, n int) {
	if at == 0 {
		return 0, 0
	}
	shift := 12 - max(0, bits.Len(uint(at-1))-4)
	for d := 1; d <= min(at, 1<<(16-shift)); d++ {
		l := 0
		for l < 1<<shift+2 && at+l < len(chunk) && chunk[at+l] == chunk[at+l-d] {
			l++
		}
		if l > n {
			back, n = d, l
		}
	}
	return back, n
}

// text is data that can be compressed, and differs from place to place.
func text(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	var b []byte
	for len(b) < n {
		switch at := len(b); {
		case r.IntN(3) > 0 && at > 40:
			from := at - 1 - r.IntN(min(at-1, 3000))
			for range 3 + r.IntN(60) {
				b = append(b, b[from])
				from++
			}
		default:
			b = append(b, byte(r.Uint32()), byte(r.Uint32()), 'x')
		}
	}
	return b[:n]
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(9, 9))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestLZNT1 also asks another reader.
func TestLZNT1(t *testing.T) {
	for _, data := range [][]byte{
		text(65536, 1), text(4097, 2), text(4095, 3), text(1, 4), bytes.Repeat([]byte("a"), 9000),
		make([]byte, 65536), noise(8192), append(noise(4096), text(5000, 5)...), bytes.Repeat([]byte("abc"), 1500),
	} {
		packed := pack(data)
		other, err := parser.LZNT1Decompress(packed)
		if err != nil || !bytes.HasPrefix(other, data) {
			t.Errorf("%d bytes: the other reader: %v", len(data), err)
		}
		got := make([]byte, 65536)
		if err := unpackLZNT1(got, packed); err != nil || !bytes.Equal(got[:len(data)], data) {
			t.Errorf("%d bytes: differ, %v", len(data), err)
		}
		if slices.ContainsFunc(got[len(data):], func(b byte) bool { return b != 0 }) {
			t.Errorf("%d bytes: more than zeros behind", len(data))
		}
	}
}

func TestLZNT1Damaged(t *testing.T) {
	for what, packed := range map[string][]byte{
		"chunk cut":         {0x10, 0xb0, 0, 'a'},
		"back before start": {0x03, 0xb0, 0x02, 'a', 0x00, 0x10},
		"pair at the start": {0x02, 0xb0, 0x01, 0x00, 0x00},
		"pair cut":          {0x02, 0xb0, 0x02, 'a', 0x00},
		"stored, but cut":   {0xff, 0x3f, 'a'},
	} {
		if err := unpackLZNT1(make([]byte, 65536), packed); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func FuzzLZNT1(f *testing.F) {
	f.Add(pack(text(5000, 1)))
	f.Add(pack(make([]byte, 65536)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := make([]byte, 65536)
		if unpackLZNT1(got, b) != nil {
			return
		}
		if again := make([]byte, 65536); unpackLZNT1(again, pack(got)) != nil || !bytes.Equal(got, again) {
			t.Error("what was unpacked is not what it is when packed and unpacked again")
		}
	})
}
