package scope

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

var (
	// ErrNetwork: the path leads to another machine. Opening it would send
	// the user's credentials there.
	ErrNetwork = errors.New("leads to the network, never opened")
	// ErrDevice: the path leads to a device or into its name space.
	ErrDevice = errors.New("leads to a device, never opened")

	errRelative = errors.New("is not an absolute path of the evidence")
	errStream   = errors.New("names a data stream, not a file")
	errTooLong  = errors.New("is longer than any path")
	errNul      = errors.New("has a zero byte")
)

// maxPath is the longest path that Windows (32,767 characters, three bytes
// each at most) or any Unix takes.
const maxPath = 3 * 32767

// A Path is a path as a person or an IOC writes it.
type Path struct {
	Drive  string // as "C:", or a volume of an image without a letter: "VOLUME3:", "[VOLUME 3]"; empty: on any volume
	Path   string // below the volume, cleaned
	Slash  bool   // a separator ended it
	Rooted bool   // a drive or a separator led it
}

// ParsePath reads a path in the evidence's notation. Both separators are taken
// on every system, as they are when IOCs are matched. The error says why
// nothing in the evidence can be meant.
func ParsePath(platform source.Platform, s string) (Path, error) {
	if len(s) > maxPath {
		return Path{}, errTooLong
	}
	if strings.IndexByte(s, 0) >= 0 {
		return Path{}, errNul
	}
	s = strings.ReplaceAll(s, `\`, "/")
	var p Path
	drive, rest, numbered := cutVolume(s)
	switch {
	case numbered && (rest == "" || rest[0] == '/'):
		p.Drive, p.Rooted, s = drive, true, rest
	case strings.HasPrefix(s, "//./"), strings.HasPrefix(s, "//?/"), strings.HasPrefix(s, "/??/"):
		return Path{}, ErrDevice
	case strings.HasPrefix(s, "//"):
		return Path{}, ErrNetwork
	case len(s) >= 2 && s[1] == ':' && isLetter(s[0]):
		p.Drive, s = strings.ToUpper(s[:2]), s[2:]
		if s != "" && s[0] != '/' {
			return Path{}, errRelative // relative to the drive's current folder
		}
		p.Rooted = true
	case strings.HasPrefix(s, "/"):
		p.Rooted = true
	}
	p.Slash = strings.HasSuffix(s, "/")
	p.Path = path.Clean("/" + s)
	if platform == source.Windows {
		for c := range strings.SplitSeq(p.Path, "/") {
			if isDosDevice(c) {
				return Path{}, ErrDevice
			}
			if strings.IndexByte(c, ':') >= 0 {
				return Path{}, errStream
			}
		}
	} else if below(p.Path, "/dev") && !below(p.Path, "/dev/shm") {
		return Path{}, ErrDevice
	}
	return p, nil
}

// cutVolume cuts off the name of a volume that is known by its number in a disk
// image only; see source.Volume.
func cutVolume(s string) (volume, rest string, ok bool) {
	for _, form := range [...]struct{ before, after string }{{"VOLUME", ":"}, {"[VOLUME ", "]"}} {
		if len(s) < len(form.before) || !strings.EqualFold(s[:len(form.before)], form.before) {
			continue
		}
		n := len(form.before)
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		if n > len(form.before) && strings.HasPrefix(s[n:], form.after) {
			n += len(form.after)
			return strings.ToUpper(s[:n]), s[n:], true
		}
	}
	return "", s, false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isDosDevice reports whether Windows opens a device for a name in any folder.
// Microsoft, "Naming Files, Paths, and Namespaces": the names are reserved
// also with an extension.
func isDosDevice(name string) bool {
	if i := strings.IndexAny(name, ".:"); i >= 0 {
		name = name[:i]
	}
	switch name = strings.ToUpper(strings.TrimRight(name, " ")); name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, prefix := range [...]string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(name, prefix); ok {
			return len(n) == 1 && '0' <= n[0] && n[0] <= '9' || n == "¹" || n == "²" || n == "³"
		}
	}
	return false
}

// Undisplay finds the volume and the path that a displayed path stands for.
// Of several volumes the one with the longest name that fits is meant.
func Undisplay(platform source.Platform, volumes []source.Volume, shown string) (volume int, p string, ok bool) {
	volume = -1
	for i, v := range volumes {
		if len(shown) < len(v.Name) || !ioc.EqualFold(shown[:len(v.Name)], v.Name) ||
			volume >= 0 && len(v.Name) <= len(volumes[volume].Name) {
			continue
		}
		rest := shown[len(v.Name):]
		if platform == source.Windows {
			rest = strings.ReplaceAll(rest, `\`, "/")
		}
		if rest == "" || rest[0] == '/' {
			volume, p = i, path.Clean("/"+rest)
		}
	}
	return volume, p, volume >= 0
}

// below reports whether p is folder or lies below it, both as the evidence
// spells them.
func below(p, folder string) bool {
	if folder == "/" {
		return true
	}
	return strings.HasPrefix(p, folder) && (len(p) == len(folder) || p[len(folder)] == '/')
}

// split cuts a path below a volume into its folder and its last name, which is
// empty for the root.
func split(p string) (folder, name string) {
	i := strings.LastIndexByte(p, '/')
	if i <= 0 {
		return "/", p[i+1:]
	}
	return p[:i], p[i+1:]
}

func sameName(v *source.Volume, a, b string) bool {
	return a == b || v.FoldCase && ioc.EqualFold(a, b)
}

// A UsageError is an option that cannot be followed.
type UsageError struct {
	Option string // such as --exclude
	Value  string
	Err    error
}

func (e *UsageError) Error() string { return fmt.Sprintf("%s %q: %v", e.Option, e.Value, e.Err) }
func (e *UsageError) Unwrap() error { return e.Err }
