package procfs

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Stat is /proc/PID/stat as far as it is used.
type Stat struct {
	Name         string // at most 15 bytes; the process can set it
	State        byte
	Parent       uint64
	User, System uint64 // ticks of the processor, see HZ
	Started      uint64 // ticks after boot
	Thread       bool   // of the kernel
}

// HZ is the number of ticks in a second that Linux shows to programs on all
// processors it is used on today.
const HZ = 100

// kernelThread is PF_KTHREAD of sched.h.
const kernelThread = 0x00200000

// ParseStat reads the line. The name may hold anything, so that its end is the
// last parenthesis of the line.
func ParseStat(line string) (s Stat, err error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return s, fmt.Errorf("%w: %.80q", ErrForm, line)
	}
	s.Name = line[open+1 : end]
	f := strings.Fields(line[end+1:])
	if len(f) < 20 || len(f[0]) != 1 {
		return s, fmt.Errorf("%w: %.80q", ErrForm, line)
	}
	s.State = f[0][0]
	var flags uint64
	for _, n := range []struct {
		at int
		to *uint64
	}{{1, &s.Parent}, {6, &flags}, {11, &s.User}, {12, &s.System}, {19, &s.Started}} {
		if *n.to, err = strconv.ParseUint(f[n.at], 10, 64); err != nil {
			return s, fmt.Errorf("%w: field %d of %.80q", ErrForm, n.at+3, line)
		}
	}
	s.Thread = flags&kernelThread != 0
	return s, nil
}

// BootTime is the btime of /proc/stat: seconds since 1970.
func BootTime(r io.Reader) (int64, error) {
	for f, err := range lines(r, false) {
		if err != nil {
			return 0, err
		}
		if f[0] == "btime" && len(f) == 2 {
			return strconv.ParseInt(f[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("%w: no btime", ErrForm)
}

// UIDs are the real and the effective user of /proc/PID/status.
func UIDs(r io.Reader) (real, effective uint64, err error) {
	for f, err := range lines(r, false) {
		if err != nil {
			return 0, 0, err
		}
		if f[0] == "Uid:" && len(f) >= 3 {
			if real, err = strconv.ParseUint(f[1], 10, 32); err != nil {
				return 0, 0, fmt.Errorf("%w: %q", ErrForm, f)
			}
			effective, err = strconv.ParseUint(f[2], 10, 32)
			return real, effective, err
		}
	}
	return 0, 0, fmt.Errorf("%w: no Uid", ErrForm)
}

// A Mapping is a line of /proc/PID/maps.
type Mapping struct {
	Start, End  uint64
	Permissions string // such as r-xp
	INode       uint64 // 0: no file
	// Path of the file, or the kernel's name in brackets, such as [heap]; a
	// line feed in it is the backslash and 012 that the kernel writes.
	Path string
}

// Maps reads /proc/PID/maps; at most the given number.
func Maps(r io.Reader, most int) ([]Mapping, error) {
	var list []Mapping
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		if len(list) >= most {
			return list, fmt.Errorf("more than %d mappings", most)
		}
		m, ok := parseMapping(s.Text())
		if !ok {
			return list, fmt.Errorf("%w: %.80q", ErrForm, s.Text())
		}
		list = append(list, m)
	}
	return list, s.Err()
}

// parseMapping reads "start-end perms offset dev inode   path". Blanks may stand
// in the path.
func parseMapping(line string) (m Mapping, ok bool) {
	var f [5]string
	rest := line
	for i := range f {
		f[i], rest, _ = strings.Cut(rest, " ")
	}
	m.Path, m.Permissions = strings.TrimLeft(rest, " "), f[1]
	start, end, _ := strings.Cut(f[0], "-")
	var err1, err2, err3 error
	m.Start, err1 = strconv.ParseUint(start, 16, 64)
	m.End, err2 = strconv.ParseUint(end, 16, 64)
	m.INode, err3 = strconv.ParseUint(f[4], 10, 64)
	return m, err1 == nil && err2 == nil && err3 == nil && m.End >= m.Start && len(m.Permissions) == 4
}
