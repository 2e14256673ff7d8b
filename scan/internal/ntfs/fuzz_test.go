package ntfs

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"iocscan/scan/internal/fsys"
)

// exercise does everything with every object that can be reached, and fails if
// there is more of them or of their bytes than the volume can hold.
func exercise(t *testing.T, img []byte) {
	v, err := Open(bytes.NewReader(img), int64(len(img)))
	if err != nil {
		return
	}
	v.Label()
	budget := 2000
	buf := make([]byte, 9000)
	visit := func(id fsys.ID) {
		info, err := v.Stat(id)
		if err == nil && info.Size < 0 {
			t.Fatalf("size %d", info.Size)
		}
		v.NameTimes(id)
		v.Readlink(id)
		streams, _ := v.Streams(id)
		for i, s := range streams {
			if i < 3 {
				v.OpenStream(id, s.Name)
			}
		}
		c, err := v.Open(id)
		if err != nil {
			return
		}
		for _, at := range []int64{0, 4000, 70000, c.Size() / 2, c.Size() - 5} {
			if at < 0 {
				continue
			}
			n, err := c.ReadAt(buf, at)
			if n < len(buf) && err == nil || err == io.EOF && at+int64(n) != max(at, c.Size()) {
				t.Fatalf("%d bytes at %d of %d: %v", n, at, c.Size(), err)
			}
		}
	}
	seen := map[fsys.ID]bool{}
	var walk func(fsys.ID)
	walk = func(dir fsys.ID) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		for e, err := range v.ReadDir(t.Context(), dir) {
			if budget--; budget < 0 {
				t.Fatal("more names than the volume can hold")
			}
			if err == nil {
				visit(e.ID)
				walk(e.ID)
			}
		}
	}
	walk(v.Root())
	for d, err := range v.Deleted(t.Context()) {
		if budget--; budget < 0 {
			t.Fatal("more deleted objects than the volume can hold")
		}
		if err == nil {
			visit(d.ID)
			walk(d.ID)
		}
	}
}

// reseal puts the update sequence of records right after changes to them, so
// that not every change ends there. It leaves the array where it is made.
func reseal(img []byte, cluster int) {
	for n := range tableSize {
		rec := img[tableAt*cluster+n*recordBytes:][:recordBytes]
		if le.Uint16(rec[4:]) == 48 && le.Uint16(rec[6:]) == recordBytes/stride+1 {
			for i := stride - 2; i < recordBytes; i += stride {
				copy(rec[i:], rec[48:50])
			}
		}
	}
}

func TestMutated(t *testing.T) {
	for _, cluster := range []int{512, 4096} {
		whole := rich(cluster).bytes(t)
		r := rand.New(rand.NewPCG(1, uint64(cluster)))
		used := len(bytes.TrimRight(whole[:len(whole)-512], "\x00"))
		for range 600 {
			img := bytes.Clone(whole)
			for range 1 + r.IntN(20) {
				at := r.IntN(used)
				if r.IntN(4) > 0 { // into a record that is there
					at = tableAt*cluster + r.IntN(60)*recordBytes + r.IntN(500)
				}
				switch r.IntN(3) {
				case 0:
					img[at] ^= 1 << r.IntN(8)
				case 1:
					le.PutUint32(img[at:], r.Uint32())
				case 2:
					le.PutUint32(img[at:], 0xffffffff)
				}
			}
			reseal(img, cluster)
			if r.IntN(8) == 0 {
				img = img[:r.IntN(len(img))]
			}
			exercise(t, img)
		}
	}
}

// FuzzVolume changes a volume: each 5 bytes of input are a place and what is
// written there.
func FuzzVolume(f *testing.F) {
	const cluster = 1024
	whole := rich(cluster).bytes(f)
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add([]byte{0x38, 0x94, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, changes []byte) {
		img := bytes.Clone(whole)
		for ; len(changes) >= 5; changes = changes[5:] {
			at := int(le.Uint32(changes)&0xffffff) % (len(img) - 2)
			copy(img[at:], changes[3:5])
		}
		reseal(img, cluster)
		exercise(t, img)
	})
}
