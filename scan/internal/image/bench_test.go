package image

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"iocscan/scan/internal/image/imagetest"
)

// BenchmarkRead reads a disk of 32 MiB from every container, in order and at
// random.
func BenchmarkRead(b *testing.B) {
	disk := imagetest.Content(32 << 20)
	all := map[string]memFolder{
		"raw":   {"d.img": disk},
		"VHD":   {"d.img": imagetest.VHDDynamic(disk, 2<<20)},
		"VMDK":  {"d.img": imagetest.VMDK(disk, false)},
		"VMDKz": {"d.img": imagetest.VMDK(disk, true)},
		"QCOW2": {"d.img": imagetest.QCOW2(disk, 16, false)},
		"QCOWz": {"d.img": imagetest.QCOW2(disk, 16, true)},
		"VHDX":  {"d.img": imagetest.VHDX(disk)},
		"EWF":   {"d.img": imagetest.EWF(disk, 1<<20, nil, nil)[0]},
	}
	for name, folder := range all {
		m, err := Open("d.img", folder.options())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/sequential", func(b *testing.B) {
			p := make([]byte, 256<<10)
			b.SetBytes(int64(len(p)))
			for i := range b.N {
				if _, err := m.ReadAt(p, int64(i)*int64(len(p))%m.Size()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/random", func(b *testing.B) {
			p, rnd := make([]byte, 4<<10), rand.New(rand.NewPCG(1, 1))
			b.SetBytes(int64(len(p)))
			for range b.N {
				if _, err := m.ReadAt(p, rnd.Int64N(m.Size()/4096)*4096); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEWF reads the corpus's image of a system, by one and by several
// readers at once.
func BenchmarkEWF(b *testing.B) {
	name := filepath.Join(corpusRoot, "evidence/images/composed/composed-win10.E01")
	m, err := Open(name, Options{})
	if errors.Is(err, fs.ErrNotExist) {
		b.Skip("the shared corpus is not here")
	}
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	read := func(i int64) {
		p := make([]byte, 1<<20)
		if n, err := m.ReadAt(p, i<<20%m.Size()); n == 0 {
			b.Error(err)
		}
	}
	b.Run("one", func(b *testing.B) {
		b.SetBytes(1 << 20)
		for i := range b.N {
			read(int64(i))
		}
	})
	b.Run("several", func(b *testing.B) {
		b.SetBytes(1 << 20)
		var next atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				read(next.Add(1))
			}
		})
	})
}
