package evtx

import (
	"math/rand/v2"
	"testing"
)

// TestCorpusMutated changes a few places of real chunks, in the ways that hurt
// a reader most, and checks the bounds. The sequence is always the same.
func TestCorpusMutated(t *testing.T) {
	rounds := 1500
	if testing.Short() {
		rounds = 100
	}
	var chunks [][]byte
	for i, name := range corpusLogs(t) {
		f := openCorpus(t, name)
		if buf := make([]byte, ChunkSize); f.Chunks() > 0 && i%3 == 0 {
			if _, state, err := f.Read(0, buf); err == nil && state == Present {
				chunks = append(chunks, buf)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	tokens := []byte{0, 1, 2, 3, 4, 5, 6, 9, 0x0c, 0x0d, 0x0e, 0x0f, 0x21, 0x41, 0x46, 0x81, 0x8a}
	r := NewReader("a")
	b := make([]byte, ChunkSize)
	for range rounds {
		copy(b, chunks[rng.IntN(len(chunks))])
		used := max(1024, min(ChunkSize, int(le.Uint32(b[48:])))) - 16
		for range 1 + rng.IntN(3) {
			o := chunkHeaderSize + rng.IntN(used-chunkHeaderSize)
			switch rng.IntN(7) {
			case 0:
				b[o] = byte(rng.Uint32())
			case 1:
				b[o] = tokens[rng.IntN(len(tokens))]
			case 2:
				le.PutUint32(b[o:], rng.Uint32())
			case 3:
				le.PutUint32(b[o&^3:], 0x7fffffff)
			case 4:
				copy(b[o:], b[rng.IntN(used):][:4])
			case 5:
				n := min(1<<rng.IntN(12), ChunkSize-o)
				clear(b[o : o+n])
			case 6:
				le.PutUint16(b[o:], uint16(1)<<rng.IntN(16))
			}
		}
		exercise(t, r, b)
	}
}
