package ntfs

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"slices"
	"testing"

	"iocscan/scan/internal/fsys"
)

// packXpress writes LZ77 with Huffman codes of the plainest kind: all 512
// symbols have 9 bits. Matches are short, which spares the extra bytes.
func packXpress(data []byte) []byte {
	out := bytes.Repeat([]byte{0x99}, 256)
	var acc, have uint
	put := func(value, n uint) {
		acc, have = acc<<n|value, have+n
		for ; have >= 16; have -= 16 {
			out = le.AppendUint16(out, uint16(acc>>(have-16)))
		}
	}
	for at := 0; at < len(data); {
		back, n := longest(data[:min(len(data), at+17)], at)
		if n < 3 {
			put(uint(data[at]), 9)
			at++
			continue
		}
		high := uint(bits.Len(uint(back)) - 1)
		put(256|high<<4|uint(n-3), 9)
		put(uint(back)&(1<<high-1), high)
		at += n
	}
	put(0, 16-have%16)
	return out
}

// wofFile makes the attributes of a file whose chunks are packed, but for those
// that do not get smaller.
func wofFile(b *builder, data []byte, algorithm uint32, chunk int) [][]byte {
	var table, chunks []byte
	for part := range slices.Chunk(data, chunk) {
		if len(chunks) > 0 {
			table = le.AppendUint32(table, uint32(len(chunks)))
		}
		if packed := packXpress(part); len(packed) < len(part) {
			part = packed
		}
		chunks = append(chunks, part...)
	}
	stream := append(table, chunks...)
	point := make([]byte, 24)
	le.PutUint32(point, tagWOF)
	le.PutUint16(point[4:], 16)
	le.PutUint32(point[8:], 1)
	le.PutUint32(point[12:], wofProvider)
	le.PutUint32(point[16:], 1)
	le.PutUint32(point[20:], algorithm)
	hole := run{lcn: sparse, count: int64(len(data)/b.cluster + 1)}
	return [][]byte{resident(typeReparse, "", point),
		elsewhere(typeData, "", 0x8000, 0, []run{hole}, int64(len(data)), int64(len(data))),
		elsewhere(typeData, decode([]byte(wofStream)), 0, 0, []run{b.put(stream)}, int64(len(stream)), int64(len(stream)))}
}

func wofData() []byte { return bytes.Repeat([]byte("some words and "), 700) }

func TestWOF(t *testing.T) {
	data := slices.Concat(text(20000, 3), noise(16384), bytes.Repeat([]byte("ab"), 6000))
	b := newBuilder(1024)
	for i, c := range []struct {
		name      string
		algorithm uint32
		chunk     int
	}{{"4", 0, 4096}, {"8", 2, 8192}, {"16", 3, 16384}, {"lzx", 1, 32768}, {"none", 9, 4096}} {
		b.object(30+i, flagInUse, recordRoot, c.name, 0x620, wofFile(b, data, c.algorithm, c.chunk)...)
	}
	b.object(40, flagInUse, recordRoot, "one", 0x620, wofFile(b, data[:3000], 0, 4096)...)
	b.object(41, flagInUse, recordRoot, "lost", 0x620, wofFile(b, data, 0, 4096)[:2]...)
	v := b.open(t)
	root, _ := list(t, v, v.Root())
	for _, name := range []string{"4", "8", "16"} {
		if got, err := contents(v.Open(root[name].ID)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes differ, %v", name, len(got), err)
		}
		testReads(t, v, root[name].ID, data)
	}
	if got, err := contents(v.Open(root["one"].ID)); err != nil || !bytes.Equal(got, data[:3000]) {
		t.Errorf("one chunk: %d bytes differ, %v", len(got), err)
	}
	for _, name := range []string{"lzx", "none"} {
		if _, err := v.Open(root[name].ID); !errors.Is(err, fsys.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.Open(root["lost"].ID); !errors.Is(err, errAbsent) {
		t.Error(err)
	}
}

func TestWOFDamaged(t *testing.T) {
	data := text(9000, 3)
	chunks := packXpress(data[:4096])
	for what, stream := range map[string][]byte{
		"empty":           {},
		"table cut":       make([]byte, 7),
		"no chunks":       make([]byte, 8),
		"chunk too large": append(le.AppendUint64(nil, 5000|5000<<32), make([]byte, 9000)...),
		"chunk beyond":    append(le.AppendUint64(nil, 0xffffff), chunks...),
		"backwards":       append(le.AppendUint64(nil, 500|200<<32), chunks...),
		"chunk cut":       append(le.AppendUint64(nil, 400|1000<<32), chunks...),
		"no codes":        append(le.AppendUint64(nil, 400|1000<<32), make([]byte, 2000)...),
	} {
		w := &wof{data: &content{size: int64(len(stream)), initialised: int64(len(stream)), resident: stream}, size: 9000, chunk: 4096, keptAt: -1}
		if _, err := w.ReadAt(make([]byte, 9000), 0); !errors.Is(err, errWOF) || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzXpress(f *testing.F) {
	f.Add(packXpress(text(500, 1)), uint16(500))
	f.Fuzz(func(t *testing.T, b []byte, n uint16) {
		unpackXpress(make([]byte, int(n)%16384+1), b)
	})
}
