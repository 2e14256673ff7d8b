package prefetch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"iocscan/scan/internal/prefetch"
	"iocscan/scan/internal/prefetch/prefetchtest"
)

func sample(version uint32) prefetch.Info {
	i := prefetch.Info{
		Version: version, Executable: "EVIL.EXE", Hash: 0x0BADF00D, Size: 4711, Runs: 3,
		LastRuns: []int64{133_000_000_000_000_000},
		Files:    []string{`\VOLUME{01}\WINDOWS\SYSTEM32\NTDLL.DLL`, `\VOLUME{01}\TEMP\ÜBEL\EVIL.EXE`},
		Volumes: []prefetch.Volume{
			{Device: `\VOLUME{01}`, Created: 132_000_000_000_000_000, Serial: 0x4290933E},
			{Device: `\VOLUME{02}`, Created: 131_000_000_000_000_000, Serial: 7},
		},
	}
	if version >= 26 {
		i.LastRuns = append(i.LastRuns, 132_900_000_000_000_000, 132_800_000_000_000_000)
	}
	return i
}

func TestEveryVersion(t *testing.T) {
	for _, version := range []uint32{17, 23, 26, 30, 31} {
		plain := prefetchtest.Build(sample(version))
		for name, data := range map[string][]byte{
			"plain": plain, "packed": prefetchtest.Pack(plain, false), "with checksum": prefetchtest.Pack(plain, true),
		} {
			t.Run(fmt.Sprint(version, " ", name), func(t *testing.T) {
				got, err := prefetch.Parse(data)
				if err != nil {
					t.Fatal(err)
				}
				want := sample(version)
				if d := cmp.Diff(&want, got); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		}
	}
}

func TestDamaged(t *testing.T) {
	plain := prefetchtest.Build(sample(30))
	edit := func(b []byte, off int, with ...byte) []byte {
		b = slices.Clone(b)
		copy(b[off:], with)
		return b
	}
	many := sample(30)
	many.Files = slices.Repeat([]string{"A"}, 1<<16+1)
	packed := prefetchtest.Pack(plain, true)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "not a prefetch file"},
		{"another file", []byte("MZ and so on"), "not a prefetch file"},
		{"version", edit(plain, 0, 99), "version 99"},
		{"cut in the header", plain[:100], "cut short"},
		{"cut in the list of volumes", plain[:len(plain)-1], "cut short"},
		{"names beyond the end", edit(plain, 104, 0xff, 0xff, 0xff, 0xff), "cut short"},
		{"volumes without number", edit(plain, 112, 0xff, 0xff, 0xff, 0xff), "cut short"},
		{"device beyond the end", edit(plain, len(plain)-2*96-2*2*len(`\VOLUME{01}`)+4, 0xff, 0xff, 0, 0), "cut short"},
		{"no name", edit(plain, 16, make([]byte, 60)...), "name of the program: empty"},
		{"endless name", edit(plain, 16, []byte(strings.Repeat("x", 60))...), "without an end"},
		{"too large", make([]byte, prefetch.MaxFile+1), "larger than"},
		{"too many files", prefetchtest.Build(many), "more than 65536 files"},
		{"algorithm", edit(packed, 3, 3), "algorithm 3"},
		{"checksum", edit(packed, 300, 0xff), "checksum"},
		{"size", edit(prefetchtest.Pack(plain, false), 4, 0, 0, 0, 0x7f), "says to hold"},
		{"stream cut short", prefetchtest.Pack(plain, false)[:400], "decompress"},
		{"header cut short", packed[:9], "cut short"},
	} {
		t.Run(c.name, func(t *testing.T) {
			info, err := prefetch.Parse(c.data)
			if err == nil || !strings.Contains(err.Error(), c.want) || info != nil {
				t.Errorf("got %v, %v; want an error with %q", info, err, c.want)
			}
		})
	}
}

// Whatever is parsed can be written and parsed again.
func FuzzParse(f *testing.F) {
	for _, version := range []uint32{17, 23, 26, 30, 31} {
		plain := prefetchtest.Build(sample(version))
		f.Add(plain)
		f.Add(prefetchtest.Pack(plain, version%2 == 0))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := prefetch.Parse(data)
		if (info == nil) == (err == nil) {
			t.Fatal("neither or both", info, err)
		}
		if err != nil {
			return
		}
		info.Size = max(1, info.Size)
		again, err := prefetch.Parse(prefetchtest.Build(*info))
		if len(info.Files) > 1000 || len(info.Volumes) > 100 {
			return // may be larger than a file can be
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(info, again, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("(-once +again)\n%s", d)
		}
	})
}
