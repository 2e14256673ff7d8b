package iso

import (
	"context"
	"fmt"

	"iocscan/scan/internal/fsys"
)

// Notes are what is odd about the volume as a whole. A volume that shows one
// system other files than another is found by comparing its trees.
func (s *system) Notes() []string {
	var notes []string
	if s.space > s.size {
		notes = append(notes, fmt.Sprintf("the volume has %d bytes, of which %d are there", s.space, s.size))
	}
	if s.udf {
		notes = append(notes, "the volume has a UDF file system as well, which was not read")
	}
	if s.other == nil {
		return notes
	}
	name := "ISO 9660 names"
	if s.other.joliet {
		name = "Joliet"
	}
	shown, ok1 := s.contents(&s.tree)
	others, ok2 := s.contents(s.other)
	if !ok1 || !ok2 {
		return append(notes, "the folders by "+name+" could not be read or compared as a whole")
	}
	missing := 0
	for e := range others {
		if !shown[e] {
			missing++
		}
	}
	if missing > 0 {
		notes = append(notes, fmt.Sprintf("%d contents are in the folders by %s only, which were not read", missing, name))
	}
	return notes
}

// contents are the parts of all files in a tree. Not ok: something could not be
// read, or folders overlap so often that no honest volume is like that.
func (s *system) contents(t *tree) (found map[extent]bool, ok bool) {
	found = map[extent]bool{}
	visited := map[int64]bool{}
	budget := 4*s.size + 1<<20
	ok = true
	rest := []extent{t.root}
	for len(rest) > 0 {
		dir := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		if visited[dir.at] {
			continue
		}
		visited[dir.at] = true
		if budget -= dir.size; budget < 0 {
			return found, false
		}
		for o, err := range s.objects(context.Background(), t, dir) {
			switch {
			case err != nil:
				ok = false
			case o.Kind == fsys.Dir && o.moved == 0:
				rest = append(rest, o.parts[0])
			case o.Kind == fsys.Regular:
				for _, p := range o.parts {
					if p.size > 0 {
						found[p] = true
					}
				}
			}
		}
	}
	return found, ok
}
