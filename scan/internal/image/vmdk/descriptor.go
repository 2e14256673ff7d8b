package vmdk

import (
	"fmt"
	"strconv"
	"strings"

	"iocscan/scan/internal/image/container"
)

const (
	maxExtents = 1 << 14
	maxSectors = 1 << 53 // a disk stays below 2^62 bytes
)

// A descriptor is the text that says what a disk is made of.
type descriptor struct {
	kind    string // createType
	extents []extent
}

type extent struct {
	line         int
	kind         string // FLAT, VMFS, SPARSE, ZERO
	file         string // a plain name; empty for ZERO
	size, offset int64  // bytes; offset in the file
}

// parse reads a descriptor. One that needs another disk (a snapshot, a linked
// clone) is refused: its own content is not a disk.
func parse(text string) (*descriptor, error) {
	d := &descriptor{}
	for i, line := range strings.Split(strings.TrimRight(text, "\x00"), "\n") {
		line = strings.TrimSpace(line)
		if key, value, ok := strings.Cut(line, "="); ok && !strings.ContainsAny(key, "\" ") {
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.TrimSpace(key) {
			case "createType":
				d.kind = value
			case "parentCID":
				if !strings.EqualFold(value, "ffffffff") {
					return nil, container.Unsupported("snapshot VMDK (a part of its content is in another file)")
				}
			case "encoding":
				if l := strings.ToLower(value); l != "utf-8" && l != "windows-1252" && l != "us-ascii" {
					return nil, container.Unsupported("VMDK descriptor in the encoding %q", value)
				}
			}
			continue
		}
		access, rest, ok := strings.Cut(line, " ")
		if !ok || access != "RW" && access != "RDONLY" && access != "NOACCESS" {
			continue
		}
		e, err := parseExtent(rest)
		if err != nil {
			return nil, fmt.Errorf("line %d of the descriptor: %w", i+1, err)
		}
		e.line = i + 1
		if d.extents = append(d.extents, e); len(d.extents) > maxExtents {
			return nil, container.Damaged("more than %d extents", maxExtents)
		}
	}
	if len(d.extents) == 0 {
		return nil, container.Damaged("no extents in the descriptor")
	}
	return d, nil
}

// parseExtent reads what follows the access: sectors, kind, name in quotes,
// first sector in the file.
func parseExtent(s string) (e extent, err error) {
	before, rest, quoted := strings.Cut(s, `"`)
	fields := strings.Fields(before)
	if len(fields) < 2 {
		return e, container.Damaged("extent without a size and a kind")
	}
	if e.size, err = sectors(fields[0]); err != nil {
		return e, err
	}
	switch e.kind = fields[1]; e.kind {
	case "ZERO":
		return e, nil
	case "FLAT", "VMFS", "SPARSE":
	case "SESPARSE":
		return e, container.Unsupported("VMDK extent of the kind seSparse")
	default:
		return e, container.Unsupported("VMDK extent of the kind %q", fields[1])
	}
	name, after, closed := strings.Cut(rest, `"`)
	if !quoted || !closed {
		return e, container.Damaged("extent without a file")
	}
	if !Plain(name) {
		return e, container.Unsupported("extent %q, which is not beside the descriptor", name)
	}
	e.file = name
	if after = strings.TrimSpace(after); after != "" && e.kind != "SPARSE" {
		e.offset, err = sectors(strings.Fields(after)[0])
	}
	return e, err
}

func sectors(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxSectors {
		return 0, container.Damaged("%q sectors", s)
	}
	return n * sector, nil
}

// Plain tells whether a name can only be that of a file in the same folder, on
// every system that the scanner runs on: no separators, no drive or stream, no
// device of Windows.
func Plain(name string) bool {
	if name == "" || len(name) > 255 || name == "." || name == ".." || strings.ContainsAny(name, "/\\:\x00*?<>|") {
		return false
	}
	stem, _, _ := strings.Cut(name, ".")
	switch stem = strings.ToUpper(strings.TrimRight(stem, " ")); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return false
	}
	device, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		device, ok = strings.CutPrefix(stem, "LPT")
	}
	return !ok || len([]rune(device)) != 1
}
