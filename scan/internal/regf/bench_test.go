package regf

import (
	"bytes"
	"fmt"
	"testing"

	"iocscan/scan/internal/regf/regftest"
)

// walkAll does what a scan of all keys does: paths, names, types and data.
func walkAll(b *testing.B, data []byte) (keys, values int) {
	h, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	var name []byte
	for n, err := range h.Walk() {
		if err != nil {
			b.Fatal(err)
		}
		keys++
		for v, err := range n.Values() {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := v.Data(); err != nil {
				b.Fatal(err)
			}
			name = v.AppendName(name[:0])
			values++
		}
	}
	return keys, values
}

func benchmarkWalk(b *testing.B, data []byte, wantKeys int) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if keys, _ := walkAll(b, data); keys != wantKeys {
			b.Fatalf("%d keys", keys)
		}
	}
}

func generated() []byte {
	var root regftest.Key
	for i := range 200 {
		k := regftest.Key{Name: fmt.Sprintf("group %d", i)}
		for j := range 100 {
			s := regftest.Key{Name: fmt.Sprintf("key %d", j)}
			for v := range 3 {
				s.Values = append(s.Values, regftest.Value{Name: fmt.Sprintf("value %d", v), Type: 1, Data: regftest.SZ(`C:\Windows\System32\example.dll`)})
			}
			k.Subkeys = append(k.Subkeys, s)
		}
		root.Subkeys = append(root.Subkeys, k)
	}
	return regftest.Hive{Root: root}.Bytes()
}

func BenchmarkWalk(b *testing.B) { benchmarkWalk(b, generated(), 1+200+200*100) }

func BenchmarkWalkCorpus(b *testing.B) {
	benchmarkWalk(b, corpusFile(b, "registry/mkorman90-regipy/SYSTEM_WIN_10_1709.gz"), 43211)
}

func BenchmarkFind(b *testing.B) {
	data := generated()
	h := open(b, data)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Find(`GROUP 150\KEY 50`); err != nil {
			b.Fatal(err)
		}
	}
}
