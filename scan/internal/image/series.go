package image

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
)

// A numbering turns the ending of a file into the number of a segment and
// back, -1 where the ending is none.
type numbering struct {
	first int
	parse func(ending string) int
	name  func(n int) string // the ending in the form that is usual
}

// digits is split raw: .001, .002 … or from .000 on. Past the last of a width
// one digit more is written.
func digits(ending string) (numbering, bool) {
	width := len(ending)
	n := decimal(ending)
	if width < 2 || n < 0 {
		return numbering{}, false
	}
	return numbering{
		parse: func(e string) int {
			if len(e) < width || len(e) > width && e[0] == '0' {
				return -1
			}
			return decimal(e)
		},
		name: func(n int) string { return fmt.Sprintf("%0*d", width, n) },
	}, true
}

func decimal(s string) int {
	if len(s) == 0 || len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	n, _ := strconv.Atoi(s)
	return n
}

// letters is split raw as the program split names it: .aa, .ab … .zz.
func letters(ending string) (numbering, bool) {
	width := len(ending)
	parse := func(e string) int {
		if len(e) != width {
			return -1
		}
		return base26(strings.ToLower(e))
	}
	if width < 2 || width > 4 || parse(ending) != 0 {
		return numbering{}, false
	}
	return numbering{parse: parse, name: func(n int) string {
		b := make([]byte, width)
		for i := range b {
			b[width-1-i] = byte('a' + n%26)
			n /= 26
		}
		return string(b)
	}}, true
}

func base26(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c < 'a' || c > 'z' {
			return -1
		}
		n = 26*n + int(c-'a')
	}
	return n
}

// expert is EWF: E01 … E99, EAA … EZZ, FAA … ZZZ; S01 and so on for SMART.
func expert(ending string) (numbering, bool) {
	if len(ending) != 3 {
		return numbering{}, false
	}
	letter := strings.ToLower(ending)[0]
	return numbering{first: 1, parse: func(e string) int {
		if e = strings.ToLower(e); len(e) != 3 || e[0] < letter || e[0] > 'z' {
			return -1
		}
		if n := decimal(e[1:]); n > 0 && e[0] == letter {
			return n
		}
		if n := base26(e[1:]); n >= 0 {
			return 100 + int(e[0]-letter)*26*26 + n
		}
		return -1
	}, name: func(n int) string {
		if n < 100 {
			return fmt.Sprintf("%c%02d", letter, n)
		}
		n -= 100
		return string([]byte{letter + byte(n/676), byte('a' + n/26%26), byte('a' + n%26)})
	}}, true
}

// series lists the segments of an image, the first of which is called name.
// One that is missing between two others is an error that names it.
func (n numbering) series(folder Folder, name string) ([]string, error) {
	ending := strings.TrimPrefix(path.Ext(name), ".")
	stem := strings.TrimSuffix(name, ending)
	names, err := folder.Names()
	if err != nil {
		return nil, fmt.Errorf("listing the folder: %w", err)
	}
	found := map[int]string{}
	for _, other := range names {
		e := strings.TrimPrefix(path.Ext(other), ".")
		if !strings.EqualFold(strings.TrimSuffix(other, e), stem) {
			continue
		}
		i := n.parse(e)
		if i < 0 {
			continue
		}
		if before := found[i]; before == "" || e == ending || path.Ext(before) > path.Ext(other) {
			found[i] = other
		}
	}
	first := n.parse(ending)
	found[first] = name
	for i := n.first; i < first; i++ {
		if before := found[i]; before != "" {
			return nil, fmt.Errorf("%s is not the first segment of the image: %s lies before it", name, before)
		}
	}
	if first > 1 { // such as image.2024
		return []string{name}, nil
	}
	var parts []string
	for i := first; found[i] != ""; i++ {
		parts = append(parts, found[i])
	}
	next := first + len(parts)
	for i := next + 1; i < next+reach; i++ {
		if later := found[i]; later != "" {
			return nil, fmt.Errorf("segment %s%s is missing: %s is there", stem, n.name(next), later)
		}
	}
	if len(parts) > maxSegments {
		return nil, fmt.Errorf("%d segments; at most %d are read", len(parts), maxSegments)
	}
	return parts, nil
}

const (
	maxSegments = math.MaxUint16 // EWF counts them in 16 bits
	// reach is how far behind a gap a later segment is looked for. Beyond it a
	// file is something else of the same name: image.raw beside image.E01.
	reach = 100
)
