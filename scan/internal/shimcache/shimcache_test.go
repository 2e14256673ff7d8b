package shimcache

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// oldXP is a cache of Windows XP.
func oldXP(paths ...string) []byte {
	b := le.AppendUint32(le.AppendUint32(nil, 0xdeadbeef), uint32(len(paths)))
	b = append(b, make([]byte, 392)...)
	for n, p := range paths {
		e := make([]byte, 552)
		copy(e, wide(p))
		le.PutUint64(e[528:], uint64(n+1))
		b = append(b, e...)
	}
	return b
}

// pointing is a cache whose entries tell where their paths lie.
func pointing(magic uint32, header, size int, wide64 bool, paths ...string) []byte {
	b := make([]byte, header+size*len(paths))
	le.PutUint32(b, magic)
	le.PutUint32(b[4:], uint32(len(paths)))
	for n, p := range paths {
		e := b[header+n*size:]
		text := wide(p)
		le.PutUint16(e, uint16(len(text)))
		le.PutUint16(e[2:], uint16(len(text)+2))
		if wide64 {
			le.PutUint64(e[8:], uint64(len(b)))
			le.PutUint64(e[16:], uint64(n+1))
		} else {
			le.PutUint32(e[4:], uint32(len(b)))
			le.PutUint64(e[8:], uint64(n+1))
		}
		b = append(append(b, text...), 0, 0)
	}
	return b
}

// chain is a cache of tagged entries; those of Windows 10 have the time next
// to the path.
func chain(header int, tag string, ten bool, paths ...string) []byte {
	b := make([]byte, header)
	le.PutUint32(b, uint32(header))
	for n, p := range paths {
		body := append(le.AppendUint16(nil, uint16(len(wide(p)))), wide(p)...)
		if !ten {
			body = append(body, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
		}
		body = le.AppendUint64(body, uint64(n+1))
		body = le.AppendUint32(body, 0)
		b = le.AppendUint32(append(append(b, tag...), 1, 2, 3, 4), uint32(len(body)))
		b = append(b, body...)
	}
	return b
}

func TestParse(t *testing.T) {
	paths := []string{`\??\C:\Windows\a.exe`, `C:\é\b.exe`}
	timed := []Entry{{paths[0], 1}, {paths[1], 2}}
	bare := []Entry{{paths[0], 0}, {paths[1], 0}}
	for name, c := range map[string]struct {
		data []byte
		want []Entry
	}{
		"XP":            {oldXP(paths...), timed},
		"2003 32 bits":  {pointing(0xbadc0ffe, 8, 24, false, paths...), timed},
		"Vista 64 bits": {pointing(0xbadc0ffe, 8, 32, true, paths...), timed},
		"7 32 bits":     {pointing(0xbadc0fee, 128, 32, false, paths...), timed},
		"7 64 bits":     {pointing(0xbadc0fee, 128, 48, true, paths...), timed},
		"8":             {chain(128, "00ts", false, paths...), bare},
		"8.1":           {chain(128, "10ts", false, paths...), bare},
		"10":            {chain(0x30, "10ts", true, paths...), timed},
		"10 Creators":   {chain(0x34, "10ts", true, paths...), timed},
		"7, empty":      {pointing(0xbadc0fee, 128, 32, false), nil},
		"8, empty":      {chain(128, "00ts", false), nil},
		"10, empty":     {chain(0x34, "10ts", true), nil},
	} {
		got, err := Parse(c.data)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		if len(c.want) == 0 {
			continue
		}
		if got, err := Parse(c.data[:len(c.data)-6]); err == nil || len(got) != 1 {
			t.Errorf("%s, cut off: %v, %v", name, got, err)
		}
	}
	for _, data := range [][]byte{nil, []byte("seven.."), make([]byte, 1000)} {
		if got, err := Parse(data); !errors.Is(err, ErrUnknown) || got != nil {
			t.Errorf("%.10q: %v, %v", data, got, err)
		}
	}
}

// Many entries that have the same long path are not paid for.
func TestSharedPaths(t *testing.T) {
	b := pointing(0xbadc0fee, 128, 32, false, strings.Split(strings.Repeat("x,", 4000), ",")...)
	for n := range 4000 {
		le.PutUint16(b[128+32*n:], 60000)
		le.PutUint32(b[132+32*n:], 128)
	}
	got, err := Parse(b)
	total := 0
	for _, e := range got {
		total += len(e.Path)
	}
	if err == nil || total > 4*len(b) {
		t.Errorf("%d bytes of paths out of %d, %v", total, len(b), err)
	}
}

const corpus = "../../../../shared/corpus/evidence/misc/puffyCid-artemis"

// The counts are those of the tags, and the one of the header.
func TestCorpus(t *testing.T) {
	for name, want := range map[string]struct {
		entries int
		first   string
	}{
		"shimcache/win8shim.raw":                  {3, `SYSVOL\Program Files\Windows Defender\MpCmdRun.exe`},
		"shimcache/win81shim.raw":                 {3, `SYSVOL\Program Files\Windows Defender\MpCmdRun.exe`},
		"shimcache/win10Creatorsshim.raw":         {3, `C:\Users\bob\Documents\ShellBagsExplorer\ShellBagsExplorer.exe`},
		"shimcache/win11shim.raw":                 {2, `C:\WINDOWS\system32\wbem\WmiApSrv.exe`},
		"dfir/windows/shimcache/win7/win7x86.bin": {91, `\??\C:\Windows\system32\LogonUI.exe`},
	} {
		data, err := os.ReadFile(filepath.Join(corpus, name))
		if err != nil {
			t.Skip("the shared corpus is absent: ", err)
		}
		got, err := Parse(data)
		if err != nil || len(got) != want.entries || got[0].Path != want.first {
			t.Errorf("%s: %d entries, %+v, %v", name, len(got), got[:min(1, len(got))], err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range [][]byte{
		oldXP("a"), pointing(0xbadc0ffe, 8, 24, false, "a"), pointing(0xbadc0fee, 128, 48, true, "a", "b"),
		chain(128, "00ts", false, "a"), chain(0x34, "10ts", true, "a", "b"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Parse(data)
		total := 0
		for _, e := range list {
			total += len(e.Path)
		}
		if total > 3*len(data)/2+3*len(list) || errors.Is(err, ErrUnknown) && list != nil {
			t.Errorf("%d bytes of paths out of %d, %v", total, len(data), err)
		}
	})
}
