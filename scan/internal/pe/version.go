package pe

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Versions are the strings of one language in a version resource.
type Versions struct {
	Language    uint16 // as the table is named; if it cannot be read, that of the resource
	LanguageErr error
	Strings     []VersionString // in the order of the table
}

// A VersionString is one line of it: CompanyName and its like.
type VersionString struct{ Name, Value string }

// Versions lists the tables of all version resources. The error comes beside
// what could be read.
func (f *File) Versions() ([]Versions, error) { return f.cache.versions.get(f.readVersions) }

func (f *File) readVersions() (list []Versions, err error) {
	leaves, err := f.Resources()
	for i, read := 0, 0; i < len(leaves); i++ {
		r := leaves[i]
		if r.Type.Text != "" || r.Type.Number != typeVersion {
			continue
		}
		if read++; read > mostVersions {
			return list, fmt.Errorf("version resources: %w", ErrTooMuch)
		}
		r.Size = min(r.Size, longestVersion)
		b, e := f.Data(&r)
		if e == nil {
			var found []Versions
			found, e = versions(b, r.Language)
			list = append(list, found...)
		}
		if e != nil && err == nil {
			err = fmt.Errorf("version resource: %w", e)
		}
	}
	return list, err
}

const (
	mostVersions   = 1 << 8  // resources; one for each language is usual
	longestVersion = 1 << 16 // bytes: its own length has 16 bits
)

// versions reads VS_VERSIONINFO, StringFileInfo below it and the StringTables
// in that.
func versions(b []byte, language uint16) (list []Versions, err error) {
	root, _, err := readBlock(b)
	if err != nil {
		return nil, err
	}
	if root.key != "VS_VERSION_INFO" {
		return nil, damaged("its key is %q", root.key)
	}
	err = root.each(func(info block) error {
		if info.key != "StringFileInfo" {
			return nil
		}
		return info.each(func(table block) error {
			v := Versions{Language: language}
			n, e := strconv.ParseUint(table.key[:min(4, len(table.key))], 16, 16)
			if v.LanguageErr = e; e == nil {
				v.Language = uint16(n)
			} else {
				v.LanguageErr = damaged("the language of a version table is %q", table.key)
			}
			e = table.each(func(line block) error {
				v.Strings = append(v.Strings, VersionString{line.key, line.text()})
				return nil
			})
			list = append(list, v)
			return e
		})
	})
	return list, err
}

// A block is the form that all parts of a version resource have: length,
// length of the value, type, key, value, children; each aligned to four bytes.
type block struct {
	key  string
	n    int    // of the value: bytes, or characters if words
	word bool   // the value is text
	rest []byte // value and children
}

const blockHead = 6

// readBlock reads the first block in b; used is what it takes with the bytes
// that align the next.
func readBlock(b []byte) (bl block, used int, err error) {
	if len(b) < blockHead {
		return bl, 0, damaged("it ends within a block")
	}
	length := int(le.Uint16(b))
	if length < blockHead+2 || length > len(b) {
		return bl, 0, damaged("a block says it has %d of %d bytes", length, len(b))
	}
	bl.n, bl.word = int(le.Uint16(b[2:])), le.Uint16(b[4:]) == 1
	end := blockHead
	for end+1 < length && (b[end] != 0 || b[end+1] != 0) {
		end += 2
	}
	if end+1 >= length {
		return bl, 0, damaged("a key has no end")
	}
	bl.key = wide(b[blockHead:end])
	bl.rest = b[min(align4(end+2), length):length]
	return bl, min(align4(length), len(b)), nil
}

func align4(n int) int { return (n + 3) &^ 3 }

// text is the value of a line, up to its zero. Some compilers write the length
// of the value in bytes, so that all of the block is looked at.
func (b block) text() string {
	v := b.rest[:len(b.rest)&^1]
	for i := 0; i+1 < len(v); i += 2 {
		if v[i] == 0 && v[i+1] == 0 {
			v = v[:i]
			break
		}
	}
	return wide(v)
}

// each lists the blocks behind the value.
func (b block) each(yield func(block) error) error {
	rest := b.rest
	if b.n > 0 {
		n := b.n
		if b.word {
			n *= 2
		}
		rest = rest[min(align4(n), len(rest)):]
	}
	for len(bytes.Trim(rest, "\x00")) > 0 {
		child, used, err := readBlock(rest)
		if err != nil {
			return err
		}
		if err := yield(child); err != nil {
			return err
		}
		rest = rest[used:]
	}
	return nil
}

// Is reports whether the line has a name. Case and blanks behind it count for
// nothing, as for the system.
func (s VersionString) Is(name string) bool {
	return strings.EqualFold(strings.TrimSpace(s.Name), name)
}
