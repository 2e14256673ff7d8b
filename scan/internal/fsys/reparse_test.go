package fsys

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestReparseKind(t *testing.T) {
	for _, c := range []struct {
		what            string
		attributes, tag uint32
		want            Kind
	}{
		{"file", 0x20, 0, Regular},
		{"folder", 0x10, 0, Dir},
		{"symbolic link to a file", 0x420, tagSymlink, Link},
		{"symbolic link to a folder", 0x410, tagSymlink, Link},
		{"junction", 0x410, tagMountPoint, Link},
		{"deduplicated", 0x620, 0x80000013, Regular},
		{"compressed by WOF", 0x420, 0x80000017, Regular},
		{"OneDrive, fetched", 0x420, 0x9000601a, Regular},
		{"OneDrive, away", 0x400420 | 0x1000, 0x9000601a, Cloud},
		{"OneDrive, away, tag hidden", 0x401020, 0, Cloud},
		{"OneDrive folder", 0x410, 0x9000701a, Dir},
		{"OneDrive folder, away", 0x40410, 0x9000701a, Cloud},
		{"offline file", 0x1020, 0, Cloud},
		{"folder marked offline", 0x1010, 0, Dir},
		{"remote storage", 0x420, tagHSM, Cloud},
		{"WSL socket", 0x420, tagAFUnix, Socket},
		{"WSL link", 0x420, 0xa000001d, Link},
		{"WSL FIFO", 0x420, tagLXFIFO, FIFO},
		{"WSL device", 0x420, tagLXChar, Device},
		{"store app alias", 0x420, tagAppExecLink, Other},
		{"tag without the attribute", 0x20, tagSymlink, Regular},
	} {
		if got := ReparseKind(c.attributes, c.tag); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

// reparse builds a buffer with only a substitute name.
func reparse(tag uint32, fill int, target string) []byte {
	var b []byte
	u16 := func(n int) { b = append(b, byte(n), byte(n>>8)) }
	name := utf16.Encode([]rune(target))
	u16(int(tag & 0xffff))
	u16(int(tag >> 16))
	u16(8 + fill + 2*len(name))
	u16(0)
	u16(0)
	u16(2 * len(name))
	u16(2 * len(name))
	u16(0)
	b = append(b, make([]byte, fill)...)
	for _, u := range name {
		u16(int(u))
	}
	return b
}

func TestReparseTarget(t *testing.T) {
	for _, target := range []string{`\??\C:\Users`, `..\x`, ``, `\??\Volume{x}\`} {
		if got, err := ReparseTarget(reparse(tagSymlink, 4, target)); err != nil || got != target {
			t.Errorf("link: %q, %v, want %q", got, err, target)
		}
		if got, err := ReparseTarget(reparse(tagMountPoint, 0, target)); err != nil || got != target {
			t.Errorf("junction: %q, %v, want %q", got, err, target)
		}
	}
	whole := reparse(tagMountPoint, 0, `\??\C:\Users`)
	for n := range whole {
		if got, err := ReparseTarget(whole[:n]); err == nil {
			t.Errorf("cut at %d: %q", n, got)
		}
	}
	long := reparse(tagMountPoint, 0, "x")
	long[10] = 0xff
	if got, err := ReparseTarget(long); err == nil {
		t.Errorf("name past the end: %q", got)
	}
	if _, err := ReparseTarget(reparse(0xa000001d, 0, strings.Repeat("x", 20))); err == nil {
		t.Error("a link of WSL: no error")
	}
}

func FuzzReparseTarget(f *testing.F) {
	f.Add(reparse(tagSymlink, 4, `..\x`))
	f.Add(reparse(tagMountPoint, 0, `\??\C:\x`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ReparseTarget(b); err == nil && len(s) > 3*len(b) {
			t.Errorf("%d bytes of name from %d", len(s), len(b))
		}
	})
}
