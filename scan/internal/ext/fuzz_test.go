package ext

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"

	"iocscan/scan/internal/fsys"
)

// A patched image has words in place of what it had there.
type patched struct {
	*bytes.Reader
	words map[int64]uint32
}

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.Reader.ReadAt(b, off)
	for at, word := range p.words {
		var w [4]byte
		binary.LittleEndian.PutUint32(w[:], word)
		for i, c := range w {
			if j := at + int64(i) - off; j >= 0 && j < int64(n) {
				b[j] = c
			}
		}
	}
	return n, err
}

// filled are the places of the KiB of an image that are not all zeros. The
// metadata are among the first of them.
func filled(image []byte) []int64 {
	var all []int64
	for at := 0; at+1024 <= len(image); at += 1024 {
		if len(bytes.Trim(image[at:at+1024], "\x00")) > 0 {
			all = append(all, int64(at))
		}
	}
	return all
}

// exercise reads a part of everything and checks what must hold of any bytes.
func exercise(t *testing.T, r io.ReaderAt, size int64) {
	f, err := Open(r, size)
	if err != nil {
		return
	}
	f.Type()
	f.Label()
	f.Serial()
	ctx := context.Background()
	seen := map[fsys.ID]bool{f.Root(): true}
	buffer := make([]byte, 5000)
	left := 20000
	for queue := []fsys.ID{f.Root()}; len(queue) > 0 && left > 0; queue = queue[1:] {
		for e, err := range f.ReadDir(ctx, queue[0]) {
			if left--; left == 0 {
				break
			}
			if err != nil {
				continue
			}
			if e.Name == "" || e.ID == 0 {
				t.Fatalf("an entry %+v", e)
			}
			i, err := f.Stat(e.ID)
			if err != nil {
				continue
			}
			if e.Kind == fsys.Dir && !seen[e.ID] {
				seen[e.ID] = true
				queue = append(queue, e.ID)
			}
			if s, err := f.Readlink(e.ID); err == nil && (i.Kind != fsys.Link || int64(len(s)) != i.Size) {
				t.Fatalf("%+v leads to %q", i, s)
			}
			c, err := f.Open(e.ID)
			if err != nil {
				continue
			}
			if i.Kind != fsys.Regular || c.Size() != i.Size || i.Size < 0 {
				t.Fatalf("%d bytes of %+v", c.Size(), i)
			}
			for _, off := range []int64{0, i.Size / 3, i.Size - 100, i.Size + 1} {
				n, err := c.ReadAt(buffer, max(0, off))
				if n < 0 || n > len(buffer) || n < len(buffer) && err == nil || int64(n) > max(0, i.Size-max(0, off)) {
					t.Fatalf("%d bytes at %d of %d, %v", n, off, i.Size, err)
				}
			}
		}
	}
	for d, err := range f.Deleted(ctx) {
		if left--; left <= 0 {
			break
		}
		if err == nil && d.ID > fsys.ID(f.super.inodes) {
			t.Fatalf("deleted %+v", d)
		}
	}
}

// TestMutations changes a few words of the metadata, most of them near others.
func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	odd := []uint32{0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xf30a, 0x0005f30a, 12, 0x00020008}
	for _, c := range images {
		image := readImage(t, c.name)
		blocks := filled(image)
		for range 150 {
			p := patched{bytes.NewReader(image), make(map[int64]uint32)}
			for range 1 + random.IntN(6) {
				block := blocks[random.IntN(len(blocks))]
				if random.IntN(4) > 0 {
					block = blocks[random.IntN(60)]
				}
				word := random.Uint32()
				if random.IntN(2) == 0 {
					word = odd[random.IntN(len(odd))]
				}
				p.words[block+random.Int64N(1024)&^3] = word
			}
			size := int64(len(image))
			if random.IntN(8) == 0 {
				size = random.Int64N(size)
			}
			exercise(t, p, size)
		}
	}
}

// FuzzFS takes an image of the tests and changes in it: the number of a filled
// KiB, a place in it, a word.
func FuzzFS(f *testing.F) {
	var all [][]byte
	var places [][]int64
	for _, c := range images {
		image := readImage(f, c.name)
		all, places = append(all, image), append(places, filled(image))
		f.Add(uint8(len(all)-1), []byte{})
	}
	f.Add(uint8(2), []byte{0, 0, 0x60, 0, 0xd7, 0xf7, 3, 0})
	f.Add(uint8(0), []byte{4, 0, 0xa8, 0, 1, 0, 0, 0, 9, 0, 4, 0, 0, 4, 8, 1})
	f.Fuzz(func(t *testing.T, which uint8, changes []byte) {
		i := int(which) % len(all)
		p := patched{bytes.NewReader(all[i]), make(map[int64]uint32)}
		for ; len(changes) >= 8 && len(p.words) < 50; changes = changes[8:] {
			block := places[i][int(le16(changes, 0))%len(places[i])]
			p.words[block+int64(le16(changes, 2)%1024)] = le32(changes, 4)
		}
		exercise(t, p, int64(len(all[i])))
	})
}
