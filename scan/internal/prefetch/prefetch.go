// Package prefetch reads the files of \Windows\Prefetch, in which Windows
// keeps what a program loaded when it started: versions 17 (XP, 2003), 23
// (Vista, 7), 26 (8, 8.1), 30 and 31 (10, 11). The layout is that of libscca's
// documentation of the Windows Prefetch File format.
package prefetch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
)

// Bounds on one file. Those of Windows stay below 300 KB, and below 1.5 MB
// unpacked.
const (
	MaxFile     = 1 << 20 // bytes of a file
	MaxUnpacked = 8 << 20 // bytes of the content that is compressed in it

	maxVolumes = 256
	maxFiles   = 1 << 16 // Windows follows the first seconds only
)

// An Info is what a prefetch file says.
type Info struct {
	Version    uint32
	Executable string // name of the program, in capitals, at most 29 characters of it
	Hash       uint32 // of the program's path
	Size       uint32 // of the file, unpacked, as it says itself
	Runs       uint32 // how often the program was started
	LastRuns   []int64
	Files      []string // with the volume's device before the path, as in \VOLUME{…}\WINDOWS\…
	Volumes    []Volume
}

// A Volume is one that the program loaded files from.
type Volume struct {
	Device  string // \DEVICE\HARDDISKVOLUME1, or \VOLUME{…}
	Created int64  // FILETIME ticks
	Serial  uint32
}

const (
	headerSize = 84
	nameField  = 16
	nameBytes  = 60
)

// A layout is where a version of the format has what differs.
type layout struct {
	lastRun, runs, volume int
	times                 int
}

// layoutOf: version 30 has two forms, told apart by where the metrics begin.
func layoutOf(version, metrics uint32) (layout, error) {
	switch version {
	case 17:
		return layout{lastRun: 120, runs: 144, volume: 40, times: 1}, nil
	case 23:
		return layout{lastRun: 128, runs: 152, volume: 104, times: 1}, nil
	case 26:
		return layout{lastRun: 128, runs: 208, volume: 104, times: 8}, nil
	case 30, 31:
		l := layout{lastRun: 128, runs: 208, volume: 96, times: 8}
		if metrics == 0x128 {
			l.runs = 200
		}
		return l, nil
	}
	return layout{}, fmt.Errorf("version %d of the format is not known", version)
}

// Parse reads a whole file. An error says that it is no prefetch file or
// damaged; nothing of it is then believed.
func Parse(data []byte) (*Info, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("larger than %d bytes", MaxFile)
	}
	b, err := unpack(data)
	if err != nil {
		return nil, err
	}
	if len(b) < 8 || string(b[4:8]) != "SCCA" {
		return nil, errors.New("not a prefetch file")
	}
	r := reader{b: b}
	i := &Info{Version: r.u32(0), Size: r.u32(12), Hash: r.u32(76)}
	l, err := layoutOf(i.Version, r.u32(headerSize))
	if err != nil {
		return nil, err
	}
	if i.Executable, err = name(r.bytes(nameField, nameBytes)); err != nil {
		return nil, fmt.Errorf("name of the program: %w", err)
	}
	for n := range l.times {
		if t := r.u64(l.lastRun + 8*n); t != 0 && t>>63 == 0 { // an unused place is zero
			i.LastRuns = append(i.LastRuns, int64(t))
		}
	}
	i.Runs = r.u32(l.runs)
	names := r.bytes(int(r.u32(100)), int(r.u32(104)))
	if i.Files = split(names); len(i.Files) > maxFiles {
		return nil, fmt.Errorf("more than %d files", maxFiles)
	}
	i.Volumes = r.volumes(int(r.u32(108)), int(r.u32(112)), int(r.u32(116)), l.volume)
	if r.bad {
		return nil, errShort
	}
	return i, nil
}

// A reader answers zeros beyond the end and remembers that it was asked.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(off, n int) []byte {
	if off < 0 || n < 0 || off > len(r.b) || n > len(r.b)-off {
		r.bad = true
		return nil
	}
	return r.b[off : off+n]
}

func (r *reader) u32(off int) uint32 {
	if b := r.bytes(off, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64(off int) uint64 {
	if b := r.bytes(off, 8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// volumes reads the list; offsets in it count from its beginning.
func (r *reader) volumes(off, n, size, each int) []Volume {
	if n < 0 || n > maxVolumes || n*each > size { // int may be of 32 bits
		r.bad = true
		return nil
	}
	in := reader{b: r.bytes(off, size)}
	list := make([]Volume, 0, n)
	for i := range n {
		at := i * each
		list = append(list, Volume{
			Device:  decode(in.bytes(int(in.u32(at)), 2*int(min(in.u32(at+4), 1<<16)))),
			Created: int64(in.u64(at + 8)),
			Serial:  in.u32(at + 16),
		})
	}
	r.bad = r.bad || in.bad
	return list
}

// name reads a text that a zero character ends.
func name(b []byte) (string, error) {
	for n := 0; n+1 < len(b); n += 2 {
		if b[n] == 0 && b[n+1] == 0 {
			if n == 0 {
				return "", errors.New("empty")
			}
			return decode(b[:n]), nil
		}
	}
	return "", errors.New("without an end")
}

// split takes the texts apart that zero characters end.
func split(b []byte) []string {
	var list []string
	for len(b) >= 2 && len(list) <= maxFiles {
		end := 0
		for end+1 < len(b) && (b[end] != 0 || b[end+1] != 0) {
			end += 2
		}
		if end > 0 {
			list = append(list, decode(b[:min(end, len(b))]))
		}
		b = b[min(end+2, len(b)):]
	}
	return list
}

// decode turns UTF-16LE into UTF-8. Half a surrogate pair becomes U+FFFD.
func decode(b []byte) string {
	u := make([]uint16, len(b)/2)
	for n := range u {
		u[n] = binary.LittleEndian.Uint16(b[2*n:])
	}
	return string(utf16.Decode(u))
}
