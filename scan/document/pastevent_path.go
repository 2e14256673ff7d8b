package document

import (
	"errors"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
)

// errNoDrive goes with what was told of a path that begins with a device:
// all but its drive.
var errNoDrive = errors.New("the logged event names the volume by its device, not by its drive letter")

// A pastPath is a path as events write it: with a drive, on the network, or
// with the device of the volume in place of the drive.
type pastPath struct {
	shown  string // without what goes before the drive; of a device path what follows the device
	device string // the path as the event has it, if that is a device path
	stream string // shown with the name of the file's stream behind it; empty: that of the file itself
}

func newPastPath(s string) (p pastPath, err error) {
	file := withoutStream(s)
	if p, err = newFilePath(file); len(file) < len(s) {
		p.stream = p.shown + s[len(file):]
	}
	return p, err
}

// withoutStream cuts the name of a stream off a path. A colon stands nowhere
// else but behind the drive.
func withoutStream(s string) string {
	name := s[strings.LastIndexByte(s, '\\')+1:]
	if i := strings.IndexByte(name, ':'); i > 0 && len(name) < len(s) {
		return s[:len(s)-len(name)+i]
	}
	return s
}

func newFilePath(s string) (p pastPath, err error) {
	for _, before := range []string{`\??\`, `\\?\`} {
		s = strings.TrimPrefix(s, before)
	}
	const device, network, root = `\Device\`, `Mup\`, `\SystemRoot\`
	switch {
	case len(s) > len(root) && ioc.EqualFold(s[:len(root)], root):
		return pastPath{shown: s}, errNoDrive
	case len(s) <= len(device) || !ioc.EqualFold(s[:len(device)], device):
		return pastPath{shown: s}, nil
	}
	below := s[len(device):]
	if len(below) > len(network) && ioc.EqualFold(below[:len(network)], network) {
		return pastPath{shown: `\\` + below[len(network):], device: s}, nil
	}
	i := strings.IndexByte(below, '\\')
	if i < 0 {
		return pastPath{shown: s, device: s}, errNoDrive
	}
	return pastPath{shown: below[i:], device: s}, errNoDrive
}

// pathAnswer makes an answer of a path. What is told stands beside an error
// where the drive is not known.
func pathAnswer(name string, get func(p pastPath, yield func(ioc.Value) bool) bool) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		p, err := newPastPath(s)
		if get(p, yield) {
			return err
		}
		return nil
	}, []string{name}}
}

// pastName is the last name in a path, which no drive stands in the way of.
func pastName(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		s = withoutStream(s)
		yield(ioc.TextValue(s[strings.LastIndexByte(s, '\\')+1:]))
		return nil
	}, []string{name}}
}

// pastExtension is what follows the last dot, and with the dot.
func pastExtension(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		s = withoutStream(s)
		s = s[strings.LastIndexByte(s, '\\')+1:]
		if dot := strings.LastIndexByte(s, '.'); dot >= 0 && dot < len(s)-1 && yield(ioc.TextValue(s[dot+1:])) {
			yield(ioc.TextValue(s[dot:]))
		}
		return nil
	}, []string{name}}
}

// pastImage is the path of a process's image in the forms that conditions have
// it, see yieldImagePath.
func pastImage(name string) pastAnswer {
	return pathAnswer(name, func(p pastPath, yield func(ioc.Value) bool) bool {
		return p.yieldDevice(yield) && yieldImagePath(p.shown, yield)
	})
}

func (p pastPath) yieldDevice(yield func(ioc.Value) bool) bool {
	return p.device == "" || p.device == p.shown || yield(ioc.PathValue(p.device))
}

// pastFullPath is the path of a file: whole, from the root of its drive, and
// without the separator there.
func pastFullPath(name string) pastAnswer {
	return pathAnswer(name, func(p pastPath, yield func(ioc.Value) bool) bool {
		return (p.stream == "" || yield(ioc.PathValue(p.stream))) && p.yieldDevice(yield) && yieldBare(p.shown, yield)
	})
}

// yieldBare yields a path with its drive, without it, and without the separator
// at its beginning.
func yieldBare(path string, yield func(ioc.Value) bool) bool {
	if !yield(ioc.PathValue(path)) {
		return false
	}
	if hasLetter(path) {
		if path = path[2:]; !yield(ioc.PathValue(path)) {
			return false
		}
	}
	bare := strings.TrimLeft(path, `\`)
	return bare == path || bare == "" || yield(ioc.PathValue(bare))
}

// pastFolder is the folder that a file is in.
func pastFolder(name string) pastAnswer {
	return pathAnswer(name, func(p pastPath, yield func(ioc.Value) bool) bool {
		if p.device != "" && p.device != p.shown && !yield(ioc.PathValue(folderOf(p.device))) {
			return false
		}
		folder := folderOf(p.shown)
		return folder == "" || yieldBare(folder, yield)
	})
}

// folderOf is what stands before the last separator; of a file in the root of a
// drive with that.
func folderOf(path string) string {
	i := strings.LastIndexByte(path, '\\')
	if i < 0 {
		return ""
	}
	if i == 0 || i == 2 && path[1] == ':' {
		i++
	}
	return path[:i]
}

// pastDrive is "C:", and the letter alone.
func pastDrive(name string) pastAnswer {
	return pathAnswer(name, func(p pastPath, yield func(ioc.Value) bool) bool {
		return !hasLetter(p.shown) || yield(ioc.TextValue(p.shown[:2])) && yield(ioc.TextValue(p.shown[:1]))
	})
}

// pastDevice is the path with the device, where the event writes it so.
func pastDevice(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, _ := e.text(ids[0])
		if p, _ := newFilePath(s); p.device != "" {
			yield(ioc.PathValue(p.device))
			return nil
		}
		return errNotLogged
	}, []string{name}}
}
