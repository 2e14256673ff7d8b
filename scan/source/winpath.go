package source

import (
	"errors"
	"fmt"
	"strings"
)

// winPath is a Windows path or link target taken apart.
type winPath struct {
	drive   string // "C:" or empty
	path    string // with "/" for "\"; begins with "/" if rooted or with a drive
	rooted  bool   // from the root of a volume
	escapes bool   // to the network, a device, a volume without a letter, or past any parsing
}

// parseWindowsPath reads the forms that link targets and registry data have:
// C:\x, \x, x, and after \??\ or \\?\ a drive, UNC or a device. They are
// described in "File path formats on Windows systems" and, for reparse points,
// in [MS-FSCC] 2.1.2.
func parseWindowsPath(s string) winPath {
	s = strings.ReplaceAll(s, `\`, "/")
	object := false
	for _, prefix := range []string{"/??/", "//?/", "//./"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			s, object = rest, true
			break
		}
	}
	if hasDrive(s) {
		if len(s) > 2 && s[2] != '/' {
			return winPath{escapes: true} // relative to what the drive's current folder was
		}
		return winPath{drive: s[:2], path: "/" + strings.TrimLeft(s[2:], "/"), rooted: true}
	}
	if object || strings.HasPrefix(s, "//") {
		return winPath{escapes: true} // UNC, Volume{…}, GLOBALROOT, a device
	}
	return winPath{path: s, rooted: strings.HasPrefix(s, "/")}
}

func hasDrive(s string) bool {
	return len(s) >= 2 && s[1] == ':' && isLetter(s[0])
}

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Locate finds what a path in the evidence's own notation leads to: it picks
// the volume, resolves links there and goes on where a link leads to another
// volume of the source. A Windows path without a drive is looked up on the first
// volume. The error wraps fs.ErrNotExist where nothing is there and ErrEscapes
// where the path leads to the network, a device or a volume the source lacks.
func Locate(src Source, path string) (Volume, string, error) {
	name, below := "", path
	if src.Platform() == Windows {
		p := parseWindowsPath(path)
		if p.escapes {
			return Volume{}, "", pathError("resolve", path, ErrEscapes)
		}
		name, below = p.drive, "/"+strings.TrimLeft(p.path, "/")
	}
	for range maxLinks {
		v, ok := volume(src, name)
		if !ok {
			return Volume{}, "", pathError("resolve", path, fmt.Errorf("%w: no volume %s", ErrEscapes, name))
		}
		got, err := v.FS.Resolve(below)
		var cross *CrossVolume
		if errors.As(err, &cross) {
			name, below = cross.Volume, cross.Path
			continue
		}
		if err != nil {
			return Volume{}, "", pathError("resolve", path, err)
		}
		return v, got, nil
	}
	return Volume{}, "", pathError("resolve", path, ErrLoop)
}

func volume(src Source, name string) (Volume, bool) {
	for _, v := range src.Volumes() {
		if name == "" || strings.EqualFold(v.Name, name) {
			return v, true
		}
	}
	return Volume{}, false
}
